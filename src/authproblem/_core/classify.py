"""Classifies a response: which provider sent it, and which registry entry matches. The rules of evidence are here.

A response counts as a provider's only with evidence (a vendor's header, shape, code or constant text) or with the app's
declaration. Without either, `{"error": "invalid_grant"}` may as well be Stripe's: it is left alone. Pure functions:
nothing is cached here, and the same arguments always give the same result.
"""

from __future__ import annotations

from itertools import chain

from authproblem._core.evidence import error_challenge
from authproblem._core.refine import refine
from authproblem._core.sender import Sender
from authproblem._model import Classification, Json, MatchedBy, Provider, UpstreamError, as_provider
from authproblem._registry.index import Match
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._registry.texts import fold
from authproblem._upstream.headers import ResponseHeaders
from authproblem._upstream.idx import form_errors
from authproblem._upstream.json_values import unwrap
from authproblem._upstream.media_types import HTML_TYPES, PROBLEM, is_json
from authproblem._upstream.response import MAX_TEXT_BODY, UpstreamResponse
from authproblem._upstream.shapes import error_of

UNTOUCHABLE = frozenset((416,))
"""Statuses whose meaning depends on headers that a rewrite drops: ranges (RFC 9110 section 15.5.17)."""

_VENDORS: tuple[Provider, ...] = ("auth0", "okta")
_CHALLENGE_ERROR = ("error", "error_description")
_SENTENCES = ("detail", "error_description", "message", "title")
"""Members of an object without a shape that contain a sentence, the most specific first."""
_TEXT_TYPES = HTML_TYPES | {"text/plain"}
_UNSHAPED = frozenset(("empty", "html", "text", "unknown"))
_HEADER_SHAPES = frozenset(("www_authenticate", "redirect", "callback"))

Decision = tuple[Classification | None, str]
"""What a response means, or None; and why it is left alone: empty for an error that is understood, else
`not_candidate`, `no_evidence`, `step`, `unreadable`, `echo` or `flow_control`."""
_NOT_CANDIDATE: Decision = (None, "not_candidate")
_NO_EVIDENCE: Decision = (None, "no_evidence")
_UNREADABLE: Decision = (None, "unreadable")
_STEP: Decision = (None, "step")


class ClassifierInput:
    """The input of one classification.

    Attributes:
        registry: the entries.
        response: the response.
        sender: what is known of the sender, with the provider's own header taken into account.
        surfaces: the surfaces of the endpoint.
    """

    __slots__ = ("headers", "registry", "response", "sender", "status", "surfaces")

    def __init__(
        self, registry: Registry, response: UpstreamResponse, sender: Sender, surfaces: EndpointSurfaces
    ) -> None:
        """Keep the values."""
        self.registry = registry
        self.response = response
        self.status = response.status
        self.headers: ResponseHeaders = response.headers
        self.sender = sender
        self.surfaces = surfaces


def may_be_error(headers: ResponseHeaders, sender: Sender) -> bool:
    """Whether an error response may be a provider's, by its headers and what is known of its sender alone."""
    media = headers.media_type
    if "auth-problem" in headers:
        return False
    if media == "" or is_json(media):
        return True  # problem documents too: My Account sends its own as `application/problem+json`
    return media in _TEXT_TYPES and (sender.certain or "www-authenticate" in headers)


def classify_response(given: ClassifierInput, *, states: bool = False) -> Decision:
    """Classify one response.

    Args:
        given: the response, and what is known of its sender.
        states: whether transaction states that come with a status below 400 count.
    """
    status, response = given.status, given.response
    if status in UNTOUCHABLE:
        return _NOT_CANDIDATE
    if 300 <= status < 400:
        return _redirect(given)
    if status < 300:
        return _NOT_CANDIDATE if not states or response.document is None else _state(given, response.document)
    document = response.load() if response.has_plain_json_error else None
    if document is not None:
        return _object(given, document)
    return _error(given) if may_be_error(given.headers, given.sender) else _NOT_CANDIDATE


def classify_parameters(given: ClassifierInput, upstream: UpstreamError) -> Classification | None:
    """Classify the parameters of a redirect or callback: any error that the registry has."""
    registry, status, provider = given.registry, given.status, given.sender.provider
    if provider is not None:
        hit = registry.match(provider, upstream, status, given.surfaces)
        return _refined(given, hit, provider, upstream, given.surfaces) if hit is not None else None
    nowhere = EndpointSurfaces(registry.surfaces, None)
    found = _by_evidence(given, upstream, nowhere)
    if found is not None:
        return found
    for name in ("oauth", *_VENDORS):
        hit = registry.match_own(name, upstream, status, nowhere)
        if hit is not None:
            return _refined(given, hit, as_provider(name), upstream, nowhere)
    return None


