"""The rules that client integrations and the gateway share: whose a response is, when to send, what to return if not.

An adapter passes plain values and gets plain values; it sends the requests itself. No client library is used here.
When a response is buffered and what replaces it is decided by `_middleware.interception`, as on the server side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from authproblem._client.cooldown import (
    LONGEST_COOLDOWN,
    Bucket,
    Caller,
    bucket,
    document_of,
    jittered_wait,
    key_to_set,
    suppressed_problem,
)
from authproblem._client.hosts import Hosts
from authproblem._client.stores import CooldownStore
from authproblem._core.build import problem_of_entry
from authproblem._core.context import RequestContext
from authproblem._core.normalize import classify, normalize
from authproblem._core.problem import Problem
from authproblem._core.retry import LONGEST_AUTOMATIC_WAIT, is_repeatable
from authproblem._middleware import events, observers
from authproblem._middleware.instance import new_instance
from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import Reply, Request, make_request
from authproblem._middleware.options import ClientOptions, make_options
from authproblem._middleware.report import report_problem
from authproblem._middleware.response_headers import as_kind
from authproblem._model import Provider, RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Headers, Pair
from authproblem._upstream.media_types import JSON, PROBLEM, media_type
from authproblem.errors import unknown_option

_SERVER_SIDE = ("provider", "providers", "exceptions", "upstream_hosts", "callback_paths")
"""Options that make no sense on this side: the host names the provider, and there are no requests of others."""
_OPTIONS = ("hosts", "retry", "cooldown", "on_nonce", *ClientOptions.__annotations__)
"""The options of client integrations: their own, and those that concern a response."""
_NOTHING: Mapping[str, object] = {}


def _never() -> bool:
    """What a store without `is_empty` would return."""
    return False


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
        """Leave out the credentials: tools that report exceptions show local variables."""
        return f"ProviderRequest(method={self.method!r}, host={self.host!r})"


class Call(NamedTuple):
    """A request to a provider; made by `Reader.call`.

    Attributes:
        provider: the provider of its host.
        interceptor: the rules for responses of this provider.
        request: what the interceptor reads of the request.
        host: its host, as it was given.
        caller: who sends it; with the host, what the keys of its cool-downs are made of.
    """

    provider: Provider
    interceptor: Interceptor
    request: Request
    host: str
    caller: Caller


class Reader:
    """The rules of one client integration or route: which hosts, which options, which cool-downs."""

    __slots__ = ("_cooldown", "_hosts", "_interceptors", "_max_cooldown", "_nothing_kept", "flow_control", "registry")

    def __init__(
        self,
        hosts: Mapping[str, str] | None,
        cooldown: CooldownStore | None,
        options: Mapping[str, Any],
        *,
        max_cooldown: float = LONGEST_COOLDOWN,
    ) -> None:
        """Compile the options.

        Args:
            hosts: custom domains and their providers.
            cooldown: where cool-downs are kept; None = no cool-down.
            options: those of the middleware, without the ones that only the server side has.
            max_cooldown: seconds after which requests are sent again in any case.

        Raises:
            ConfigurationError: for an option with an invalid value.
            UnknownOptionError: for an unknown option, or one that this side does not have.
        """
        for name in options:
            if name in _SERVER_SIDE:
                unknown_option(name, (), "here the host names the provider (`hosts`)")
            if name not in _OPTIONS:
                unknown_option(name, _OPTIONS)
        given = {"disclosure": "off", **options}
        self.registry: Registry = make_options(given).policy.registry
        self._hosts = Hosts(hosts, self.registry)
        providers = {"auth0", "okta", *(hosts or {}).values()}
        self._interceptors = {name: Interceptor(make_options({**given, "provider": name})) for name in providers}
        self._cooldown = cooldown
        self._nothing_kept: Callable[[], bool] = getattr(cooldown, "is_empty", _never)
        self._max_cooldown = max_cooldown
        self.flow_control: bool = bool(given.get("flow_control", False))

    def call(self, provider_request: ProviderRequest) -> Call | None:
        """Begin a request; None if its host is no provider's, so that its response passes unread."""
        provider = self._hosts.provider(provider_request.host)
        return None if provider is None else self.call_to(provider, provider_request)

    def call_to(self, provider: Provider, provider_request: ProviderRequest) -> Call:
        """Begin a request to a provider that is known."""
        path, method, accept = provider_request.path, provider_request.method, provider_request.accept
        request = make_request((path, method, accept, {}, provider_request.binary))
        caller = Caller(provider_request.authorization, provider_request.peer)
        return Call(provider, self._interceptors[provider], request, provider_request.host, caller)

    def _keys(self, call: Call) -> Bucket:
        """The keys of a request's cool-downs; only few requests need them."""
        path, method = call.request.path, call.request.method
        return bucket(self.registry, call.provider, (call.host.lower(), path), method, call.caller)

    def begin(self, call: Call, status: int, headers: Headers) -> Interception | None:
        """Begin a response; None if it is healthy and need not be read."""
        if status < 300 and not (
            call.interceptor.options.state_paths and call.interceptor.wants_success(call.request.path)
        ):
            return None
        return call.interceptor.begin(call.request, status, headers)

    def keep_cooldown(self, call: Call, headers: list[Pair], problem: Problem) -> None:
        """Keep a problem that the provider sent, if it starts a cool-down."""
        if self._cooldown is None:
            return
        try:
            key = key_to_set(self.registry, problem, self._keys(call), headers)
            if key is not None:
                seconds = min(float(problem.retry.after or 0), self._max_cooldown)
                self._cooldown.hold(key, seconds, document_of(problem, self.registry))
                observers.observe(lambda observer: observer.cooldown(problem))
        except Exception as error:  # noqa: BLE001 - a shared store may fail; the client gets its response all the same
            events.report_fault(error, "a cool-down could not be kept")

    def nonce(self, call: Call, interception: Interception) -> str | None:
        """Return the nonce with which the provider wants the request to be repeated (RFC 9449 section 8), or None."""
        headers = interception.response_headers
        if "dpop-nonce" not in headers:
            return None
        found = classify(
            interception.status,
            headers.pairs,
            bytes(interception.body),
            provider=call.provider,
            endpoint=call.request.path,
            registry=self.registry,
        )
        is_required = found is not None and found.reason == "dpop-nonce-required"
        return headers.get("dpop-nonce") if is_required else None

    def suppressed(self, call: Call) -> Problem | None:
        """Return the problem to send at once while the provider wants callers to wait; None: send the request."""
        if self._cooldown is None:
            return None
        try:
            if self._nothing_kept():
                return None
            keys = self._keys(call)
            found = (self._cooldown.look(keys.own) if keys.own is not None else None) or self._cooldown.look(
                keys.common
            )
        except Exception as error:  # noqa: BLE001 - a shared store may fail; the request is sent then
            events.report_fault(error, "a cool-down could not be looked up")
            found = None
        if found is None:
            return None
        after = jittered_wait(found[0])
        problem = suppressed_problem(found[1], after, new_instance(), automatic=self._is_automatic(call, after))
        if problem is None:
            return None
        self.report(call, problem, event=events.SUPPRESSED)
        return problem

    def _is_automatic(self, call: Call, after: int) -> bool:
        """Whether a program may repeat a request of which nothing has reached the provider."""
        context = RequestContext(method=call.request.method, endpoint=call.request.path)
        return after <= LONGEST_AUTOMATIC_WAIT and is_repeatable(self.registry, call.provider, context)

    def problem_without_response(
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
        automatic = unsent and after is not None and self._is_automatic(call, after)
        retry = RetryHint(entry.retry, after, automatic, None if after is None else "default")
        base = call.interceptor.options.policy.type_base
        problem = problem_of_entry(entry, reason, call.provider, type_base=base, instance=new_instance(), retry=retry)
        self.report(call, problem, extra)
        return problem

    def reply(self, call: Call, problem: Problem) -> Reply:
        """Return the response for a problem that was made here."""
        options = call.interceptor.options
        kind = options.media_type or media_type(call.request.accept, JSON)
        content = b"" if call.request.method == "HEAD" else problem.to_bytes()
        headers = problem.headers(kind if kind in {PROBLEM, JSON} else PROBLEM)
        if call.request.method != "HEAD":
            headers.append(("Content-Length", str(len(content))))
        if options.media_type is None:
            headers.append(("Vary", "Accept"))
        return Reply(problem.status, as_kind(headers, binary=call.request.binary), content, problem)

    def report(self, call: Call, problem: Problem, extra: Mapping[str, object] = _NOTHING, *, event: str = "") -> None:
        """Emit the event of a problem that was made here, and call `on_problem`."""
        request, name = call.request, event or events.NORMALIZED
        report_problem(call.interceptor.options, problem, request.method, request.path, event=name, extra=extra)


def read_response(
    response: Any,
    content: bytes,
    provider_request: ProviderRequest,
    *,
    hosts: Mapping[str, str] | None,
    options: Mapping[str, Any],
) -> Problem | None:
    """Return the problem of a response that a client library has read, normalized already or not.

    Args:
        response: anything with `.status_code` and `.headers`.
        content: the body, decoded.
        provider_request: the request.
        hosts: custom domains and their providers.
        options: those of `normalize`.
    """
    problem = Problem.from_response(response)
    if (problem is not None and problem.owner) or response.status_code < 400:  # no owner: somebody else's document
        return problem
    registry, path = options.get("registry") or Registry.builtin(), provider_request.path
    items = getattr(response.headers, "multi_items", None) or response.headers.items
    headers = [(name, value) for name, value in items() if name.lower() != "content-encoding"]
    return normalize(
        response.status_code,
        headers,
        content,
        provider=Hosts(hosts, registry).provider(provider_request.host),
        endpoint=path if path.startswith("/") else "/" + path,
        method=provider_request.method,
        **options,
    )
