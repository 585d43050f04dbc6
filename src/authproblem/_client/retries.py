"""How far a client integration follows the retry hint: attempts, total wait, jitter. The waiting is stamina's."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from authproblem.errors import AuthProblemError, invalid


class Retry(NamedTuple):
    """Bounds for repeats. Only hints that are `automatic` are followed, and never sooner than they say.

    Attributes:
        attempts: requests that are sent at most, the first one included.
        total: seconds that are waited at most, over all attempts; a hint that does not fit in is not followed.
        jitter: seconds that are added at random at most to each wait, never taken off.
    """

    attempts: int = 3
    total: float = 60.0
    jitter: float = 1.0


def check_retry(retry: Retry | None) -> Retry | None:
    """Return the bounds.

    Raises:
        ConfigurationError: naming the bound and what would be right.
        ModuleNotFoundError: if stamina is not installed; the extras `httpx` and `requests` bring it.
    """
    if retry is None:
        return None
    if not isinstance(retry, Retry):
        invalid("retry", retry, "a Retry, such as Retry(attempts=3), or None")
    for name, value, least in (("attempts", retry.attempts, 1), ("total", retry.total, 0), ("jitter", retry.jitter, 0)):
        if value < least:
            invalid(f"retry: {name}", value, f"at least {least}")
    import stamina  # noqa: F401 - where it is missing, it is to be missed now, not at the first error

    return retry


def attempts(retry: Retry) -> Any:
    """Stamina's attempts for one request: an iterator, and an asynchronous one, of context managers."""
    import stamina

    return stamina.retry_context(Budget(retry), attempts=retry.attempts, timeout=None)


class Budget:
    """The wait that is left to one request; stamina's backoff hook."""

    __slots__ = ("_jitter", "_left")

    def __init__(self, retry: Retry) -> None:
        self._left, self._jitter = retry.total, retry.jitter

    def __call__(self, error: Exception) -> float | bool:
        """The seconds to wait before the next attempt, or False: no further one."""
        if not isinstance(error, AuthProblemError) or error.problem.retry.policy not in {"after_delay", "poll"}:
            return False  # `once` requires another request, such as one that is signed with a nonce
        if not error.problem.is_retryable:
            return False
        wait = (error.problem.retry.after or 0) + random.uniform(0, self._jitter)  # noqa: S311 - it guards nothing
        if wait > self._left:
            return False
        self._left -= wait
        return wait
