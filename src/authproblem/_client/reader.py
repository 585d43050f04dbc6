"""What client integrations and the gateway share: whose response it is, when to send, and what is returned if not.

An adapter hands in plain values and gets plain values; it does the sending itself. No client library is known here.
When a response is buffered and what replaces it is decided by `_middleware.interception`, as on the server side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from authproblem._client.cooldown import (
    MAX_HOLD,
    Bucket,
    Caller,
    bucket,
    document_of,
    jittered_wait,
    suppressed_problem,
    tripped,
)
from authproblem._client.hosts import Hosts
from authproblem._client.stores import CooldownStore
from authproblem._core.normalize import classify, normalize
from authproblem._core.problem import Problem
from authproblem._middleware import events, observers
from authproblem._middleware.instance import new_instance
from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options
from authproblem._middleware.report import report_problem
from authproblem._middleware.response_headers import as_kind
from authproblem._model import Provider, RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Headers, Pair
from authproblem._upstream.media_types import JSON, PROBLEM, media_type
from authproblem.errors import unknown_option

_SERVER_SIDE = ("provider", "providers", "exceptions", "upstream_hosts", "callback_paths")
"""Options that make no sense on this side: the host names the provider, and there are no requests of others."""
_NOTHING: Mapping[str, object] = {}
_AUTOMATIC_WAIT = 60
"""Seconds that a program may wait unattended, as in `_retry`."""


class ProviderRequest(NamedTuple):
    """A request to a provider, as an adapter hands it in.

    Attributes:
        host: the host name.
        path: the provider's path, decoded.
        method: the method, upper case.
        accept: the value of `Accept`, or None.
        authorization: the value of `Authorization`, or None.
        binary: whether the adapter's headers are bytes.
        peer: the address of a gateway's client, empty if it is not known; None where the process itself is the caller.
        proof: the value of `DPoP`, or None.
    """

    host: str
    path: str
    method: str
    accept: str | None
    authorization: str | None
    binary: bool = True
    peer: str | None = None
    proof: str | None = None

    def __repr__(self) -> str:
        """What is no credential: tools that report exceptions show local variables."""
        return f"ProviderRequest(method={self.method!r}, host={self.host!r})"


class Call(NamedTuple):
    """A request to a provider under way; made by `Reader.call`."""

    asked: ProviderRequest
    provider: Provider
    interceptor: Interceptor
    request: Request
    place: Bucket


class Reader:
    """The rules of one client integration or route: which hosts, which options, which cool-downs."""

    __slots__ = ("_cooldown", "_interceptors", "_hosts", "_max_hold", "flow_control", "registry")

    def __init__(
        self,
        hosts: Mapping[str, str] | None,
        cooldown: CooldownStore | None,
        options: Mapping[str, Any],
        *,
        max_hold: float = MAX_HOLD,
    ) -> None:
        """Compile the options.

        Args:
            hosts: custom domains and their providers.
            cooldown: where cool-downs are kept; None = no cool-down.
            options: those of the middleware, without the ones that only the server side has.
            max_hold: seconds for which nothing is sent at most.

        Raises:
            ConfigurationError: for an option with an invalid value.
            UnknownOptionError: for an unknown option, or one that this side does not have.
        """
        for name in _SERVER_SIDE:
            if name in options:
                unknown_option(name, (), "here the host names the provider (`hosts`)")
        given = {"disclosure": "off", **options}
        self.registry: Registry = make_options(given).policy.registry
        self._hosts = Hosts(hosts, self.registry)
        providers = {"auth0", "okta", *(hosts or {}).values()}
        self._interceptors = {name: Interceptor(make_options({**given, "provider": name})) for name in providers}
        self._cooldown = cooldown
        self._max_hold = max_hold
        self.flow_control: bool = bool(given.get("flow_control", False))

    def call(self, asked: ProviderRequest) -> Call | None:
        """Begin a request; None if its host is no provider's, so that its response passes unread."""
        provider = self._hosts.provider(asked.host)
        if provider is None:
            return None
        request = Request(asked.path, asked.method, asked.accept, {}, asked.binary)
        caller = Caller(asked.authorization, asked.peer)
        place = bucket(self.registry, provider, (asked.host.lower(), asked.path), asked.method, caller)
        return Call(asked, provider, self._interceptors[provider], request, place)

    def begin(self, call: Call, status: int, headers: Headers) -> Interception | None:
        """A response begins; None if it is healthy and of no interest."""
        if status < 300 and not (
            call.interceptor.options.state_paths and call.interceptor.wants_success(call.asked.path)
        ):
            return None
        return call.interceptor.begin(call.request, status, headers)

    def settle(self, call: Call, headers: list[Pair], problem: Problem) -> None:
        """Keep a problem that the provider sent, if it says to wait."""
        if self._cooldown is None:
            return
        try:
            key = tripped(self.registry, problem, call.place, headers)
            if key is not None:
                seconds = min(float(problem.retry.after or 0), self._max_hold)
                self._cooldown.hold(key, seconds, document_of(problem, self.registry))
                observers.observe(lambda observer: observer.cooldown(problem))
        except Exception as error:  # noqa: BLE001 - a shared store may fail; the client gets its response all the same
            events.report_fault(error, "a cool-down could not be kept")

    def nonce(self, call: Call, held: Interception) -> str | None:
        """Return the nonce with which the provider wants the request to be repeated (RFC 9449 section 8), or None."""
        if "dpop-nonce" not in held.response_headers:
            return None
        body = bytes(held.body)
        endpoint = call.asked.path
        found = classify(
            held.status,
            held.response_headers.pairs,
            body,
            provider=call.provider,
            endpoint=endpoint,
            registry=self.registry,
        )
        asks = found is not None and found.reason == "dpop-nonce-required"
        return held.response_headers.get("dpop-nonce") if asks else None

    def suppressed(self, call: Call) -> Problem | None:
        """Return the problem to send at once while the provider wants callers to wait; None: send the request."""
        if self._cooldown is None:
            return None
        try:
            own = call.place.own
            held = (self._cooldown.look(own) if own is not None else None) or self._cooldown.look(call.place.common)
        except Exception as error:  # noqa: BLE001 - a shared store may fail; the request is sent then
            events.report_fault(error, "a cool-down could not be looked up")
            held = None
        if held is None:
            return None
        after = jittered_wait(held[0])
        problem = suppressed_problem(held[1], after, new_instance(), automatic=self._unattended(call, after))
        if problem is None:
            return None
        self.report(call, problem, event=events.SUPPRESSED)
        return problem

    def _unattended(self, call: Call, after: int) -> bool:
        """Whether a program may repeat a request of which nothing has reached the provider (SPEC section 4)."""
        surface = self.registry.surface(call.provider, call.asked.path)
        harmless = call.asked.method in {"GET", "HEAD"} or (surface is not None and not surface.credential)
        return after <= _AUTOMATIC_WAIT and harmless

    def made(
        self, call: Call, reason: str, *, after: int | None = None, unsent: bool = False, **extra: object
    ) -> Problem:
        """Return the problem of a request that got no response, from the registry alone.

        Args:
            call: the request.
            reason: the problem type.
            after: seconds to wait, where waiting is known to be safe.
            unsent: whether nothing of the request has reached the provider, so that a repeat may spend nothing.
            **extra: further keys of the event.
        """
        entry = self.registry.entry_or_type(None, reason)
        unattended = unsent and after is not None and self._unattended(call, after)
        problem = Problem(
            type=call.interceptor.options.policy.type_base + reason,
            reason=reason,
            title=entry.title,
            status=entry.type.status,
            detail=entry.detail,
            instance=new_instance(),
            owner=entry.owner,
            remedy=entry.remedy,
            retry=RetryHint(entry.retry, after, unattended, None if after is None else "default"),
            provider=call.provider,
            upstream={},
            extensions={},
        )
        self.report(call, problem, extra)
        return problem

    def reply(self, call: Call, problem: Problem) -> Reply:
        """Return a response of our own."""
        options = call.interceptor.options
        kind = options.media_type or media_type(call.asked.accept, JSON)
        content = b"" if call.asked.method == "HEAD" else problem.to_bytes()
        headers = problem.headers(kind if kind in {PROBLEM, JSON} else PROBLEM)
        if call.asked.method != "HEAD":
            headers.append(("Content-Length", str(len(content))))
        if options.media_type is None:
            headers.append(("Vary", "Accept"))
        return Reply(problem.status, as_kind(headers, binary=call.asked.binary), content, problem)

    def report(self, call: Call, problem: Problem, extra: Mapping[str, object] = _NOTHING, *, event: str = "") -> None:
        """Emit the event of a response of our own, and call `on_problem`."""
        asked, name = call.asked, event or events.NORMALIZED
        report_problem(call.interceptor.options, problem, asked.method, asked.path, event=name, extra=extra)


def read_response(
    response: Any,
    content: bytes,
    asked: ProviderRequest,
    *,
    hosts: Mapping[str, str] | None,
    options: Mapping[str, Any],
) -> Problem | None:
    """Return the problem of a response that a client library has read, normalized already or not.

    Args:
        response: anything with `.status_code` and `.headers`.
        content: the body, decoded.
        asked: the request.
        hosts: custom domains and their providers.
        options: those of `normalize`.
    """
    problem = Problem.from_response(response)
    if (problem is not None and problem.owner) or response.status_code < 400:  # no owner: somebody else's document
        return problem
    registry = options.get("registry") or Registry.builtin()
    items = getattr(response.headers, "multi_items", None) or response.headers.items
    headers = [(name, value) for name, value in items() if name.lower() != "content-encoding"]
    return normalize(
        response.status_code,
        headers,
        content,
        provider=Hosts(hosts, registry).provider(asked.host),
        endpoint=asked.path if asked.path.startswith("/") else "/" + asked.path,
        method=asked.method,
        **options,
    )
