"""Armed errors: which response is sent instead of the usual one, for which requests, how often and how likely."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from authproblem import Entry
from authproblem.errors import ConfigurationError
from authproblem.testing._catalog import Variation
from authproblem.testing._http import Request, Response
from authproblem.testing._paths import Surfaces, is_below

if TYPE_CHECKING:
    from typing_extensions import Self

_MAX_SPENT = 100


class Subject(NamedTuple):
    """Whom a request is about, as far as it shows: by this, failures and limits are chosen.

    Attributes:
        user: the user's email or login.
        client: the client's id.
        org: the organization.
        address: the end user's address.
    """

    user: str | None = None
    client: str | None = None
    org: str | None = None
    address: str | None = None


class Condition(NamedTuple):
    """The requests that a failure is for; None means all.

    Attributes:
        endpoint: a path, a pattern such as `/api/v1/users/{x}`, or the id of a surface such as `okta.authn`.
        method: the HTTP method.
        subject: user, client, organization and address that have to be the request's.
    """

    endpoint: str | None = None
    method: str | None = None
    subject: Subject = Subject()

    def matches(self, request: Request, subject: Subject, surfaces: Surfaces, unlimited: Iterable[str]) -> bool:
        """Whether a request is one of these; metadata and keys fail only where their endpoint is named."""
        if self.method is not None and self.method.upper() != request.method:
            return False
        if self.endpoint is None and is_below(request.path, unlimited, surfaces):
            return False
        if self.endpoint is not None and not is_below(request.path, (self.endpoint,), surfaces):
            return False
        return all(wanted in {None, given} for wanted, given in zip(self.subject, subject, strict=True))


class Failure:
    """An armed error. Remove it by `cancel()`, or by leaving the `with` block that it opens.

    Attributes:
        entry: the registry entry that is sent; None where a test has made up the response itself.
        response: the response that a test has made up, or None.
        count: how many responses it has made so far.
    """

    def __init__(
        self,
        entry: Entry | None,
        condition: Condition,
        variation: Variation,
        *,
        response: Response | None = None,
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
        retry_after: int | None = None,
        delay: float = 0.0,
    ) -> None:
        """Arm an error; `FakeProvider.fail` describes the arguments."""
        if times is not None and times < 1:
            raise ConfigurationError(f"invalid times: {times!r}; expected a number from 1, or None for all")
        if not 0.0 < probability <= 1.0:
            raise ConfigurationError(f"invalid probability: {probability!r}; expected a number above 0, up to 1")
        self.entry, self.condition, self.variation = entry, condition, variation
        self.response = response
        self.retry_after, self.delay = retry_after, delay
        self.count = 0
        self._left, self._skip, self._probability = times, skip, probability

    @property
    def spent(self) -> bool:
        """Whether it makes no more responses."""
        return self._left == 0

    def cancel(self) -> None:
        """Make no more responses."""
        self._left = 0

    def takes(self, random: Random) -> bool:
        """Whether it applies to a request that meets its condition; counts it if so."""
        if self.spent:
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self._probability < 1.0 and random.random() >= self._probability:
            return False
        self._left = None if self._left is None else self._left - 1
        self.count += 1
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __repr__(self) -> str:
        left = "all" if self._left is None else str(self._left)
        name = self.entry.id if self.entry is not None else "of its own"
        return f"<Failure {name}, sent {self.count}, left {left}>"


class Failures:
    """All armed errors of one fake, in the order in which they were armed: the first that fits a request is sent.

    Attributes:
        spent: the last ones that make no more responses, the oldest first.
    """

    def __init__(self, random: Random) -> None:
        """Start without any."""
        self._random = random
        self._armed: list[Failure] = []
        self.spent: deque[Failure] = deque(maxlen=_MAX_SPENT)

    def add(self, failure: Failure) -> Failure:
        """Arm one more."""
        self._armed.append(failure)
        return failure

    def clear(self) -> None:
        """Disarm all, and forget those that are spent."""
        self._armed.clear()
        self.spent.clear()

    def find(self, request: Request, subject: Subject, surfaces: Surfaces, unlimited: Iterable[str]) -> Failure | None:
        """The failure to send for a request, or None."""
        for each in self._armed:
            if each.condition.matches(request, subject, surfaces, unlimited) and each.takes(self._random):
                self._drop_spent()
                return each
        return None

    def __iter__(self) -> Iterator[Failure]:
        """Those that are armed."""
        return iter([each for each in self._armed if not each.spent])

    def _drop_spent(self) -> None:
        self.spent.extend(each for each in self._armed if each.spent)
        self._armed = [each for each in self._armed if not each.spent]