def _error(given: ClassifierInput) -> Decision:
    """Classify an error response by what its body is: an object, nothing, a sentence, a page."""
    response, media = given.response, given.headers.media_type
    body = response.body or b""
    text = body.strip()
    if not text:
        return _unshaped(given, UpstreamError("empty"))
    if media in HTML_TYPES or (given.sender.certain and response.is_html):
        return _page(given, body)
    if text.startswith(b"{"):
        if media == PROBLEM and not given.registry.shapes.is_vendor_problem(response.document or {}):
            return _NOT_CANDIDATE
        return _UNREADABLE if response.document is None else _object(given, response.document)
    if media in {"text/plain", ""} and (len(body) <= MAX_TEXT_BODY or _is_declared(given)):
        return _unshaped(given, UpstreamError("text", text=text[:MAX_TEXT_BODY].decode("utf-8", "replace")))
    return _UNREADABLE if is_json(media) else _NOT_CANDIDATE


def _is_declared(given: ClassifierInput) -> bool:
    """Whether a long text counts: of a certain sender, or of one below whose path a challenge has an error (SPEC 3)."""
    sender = given.sender
    return sender.certain or (sender.provider is not None and error_challenge(given.headers) is not None)


def _page(given: ClassifierInput, body: bytes | bytearray) -> Decision:
    """Classify a page: by a challenge beside it, by what the vendor's own error page says, or by its status.

    Client libraries expect JSON where they get it; a browser that requested a page keeps it (`_middleware`).
    """
    from authproblem._upstream.pages import read_page

    found, why = _unshaped(given, read_page(body))
    if found is not None and found.shape == "html":
        # The text is not kept: a page repeats what its user typed.
        found = found.replace(upstream=UpstreamError("html", found.upstream.code))
    return found, why


def _object(given: ClassifierInput, document: Json) -> Decision:
    """Classify an error response with a JSON object."""
    shapes = given.registry.shapes
    if "detail" in document and len(document) == 1:
        inner = unwrap(document)
        upstream = shapes.read(inner) if inner is not None else None
        found = _by_evidence(given, upstream, given.surfaces) if upstream is not None else None
        if found is None:
            return _NOT_CANDIDATE if upstream is None else _NO_EVIDENCE
        return found, ""
    key = given.response.key(shapes)
    upstream = shapes.read_nested(document) if key is None else error_of(key, document)
    if upstream is not None and upstream.shape == "legacy_key" and not _is_registered(given.registry, upstream.code):
        upstream = None  # any object with one text looks like it
    if upstream is None:
        if shapes.is_step(document):
            return _step(given)
        return _unshaped(given, UpstreamError("unknown", text=_sentence(document), document=document))
    found = meaning(given, upstream)
    return (found, "") if found is not None else _unshaped(given, upstream)


def _sentence(document: Json) -> str | None:
    """Return the sentence of an object without a shape, such as a problem document that proves no vendor."""
    texts = (document.get(name) for name in _SENTENCES)
    return next((text for text in texts if isinstance(text, str)), None)


def _is_registered(registry: Registry, code: str | None) -> bool:
    return code is not None and any(registry.has_code(provider, code) for provider in ("oauth", *_VENDORS))


def meaning(given: ClassifierInput, upstream: UpstreamError) -> Classification | None:
    """Return what an error means: under the declared sender, else by evidence; None where nothing proves a sender."""
    if given.sender.provider is not None:
        found = _by_declaration(given, upstream)
        if found is not None:
            return found
    return _by_evidence(given, upstream, given.surfaces)


def _step(given: ClassifierInput) -> Decision:
    """Return the result for a step of a flow; Okta's device challenge is flow control whatever its body is."""
    steps = given.registry.step_challenges
    lines = given.headers.all("www-authenticate")
    return (None, "flow_control") if any(line.partition(" ")[0].lower() in steps for line in lines) else _STEP


def _state(given: ClassifierInput, document: Json) -> Decision:
    """Classify a 200 that may be a failure: only the listed states and Identity Engine documents with an error."""
    shapes = given.registry.shapes
    upstream = shapes.read(document)
    if upstream is None or upstream.shape not in {"okta_state", "okta_factor", "okta_idx"}:
        return _STEP if shapes.is_step(document) else _NOT_CANDIDATE
    found = meaning(given, upstream)
    return _NO_EVIDENCE if found is None else (found, "")


def _unshaped(given: ClassifierInput, upstream: UpstreamError) -> Decision:
    """Classify a body without a shape: by the challenge, a known sentence, or of a certain sender by the status."""
    registry, sender = given.registry, given.sender
    challenge = error_challenge(given.headers)
    if challenge is not None:
        error = {name: challenge.parameters[name] for name in _CHALLENGE_ERROR if name in challenge.parameters}
        # Where the body is no object, clients find the code where they look for it first: in the body.
        document = upstream.document or error
        text = error.get("error_description")
        found = meaning(given, UpstreamError("www_authenticate", error["error"], text, document=document))
        if found is not None:
            return found, ""
    if sender.provider is None or not sender.certain:
        # An object without a code, in a form that proves nothing, may be any framework's: `{"message": "Not Found"}`.
        bare = upstream.shape in _UNSHAPED or (upstream.code is None and upstream.proof == "none")
        return _NOT_CANDIDATE if challenge is None and bare else _NO_EVIDENCE
    if "www-authenticate" in given.headers and (step := _step(given)) != _STEP:
        return step
    if sender.by_challenge and challenge is None and _may_be_an_apps_own(given, upstream):
        return _NOT_CANDIDATE
    # The words of a page mean nothing where no code is among them.
    known = upstream.code if upstream.shape == "html" else upstream.text
    hit = registry.match(sender.provider, upstream, given.status, given.surfaces) if known is not None else None
    hit = hit or (registry.by_status(given.status, upstream), "status")
    return _refined(given, hit, sender.provider, upstream, given.surfaces), ""


