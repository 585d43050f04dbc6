"""Responses of an MCP server: by the authorization specification, and those for a token that could not be verified."""

from __future__ import annotations

from typing import Any

from authproblem._client.verdicts import ClientMisconfigured, RefreshError, StepUpRequired, TryLater
from authproblem._core.challenges import challenge, challenge_status
from authproblem._core.links import is_link
from authproblem._core.problem import Problem

LINKS = ("interaction_uri", "connect_uri", "verification_uri_complete", "verification_uri")
"""Members in which providers send a page that the user has to visit, the most specific first."""

RESPONSES: dict[type[RefreshError], tuple[int, str]] = {
    StepUpRequired: (400, "interaction_required"),
    ClientMisconfigured: (502, "server_error"),
    TryLater: (503, "temporarily_unavailable"),
}
"""Status and `error` for a token that could not be verified, by the reason."""


def unverified(kind: type[RefreshError], problem: Problem) -> Problem:
    """Return the problem of a request whose token could not be verified, with its status and `error` for MCP clients.

    Args:
        kind: the reason: a `TryLater`, a `StepUpRequired` or a `ClientMisconfigured`.
        problem: what the provider sent; nothing of it is sent on but its meaning, its wait and a link.
    """
    status, code = next(row for each, row in RESPONSES.items() if issubclass(kind, each))
    link = link_of(problem)
    extensions = {"error": code, **({"interaction_uri": link} if link else {})}
    return problem.replace(status=status, upstream={}, extensions=extensions)


def authorization_error(
    problem: Problem, *, resource_metadata: str | None = None, scope: str | None = None, realm: str | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return the response of an MCP server, as its authorization specification wants it.

    A token that is missing, invalid or expired: 401 with `WWW-Authenticate: Bearer ... resource_metadata="..."`; too
    few scopes: 403 with `error="insufficient_scope"` and the scopes that are needed; a malformed request: 400
    (RFC 6750 section 3.1). Everything else is the problem with its own status and no challenge, so that a client does
    not drop its token over an outage.

    Args:
        problem: what is wrong.
        resource_metadata: the URL of the server's resource metadata (RFC 9728).
        scope: the scopes that the request needs.
        realm: the protection space.

    Returns:
        Status, headers and body, for any framework.

    Raises:
        ConfigurationError: for an argument that no header can contain.
    """
    value = challenge(problem, scope=scope, realm=realm, resource_metadata=resource_metadata)
    status = challenge_status(problem) or (403 if problem.status == 401 else problem.status or 500)
    sent = problem.replace(status=status)
    headers = sent.headers("application/json")
    return status, [*headers, *([("WWW-Authenticate", value)] if value is not None else [])], sent.to_bytes()


def link_of(problem: Problem) -> str | None:
    """Return the page that a provider wants its user to visit, or None."""
    links: list[Any] = [problem.extensions.get(name) for name in LINKS]
    return next((link for link in links if is_link(link)), None)
