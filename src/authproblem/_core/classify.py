"""What a response means: who sent it, what it says, which entry that is. The rules of evidence live here alone.

A response counts as a provider's only with evidence (a vendor's header, shape, code or constant text) or with the app's
word. Without either, `{"error": "invalid_grant"}` may as well be Stripe's: it is left alone.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from orjson import JSONDecodeError, loads

from authproblem._core.express import Verdict, settle
from authproblem._core.refine import refine
from authproblem._core.sender import UNKNOWN, Sender
from authproblem._model import Classification, UpstreamError
from authproblem._registry.index import Match
from authproblem._registry.registry import Registry
from authproblem._registry.texts import fold
from authproblem._upstream.headers import Fields
from authproblem._upstream.media_types import JSON, PROBLEM, is_json
from authproblem._upstream.shapes import CODE, Json, form_errors, load_object, unwrap

if TYPE_CHECKING:  # readers of rare headers are imported when such a header is there: importing us stays cheap
    from authproblem._upstream.challenge import Challenge

MAX_TEXT_BODY = 512
"""Bytes of a plain-text body that are read as an error message; of an uncertain sender longer ones are left alone."""

_VENDORS = ("auth0", "okta")
_TOLD = ("error", "error_description")
_PLACES = ("authorization_uri", "realm")
_TEXT_TYPES = frozenset(("text/plain", "text/html"))
UNTOUCHABLE = frozenset((416,))
"""Statuses whose meaning lies in headers that a rewrite drops: ranges (RFC 9110 section 15.5.17)."""
_SHAPELESS = frozenset(("empty", "text", "unknown"))
_HEADER_SHAPES = frozenset(("www_authenticate", "redirect", "callback"))
_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame: this is the hot path


_NOT_CANDIDATE: Verdict = (None, "not_candidate")
_NO_EVIDENCE: Verdict = (None, "no_evidence")
_UNREADABLE: Verdict = (None, "unreadable")
_STEP: Verdict = (None, "step")


def identify(registry: Registry, fields: Fields, sender: Sender) -> Sender:
    """The sender, with the provider's own header taken into account; a caller's certain word comes first."""
    if not sender.certain:
        lines = fields.lines
        for header, provider in registry.provider_headers:
            if header in lines:
                return Sender(provider, certain=True, endpoint=sender.endpoint)
        if "www-authenticate" in lines and (named := _named_by_challenge(registry, fields)) is not None:
            return Sender(named, certain=True, endpoint=sender.endpoint)
    return sender


def _named_by_challenge(registry: Registry, fields: Fields) -> str | None:
    """The vendor on whose domain the `realm` or `authorization_uri` of a challenge lies, or None."""
    challenge = error_challenge(fields)
    for name in _PLACES if challenge is not None else ():
        vendor = registry.vendor_of(challenge.parameters.get(name, "")) if challenge is not None else None
        if vendor is not None:
            return vendor
    return None


def may_be_error(fields: Fields, sender: Sender) -> bool:
    """Whether an error response may be a provider's, by its headers and what is known of its sender alone."""
    media = fields.media_type
    if "auth-problem" in fields:
        return False
    if media == "" or is_json(media):
        return True  # of problem documents too: My Account sends its own as `application/problem+json`
    return media in _TEXT_TYPES and (sender.certain or (media == "text/plain" and "www-authenticate" in fields))


def read(status: int, fields: Fields, body: bytes | bytearray) -> Json | None:
    """The JSON object of an error response, as most of them have one; None for any other body: the hot path."""
    if status < 400 or not (fields.plain or (fields.media_type == JSON and "auth-problem" not in fields.lines)):
        return None
    try:
        document = loads(body)
    except JSONDecodeError:
        return None
    return document if type(document) is dict else None


