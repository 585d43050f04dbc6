"""Decides from the requests of a token verifier whether the token was verified, and if not, why not.

A verifier sends requests to an authorization server (introspection, a key set, the user's profile). Only a response
about the token may refuse it. No I/O here: `_verifier` sends the requests and writes the responses.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import orjson

from authproblem._client.token_endpoint import Endpoint
from authproblem._client.verdicts import ClientMisconfigured, Outcome, TryLater
from authproblem._core.build import bare_problem
from authproblem._core.challenges import Challenge, challenge, challenge_status, read_challenges
from authproblem._core.problem import Problem
from authproblem._middleware.report import report_problem
from authproblem._model import RetryHint
from authproblem.errors import AuthProblemError, ConfigurationError
from authproblem.mcp._errors import authorization_error, unverified

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body of a response."""

_ERRORS = {None: "login-required", "invalid_token": "invalid-token", "insufficient_scope": "insufficient-scope"}
"""Problem types by the `error` of a challenge (RFC 6750 section 3.1)."""

_REFUSALS = frozenset((401, 403, 404, 405))
"""Statuses that refuse the server itself: wrong client credentials (RFC 7662 section 2.3), or a wrong address."""
_DEFAULT_WAIT = 10
"""Seconds to wait where the provider names no wait: a restart or a failover takes about that."""
_MAX_ADDRESSES = 64
"""Addresses whose failures are remembered; a verifier has one or two."""
_MAX_TOKEN = 16_384
"""Characters of the longest token that is looked into; servers take header lines of 8 to 64 KiB."""


class Checks:
    """The requests that the verifier has sent for one request to the MCP server.

    Attributes:
        failures: by address, why its last response does not verify or refuse the token; None where it does.
    """

    __slots__ = ("failures",)

    def __init__(self) -> None:
        """Start with nothing requested."""
        self.failures: dict[str, Outcome | None] = {}

    @property
    def failure(self) -> Outcome | None:
        """The first reason why the token could not be verified, or None."""
        return next((outcome for outcome in self.failures.values() if outcome is not None), None)


CHECKS: ContextVar[Checks | None] = ContextVar("authproblem_verifier_checks", default=None)


class Rules:
    """The rules for the response to a token that was refused, or could not be checked."""

    def __init__(
        self, endpoint: Endpoint, scope: str | None, metadata: str | None, interval: float, clock: Callable[[], float]
    ) -> None:
        """Start without a recorded failure; the arguments are those of `VerifierErrors`.

        Raises:
            ConfigurationError: for a scope or metadata that no header can contain.
        """
        challenge(bare_problem("insufficient-scope", 403, "oauth"), scope=scope, resource_metadata=metadata)
        self.endpoint = endpoint
        self._scope, self._metadata = scope, metadata
        self._interval, self._clock = interval, clock
        self._recent: dict[str, tuple[float, Outcome]] = {}

    def note(self, address: str, outcome: Outcome | None) -> None:
        """Remember how a request of the verifier ended.

        Args:
            address: host and path of the request.
            outcome: why the response says nothing about the token; None where it verifies or refuses it.
        """
        checks = CHECKS.get()
        if checks is not None:
            checks.failures[address] = outcome
        self._recent.pop(address, None)
        if outcome is not None:
            while len(self._recent) >= _MAX_ADDRESSES:
                self._recent.pop(next(iter(self._recent)), None)
            self._recent[address] = (self._clock() + self._interval, outcome)

    def of_response(self, scope: Any, checks: Checks, status: int, headers: list[tuple[bytes, bytes]]) -> Reply | None:
        """Return what takes the place of a 401 or 403; None where that is no challenge for a bearer token."""
        found = next((each for each in read_challenges(headers) if each.scheme == "bearer"), None)
        if found is None or found.error not in _ERRORS:
            return None
        token = _token(scope)
        failure = self._failure(checks, token) if token and status == 401 else None
        unavailable = None if failure is None else self._unavailable(failure, scope)
        reason = _ERRORS[found.error if token else None]
        try:
            return unavailable or self._challenged(bare_problem(reason, status, self.endpoint.provider), found)
        except ConfigurationError:  # the server's own challenge has a value that we would not write: it stays
            return None

    def of_error(self, scope: Any, checks: Checks, error: Exception) -> Reply | None:
        """Return the response to an exception of a verifier; None where it is another one's."""
        if isinstance(error, AuthProblemError) and challenge_status(error.problem) is not None:
            return self._challenged(error.problem, Challenge("bearer"))
        outcome = self.endpoint.of_error(error)
        if any(kind.__name__ == "TokenVerificationError" for kind in type(error).__mro__):  # FastMCP's
            outcome = checks.failure or self.endpoint.own("upstream-error")
        elif checks.failure is None and not isinstance(error, AuthProblemError):
            return None  # not of the verifier's client
        return self._unavailable(outcome, scope)

    def _failure(self, checks: Checks, token: str) -> Outcome | None:
        """Return why a token could not be verified, now, or when the verifier last requested the keys; or None."""
        if is_expired(token):
            return None
        now = self._clock()
        recent = [each for place, (until, each) in self._recent.items() if until > now and place not in checks.failures]
        return checks.failure or (recent[0] if recent else None)

    def _unavailable(self, outcome: Outcome, scope: Any) -> Reply | None:
        """Report a token that could not be verified, and return the response."""
        problem = with_wait(outcome).problem
        if problem is None:  # an exception of the application's own
            return None
        kind = outcome.kind if outcome.kind is ClientMisconfigured else TryLater
        sent = unverified(kind, problem)
        report_problem(self.endpoint.options, sent, scope["method"], scope["path"])
        return sent.status, sent.headers("application/json"), sent.to_bytes()

    def _challenged(self, problem: Problem, found: Challenge) -> Reply:
        return authorization_error(
            problem,
            scope=" ".join(found.scope) or self._scope,
            resource_metadata=found.resource_metadata or self._metadata,
            realm=found.realm,
        )


