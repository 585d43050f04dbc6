"""Recorded and documented refresh failures through every library: with the guard, none of them makes a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from authproblem import Registry, normalize
from authproblem._client.verdicts import outcome_of
from tests.client.comparison import PROXY, Score, row, score, seen_with, seen_without
from tests.client.refreshing import FAILURES, NO_HTTPS, WITH, WITHOUT, Failure

GUIDE = Path(__file__).parents[2] / "docs" / "refresh.md"
FAULTLESS = Score([], [], [], [], [])


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oauthlib refuses HTTP otherwise."""
    monkeypatch.setenv(NO_HTTPS, "1")


def test_there_are_enough_of_them() -> None:
    """Both vendors, and plain OAuth; each with a source of its own."""
    assert len(FAILURES) >= 30
    assert {failure.provider for failure in FAILURES} == {"auth0", "okta", "oauth"}
    assert len({failure.id for failure in FAILURES}) == len(FAILURES)


@pytest.mark.parametrize("failure", [f for f in FAILURES if f.response.status >= 400], ids=lambda f: f.id)
def test_normalize_and_the_table_agree(failure: Failure) -> None:
    """Pages apart, which only those who asked for a token can read."""
    status, headers, body = failure.response
    problem = normalize(status, headers, body, provider=failure.provider, method="POST", flow_control=True)
    if problem is None:
        assert b"<html>" in body
        return

    outcome = outcome_of(Registry.builtin(), problem)

    assert tuple(filter(None, (problem.credential, problem.credential_kind))) == failure.credential
    assert outcome.kind is not None
    assert outcome.kind.__name__ == failure.verdict
    if failure.after is not None:
        assert problem.retry.after == failure.after


@pytest.mark.parametrize(
    "library", [pytest.param(name, marks=[] if "httpx2" in name else [pytest.mark.slow]) for name in (*WITH, PROXY)]
)
def test_no_mistake_is_made_with_the_guard(library: str) -> None:
    """No error is taken for a token, no live token dropped, no dead one sent twice, no wait lost, no secret shown."""
    if "FastMCP" in library:
        pytest.importorskip("fastmcp")

    assert score(seen_with(library)) == FAULTLESS


SOME = ("okta-expired", "okta-invalid-grant-429")


def test_no_mistake_is_made_behind_a_proxy() -> None:
    """A dead token and a live one, both `invalid_grant`, through a real server with the real MCP client."""
    pytest.importorskip("fastmcp")
    from tests.client.proxying import seen_by_proxy

    seen = seen_by_proxy([failure for failure in FAILURES if failure.id in SOME], guarded=True)

    assert [each.kind for each in seen.values()] == ["dropped", "kept"]
    assert score(seen) == FAULTLESS


@pytest.mark.slow
@pytest.mark.parametrize("library", [*WITHOUT, PROXY])
def test_the_table_of_the_guide_is_what_was_measured(library: str) -> None:
    """Run `python -m tests.client.comparison` and copy its lines."""
    if "FastMCP" in library:
        pytest.importorskip("fastmcp")

    assert row(library, "by itself", seen_without(library)) in GUIDE.read_text(encoding="utf-8").splitlines()
