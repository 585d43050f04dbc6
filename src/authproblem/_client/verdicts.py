"""How a refresh ends if not with a new token: exceptions that an application branches on, and their form in a store.

Every exception carries a `Problem`. Its text shows reason and status alone: exceptions end up in logs.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, cast

import orjson

from authproblem._core.build import problem_of_entry
from authproblem._core.credential import credential_of
from authproblem._core.problem import Problem
from authproblem._model import Credential, Provider, RetryHint
from authproblem._registry.registry import Registry
from authproblem.errors import AuthProblemError

_OF_A_REFRESH = frozenset(("refresh_token", "session"))
"""Kinds of credential whose end is the end of a refresh token; a wrong password or API token does not affect it."""


class RefreshError(AuthProblemError):
    """A refresh that gave no new token.

    ```
    RefreshError
    ├── CredentialDead        delete the credential, let the user sign in
    ├── TryLater              keep it, come back after `after` seconds
    │   └── CredentialReplaced    another process has a new one: read it from where you keep it
    ├── StepUpRequired        keep it, the user has to do something first
    └── ClientMisconfigured   keep it, alert a developer: the client, not the credential, is at fault
    ```
    """


class CredentialDead(RefreshError):  # noqa: N818 - a verdict, named as the application reads it
    """The provider refused the credential for good: delete it, and let the user sign in."""


class TryLater(RefreshError):  # noqa: N818 - a verdict
    """The credential was not examined, or refused for a temporary reason: keep it.

    Attributes:
        after: seconds to wait, or None where that is unknown.
    """

    @property
    def after(self) -> float | None:
        """Seconds to wait before the next refresh, or None."""
        return self.problem.retry.after


class CredentialReplaced(TryLater):
    """Another process has refreshed the credential: read the new one from where the application keeps it."""


class StepUpRequired(RefreshError):  # noqa: N818 - a verdict
    """The credential is alive, but its owner has to do something first, as `problem.remedy` says."""


class ClientMisconfigured(RefreshError):  # noqa: N818 - a verdict
    """The client or the tenant is at fault, as with a wrong client secret: no refresh succeeds until that is fixed."""


KINDS: dict[str, type[RefreshError]] = {
    kind.__name__: kind for kind in (CredentialDead, TryLater, CredentialReplaced, StepUpRequired, ClientMisconfigured)
}


class Outcome(NamedTuple):
    """How a refresh ended.

    Attributes:
        kind: the class of the exception, None for a value or an exception of the application's own.
        value: what `do_refresh` returned.
        problem: the problem of the exception.
        error: an exception that is no provider's error; it reaches every caller as it is.
    """

    kind: type[RefreshError] | None = None
    value: Any = None
    problem: Problem | None = None
    error: BaseException | None = None

    def __repr__(self) -> str:
        """Nothing of the value, which has tokens: tools that report exceptions show local variables."""
        return f"Outcome(kind={self.kind!r}, problem={self.problem!r})"

    def unwrap(self) -> Any:
        """Return the value.

        Raises:
            RefreshError: if the provider sent an error.
            BaseException: what else `do_refresh` raised.
        """
        if self.error is not None:
            raise self.error
        if self.kind is not None and self.problem is not None:
            raise self.kind(self.problem)
        return self.value

    def to_bytes(self) -> bytes:
        """Return the verdict as a store keeps it: never a token, and nothing of the response but its meaning."""
        if self.kind is None or self.problem is None:
            return b'{"kind":"done"}'
        bare = self.problem.replace(instance=None, extensions={}, upstream={})
        return orjson.dumps({"kind": self.kind.__name__, "problem": bare.to_dict()})

    @classmethod
    def from_bytes(cls, verdict: bytes) -> Outcome | None:
        """Read a verdict from a store; a value is None there. None for what another release may have written."""
        try:
            document = orjson.loads(verdict)
            if document["kind"] == "done":
                return cls()
            problem = Problem.from_bytes(orjson.dumps(document["problem"]))
            return None if problem is None else cls(KINDS[document["kind"]], problem=problem)
        except (ValueError, TypeError, KeyError):
            return None


def outcome_of(registry: Registry, problem: Problem, *, status_known: bool = True) -> Outcome:
    """Return what a problem means for the credential that was refreshed.

    Args:
        registry: has the table of verdicts.
        problem: what the token endpoint sent.
        status_known: False where a library kept the code, but not the HTTP status: `invalid_grant` may have come with
            429 then, and only a known text proves that the credential is dead.
    """
    verdict, kind = verdict_of(registry, problem)
    status = problem.upstream.get("status") or problem.status
    if status == 429 or status >= 500:
        return Outcome(TryLater, problem=problem)
    concerned = kind in _OF_A_REFRESH or (kind is None and problem.reason == "invalid-grant")
    sure = status_known or problem.matched_by in {"code_description", "cause"}
    if verdict == "dead" and concerned and sure:
        return Outcome(CredentialDead, problem=problem)
    if verdict == "step_up":
        return Outcome(StepUpRequired, problem=problem)
    if problem.owner in {"client", "tenant"} and verdict == "keep":
        return Outcome(ClientMisconfigured, problem=problem)
    return Outcome(TryLater, problem=problem)


def is_outage(problem: Problem) -> bool:
    """Whether a problem means that the token endpoint is out of order, for the breaker.

    An Action of the tenant may refuse one user with a 500; that is a rejection.
    """
    if problem.reason == "upstream-rejected":
        return False
    return problem.owner == "upstream" or (problem.upstream.get("status") or 0) >= 500


def verdict_of(registry: Registry, problem: Problem) -> tuple[Credential, str | None]:
    """Return what a problem means for the credential: by its document, else by the table."""
    stated = getattr(problem, "credential", None)
    # A document that was read has no `matched_by`, and leaves an unknown verdict out.
    if isinstance(stated, str) and (stated != "unknown" or problem.matched_by):
        return cast("Credential", stated), getattr(problem, "credential_kind", None)
    status = problem.upstream.get("status")
    return credential_of(registry, problem.entry, problem.reason, status, problem.matched_by)


def problem_without_response(registry: Registry, reason: str, provider: Provider, after: float | None) -> Problem:
    """Return the problem of a refresh that was not sent, or got no response."""
    wait = None if after is None else max(0, math.ceil(after))
    retry = RetryHint("after_delay", wait, automatic=False, source=None if wait is None else "default")
    return problem_of_entry(registry.entry_or_type(None, reason), reason, provider, retry=retry)
