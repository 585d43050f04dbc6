"""Refreshing tokens: one request for many callers, no dead token sent twice, no live one dropped.

```python
guard = RefreshGuard("auth0")
tokens = guard.refresh(refresh_token, do_refresh)
```
`do_refresh` sends the request with any library and saves what it gets; `guard` decides whether it is called. Here are
the two drivers, for threads and for tasks; every rule is in `_client.refresh`.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar, cast, overload

from authproblem._client.answers import Endpoint
from authproblem._client.refresh import Ask, Join, Lead, Limits, Load, Pause, RefreshCore, Send, digest
from authproblem._client.stores import AsyncRefreshStore, MemoryRefreshStore, RefreshStore
from authproblem._client.verdicts import (
    ClientMisconfigured,
    CredentialDead,
    CredentialReplaced,
    RefreshError,
    StepUpRequired,
    TryLater,
)
from authproblem._core.sender import check_provider
from authproblem._model import Provider
from authproblem._registry.registry import Registry
from authproblem.errors import invalid

__all__ = [
    "AsyncRefreshGuard",
    "AsyncRefreshStore",
    "ClientMisconfigured",
    "CredentialDead",
    "CredentialReplaced",
    "MemoryRefreshStore",
    "RefreshError",
    "RefreshGuard",
    "RefreshStore",
    "StepUpRequired",
    "TryLater",
]

T = TypeVar("T")


class _Guard:
    """What both guards have in common: the options.

    Attributes:
        endpoint: reads the answers of the token endpoint; for the other modules of this package.
    """

    _core: RefreshCore

    def __init__(
        self,
        provider: Provider = "oauth",
        *,
        store: Any = None,
        registry: Registry | None = None,
        budget: float = 30.0,
        attempts: int = 3,
        lease: float = 10.0,
        remember: float = 30.0,
        dead_for: float = 86_400.0,
        failures: int = 5,
        open_for: float = 30.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a guard of one token endpoint.

        Args:
            provider: `auth0`, `okta`, or `oauth` for any other OAuth server.
            store: shares leases and verdicts between processes; None = this process alone.
            registry: the registry to use instead of the built-in one.
            budget: seconds that a caller waits at most, over all attempts and for other callers. A `do_refresh` in a
                thread cannot be interrupted: it ends by the timeouts of its library.
            attempts: requests that one refresh sends at most, the first one included.
            lease: seconds after which another process takes over a refresh that did not end.
            remember: seconds for which callers that still hold the old credential get the new tokens; they stay in the
                memory of this process.
            dead_for: seconds for which a dead credential is answered without being sent.
            failures: outages in a row after which nothing is sent for a while.
            open_for: seconds of that while; then one request probes the endpoint.
            size: credentials that are remembered at most.
            clock: a clock in seconds that never goes back.

        Raises:
            ConfigurationError: for an unknown provider, or a bound that is out of range.
        """
        check_provider(provider, f"{type(self).__name__}: provider")
        limits = Limits(budget, attempts, lease, remember, dead_for, failures, open_for, size)
        _check(limits)
        self._store = store
        self.endpoint = endpoint = Endpoint.of(provider, registry)
        self._core = RefreshCore(endpoint, limits, clock, self._event, shared=store is not None)
        self._fresh, self._clock = self._core.fresh, clock  # what nearly every call needs

    def check(self, response: T) -> T:
        """Return a response of the token endpoint; the compliance hook for Authlib and requests-oauthlib.

        Use it as `session.register_compliance_hook("refresh_token_response", guard.check)`: those libraries look for a
        member `error` alone, and drop status and headers.

        Args:
            response: the response, its body read.

        Raises:
            RefreshError: if it is an error, with any status.
        """
        outcome = self.endpoint.of_value(response)
        if outcome.problem is not None:
            outcome.unwrap()
        return response

    def _event(self) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        """The class alone: a guard holds tokens."""
        return f"{type(self).__name__}(...)"


