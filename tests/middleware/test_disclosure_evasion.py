"""What folds at sign-in folds however the request is written: spelling of the path, codings, sizes, media types."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options

GENUINE = {
    "errorCode": "E0000004",
    "errorSummary": "Authentication failed",
    "errorLink": "E0000004",
    "errorId": "oaeaaaaaaaaaaaaaaaaaaaaaa",
    "errorCauses": [],
}
LOCKED = {**GENUINE, "errorCode": "E0000069", "errorSummary": "User Locked", "errorLink": "E0000069"}
SPELLINGS = (
    *("/api/v1/authn", "/api/v1/authn/", "/api/v1/authn;a=1", "/api/v1/./authn", "/api//v1/authn", "/API/v1/AUTHN"),
    *("/api/v1/x/../authn", "//api/v1/authn", "/api/v1/%61uthn", "/api/v1;x/authn", "/api/v1/authn?x=1"),
)
ACCEPTS = (
    *(None, "", "*/*", "application/json", "application/problem+json", "text/html", "application/*;q=0.1"),
    *("application/json;q=0.5, application/problem+json", "application/ion+json", "application/problem+json;q=0"),
    *("application/json;q=0, application/problem+json;q=0", "text/html, */*;q=0.1"),
)


def sent(
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
    path: str = "/api/v1/authn",
    accept: str | None = None,
    **options: Any,
) -> Reply | None:
    """Return what replaces one response of Okta."""
    interceptor = Interceptor(make_options({"provider": "okta", "disclosure": "strict", **options}))
    interception = interceptor.begin(Request(path, "POST", accept, {}, binary=False), status, headers)
    if interception.buffering:
        for at in range(0, len(body), 1000):
            if not interception.feed(body[at : at + 1000]):
                return None
        return interception.finish()
    return None


def shown(reply: Reply | None) -> Any:
    """Return everything that the client sees of a response but its instance, which is new each time."""
    assert reply is not None
    document = json.loads(reply.body)
    document.pop("instance")
    document.pop("errorId", None)
    return reply.status, sorted(reply.headers), document, len(reply.body)


JSON = [("content-type", "application/json")]


@pytest.mark.parametrize("path", SPELLINGS)
def test_every_spelling_of_a_sign_in_path_folds(path: str) -> None:
    """A server may treat them alike, so whoever asks could choose one that does not fold."""
    folded = sent(403, JSON, json.dumps(LOCKED).encode(), path, disclosure="strict")
    genuine = sent(401, JSON, json.dumps(GENUINE).encode(), "/api/v1/authn", disclosure="strict")

    assert shown(folded) == shown(genuine)


def test_under_strict_an_unknown_path_of_a_sign_in_scope_folds() -> None:
    """A proxy may rewrite paths that nobody here knows."""
    reply = sent(403, JSON, json.dumps(LOCKED).encode(), "/sign-in/primary")

    assert shown(reply)[2]["reason"] == "sign-in-failed"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip", "compress", "x-made-up"])
def test_a_coding_that_cannot_be_undone_folds_by_the_status(coding: str) -> None:
    """The caller's `Accept-Encoding` may have chosen it; damaged data stands for a missing decoder."""
    reply = sent(403, [*JSON, ("content-encoding", coding)], b"\x00damaged" * 40)

    assert shown(reply)[2]["reason"] == "sign-in-failed"


@pytest.mark.parametrize("options", [{"disclosure": "off"}, {"mode": "observe"}])
def test_a_coding_that_cannot_be_undone_passes_where_nothing_folds(options: dict[str, Any]) -> None:
    """Byte for byte."""
    assert sent(403, [*JSON, ("content-encoding", "x-made-up")], b"x", **options) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_limits_and_outages_do_not_fold_unread(status: int) -> None:
    """They say nothing about an account."""
    assert sent(status, [*JSON, ("content-encoding", "x-made-up")], b"x") is None


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_that_is_too_large_folds_by_the_status(compressed: bool) -> None:
    """A long user name that the provider reflects makes it so; what is too large when decoded, too."""
    body = json.dumps({**LOCKED, "errorCauses": [{"errorSummary": "x" * 5000}]}).encode()
    headers = [*JSON, ("content-encoding", "gzip")] if compressed else JSON
    reply = sent(403, headers, gzip.compress(body) if compressed else body, max_body=2000)

    assert shown(reply)[2]["reason"] == "sign-in-failed"


def test_a_body_that_is_too_large_passes_where_nobody_signs_in() -> None:
    """As before."""
    body = json.dumps({**LOCKED, "errorCauses": [{"errorSummary": "x" * 5000}]}).encode()

    assert sent(403, JSON, body, "/api/v1/users", max_body=2000) is None


@given(
    st.sampled_from(ACCEPTS),
    st.sampled_from(SPELLINGS),
    st.sampled_from(["application/json", "application/json; charset=utf-8", "application/problem+json", "text/plain"]),
)
def test_a_folded_response_cannot_be_distinguished_from_a_genuine_one(
    accept: str | None, path: str, media_type: str
) -> None:
    """Status, headers, media type, members and length are equal for every `Accept` and every spelling."""
    headers = [("content-type", media_type)]
    folded = sent(403, headers, json.dumps(LOCKED).encode(), path, accept)
    genuine = sent(401, JSON, json.dumps(GENUINE).encode(), path, accept)
    if folded is None:  # somebody's own problem document, which passes as it came
        assert media_type == "application/problem+json"
        return

    assert shown(folded) == shown(genuine)