def examine(
    registry: Registry,
    status: int,
    fields: Fields,
    body: bytes | bytearray,
    sender: Sender = UNKNOWN,
    *,
    states: bool = False,
    document: Json | None = None,
) -> Verdict:
    """Classify one response.

    Args:
        registry: the entries.
        status: the HTTP status.
        fields: the scanned headers.
        body: the body, content codings undone.
        sender: what the app says of the sender.
        states: whether transaction states that come with a status below 400 are asked for.
        document: what `read` has given for the body, where it was asked already.
    """
    if not fields.plain:
        sender = identify(registry, fields, sender)
    if status in UNTOUCHABLE:
        return _NOT_CANDIDATE
    document = read(status, fields, body) if document is None else document
    if document is not None:
        verdict = settle(registry, status, fields, document, sender, _object)
        return verdict if fields.plain else _limited(registry, fields, verdict)
    if 300 <= status < 400:
        return _redirect(registry, status, fields, sender)
    if status < 300:
        transaction = load_object(body) if states else None
        return _NOT_CANDIDATE if transaction is None else _state(registry, status, transaction, sender)
    return _error(registry, status, fields, body, sender) if may_be_error(fields, sender) else _NOT_CANDIDATE


def _error(registry: Registry, status: int, fields: Fields, body: bytes | bytearray, sender: Sender) -> Verdict:
    """An error response, by what its body is: an object, nothing, a sentence, a page."""
    media = fields.media_type
    text = body.strip()
    if not text:
        return _plain(registry, status, fields, UpstreamError("empty"), sender)
    if text.startswith(b"{") and media != "text/html":
        document = load_object(body)
        if media == PROBLEM and (document is None or not registry.shapes.is_vendor_problem(document)):
            return _NOT_CANDIDATE
        verdict = _UNREADABLE if document is None else _object(registry, status, fields, document, sender)
        return _limited(registry, fields, verdict)
    if media in {"text/plain", ""} and (sender.certain or len(body) <= MAX_TEXT_BODY):
        sentence = text[:MAX_TEXT_BODY].decode("utf-8", "replace")
        return _plain(registry, status, fields, UpstreamError("text", text=sentence), sender)
    if media == "text/html" and sender.certain:
        return _html(registry, status, body, sender)
    return _UNREADABLE if is_json(media) else _NOT_CANDIDATE


def _object(registry: Registry, status: int, fields: Fields, document: Json, sender: Sender) -> Verdict:
    """An error response with a JSON object."""
    if "detail" in document and len(document) == 1:
        inner = unwrap(document)
        said = registry.shapes.read(inner) if inner is not None else None
        found = _evident(registry, status, said, sender.endpoint) if said is not None else None
        if found is None:
            return _NOT_CANDIDATE if said is None else _NO_EVIDENCE
        return found, ""
    said = registry.shapes.read(document)
    if said is not None and said.shape == "legacy_key" and not any(registry.groups(said.code or "")):
        said = None  # any object with one text looks so
    if said is None:
        if registry.shapes.is_step(document):
            return _step(registry, fields)
        return _plain(registry, status, fields, UpstreamError("unknown", document=document), sender)
    found = meaning(registry, status, said, sender)
    if found is None:
        return _plain(registry, status, fields, said, sender)
    return found, ""


def meaning(registry: Registry, status: int, said: UpstreamError, sender: Sender) -> Classification | None:
    """Decide what a provider said: under the declared sender, else by evidence.

    Returns:
        The classification; None where nothing proves that a provider sent it.
    """
    if sender.provider is not None:
        found = _declared(registry, status, said, sender)
        if found is not None:
            return found
    return _evident(registry, status, said, sender.endpoint)


def _step(registry: Registry, fields: Fields) -> Verdict:
    """A flow that goes on; Okta's device challenge is flow control even where its body is a normal document."""
    steps = registry.step_challenges
    challenged = any(line.partition(" ")[0].lower() in steps for line in fields.all("www-authenticate"))
    return (None, "flow_control") if challenged else _STEP