def _check(limits: Limits) -> None:
    least = {"attempts": 1, "failures": 1, "size": 1, "remember": 0, "dead_for": 0}
    given: dict[str, Any] = limits._asdict()
    for name, value in given.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or value < least.get(name, 0) or (name not in least and value == 0):
            expected = f"a number of at least {least[name]}" if name in least else "seconds above 0"
            invalid(name, value, expected)
    if limits.lease >= limits.budget:
        invalid("lease", limits.lease, f"less than budget={limits.budget!r}")


class RefreshGuard(_Guard):
    """Guards the refreshes of one token endpoint, for threads.

    - Of many callers with one credential, one sends; the others get its result, also if it fails.
    - A credential that the provider refused for good is not sent again, by whoever asks.
    - A wait that the provider named is kept; what it refused before doing anything is repeated within `budget`.
    - After `failures` outages in a row nothing is sent for `open_for` seconds, then one request probes the endpoint.

    Warning:
        `do_refresh` has to save the new tokens before it returns: with rotation the old credential is spent, and a
        process that ends before its caller saved them has lost the session.
    """

    def _event(self) -> threading.Event:
        return threading.Event()

    def refresh(self, token: str, do_refresh: Callable[..., T], *, load: Callable[[], T | None] | None = None) -> T:
        """Refresh a credential, once for all who ask.

        Args:
            token: the refresh token, or anything else that names the credential and changes when it is replaced.
            do_refresh: sends the request. It is called with the token, or without arguments if it takes none, and
                returns the new tokens or the response; it raises what its library raises.
            load: reads the tokens that another process has saved meanwhile, for guards with a `store`.

        Returns:
            What `do_refresh` (or `load`) returned.

        Raises:
            CredentialDead: the credential is refused for good.
            TryLater: it was not judged; come back after `after` seconds.
            StepUpRequired: its owner has to do something first.
            ClientMisconfigured: the client is at fault.
            Exception: whatever else `do_refresh` raises that is no provider's error.
        """
        key = digest(token)
        fresh = self._fresh.get(key)
        if fresh is not None and fresh[0] > self._clock():
            value: T = fresh[1]
            return value
        work = _Work(self._store, _bound(do_refresh, token), load)
        return cast("T", self._drive(self._core.flow(key), work))

    def _drive(self, steps: Generator[Any, Any, Any], work: _Work) -> Any:
        try:
            step = next(steps)
            while True:
                try:
                    result = self._perform(step, work)
                except BaseException as error:  # noqa: BLE001, PERF203 - the flow ends its flight and raises it again
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as ended:
            return ended.value

    def _perform(self, step: Any, work: _Work) -> Any:
        if isinstance(step, Lead):
            return self._drive(step.steps, work)
        if isinstance(step, Join):
            return step.flight.done.wait(step.seconds)
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        return work.call(step)


