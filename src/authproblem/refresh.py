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

from authproblem._client.guard import Guard, Work, bound
from authproblem._client.refresh_memory import digest
from authproblem._client.refresh_steps import Join, Lead, Pause
from authproblem._client.stores import AsyncRefreshStore, MemoryRefreshStore, RefreshStore
from authproblem._client.verdicts import (
    ClientMisconfigured,
    CredentialDead,
    CredentialReplaced,
    RefreshError,
    StepUpRequired,
    TryLater,
)
from authproblem._model import Provider

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


class RefreshGuard(Guard):
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
            TryLater: it was not examined; come back after `after` seconds.
            StepUpRequired: its owner has to do something first.
            ClientMisconfigured: the client is at fault.
            Exception: whatever else `do_refresh` raises that is no provider's error.
        """
        key = digest(token)
        fresh = self._fresh.get(key)
        if fresh is not None and fresh[0] > self._clock():
            value: T = fresh[1]
            return value
        work = Work(self._store, bound(do_refresh, token), load)
        return cast("T", self._drive(self._core.flow(key), work))

    def _drive(self, steps: Generator[Any, Any, Any], work: Work) -> Any:
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

    def _perform(self, step: Any, work: Work) -> Any:
        if isinstance(step, Lead):
            return self._drive(step.steps, work)
        if isinstance(step, Join):
            return step.flight.done.wait(step.seconds)
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        return work.call(step)


class AsyncRefreshGuard(Guard):
    """`RefreshGuard` for tasks, under asyncio and trio; one guard belongs to one event loop.

    A caller that is canceled, by a timeout for example, does not stop the refresh: the provider may have spent the old
    credential already. Under asyncio the refresh runs in its own task, under trio the caller is canceled after it.
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
            TryLater: it was not examined; come back after `after` seconds.
            StepUpRequired: its owner has to do something first.
            ClientMisconfigured: the client is at fault.
            Exception: whatever else `do_refresh` raises that is no provider's error.
        """
        key = digest(token)
        fresh = self._fresh.get(key)
        if fresh is not None and fresh[0] > self._clock():
            value: T = fresh[1]
            return value
        work = Work(self._store, bound(do_refresh, token), load)
        return cast("T", await self._drive(self._core.flow(key), work))

    async def _drive(self, steps: Generator[Any, Any, Any], work: Work) -> Any:
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

    async def _perform(self, step: Any, work: Work) -> Any:
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

    async def _lead(self, step: Lead, work: Work) -> None:
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