def verification_failure(endpoint: Endpoint, response: Any) -> Outcome | None:
    """Return why a response says nothing about a token; None where it verifies or refuses the token.

    Args:
        endpoint: reads the errors of the authorization server.
        response: a response of httpx or httpx2 that has been read.
    """
    status = response.status_code
    if status < 300 and _is_object(response.content):
        return None
    if status < 400:  # a page, or a redirect to one
        return endpoint.own("upstream-error")
    outcome = endpoint.of_value(response)
    problem = outcome.problem
    if status == 429 or status >= 500:
        return outcome
    if problem is not None and problem.owner == "limit":
        return Outcome(TryLater, problem=problem)
    if status not in _REFUSALS or _has_bearer(response.request):
        return None
    return Outcome(ClientMisconfigured, problem=problem)


def with_wait(outcome: Outcome) -> Outcome:
    """Return an outcome that has a wait, so that a client knows when to come back."""
    problem = outcome.problem
    if problem is None or problem.retry.after is not None or outcome.kind is not TryLater:
        return outcome
    hint = RetryHint("after_delay", _DEFAULT_WAIT, automatic=False, source="default")
    return outcome._replace(problem=problem.replace(retry=hint))


def is_expired(token: str) -> bool:
    """Return whether a JWT is past its own `exp`: such a token is refused whoever signed it."""
    parts = token.split(".") if len(token) <= _MAX_TOKEN else []
    if len(parts) != 3:
        return False
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return False
    expires = claims.get("exp") if isinstance(claims, dict) else None
    return isinstance(expires, (int, float)) and expires < time.time()


def _is_object(content: bytes) -> bool:
    """Whether a body is what introspection (RFC 7662) and key sets (RFC 7517) are: a JSON object."""
    try:
        return isinstance(orjson.loads(content), dict)
    except orjson.JSONDecodeError:
        return False


def _has_bearer(request: Any) -> bool:
    """Whether a request used the user's own token: a refusal is about that token then."""
    scheme: str = request.headers.get("authorization", "")
    return scheme[:7].lower() == "bearer "


def _token(scope: Any) -> str:
    """The bearer token of a request; empty where it has none."""
    lines = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
    value = lines[0].decode("latin-1") if lines else ""
    return value[7:] if value[:7].lower() == "bearer " else ""