class AsyncRefreshGuard(_Guard):
    """`RefreshGuard` for tasks, under asyncio and trio; one guard belongs to one event loop.

    A caller that is canceled, by a timeout for example, does not stop the refresh: the provider may have spent the old
    credential already. Under asyncio the refresh runs in a task of its own, under trio the caller is canceled after it.
    A `do_refresh` that takes longer than `budget` is canceled.

    Needs anyio, which httpx, httpx2 and Starlette bring along.
    """

    def __init__(self, provider: Provider = "oauth", **options: Any) -> None:
        """Make a guard; `store` may have coroutine methods, all other options are those of `RefreshGuard`.

        Raises:
            ConfigurationError: for an unknown provider, or a bound that is out of range.
            ModuleNotFoundError: without anyio.
        """
        import anyio

        self._anyio = anyio
        self._tasks: set[Any] = set()
        super().__init__(provider, **options)

    def _event(self) -> Any:
        return self._anyio.Event()

    @overload
    async def refresh(
        self,
        token: str,
        do_refresh: Callable[..., Awaitable[T]],
        *,
        load: Callable[[], Awaitable[T | None] | T | None] | None = None,
    ) -> T: ...

    @overload
    async def refresh(
        self,
        token: str,
        do_refresh: Callable[..., T],
        *,
        load: Callable[[], Awaitable[T | None] | T | None] | None = None,
    ) -> T: ...

    async def refresh(
        self,
        token: str,
        do_refresh: Callable[..., Awaitable[T] | T],
        *,
        load: Callable[[], Awaitable[T | None] | T | None] | None = None,
    ) -> T:
        """Refresh a credential, once for all who ask; `do_refresh` and `load` may be coroutine functions.

        Args:
            token: the refresh token.
            do_refresh: sends the request, and saves the new tokens before it returns.
            load: reads the tokens that another process has saved meanwhile.

        Returns:
            What `do_refresh` (or `load`) returned.

        Raises:
            CredentialDead: the credential is refused for good.
            TryLater: it was not judged; come back after `after` seconds.
            StepUpRequired: its owner has to do something first.
            ClientMisconfigured: the client is at fault.
            Exception: whatever else `do_refresh` raises that is no provider's error.
        """
        key = digest(token)
        fresh = self._fresh.get(key)
        if fresh is not None and fresh[0] > self._clock():
            value: T = fresh[1]
            return value
        work = _Work(self._store, _bound(do_refresh, token), load)
        return cast("T", await self._drive(self._core.flow(key), work))

    async def _drive(self, steps: Generator[Any, Any, Any], work: _Work) -> Any:
        try:
            step = next(steps)
            while True:
                try:
                    result = await self._perform(step, work)
                except BaseException as error:  # noqa: BLE001, PERF203 - the flow ends its flight and raises it again
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as ended:
            return ended.value

    async def _perform(self, step: Any, work: _Work) -> Any:
        if isinstance(step, Lead):
            return await self._lead(step, work)
        if isinstance(step, Join):
            with self._anyio.move_on_after(step.seconds):
                await step.flight.done.wait()
            return step.flight.done.is_set()
        if isinstance(step, Pause):
            return await self._anyio.sleep(step.seconds)
        with self._anyio.fail_after(self._core.limits.budget):  # one that hangs must not block the credential for ever
            result = work.call(step)
            return await result if inspect.isawaitable(result) else result

    async def _lead(self, step: Lead, work: _Work) -> None:
        """Refresh to the end, whatever happens to the caller."""
        import asyncio

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # trio
            with self._anyio.CancelScope(shield=True):
                await self._drive(step.steps, work)
            return
        task = loop.create_task(self._drive(step.steps, work))
        self._tasks.add(task)  # the loop itself keeps no reference
        task.add_done_callback(self._tasks.discard)


class _Work:
    """What one caller wants done: the store, and its own functions."""

    __slots__ = ("_do_refresh", "_load", "_store")

    def __init__(self, store: Any, do_refresh: Callable[[], Any], load: Callable[[], Any] | None) -> None:
        self._store, self._do_refresh, self._load = store, do_refresh, load

    def call(self, step: Send | Load | Ask) -> Any:
        """Perform a step that is a function of the caller's or of the store's."""
        if isinstance(step, Send):
            return self._do_refresh()
        if isinstance(step, Load):
            return None if self._load is None else self._load()
        return getattr(self._store, step.method)(*step.arguments)


def _bound(do_refresh: Callable[..., Any], token: str) -> Callable[[], Any]:
    """Return a function without arguments, whether `do_refresh` takes the token or nothing."""
    try:
        parameters = inspect.signature(do_refresh).parameters.values()
    except (TypeError, ValueError):  # a builtin that does not say
        return lambda: do_refresh(token)
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    takes_token = any(parameter.kind in positional for parameter in parameters)
    return (lambda: do_refresh(token)) if takes_token else do_refresh
