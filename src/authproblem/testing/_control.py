"""The part of a fake that tests call: which errors to send, which limits to keep. `_fake` processes requests by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from random import Random
from threading import RLock
from typing import Any, ClassVar

from authproblem.testing._catalog import Catalog, Variation
from authproblem.testing._failures import Condition, Failure, Failures, Subject
from authproblem.testing._http import Response
from authproblem.testing._limits import Limit, Limits
from authproblem.testing._paths import surfaces_of


class Control:
    """The errors and limits of a fake.

    Attributes:
        catalog: the errors that it can send.
        random: what made-up ids and probabilities come from.
        concurrency: requests that may be in flight at once; None for any number.
    """

    provider: ClassVar[str] = "oauth"
    also: ClassVar[tuple[str, ...]] = ()
    """Further providers whose entries it may send: OAuth's codes are every vendor's."""
    concurrency: int | None = None

    def __init__(self, catalog: Catalog, random: Random, limits: Iterable[Limit]) -> None:
        """Start with limits, and no error armed."""
        self.catalog, self.random = catalog, random
        self._failures = Failures(random)
        self._limits = Limits()
        for limit in limits:
            self._limits.add(limit)
        self._surfaces = surfaces_of(catalog.registry, self.provider)
        self._lock = RLock()

    def fail(
        self,
        entry: str,
        *,
        endpoint: str | None = None,
        method: str | None = None,
        user: str | None = None,
        client: str | None = None,
        org: str | None = None,
        address: str | None = None,
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
        retry_after: int | None = None,
        delay: float = 0.0,
        status: int | None = None,
        text: str | None = None,
        form: str | None = None,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Failure:
        """Respond to requests with an error, as the vendor sends it, until it is cancelled.

        Args:
            entry: the id of the registry entry, such as `okta:E0000047`.
            endpoint: only requests to this path, pattern (`/api/v1/users/{x}`) or surface (`okta.authn`). Without it
                all requests fail but those for metadata and keys.
            method: only requests with this method.
            user: only requests about the user with this email, or whom they name like this if there is no such user.
            client: only requests of this client id.
            org: only requests for this organization.
            address: only requests from this address of an end user.
            times: how many responses it makes; None for all.
            skip: how many fitting requests are served as usual before the first error.
            probability: how likely a fitting request fails, by the seed of the fake.
            retry_after: seconds that clients have to wait, sent as the vendor sends it (a limit by its reset
                header, anything else by `Retry-After`).
            delay: seconds until the response comes.
            status: another HTTP status than the usual one.
            text: another sentence than the registered one.
            form: another wire form, such as `okta_idx`.
            members: further members of the JSON body; None takes one out.
            headers: further headers.

        Returns:
            The armed error: counts what it sent, and cancels itself at the end of a `with` block.

        Raises:
            UnknownEntryError: if there is no such entry, or it is another vendor's or never sent.
            ConfigurationError: for numbers that make no sense.
        """
        failure = Failure(
            self.catalog.find(entry, self.provider, *self.also),
            Condition(endpoint, method, Subject(user, client, org, address)),
            Variation(status, text, form, members, headers),
            times=times,
            skip=skip,
            probability=probability,
            retry_after=retry_after,
            delay=delay,
        )
        with self._lock:
            return self._failures.add(failure)

    def fail_next(self, entry: str, **options: Any) -> Failure:
        """Respond to the next fitting request with an error; the ones after it are served as usual.

        Args:
            entry: the id of the registry entry.
            options: those of `fail`.
        """
        return self.fail(entry, **{"times": 1, **options})

    def reply_with(
        self,
        response: Response,
        *,
        endpoint: str | None = None,
        method: str | None = None,
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
    ) -> Failure:
        """Respond to requests with a response of the test's own, such as a CDN's page or a broken body.

        Args:
            response: the response; nothing that the vendor's edge adds is added.
            endpoint: as in `fail`, like the other arguments.
            method: only requests with this method.
            times: how many responses it makes; None for all.
            skip: how many fitting requests are served as usual before.
            probability: how likely a fitting request gets it.
        """
        failure = Failure(
            None,
            Condition(endpoint, method),
            Variation(),
            response=response,
            times=times,
            skip=skip,
            probability=probability,
        )
        with self._lock:
            return self._failures.add(failure)

    def limit(
        self,
        requests: int,
        seconds: float = 60.0,
        *,
        per: str = "tenant",
        endpoint: str | None = None,
        quota: str | None = None,
    ) -> Limit:
        """Let through so many requests in so many seconds, and refuse the rest as the vendor does.

        Args:
            requests: how many are let through in a window.
            seconds: the length of a window, from the first request that it counts.
            per: what has its own counter: `user`, `client`, `org`, `address`, `endpoint` or `tenant`.
            endpoint: the requests that count; None for all but those for metadata and keys.
            quota: a quota's header instead of the rate limit's, such as `auth0-client-quota-limit`.
        """
        with self._lock:
            return self._limits.add(Limit(requests, seconds, per, endpoint, quota))

    def recover(self) -> None:
        """Disarm all errors and lift all limits; users, sessions and tokens stay."""
        with self._lock:
            self._failures.clear()
            self._limits.clear()
            self.concurrency = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The errors that are armed."""
        return tuple(self._failures)

    @property
    def all_failures(self) -> tuple[Failure, ...]:
        """The errors that are armed, and the last hundred that are spent."""
        return (*self._failures.spent, *self._failures)

    @property
    def counters(self) -> int:
        """How many counters its limits keep."""
        return len(self._limits)

    @cached_property
    def surfaces(self) -> tuple[str, ...]:
        """The ids of the surfaces that `endpoint` may name."""
        return tuple(sorted(self._surfaces))