def _state(registry: Registry, status: int, document: Json, sender: Sender) -> Verdict:
    """A 200 that may be a failure: only the listed states and IDX documents with an error."""
    said = registry.shapes.read(document)
    if said is None or said.shape not in {"okta_state", "okta_factor", "okta_idx"}:
        return _STEP if registry.shapes.is_step(document) else _NOT_CANDIDATE
    found = meaning(registry, status, said, sender)
    return _NO_EVIDENCE if found is None else (found, "")


def _plain(registry: Registry, status: int, fields: Fields, said: UpstreamError, sender: Sender) -> Verdict:
    """No shape in the body: the challenge tells, or a known sentence, or for a certain sender the status."""
    challenge = error_challenge(fields)
    if challenge is not None:
        told = {name: challenge.parameters[name] for name in _TOLD if name in challenge.parameters}
        # Where the body is no object, clients find the code where they look for it first: in the body.
        spoken = UpstreamError(
            "www_authenticate", told["error"], told.get("error_description"), document=said.document or told
        )
        found = meaning(registry, status, spoken, sender)
        if found is not None:
            return found, ""
    if sender.provider is None or not sender.certain:
        return _NOT_CANDIDATE if challenge is None and said.shape in _SHAPELESS else _NO_EVIDENCE
    if "www-authenticate" in fields and (step := _step(registry, fields)) != _STEP:
        return step
    hit = registry.match(sender.provider, said, status, sender.endpoint) if said.text is not None else None
    hit = hit or (registry.by_status(status, said), "status")
    return _classification(refine(registry, hit, sender.provider, said, status, sender.endpoint), sender.provider, said), ""


def error_challenge(fields: Fields) -> Challenge | None:
    """The first challenge that carries an OAuth error (RFC 6750 section 3).

    Okta has sent `acr_values=urn:okta:loa:1fa:any` without quotes: a line that breaks the grammar is read loosely,
    for here it is only read.
    """
    lines = fields.all("www-authenticate")
    if not lines:
        return None
    from authproblem._upstream.challenge import parse_line

    for line in lines:
        for challenge in parse_line(line) or parse_line(line, loose=True) or ():
            if CODE.fullmatch(challenge.parameters.get("error", "")):
                return challenge
    return None


def _declared(registry: Registry, status: int, said: UpstreamError, sender: Sender) -> Classification | None:
    """The meaning under the sender that the app or a header declares; under a mere scope the body needs a code."""
    provider = sender.provider
    if provider is None or said.vendor not in {None, provider}:
        return None
    hit = _best(registry, provider, said, status, sender.endpoint)
    if hit is None and said.code is None and not sender.certain:
        return None
    hit = hit or _general(registry, provider, said, status, sender.endpoint)
    return _classification(refine(registry, hit, provider, said, status, sender.endpoint), provider, said)


def _evident(registry: Registry, status: int, said: UpstreamError, endpoint: str | None) -> Classification | None:
    """The meaning where nothing but the response itself tells the sender."""
    proof = said.proof
    if proof == "none":
        return None
    for provider in _VENDORS if said.vendor is None else (said.vendor,):
        if proof == "shape":
            hit = _best(registry, provider, said, status, endpoint) or _general(registry, provider, said, status, endpoint)
            return _classification(refine(registry, hit, provider, said, status, endpoint), provider, said)
        own = registry.match_own(provider, said, status, endpoint)
        if own is not None and _proves(own, said):
            return _classification(refine(registry, own, provider, said, status, endpoint), provider, said)
    return None


def _proves(own: Match, said: UpstreamError) -> bool:
    """Whether a match is a vendor's alone: by the entry, the code in this shape, or the one text that it hit."""
    entry, matched_by = own
    if entry.evidence or (said.proof == "registered" and entry.code == said.code):
        return True
    return bool(entry.proof) and matched_by == "code_description" and said.text is not None and fold(said.text) in entry.proof


