"""What a case is, and what came of it: plain values, no servers and no drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import httpx

    from authproblem.testing import Response

ADAPTERS = ("ASGI", "WSGI")


class Answer(NamedTuple):
    """What a vendor answers.

    Attributes:
        entry: the registry entry that it sends; None where something answers in its place.
        options: what is different from the usual response of the entry: the arguments of `FakeProvider.fail`.
        page: what answers in the vendor's place.
    """

    entry: str | None
    options: Mapping[str, Any] = {}
    page: Response | None = None


class Expected(NamedTuple):
    """What has to come out of the middleware.

    Attributes:
        reason: the problem type, or None: the response is left alone, byte for byte.
        status: the HTTP status.
        policy: the retry policy.
        after: seconds to wait, or None.
        automatic: whether a program may repeat the request unattended.
        media_type: the type of the answer.
        kept: members that come through as they were sent.
        replaced: members whose text gives way to another one.
        gone: words of the upstream's body that must not come through.
        event: the event's name, or None: nothing is written.
        truth: what the event tells where the client is told something else.
    """

    reason: str | None
    status: int
    policy: str = "after_action"
    after: int | None = None
    automatic: bool = False
    media_type: str = "application/problem+json"
    kept: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    event: str | None = "authproblem.normalized"
    truth: str | None = None


class Case(NamedTuple):
    """One request, the vendor's answer to it, and what has to come of that.

    Attributes:
        name: what `make demo CASE=` takes.
        title: what happens, in a few words.
        look: what to look at.
        method: the request's method.
        path: the request's path at the app: `/auth0/...` and `/okta/...` go to the vendors.
        answer: the vendor's answer, or None: the request does not reach one.
        expected: what has to come out.
        form: the request's form.
        accept: the request's `Accept`.
        telling: further headers that the overview shows.
    """

    name: str
    title: str
    look: str
    method: str
    path: str
    answer: Answer | None
    expected: Expected
    form: str = ""
    accept: str = "*/*"
    telling: tuple[str, ...] = ()


class Take(NamedTuple):
    """What one adapter did with a case.

    Attributes:
        adapter: `ASGI` or `WSGI`.
        sent: what the vendor sent to the bare app, or None: the request did not reach one.
        before: the response of the bare app.
        after: the response of the same app with the middleware.
        events: the events of the middleware, keys in order.
    """

    adapter: str
    sent: Response | None
    before: httpx.Response
    after: httpx.Response
    events: list[dict[str, Any]]


class Result(NamedTuple):
    """What came of a case: a take for each adapter, and what is not as it should be."""

    case: Case
    takes: tuple[Take, ...]
    faults: list[str]