def _may_be_an_apps_own(given: ClassifierInput, upstream: UpstreamError) -> bool:
    """Whether a framework sends such a body, beside a challenge of the app that names its tenant but no error."""
    return given.response.is_page or upstream.text in given.registry.data["shapes"]["framework_texts"]


def _by_declaration(given: ClassifierInput, upstream: UpstreamError) -> Classification | None:
    """Return the meaning under the sender that the app or a header declares; under a mere scope a code is needed."""
    provider = given.sender.provider
    if provider is None or upstream.vendor not in {None, provider}:
        return None
    hit = _entry(given, provider, upstream, given.surfaces)
    if hit is None and upstream.code is None and not given.sender.certain:
        return None
    hit = hit or _general(given, provider, upstream, given.surfaces)
    return _refined(given, hit, provider, upstream, given.surfaces)


def _by_evidence(given: ClassifierInput, upstream: UpstreamError, surfaces: EndpointSurfaces) -> Classification | None:
    """Return the meaning where nothing but the response itself proves the sender."""
    proof = upstream.proof
    if proof == "none":
        return None
    for provider in _VENDORS if upstream.vendor is None else (upstream.vendor,):
        if proof == "shape":
            hit = _entry(given, provider, upstream, surfaces) or _general(given, provider, upstream, surfaces)
            return _refined(given, hit, provider, upstream, surfaces)
        if proof == "envelope":
            entry = _entry(given, provider, upstream, surfaces)
            return None if entry is None else _refined(given, entry, provider, upstream, surfaces)
        own = given.registry.match_own(provider, upstream, given.status, surfaces)
        if own is not None and _proves(own, upstream):
            return _refined(given, own, provider, upstream, surfaces)
    return None


def _proves(match: Match, upstream: UpstreamError) -> bool:
    """Whether a match is a vendor's alone: by its entry, by the code in this shape, or by the one text that matched."""
    entry, matched_by = match
    if entry.evidence or (upstream.proof == "registered" and entry.code == upstream.code):
        return True
    return matched_by == "code_description" and upstream.text is not None and fold(upstream.text) in entry.proof


def _general(given: ClassifierInput, provider: Provider, upstream: UpstreamError, surfaces: EndpointSurfaces) -> Match:
    """Return what is left for an unknown code of a certain provider: its family, a denial, then the status."""
    registry, status = given.registry, given.status
    family = registry.family(provider, upstream.code, upstream.shape, status) if upstream.code is not None else None
    if family is None:
        family = registry.denial(provider, upstream, status, surfaces)
    return (family, "family") if family is not None else (registry.by_status(status, upstream), "status")


def _entry(
    given: ClassifierInput, provider: Provider, upstream: UpstreamError, surfaces: EndpointSurfaces
) -> Match | None:
    """Return the entry; of several Identity Engine messages the first that an entry or a family matches."""
    registry, status = given.registry, given.status
    if upstream.shape != "okta_idx":
        return registry.match(provider, upstream, status, surfaces)
    # Messages in the forms are searched only where no message at the top is known: a walk through the document.
    for text, key in chain(upstream.causes, form_errors(upstream.document or {})):
        hit = registry.match(provider, UpstreamError("okta_idx", key, text), status, surfaces)
        if hit is None and key is not None and (family := registry.family(provider, key, upstream.shape, status)):
            hit = family, "family"
        if hit is not None:
            return hit
    return None


def _redirect(given: ClassifierInput) -> Decision:
    """Classify a redirect that carries a registered error together with what only an authorization response has."""
    from authproblem._upstream.redirect import read_location

    found = read_location(given.headers.get("location") or "")
    if found is None:
        return _NOT_CANDIDATE
    if not found.is_authorization_response and not given.sender.certain:
        return _NO_EVIDENCE
    classification = classify_parameters(given, found.error)
    return _NO_EVIDENCE if classification is None else (classification, "")


def _refined(
    given: ClassifierInput, hit: Match, provider: Provider, upstream: UpstreamError, surfaces: EndpointSurfaces
) -> Classification:
    """Return the classification of a match, made more exact by unknown sentences."""
    best = refine(given.registry, hit, provider, upstream, status=given.status, surfaces=surfaces)
    return _classification(best, provider, upstream)


def _classification(hit: Match, provider: Provider, upstream: UpstreamError) -> Classification:
    entry, matched_by = hit
    by: MatchedBy = matched_by
    if upstream.shape in _HEADER_SHAPES and matched_by not in {"family", "status", "phrase"}:
        by = "header"
    return Classification(entry.type.slug, entry.id or None, provider, upstream.shape, by, upstream)
