"""Links for the user: with one the remedy is `open_link` and the problem agrees with it, without one never."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Normalizer, Problem, Registry, normalize
from authproblem._core.links import MAX_LINK, is_link
from tests.support.adapters import through
from tests.support.outcomes import JSON_TYPE, problem
from tests.support.responses import json_response

LINK = "https://example.okta.com/some/opaque/path?x=1#y"
STS = "The user must authenticate with the authorization server for the request to proceed."
INTERACTION_CODE = (
    "Your client is configured to use the interaction code flow and user interaction is required to complete the "
    "request."
)
NO_LINKS: list[object] = [
    None,
    "",
    "/relative",
    "//example.okta.com/x",
    "http://example.okta.com/x",
    "javascript:alert(1)",
]
NO_LINKS += ["https://", "https:///x", "https://user@example.okta.com/", "https://example.okta.com/a b", 7, [LINK]]
NO_LINKS += ["https://example.okta.com/" + "x" * MAX_LINK]
TOKEN_VAULT = [
    "federated_connection_refresh_token_not_found",
    "federated_connection_refresh_token_flow_failed",
    "tokenset_not_found",
    "invalid_resource",
    "made_up_code",
]


def assert_asks_to_open_the_link(found: Problem, member: str) -> None:
    """Every part of the problem says the same."""
    assert (found.remedy, found.owner, found.retry.policy, found.retry.automatic) == (
        "open_link",
        "user",
        "after_action",
        False,
    )
    assert "open the link" in found.detail
    assert "sign in" not in found.detail.lower()
    assert (found.needs_user, found.needs_sign_in, found.needs_admin, found.needs_developer) == (
        True,
        False,
        False,
        False,
    )
    assert found.credential == "step_up"
    assert found.extensions[member] == LINK


@pytest.mark.parametrize("text", [STS, INTERACTION_CODE, "Go on elsewhere.", "Invalid password for this user", None])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_oktas_interaction_required_asks_to_open_its_link_whatever_its_text(text: str | None, status: int) -> None:
    """The member decides, not one sentence."""
    body = {"error": "interaction_required", "error_description": text, "interaction_uri": LINK}
    found = problem(status, {name: value for name, value in body.items() if value is not None}, provider="okta")

    assert found.reason == "interaction-required"
    assert_asks_to_open_the_link(found, "interaction_uri")


@pytest.mark.parametrize("text", [STS, INTERACTION_CODE, "Go on elsewhere."])
@pytest.mark.parametrize("link", NO_LINKS)
def test_without_a_link_nobody_is_asked_to_open_one(text: str, link: object) -> None:
    """A member of another form is none."""
    body = {"error": "interaction_required", "error_description": text}
    found = problem(400, {**body, **({} if link is None else {"interaction_uri": link})}, provider="okta")

    assert (found.reason, found.remedy, "link" in found.detail) == ("interaction-required", "sign_in", False)


@pytest.mark.parametrize("code", TOKEN_VAULT)
@pytest.mark.parametrize("member", ["interaction_uri", "connect_uri"])
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_of_auth0s_token_vault_asks_to_open_its_link(code: str, member: str, status: int) -> None:
    """Its codes are not all known: the link says what is to be done."""
    body = {"error": code, "error_description": "foo", member: LINK, "connect_params": {"ticket": "t"}}
    found = problem(status, body, provider="auth0", endpoint="/oauth/token")

    assert_asks_to_open_the_link(found, member)
    assert found.extensions["connect_params"] == {"ticket": "t"}


@pytest.mark.parametrize("code", TOKEN_VAULT[:3])
def test_a_refusal_of_auth0s_token_vault_without_a_link_asks_for_consent(code: str) -> None:
    """As before."""
    assert problem(401, {"error": code}, provider="auth0").remedy == "give_consent"


@pytest.mark.parametrize(
    ("status", "body", "remedy"),
    [
        (429, {"error": "made_up_code"}, "wait"),
        (500, {"error": "invalid_resource"}, "wait"),
        (503, {"error": "made_up_code"}, "wait"),
        (401, {"error": "invalid_client"}, "fix_client"),
        (403, {"error": "made_up_code", "error_description": "Your account has been blocked"}, "ask_admin"),
        (403, {"error": "made_up_code", "error_description": "Too many failed attempts"}, "unlock_account"),
        (401, {"error": "made_up_code", "error_description": "The user does not exist"}, "check_credentials"),
        (403, {"error": "mfa_required", "mfa_token": "t"}, "provide_mfa"),
    ],
)
def test_a_link_changes_nothing_where_something_else_is_known_to_be_wrong(
    status: int, body: dict[str, Any], remedy: str
) -> None:
    """Limits, failures of the provider, and codes that mean one thing."""
    assert problem(status, {**body, "interaction_uri": LINK}, provider="auth0").remedy == remedy


def test_the_link_of_a_callback_or_redirect_does_not_count() -> None:
    """Anyone can forge it."""
    query = {"error": "interaction_required", "state": "s", "interaction_uri": LINK}
    location = "https://app.example/cb?error=interaction_required&state=s&interaction_uri=" + LINK
    called, redirected = Problem.from_callback(query), normalize(302, [("location", location)], b"", provider="okta")

    assert called is not None
    assert redirected is not None
    assert (called.remedy, redirected.remedy) == ("sign_in", "sign_in")


def test_a_link_counts_for_its_own_response_only() -> None:
    """Responses with the same members share what is cached; the value decides anew for each."""
    normalizer = Normalizer()

    def remedy(link: str) -> str:
        body = {"error": "interaction_required", "error_description": STS, "interaction_uri": link}
        found = normalizer.normalize(400, [JSON_TYPE], json.dumps(body).encode(), provider="okta")
        assert found is not None
        return found.remedy

    links = ["/x", LINK, "/x", LINK, LINK, "/x"]

    assert [remedy(link) for link in links] == ["open_link" if link is LINK else "sign_in" for link in links]


@pytest.mark.parametrize("adapter", ["asgi", "wsgi"])
def test_the_document_on_the_wire_says_the_same(adapter: str) -> None:
    """With the sentence of the link in place of an unknown text."""
    sent = json_response(
        400, {"error": "interaction_required", "error_description": "Who are you?", "interaction_uri": LINK}
    )
    for _ in range(3):
        got = through(adapter, sent, provider="okta").document()
        assert (got["remedy"], got["interaction_uri"]) == ("open_link", LINK)
        assert got["error_description"] == got["detail"] == "Please open the link to continue, then try again."


@given(st.one_of(st.text(max_size=80), st.text(max_size=60).map("https://".__add__), st.none(), st.integers()))
def test_only_an_absolute_https_url_is_a_link(value: object) -> None:
    """In the characters of a URI, with a host."""
    if is_link(value):
        assert isinstance(value, str)
        assert value.isascii()
        assert value.startswith("https://")
        assert not any(c.isspace() or not c.isprintable() for c in value)


def test_a_link_has_a_limited_length() -> None:
    """Longer ones are no address that a browser opens."""
    longest = "https://example.okta.com/".ljust(MAX_LINK, "x")

    assert len(longest) == MAX_LINK == 2048
    assert is_link(longest)
    assert not is_link(longest + "x")


def test_no_entry_asks_to_open_a_link_by_itself() -> None:
    """Only a response can have one."""
    assert [entry.id for entry in Registry.builtin() if entry.remedy == "open_link"] == []
