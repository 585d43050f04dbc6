"""What an error says about the credential that was used."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Registry, classify
from authproblem._core.credential import credential_of
from tests.support.vectors import FILES, load

REGISTRY = Registry.builtin()
OKTA_REFRESH = "okta:invalid_grant/invalid-refresh-token"


def verdict(
    entry: str | None, reason: str, status: int | None = 400, matched_by: str = "code", shape: str = "oauth"
) -> tuple[str, str | None]:
    """The verdict of the built-in registry."""
    return credential_of(REGISTRY, entry, reason, status, matched_by, shape)


@pytest.mark.parametrize(
    ("entry", "reason", "expected"),
    [
        (OKTA_REFRESH, "invalid-refresh-token", ("dead", "refresh_token")),
        ("auth0:invalid_grant/authorization-code", "invalid-grant", ("dead", "authorization_code")),
        ("oauth:invalid_grant", "invalid-grant", ("dead", None)),
        ("oauth:invalid_token/expired", "token-expired", ("dead", "access_token")),
        ("okta:idx.session.expired", "session-expired", ("dead", "session")),
        ("auth0:expired_token/mfa-token", "mfa-transaction-expired", ("dead", "mfa_token")),
        ("auth0:invalid_grant/wrong-credentials", "invalid-credentials", ("dead", "password")),
        ("okta:E0000004", "invalid-credentials", ("keep", "password")),
        ("okta:invalid_client/invalid-client-secret", "invalid-client", ("keep", "client_secret")),
        ("okta:invalid_grant/mismatched-client", "invalid-grant", ("keep", None)),
        ("oauth:interaction_required", "interaction-required", ("step_up", None)),
        ("oauth:insufficient_scope", "insufficient-scope", ("step_up", "access_token")),
        (None, "upstream-unreachable", ("keep", None)),
        ("team:ours", "invalid-refresh-token", ("dead", "refresh_token")),
        (None, "a-type-of-a-later-release", ("unknown", None)),
    ],
)
def test_the_entry_decides_else_its_type(entry: str | None, reason: str, expected: tuple[str, str | None]) -> None:
    """Entries of a team take the verdict of their type."""
    assert verdict(entry, reason) == expected


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("slug", sorted(REGISTRY.types))
def test_a_limit_or_a_failure_means_keep_whatever_its_code(slug: str, status: int) -> None:
    """Okta sends `invalid_grant` with 429, and its token is alive."""
    assert verdict(None, slug, status) == ("keep", None)


@pytest.mark.parametrize("guess", [{"matched_by": "status"}, {"matched_by": "family"}, {"shape": "html"}])
@pytest.mark.parametrize("slug", sorted(REGISTRY.types))
def test_a_guess_never_makes_a_credential_dead(slug: str, guess: dict[str, Any]) -> None:
    """Unknown codes, families and pages."""
    assert verdict(None, slug, **guess)[0] != "dead"


def test_a_phrase_without_an_entry_never_makes_a_credential_dead() -> None:
    """Its code is unknown."""
    assert verdict(None, "invalid-refresh-token", matched_by="phrase") == ("unknown", None)
    assert verdict("oauth:invalid_grant", "invalid-refresh-token", matched_by="phrase")[0] == "dead"


@pytest.mark.parametrize("stem", [stem for stem in FILES if stem != "foreign"])
def test_no_recorded_limit_or_outage_makes_a_credential_dead(stem: str) -> None:
    """Over every vector: `dead` is a 4xx of a provider, with a code, that is its user's or client's to fix."""
    wrong = []
    for vector in load(stem):
        status, headers, body = vector.response
        found = classify(status, headers, body, provider=vector.provider, endpoint=vector.endpoint)
        if found is None:
            continue
        credential, _ = credential_of(REGISTRY, found.entry, found.reason, status, found.matched_by, found.shape)
        owner = REGISTRY.types[found.reason].owner
        if credential == "dead" and (
            status == 429 or status >= 500 or owner in {"limit", "upstream", "tenant", "flow"}
        ):
            wrong.append(vector.place)

    assert wrong == []
