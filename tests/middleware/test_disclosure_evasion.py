"""What folds at sign-in folds however the request is written: spelling of the path, codings, sizes, media types."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options
from tests.support.codings import zstd_compress

GENUINE = {
    "errorCode": "E0000004",
    "errorSummary": "Authentication failed",
    "errorLink": "E0000004",
    "errorId": "oaeaaaaaaaaaaaaaaaaaaaaaa",
    "errorCauses": [],
}
LOCKED = {**GENUINE, "errorCode": "E0000069", "errorSummary": "User Locked", "errorLink": "E0000069"}
WRONG_ANSWER = {
    **GENUINE,
    "errorCode": "E0000087",
    "errorSummary": "The recovery question answer did not match our records.",
    "errorLink": "E0000087",
}
"""Which other surfaces send as well: at a path that nobody knows, nothing but the scope says that users sign in."""
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


LONG_SPELLINGS = (
    "/" * 60_000,
    "/." * 30_000 + "/",
    "/x/.." * 12_000 + "/",
    "//;a=1" * 10_000 + "/",
    "/%2e" * 15_000 + "/",
)


@pytest.mark.parametrize("start", LONG_SPELLINGS, ids=lambda path: path[:6])
def test_no_length_of_a_path_hides_where_it_leads(start: str) -> None:
    """As long as a request line may be, 64 KiB in uvicorn."""
    document = {"error": "invalid_grant", "error_description": "The user does not exist."}
    reply = sent(403, JSON, json.dumps(document).encode(), start + "oauth/token", provider="auth0", disclosure="safe")

    assert shown(reply)[2]["reason"] == "invalid-credentials"


@pytest.mark.parametrize("level", ["safe", "strict"])
@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**LOCKED, "errorCauses": [{"errorSummary": "a \ud800 name"}]}).encode(),
        b"\xef\xbb\xbf" + json.dumps(LOCKED).encode(),
        json.dumps(LOCKED).encode("utf-16"),
        json.dumps(LOCKED).encode()[:-1] + b',"login":"\xff"}',
        json.dumps(LOCKED).encode()[:-1] + b',"login":NaN}',
        json.dumps(LOCKED).encode() * 2,
        json.dumps([LOCKED]).encode(),
    ],
    ids=["lone surrogate", "byte order mark", "utf-16", "invalid utf-8", "NaN", "two documents", "list"],
)
def test_a_body_that_cannot_be_parsed_folds_by_the_status(body: bytes, level: str) -> None:
    """A provider that repeats a name as it was typed sends what no strict parser reads, and many clients do."""
    reply = sent(403, JSON, body, disclosure=level)

    assert shown(reply)[2]["reason"] == {"safe": "invalid-credentials", "strict": "sign-in-failed"}[level]


def test_a_body_that_cannot_be_parsed_passes_where_nobody_signs_in() -> None:
    """Byte for byte."""
    assert sent(403, JSON, json.dumps(LOCKED).encode() * 2, "/api/v1/users") is None


@pytest.mark.parametrize("length", [10, 1000, 1100, 20_000])
def test_a_long_name_does_not_make_a_text_unknown(length: int) -> None:
    """Texts are looked up to a length, which a name that the provider repeats must not use up."""
    text = f"user {'a' * length} is not part of the acme organization"
    body = json.dumps({"error": "access_denied", "error_description": text}).encode()
    reply = sent(403, JSON, body, "/oauth/token", provider="auth0", disclosure="safe")

    assert shown(reply)[2]["reason"] == "invalid-credentials"


@pytest.mark.parametrize("code", ["mfa_required", "consent_required", "invalid_client"])
def test_a_long_text_changes_no_code_that_needs_no_text(code: str) -> None:
    """`mfa-required` never folds: the sign-in could not continue."""
    body = json.dumps({"error": code, "error_description": "x" * 2000, "mfa_token": "Fe26.made-up"}).encode()
    reply = sent(403, JSON, body, "/oauth/token", provider="auth0")

    assert shown(reply)[2]["reason"] == code.replace("_", "-")


def test_at_a_sign_up_it_folds_to_the_genuine_response_of_that_surface() -> None:
    """Not to wrong credentials, which would show that the name is taken."""
    body = json.dumps({"code": "user_exists", "description": "a" * 2000, "name": "BadRequestError"}).encode()
    reply = sent(400, JSON, body + b"?", "/dbconnections/signup", provider="auth0")

    assert (shown(reply)[0], shown(reply)[2]["reason"]) == (400, "signup-failed")


@pytest.mark.parametrize("document", [LOCKED, WRONG_ANSWER], ids=["sign-in alone", "other surfaces as well"])
def test_under_strict_an_unknown_path_of_a_sign_in_scope_folds(document: dict[str, Any]) -> None:
    """A proxy may rewrite paths that nobody here knows."""
    reply = sent(403, JSON, json.dumps(document).encode(), "/sign-in/primary")

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


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd_compress,
    "gzip, deflate": lambda body: zlib.compress(gzip.compress(body)),
    "compress": lambda body: b"\x1f\x9d" + body,  # nobody undoes it
}
"""What `Accept-Encoding` can lead to."""


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(ACCEPTS),
    st.sampled_from(SPELLINGS),
    st.sampled_from(["application/json", "application/json; charset=utf-8", "application/problem+json", "text/plain"]),
    st.sampled_from(sorted(CODINGS)),
)
def test_a_folded_response_cannot_be_distinguished_from_a_genuine_one(
    accept: str | None, path: str, media_type: str, coding: str
) -> None:
    """Status, headers, media type, members and length are equal for every `Accept`, coding and spelling."""
    coded = [("content-encoding", coding)]
    headers = [("content-type", media_type), *coded]
    folded = sent(403, headers, CODINGS[coding](json.dumps(LOCKED).encode()), path, accept)
    genuine = sent(401, [*JSON, *coded], CODINGS[coding](json.dumps(GENUINE).encode()), path, accept)
    if folded is None:  # somebody's own problem document, which passes as it came
        assert media_type == "application/problem+json"
        return

    assert shown(folded) == shown(genuine)
