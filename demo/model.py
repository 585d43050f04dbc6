"""A case, what is expected of it, and its results: plain values, no servers and no drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import httpx

    from authproblem.testing import Response

ADAPTERS = ("ASGI", "WSGI")


class Reply(NamedTuple):
    """The response of a vendor.

    Attributes:
        entry: the registry entry that it sends; None where something else responds in its place.
        options: what is different from the usual response of the entry: the arguments of `FakeProvider.fail`.
        page: the response of what is in the vendor's place, such as a CDN.
    """

    entry: str | None
    options: Mapping[str, Any] = {}
    page: Response | None = None


class Expected(NamedTuple):
    """What the middleware has to send.

    Attributes:
        reason: the problem type, or None: the response is left alone, byte for byte.
        status: the HTTP status.
        policy: the retry policy.
        after: seconds to wait, or None.
        automatic: whether a program may repeat the request unattended.
        media_type: the media type of the response.
        kept: members that are sent on unchanged.
        replaced: members whose text is replaced.
        gone: parts of the upstream's body that must not be sent on.
        event: the event's name, or None: there is no event.
        in_event: the problem type in the event, where the client gets another one.
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
    in_event: str | None = None


class Case(NamedTuple):
    """One request, the vendor's response to it, and what the client has to get.

    Attributes:
        name: what `make demo CASE=` runs.
        title: what happens, in a few words.
        look: what to look at.
        method: the request's method.
        path: the request's path at the app: `/auth0/...` and `/okta/...` go to the vendors.
        reply: the vendor's response, or None: the request does not reach a vendor.
        expected: what the middleware has to send.
        form: the request's form.
        accept: the request's `Accept`.
        shown_headers: further headers that the overview shows.
    """

    name: str
    title: str
    look: str
    method: str
    path: str
    reply: Reply | None
    expected: Expected
    form: str = ""
    accept: str = "*/*"
    shown_headers: tuple[str, ...] = ()


class Run(NamedTuple):
    """What one adapter did with a case.

    Attributes:
        adapter: `ASGI` or `WSGI`.
        sent: what the vendor sent to the bare app, or None: the request did not reach a vendor.
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
    """The result of a case: a run for each adapter, and the differences from what is expected."""

    case: Case
    runs: tuple[Run, ...]
    faults: list[str]