def _general(registry: Registry, provider: str, said: UpstreamError, status: int, endpoint: str | None) -> Match:
    """What is left for an unknown code of a certain provider: its family, a denial, then the status."""
    family = registry.family(provider, said.code, said.shape, status) if said.code is not None else None
    if family is None:
        family = registry.denial(provider, said, status, endpoint)
    return (family, "family") if family is not None else (registry.by_status(status, said), "status")


def _best(registry: Registry, provider: str, said: UpstreamError, status: int, endpoint: str | None) -> Match | None:
    """The entry; of several IDX messages the first that an entry or a family knows."""
    if said.shape != "okta_idx":
        return registry.match(provider, said, status, endpoint)
    # What stands in the forms is looked for only where no message at the top is known: a walk through the document.
    for text, key in chain(said.causes, form_errors(said.document or {})):
        message = UpstreamError("okta_idx", key, text)
        hit = registry.match(provider, message, status, endpoint)
        if hit is None and key is not None and (family := registry.family(provider, key, said.shape, status)):
            hit = family, "family"
        if hit is not None:
            return hit
    return None


def _limited(registry: Registry, fields: Fields, verdict: Verdict) -> Verdict:
    """Okta's limit 0 with remaining 0 is the concurrency limit, whatever the code says (Okta, rate limit reference)."""
    found, why = verdict
    if found is None or why or found.reason != "rate-limited" or found.provider != "okta":
        return verdict
    if fields.get("x-rate-limit-limit") != "0" or fields.get("x-rate-limit-remaining") != "0":
        return verdict
    entry = registry.concurrency
    return verdict if entry is None else (found._replace(reason=entry.reason, entry=entry.id, matched_by="header"), "")


def _redirect(registry: Registry, status: int, fields: Fields, sender: Sender) -> Verdict:
    """A redirect that carries a registered error together with what only an authorization response has."""
    from authproblem._upstream.redirect import read_location

    read = read_location(fields.get("location") or "")
    if read is None:
        return _NOT_CANDIDATE
    said, telling = read
    if not telling and not sender.certain:
        return _NO_EVIDENCE
    found = callback(registry, status, said, sender)
    return _NO_EVIDENCE if found is None else (found, "")


def callback(registry: Registry, status: int, said: UpstreamError, sender: Sender) -> Classification | None:
    """The meaning of a redirect's or callback's parameters: any error that the registry holds."""
    if sender.provider is not None:
        hit = registry.match(sender.provider, said, status, sender.endpoint)
        return None if hit is None else _classification(
            refine(registry, hit, sender.provider, said, status, sender.endpoint), sender.provider, said
        )
    found = _evident(registry, status, said, None)
    if found is not None:
        return found
    for provider in ("oauth", *_VENDORS):
        hit = registry.match_own(provider, said, status, None)
        if hit is not None:
            return _classification(refine(registry, hit, provider, said, status, None), provider, said)
    return None


def _html(registry: Registry, status: int, body: bytes | bytearray, sender: Sender) -> Verdict:
    """A page of a certain provider, by the code that Auth0's error page carries, or by its status.

    Client libraries expect JSON where they get it; a browser that asked for a page keeps the page (`_middleware`).
    """
    import re

    shown = re.search(rb"<strong>([A-Za-z0-9_.-]{1,64})</strong>\s*:", body)
    said = UpstreamError("html", shown.group(1).decode() if shown else None)
    provider = sender.provider or "oauth"
    hit = registry.match(provider, said, status, sender.endpoint) if said.code else None
    return _classification(hit or (registry.by_status(status, said), "status"), provider, said), ""


def _classification(hit: Match, provider: str, said: UpstreamError) -> Classification:
    entry, matched_by = hit
    shape = said.shape
    if shape in _HEADER_SHAPES and matched_by not in {"family", "status", "phrase"}:
        matched_by = "header"
    return _new(Classification, (entry.type.slug, entry.id or None, provider, shape, matched_by, said))
