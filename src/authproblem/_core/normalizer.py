"""`Normalizer`: the path of one response, from bytes to `Problem`. Read this first.

```
UpstreamResponse ─► cached? ─► template ─► PreparedProblem
        └─► classify_response ─► build_problem ─► fold
```

Pure: no I/O, no event, no clock but the one that is passed in. The middleware, the client integrations and the gateway
use one `Normalizer` each; `normalize` and `classify` use shared ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from authproblem._core.build import build_problem
from authproblem._core.cache import CachedResponse, CacheKey, ResponseCache
from authproblem._core.classify import ClassifierInput, Decision, classify_response
from authproblem._core.context import RequestContext, effective_sender
from authproblem._core.disclosure import Folded, fold, fold_unreadable, is_cut
from authproblem._core.header_rules import apply_headers
from authproblem._core.links import apply_link
from authproblem._core.members import PassText, UnsendableError
from authproblem._core.outcome import Outcome, as_problem
from authproblem._core.policy import (
    DEFAULT_MAX_BODY,
    DEFAULT_MAX_WAIT,
    DEFAULT_TYPE_BASE,
    Policy,
    checks_names,
    make_policy,
)
from authproblem._core.prepare import is_preparable, prepared_outcome
from authproblem._core.problem import Problem
from authproblem._core.sender import UNKNOWN, Sender, check_endpoint, check_provider
from authproblem._core.template import can_prepare
from authproblem._model import Classification, Json, Provider, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import HeaderReader, Headers
from authproblem._upstream.json_values import is_parsable
from authproblem._upstream.response import UpstreamResponse, undo_codings

if TYPE_CHECKING:
    from typing_extensions import Self


class Normalizer:
    """Normalizes the responses of one app: compiled options and a bounded cache. Safe to share between threads."""

    __slots__ = ("_cache", "_reader", "policy")

    @checks_names
    def __init__(
        self,
        *,
        registry: Registry | None = None,
        type_base: str = DEFAULT_TYPE_BASE,
        status: Literal["upstream", "canonical"] = "upstream",
        disclosure: Literal["off", "safe", "strict"] = "off",
        texts: Literal["known", "all"] = "known",
        pass_text: PassText | None = None,
        flow_control: bool = False,
        transaction_states: bool = False,
        max_body: int = DEFAULT_MAX_BODY,
        max_wait: int = DEFAULT_MAX_WAIT,
    ) -> None:
        """Check and compile the options.

        Args:
            registry: the entries; None is `Registry.builtin()`.
            type_base: what precedes the slug in `type`; ends with `/`, `#`, `:` or `=`.
            status: `upstream` keeps the upstream's HTTP status, `canonical` sends the problem type's.
            disclosure: which errors an unauthenticated caller cannot distinguish at sign-in.
            texts: `known` sends registered texts on, `all` every text, capped and without control characters.
            pass_text: called with problem, member and text for each unknown text; returns what is sent, or None.
            flow_control: whether polling, nonces and the like are normalized too.
            transaction_states: whether Okta's failures with status 200 are normalized.
            max_body: bytes of a body, coded and decoded; larger ones are left alone.
            max_wait: seconds above which a wait is not valid.

        Raises:
            ConfigurationError: for an invalid value; the message names the option and what is expected.
            UnknownOptionError: for an option that does not exist.
        """
        self._setup(
            make_policy(
                {
                    "registry": registry,
                    "type_base": type_base,
                    "status": status,
                    "disclosure": disclosure,
                    "texts": texts,
                    "pass_text": pass_text,
                    "flow_control": flow_control,
                    "transaction_states": transaction_states,
                    "max_body": max_body,
                    "max_wait": max_wait,
                }
            )
        )

    def _setup(self, policy: Policy) -> None:
        self.policy = policy
        self._cache = ResponseCache(policy.registry)
        self._reader = HeaderReader(policy.registry.provider_headers)

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Return a normalizer for options that were checked already."""
        normalizer = cls.__new__(cls)
        normalizer._setup(policy)  # noqa: SLF001 - an instance of this class
        return normalizer

    def normalize(
        self,
        status: int,
        headers: Headers,
        body: bytes,
        *,
        provider: Provider | None = None,
        endpoint: str | None = None,
        method: str | None = None,
        instance: str | None = None,
        now: float | None = None,
    ) -> Problem | None:
        """Turn one response into a `Problem`; see the function `normalize`."""
        response = self.read(status, headers, body)
        sender = UNKNOWN if provider is None and endpoint is None else _sender(provider, endpoint)
        context = RequestContext(sender, method, now)
        return as_problem(self.process(response, context, instance).sent)

    def classify(
        self,
        status: int,
        headers: Headers,
        body: bytes,
        *,
        provider: Provider | None = None,
        endpoint: str | None = None,
    ) -> Classification | None:
        """Return what one response means, flow control included; see the function `classify`."""
        response = self.read(status, headers, body)
        if response.body is None:
            return None
        sender = UNKNOWN if provider is None and endpoint is None else _sender(provider, endpoint)
        context = RequestContext(sender)
        if not sender.certain:
            sender = effective_sender(response.status, response.headers, sender, self.policy.registry)
        key = self._cache.key_of(response, sender)
        cached = self._cache.find(key, context) if key is not None else None
        found, why = self._decide(response, context, sender, key, cached)
        return None if why else found

    def read(self, status: int, headers: Headers, body: bytes | bytearray) -> UpstreamResponse:
        """Read one response: its headers, and its body with the content codings undone.

        Raises:
            TypeError: for a status that is no number, headers that are neither a mapping nor pairs, or a body that is
                not bytes.
        """
        if not isinstance(status, int):
            raise TypeError(f"status is {type(status).__name__}; expected an int such as 400")
        if not isinstance(body, (bytes, bytearray)):
            raise TypeError(f"body is {type(body).__name__}; expected bytes, as they came from the network")
        read = self._reader.read(headers)
        if read.layout.is_coded or len(body) > self.policy.max_body:
            return UpstreamResponse(int(status), read, undo_codings(read, body, self.policy.max_body))
        return UpstreamResponse(int(status), read, body)

    @property
    def header_reader(self) -> HeaderReader:
        """The reader of response headers, with its cache."""
        return self._reader

    def process(self, response: UpstreamResponse, context: RequestContext, instance: str | None = None) -> Outcome:
        """Return what becomes of one response: the whole path.

        Args:
            response: the response.
            context: the request, and what is declared of the sender.
            instance: the URI of the occurrence.
        """
        policy, sender = self.policy, context.sender
        if not sender.certain:
            sender = effective_sender(response.status, response.headers, sender, policy.registry)
        if response.body is None:
            return self._unreadable(response, context, sender, instance)
        key = self._cache.key_of(response, sender)
        cached = self._cache.find(key, context) if key is not None else None
        if cached is not None and cached.can_prepare:
            outcome = prepared_outcome(policy, cached, response, context, instance)
            if outcome is not None:
                return outcome
        found, why = self._decide(response, context, sender, key, cached)
        if why == "unreadable" and (sender.certain or not is_parsable(response.body)):  # a list may be the app's own
            return self._unreadable(response, context, sender, instance)
        if found is not None and not why and not policy.flow_control:
            why = "flow_control" if found.reason in policy.registry.flow_types else ""
        if found is None or why:
            return Outcome(found, why=why)
        try:
            return self._outcome_of(found, response, context, instance)
        except UnsendableError:
            return Outcome(found, why="unsendable")

    def _decide(
        self,
        response: UpstreamResponse,
        context: RequestContext,
        sender: Sender,
        key: CacheKey | None,
        cached: CachedResponse | None,
    ) -> Decision:
        """Return what the response means, from the cache or by the rules."""
        registry = self.policy.registry
        if cached is not None:
            decision: Decision = (cached.classification_of(response, registry.shapes), "")
        else:
            surfaces = context.surfaces(registry)
            given = ClassifierInput(registry, response, sender, surfaces)
            decision = classify_response(given, states=self.policy.transaction_states)
            if key is not None and decision[0] is not None and not decision[1]:
                self._remember(key, decision[0], response, surfaces)
        decision = apply_link(registry, response.status, decision)
        return apply_headers(registry, response.status, response.headers, decision)

    def _remember(
        self, key: CacheKey, found: Classification, response: UpstreamResponse, surfaces: EndpointSurfaces
    ) -> None:
        known, registry = key[0], self.policy.registry
        if self._cache.is_cacheable(known, found):
            has_slots = known != response.key(registry.shapes)
            preparable = is_preparable(self.policy, found, response.document or {})
            self._cache.add(key, surfaces, CachedResponse(found, known, has_slots=has_slots, can_prepare=preparable))

    def _outcome_of(
        self, found: Classification, response: UpstreamResponse, context: RequestContext, instance: str | None
    ) -> Outcome:
        """Build the problem, and the genuine response in its place where it folds."""
        actual = build_problem(found, response, context, self.policy, instance)
        level = self.policy.disclosure
        registry = self.policy.registry
        folded = None if level == "off" else fold(registry, found, context.surfaces(registry), level)
        if folded is None and is_cut(registry, found):
            folded = fold_unreadable(registry, found, response.status, context.surfaces(registry), level)
        outcome = self._folded_outcome(found, actual, folded, response, context)
        if found.upstream.protocol and not outcome.is_folded and _stays_whole(found.upstream.document, response):
            outcome.kept = response.body
        return outcome

    def _folded_outcome(
        self,
        found: Classification,
        actual: Problem,
        folded: Folded | None,
        response: UpstreamResponse,
        context: RequestContext,
    ) -> Outcome:
        if folded is None:
            return Outcome(found, actual, actual)
        genuine = UpstreamResponse(folded.status, response.headers, b"")
        sent = build_problem(folded.classification, genuine, context, self.policy, actual.instance)
        return Outcome(found, sent, actual)

    def _unreadable(
        self,
        response: UpstreamResponse,
        context: RequestContext,
        sender: Sender,
        instance: str | None,
    ) -> Outcome:
        """Handle a body that is too large, or cannot be decoded or parsed: where users sign in it folds by its status.

        Whoever signs in can make it so, such as by a lone surrogate in a name that the provider repeats.
        """
        registry, level = self.policy.registry, self.policy.disclosure
        if level == "off" or sender.provider is None:
            return Outcome(None, why="unreadable")
        upstream = UpstreamError("unknown")
        reason = registry.by_status(response.status, upstream).reason
        found = Classification(reason, None, sender.provider, "unknown", "status", upstream)
        folded = fold_unreadable(registry, found, response.status, context.surfaces(registry), level)
        if folded is None:
            return Outcome(None, why="unreadable")
        actual = build_problem(found, response, context, self.policy, instance)
        return self._folded_outcome(found, actual, folded, response, context)


def _stays_whole(document: Json | None, response: UpstreamResponse) -> bool:
    """Whether a protocol document is the whole body, written as it came, and has none of a problem's own members."""
    if document is None or document is not response.document:
        return False
    return can_prepare(document) and response.is_verbatim


def _sender(provider: Provider | None, endpoint: str | None) -> Sender:
    if provider is None:
        return UNKNOWN if endpoint is None else Sender(endpoint=check_endpoint(endpoint))
    return Sender(check_provider(provider), True, check_endpoint(endpoint))  # noqa: FBT003
