"""`Normalizer`: the path of one response, from bytes to `Problem`. Read this first.

```
UpstreamResponse ─► cached? ─► template ─► PreparedProblem
        └─► classify_response ─► build_problem ─► fold
```

Pure: no I/O, no event, no clock but the one that is passed in. The middleware, the client integrations and the gateway
use one `Normalizer` each; `normalize` and `classify` use shared ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from authproblem._core.build import build_problem
from authproblem._core.cache import CachedResponse, CacheKey, ResponseCache
from authproblem._core.classify import Inquiry, Verdict, apply_concurrency_limit, classify_response
from authproblem._core.context import RequestContext, effective_sender
from authproblem._core.disclosure import Folded, error_id, fold, fold_unreadable, is_cut, is_sign_in
from authproblem._core.members import PassText, UnsendableError
from authproblem._core.outcome import Outcome, as_problem
from authproblem._core.policy import DEFAULT_MAX_BODY, DEFAULT_MAX_WAIT, DEFAULT_TYPE_BASE, Policy, make_policy
from authproblem._core.problem import Problem
from authproblem._core.sender import UNKNOWN, Sender, check_endpoint, check_provider
from authproblem._core.template import ResponseTemplate, can_prepare
from authproblem._model import Classification, Json, Provider, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import PLAIN_JSON, HeaderReader, Headers
from authproblem._upstream.json_values import is_parsable
from authproblem._upstream.response import UpstreamResponse, undo_codings

if TYPE_CHECKING:
    from typing_extensions import Self

_MAX_SHARED = 32
"""Normalizers that `normalize` and `classify` keep, one for each set of options."""


class Normalizer:
    """Normalizes the responses of one app: compiled options and a bounded cache. Safe to share between threads."""

    __slots__ = ("_cache", "_reader", "policy")

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
        if not (sender.certain or response.headers.is_plain):
            sender = effective_sender(response.headers, sender, self.policy.registry)
        surfaces = EndpointSurfaces(self.policy.registry.surfaces, sender.endpoint)
        key = self._cache.key_of(response, sender)
        cached = self._cache.find(key, surfaces) if key is not None else None
        found, why = self._verdict(response, sender, surfaces, key, cached)
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
        sender = context.sender
        if not (sender.certain or response.headers.is_plain):
            sender = effective_sender(response.headers, sender, self.policy.registry)
        surfaces = EndpointSurfaces(self.policy.registry.surfaces, sender.endpoint)
        if response.body is None:
            return self._unreadable(response, context, sender, surfaces, instance)
        key = self._cache.key_of(response, sender)
        cached = self._cache.find(key, surfaces) if key is not None else None
        if cached is not None and key is not None and cached.can_prepare:
            template = cached.template or self._prepare(cached, key, response)
            outcome = self._fill(template, response, context, surfaces, instance)
            if outcome is not None:
                return outcome
        found, why = self._verdict(response, sender, surfaces, key, cached)
        if why == "unreadable" and (sender.certain or not is_parsable(response.body)):  # a list may be the app's own
            return self._unreadable(response, context, sender, surfaces, instance)
        if found is not None and not why and not self.policy.flow_control:
            why = "flow_control" if found.reason in self.policy.registry.flow_types else ""
        if found is None or why:
            return Outcome(found, why=why)
        try:
            return self._conclude(found, response, context, surfaces, instance)
        except UnsendableError:
            return Outcome(found, why="unsendable")

    def _verdict(
        self,
        response: UpstreamResponse,
        sender: Sender,
        surfaces: EndpointSurfaces,
        key: CacheKey | None,
        cached: CachedResponse | None,
    ) -> Verdict:
        """Return what the response means, from the cache or by the rules."""
        registry = self.policy.registry
        if cached is not None:
            verdict: Verdict = (cached.classification_of(response.document), "")
        else:
            inquiry = Inquiry(registry, response, sender, surfaces)
            verdict = classify_response(inquiry, states=self.policy.transaction_states)
            if key is not None and verdict[0] is not None and not verdict[1]:
                self._remember(key, verdict[0], response, surfaces)
        return apply_concurrency_limit(registry, response.headers, verdict)

    def _remember(
        self, key: CacheKey, found: Classification, response: UpstreamResponse, surfaces: EndpointSurfaces
    ) -> None:
        if not self._cache.is_cacheable(key[0], found):
            return
        policy, document = self.policy, response.document or {}
        preparable = (
            policy.texts == "known"
            and policy.pass_text is None
            and can_prepare(document)
            and not policy.registry.entry_or_type(found.entry, found.reason).pass_text
            and (policy.flow_control or found.reason not in policy.registry.flow_types)
        )
        bare = found.replace(upstream=found.upstream.replace(document=None))
        self._cache.add(key, surfaces, CachedResponse(bare, can_prepare=preparable))

    def _prepare(self, cached: CachedResponse, key: CacheKey, response: UpstreamResponse) -> ResponseTemplate:
        """Make the template of a cached response: of the problem that a response without further headers gets."""
        found = cached.classification_of(response.document)
        plain = UpstreamResponse(response.status, PLAIN_JSON, response.body)
        problem = build_problem(found, plain, RequestContext(), self.policy)
        cached.template = template = ResponseTemplate(found, problem, key[0], self.policy)
        return template

    def _fill(
        self,
        truth: ResponseTemplate,
        response: UpstreamResponse,
        context: RequestContext,
        surfaces: EndpointSurfaces,
        instance: str | None,
    ) -> Outcome | None:
        """Return the outcome of a prepared response; None if it does not fit this one."""
        headers, document = response.headers, response.document or {}
        if not headers.is_plain and not truth.applies_to(headers):
            return None
        prepared = truth.fill(document, response, context, instance)
        if not truth.folds:
            return Outcome(truth.classification, prepared, prepared)
        level = self.policy.disclosure
        surface = surfaces.find(truth.classification.provider)
        if not is_sign_in(self.policy.registry, truth.classification, surface, surfaces.endpoint, level):
            return Outcome(truth.classification, prepared, prepared)
        if surface not in truth.folded and not self._prepare_folded(truth, surfaces):
            return None
        template, genuine = truth.folded[surface]
        if not template.applies_to(headers):
            return None
        sent = {**genuine, "errorId": error_id(document)} if "errorId" in genuine else genuine
        return Outcome(truth.classification, template.fill(sent, response, context, instance), prepared)

    def _prepare_folded(self, truth: ResponseTemplate, surfaces: EndpointSurfaces) -> bool:
        """Make the template of the genuine response; whether that can be done."""
        registry, found = self.policy.registry, truth.classification
        folded = fold(registry, found, surfaces, self.policy.disclosure)
        genuine: Json | None = None if folded is None else folded.classification.upstream.document
        key = None if genuine is None else registry.shapes.parse_key(genuine)
        if folded is None or genuine is None or key is None or not can_prepare(genuine):
            return False
        plain = UpstreamResponse(folded.status, PLAIN_JSON, b"")
        problem = build_problem(folded.classification, plain, RequestContext(), self.policy)
        template = ResponseTemplate(folded.classification, problem, key, self.policy)
        truth.folded[surfaces.find(found.provider)] = template, genuine
        return True

    def _conclude(
        self,
        found: Classification,
        response: UpstreamResponse,
        context: RequestContext,
        surfaces: EndpointSurfaces,
        instance: str | None,
    ) -> Outcome:
        """Build the problem, and the genuine response in its place where it folds."""
        truth = build_problem(found, response, context, self.policy, instance)
        level = self.policy.disclosure
        folded = None if level == "off" else fold(self.policy.registry, found, surfaces, level)
        if folded is None and is_cut(self.policy.registry, found):
            folded = fold_unreadable(self.policy.registry, found, response.status, surfaces, level)
        outcome = self._folded(found, truth, folded, response, context)
        if found.upstream.protocol and not outcome.is_folded and _stays_whole(found.upstream.document, response):
            outcome.kept = response.body
        return outcome

    def _folded(
        self,
        found: Classification,
        truth: Problem,
        folded: Folded | None,
        response: UpstreamResponse,
        context: RequestContext,
    ) -> Outcome:
        if folded is None:
            return Outcome(found, truth, truth)
        genuine = UpstreamResponse(folded.status, response.headers, b"")
        sent = build_problem(folded.classification, genuine, context, self.policy, truth.instance)
        return Outcome(found, sent, truth)

    def _unreadable(
        self,
        response: UpstreamResponse,
        context: RequestContext,
        sender: Sender,
        surfaces: EndpointSurfaces,
        instance: str | None,
    ) -> Outcome:
        """Handle a body that is too large, or cannot be decoded or parsed: where users sign in it folds by its status.

        Whoever signs in can make it so, such as by a lone surrogate in a name that the provider repeats.
        """
        registry, level = self.policy.registry, self.policy.disclosure
        if level == "off" or sender.provider is None:
            return Outcome(None, why="unreadable")
        said = UpstreamError("unknown")
        reason = registry.by_status(response.status, said).reason
        found = Classification(reason, None, sender.provider, "unknown", "status", said)
        folded = fold_unreadable(registry, found, response.status, surfaces, level)
        if folded is None:
            return Outcome(None, why="unreadable")
        truth = build_problem(found, response, context, self.policy, instance)
        return self._folded(found, truth, folded, response, context)


def normalize(
    status: int,
    /,  # `status` is an option as well
    headers: Headers,
    body: bytes,
    *,
    provider: Provider | None = None,
    endpoint: str | None = None,
    method: str | None = None,
    instance: str | None = None,
    now: float | None = None,
    **options: Any,
) -> Problem | None:
    """Turn one response of Auth0, Okta or another OAuth server into a `Problem`.

    Pure: no event, no clock but `now`, no identifier but `instance`.

    Args:
        status: the HTTP status.
        headers: a mapping or a list of pairs, `str` or `bytes`.
        body: the body as it came; gzip and deflate are undone, br and zstd where their extras are installed.
        provider: whose response it is, if the caller is certain: `auth0`, `okta` or `oauth` (vendor unknown).
        endpoint: the provider's path that was called, such as `/oauth/token`.
        method: the request's method; None counts as POST.
        instance: the URI of this occurrence.
        now: the local time as epoch seconds, used where the response has no valid `Date`.
        **options: those of `Normalizer`: `registry`, `type_base`, `status`, `disclosure`, `texts`, `pass_text`,
            `flow_control`, `transaction_states`, `max_body`, `max_wait`.

    Returns:
        The problem; None if the response is no provider's error, or flow control: then leave it alone.

    Raises:
        ConfigurationError: for an invalid option, provider or endpoint; the message says what is expected.
        TypeError: for a status, headers or a body of another type.
    """
    normalizer = shared_normalizer(options) if options else _shared()
    return normalizer.normalize(
        status, headers, body, provider=provider, endpoint=endpoint, method=method, instance=instance, now=now
    )


def classify(
    status: int,
    headers: Headers,
    body: bytes,
    *,
    provider: Provider | None = None,
    endpoint: str | None = None,
    registry: Registry | None = None,
    transaction_states: bool = False,
) -> Classification | None:
    """Return what one response means, without building the problem: the hot path alone.

    Args:
        status: the HTTP status.
        headers: a mapping or a list of pairs, `str` or `bytes`.
        body: the body as it came.
        provider: whose response it is, if the caller is certain.
        endpoint: the provider's path that was called.
        registry: the registry to use instead of the built-in one.
        transaction_states: whether failures that come with a status below 400 count.

    Returns:
        The classification, flow control included; None if the response is no provider's error.

    Raises:
        ConfigurationError: for an invalid provider or endpoint.
        TypeError: for a status, headers or a body of another type.
    """
    if registry is None and not transaction_states:
        normalizer = _shared()
    else:
        normalizer = shared_normalizer({"registry": registry, "transaction_states": transaction_states})
    return normalizer.classify(status, headers, body, provider=provider, endpoint=endpoint)


def shared_normalizer(options: dict[str, Any]) -> Normalizer:
    """Return the normalizer of a set of options; the last ones used are kept.

    Raises:
        ConfigurationError: for an invalid option.
    """
    try:
        return _shared(**options)
    except TypeError:  # an unhashable value: the check names the option
        return Normalizer.of(make_policy(options))


@lru_cache(maxsize=_MAX_SHARED, typed=True)
def _shared(**options: Any) -> Normalizer:
    return Normalizer.of(make_policy(options))


def _stays_whole(document: Json | None, response: UpstreamResponse) -> bool:
    """Whether a protocol document is the whole body, written as it came, and has no member of a name of ours."""
    if document is None or document is not response.document:
        return False
    return can_prepare(document) and response.is_verbatim


def _sender(provider: Provider | None, endpoint: str | None) -> Sender:
    if provider is None:
        return UNKNOWN if endpoint is None else Sender(endpoint=check_endpoint(endpoint))
    return Sender(check_provider(provider), True, check_endpoint(endpoint))  # noqa: FBT003
