"""What the client-side doors (httpx, requests, Authlib, gateway) share: whose response it is, when to ask, what to say.

A door hands in plain values and gets plain values; it does the sending itself. No client library is known here. When a
response is held and what replaces it is decided by `_intercept`, as for the server-side doors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from authproblem._client.cooldown import (
    MAX_HOLD,
    Bucket,
    CooldownStore,
    bucket,
    document_of,
    held_back,
    tripped,
    wait_to_tell,
)
from authproblem._client.hosts import Hosts
from authproblem._core.normalize import classify, normalize
from authproblem._core.problem import Problem
from authproblem._middleware import events
from authproblem._middleware.instance import new_instance
from authproblem._middleware.interception import Interception, Interceptor, Reply, Request
from authproblem._middleware.options import make_options
from authproblem._middleware.report import report_problem
from authproblem._middleware.response_headers import as_kind
from authproblem._model import Provider, RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Headers, Pair
from authproblem._upstream.media_types import JSON, PROBLEM, media_type

_DOOR_OWN = ("provider", "providers", "exceptions", "upstream_hosts", "callback_paths")
"""Options that make no sense on this side: the host tells the provider, and there are no requests of others."""
_AUTOMATIC_WAIT = 60
"""Seconds that a program may wait unattended, as in `_retry`."""


class Asked(NamedTuple):
    """A request to a provider, as a door hands it in.

    Attributes:
        host: the host name.
        path: the provider's path, decoded.
        method: the method, upper case.
        accept: the value of `Accept`, or None.
        authorization: the value of `Authorization`, or None.
        query: the query.
        binary: whether the door's headers are bytes.
    """

    host: str
    path: str
    method: str
    accept: str | None
    authorization: str | None
    query: str
    binary: bool = True


class Call(NamedTuple):
    """A request to a provider under way; made by `Reader.call`."""

    asked: Asked
    provider: Provider
    gate: Interceptor
    request: Request
    place: Bucket


class Reader:
    """The rules of one client-side door: which hosts, which options, which cool-downs."""

    __slots__ = ("_cooldown", "_gates", "_hosts", "_max_hold", "flow_control", "registry")

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
            options: options of the doors (SPEC section 7), without those that only a server-side door has.
            max_hold: seconds for which nothing is sent at most.

        Raises:
            ValueError: for an option whose value does not hold.
            TypeError: for an unknown option, or one that this side does not have.
        """
        for name in _DOOR_OWN:
            if name in options:
                msg = f"unknown option {name!r}; here the host tells the provider (`hosts`)"
                raise TypeError(msg)
        given = {"disclosure": "off", **options}
        self.registry: Registry = make_options(given).policy.registry
        self._hosts = Hosts(hosts, self.registry)
        providers = {"auth0", "okta", *(hosts or {}).values()}
        self._gates = {name: Interceptor(make_options({**given, "provider": name})) for name in providers}
        self._cooldown = cooldown
        self._max_hold = max_hold
        self.flow_control: bool = bool(given.get("flow_control", False))

    def call(self, asked: Asked) -> Call | None:
        """Begin a request; None if its host is no provider's, so that its response is none of our business."""
        provider = self._hosts.provider(asked.host)
        if provider is None:
            return None
        request = Request(asked.path, asked.method, asked.accept, {}, asked.binary)
        where, who = (asked.host.lower(), asked.path), asked.authorization
        place = bucket(self.registry, provider, where, authorization=who, query=asked.query)
        return Call(asked, provider, self._gates[provider], request, place)

    def begin(self, call: Call, status: int, headers: Headers) -> Interception | None:
        """A response begins; None if it is healthy and of no interest."""
        if status < 300 and not (call.gate.options.state_paths and call.gate.wants_success(call.asked.path)):
            return None
        return call.gate.begin(call.request, status, headers)

    def settle(self, call: Call, headers: list[Pair], problem: Problem) -> None:
        """Take note of a problem that was sent by the provider: it may be a reason not to send for a while."""
        if self._cooldown is None:
            return
        try:
            key = tripped(problem, call.place, headers)
            if key is not None:
                seconds = min(float(problem.retry.after or 0), self._max_hold)
                self._cooldown.hold(key, seconds, document_of(problem, self.registry))
        except Exception as error:  # noqa: BLE001 - a shared store may fail; the client gets its answer all the same
            events.report_fault(error, "a cool-down could not be kept")

    def nonce(self, call: Call, held: Interception) -> str | None:
        """The nonce with which the provider wants the request to be repeated (RFC 9449 section 8), or None."""
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

    def held_back(self, call: Call) -> Problem | None:
        """The problem that answers at once, because the provider has said when to come back; None: send the request."""
        if self._cooldown is None:
            return None
        try:
            held = self._cooldown.look(call.place.own) or self._cooldown.look(call.place.common)
        except Exception as error:  # noqa: BLE001 - a shared store may fail; the request is sent then
            events.report_fault(error, "a cool-down could not be looked up")
            held = None
        if held is None:
            return None
        after = wait_to_tell(held[0])
        problem = held_back(held[1], after, new_instance(), automatic=self._unattended(call, after))
        if problem is None:
            return None
        self.tell(call, problem, cooldown=True)
        return problem

    def _unattended(self, call: Call, after: int) -> bool:
        """Whether a program may repeat a request of which nothing has reached the provider (SPEC section 4)."""
        surface = self.registry.surface(call.provider, call.asked.path)
        harmless = call.asked.method in {"GET", "HEAD"} or (surface is not None and not surface.credential)
        return after <= _AUTOMATIC_WAIT and harmless

    def made(
        self, call: Call, reason: str, *, after: int | None = None, unsent: bool = False, **extra: object
    ) -> Problem:
        """A problem for a request that got no answer, from the registry alone.

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
            type=call.gate.options.policy.type_base + reason,
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
        self.tell(call, problem, **extra)
        return problem

    def reply(self, call: Call, problem: Problem) -> Reply:
        """A response of our own."""
        options = call.gate.options
        kind = options.media_type or media_type(call.asked.accept, JSON)
        content = b"" if call.asked.method == "HEAD" else problem.to_bytes()
        headers = problem.headers(kind if kind in {PROBLEM, JSON} else PROBLEM)
        if call.asked.method != "HEAD":
            headers.append(("Content-Length", str(len(content))))
        if options.media_type is None:
            headers.append(("Vary", "Accept"))
        if not call.asked.binary:
            return Reply(problem.status, headers, content, problem)
        return Reply(problem.status, as_kind(headers, binary=True), content, problem)

    def tell(self, call: Call, problem: Problem, **extra: object) -> None:
        """Emit the event of an answer that is our own, and call `on_problem`."""
        report_problem(call.gate.options, problem, call.asked.method, call.asked.path, extra=extra)


def hold(interception: Interception, chunks: Iterator[bytes]) -> bytes:
    """Feed a response to an interception as long as it holds, and no further.

    Returns:
        The chunk with which it became too large, to be sent after what is kept; empty where all of it is kept.
    """
    if interception.buffering:
        for chunk in chunks:
            if not interception.feed(chunk):
                return chunk
    return b""


def problem_of_reply(reply: Reply) -> Problem | None:
    """The problem that a reply carries, in its body or, on HEAD, in its headers."""
    return reply.problem


def read(
    response: Any, content: bytes, asked: Asked, *, hosts: Mapping[str, str] | None, options: Mapping[str, Any]
) -> Problem | None:
    """The problem of a response that a client library has read, whoever normalized it, or nobody yet.

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
