"""Selects the members and texts of the upstream's object that become members of the problem.

SDKs and login flows keep the members that they read. Nothing is sent on that may contain what a user typed. The kind of
each member is data (`members` in `shapes.json`); each kind is one small function here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from authproblem._core.lossless import is_lossless, is_text
from authproblem._model import Json, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._upstream.json_values import is_code, repaired_code

OWN = frozenset(
    (
        *("type", "title", "status", "detail", "instance", "reason", "owner", "remedy", "credential"),
        *("credential_kind", "retry", "provider", "upstream"),
    )
)
"""The problem's own members; at the top level they replace the upstream's of the same name."""

MAX_CAUSES = 32
_MAX_TEXT = 2048
"""Characters of a text that is passed on request (`texts="all"`)."""

_URI = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""The characters of a URI (RFC 3986 appendix A) that RFC 6749 section 5.2 allows in `error_uri`."""

_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9.:_-]{1,200}")
"""The URNs of SCIM schemas: letters, digits, colons, dots, dashes."""

_CODES = frozenset(("code", "sentence"))
"""The kinds whose values stay where they have the form of a code."""

PassText = Callable[[Any, str, str], str | None]


class TextRules(NamedTuple):
    """How upstream texts are passed on.

    Attributes:
        registry: the known texts and the member table.
        provider: whose texts they are.
        sentence: the registry's sentence that takes the place of an unknown text.
        constants: the known texts without slots: the provider's own, and OAuth's.
        everything: whether all texts pass, capped and without control characters.
        ask: the app's `pass_text`, bound to the problem, or None. It may return anything.
    """

    registry: Registry
    provider: str
    sentence: str
    constants: tuple[frozenset[str], frozenset[str]]
    everything: bool = False
    ask: Callable[[str, str], str | None] | None = None

    def is_constant(self, text: str) -> bool:
        """Whether a text is a known one without slots, written exactly so: a fast check for most texts."""
        own, oauth = self.constants
        return text in own or text in oauth

    def allowed(self, member: str, text: str) -> str | None:
        """Return the text as it may be sent, or None."""
        if self.is_constant(text) or self.registry.is_known_text(self.provider, text):
            return text
        if self.everything:
            return clean(text)
        passed = self.ask(member, text) if self.ask is not None else None
        return passed if isinstance(passed, str) and is_text(passed) else None


class UnsendableError(Exception):
    """A protocol document has a value that would not survive the rewrite: it has to be passed through unchanged."""


def clean(text: str) -> str:
    """Return a text without control characters, cut to a length that fits a message."""
    return "".join(c for c in text[:_MAX_TEXT] if c.isprintable())


def copy_members(
    upstream: UpstreamError, texts: TextRules, top: Json, code: str | None = None, *, is_verbatim: bool = False
) -> Json:
    """Copy the members of the upstream's object that may be sent on.

    Args:
        upstream: the provider's error.
        texts: what becomes of its texts.
        top: where the members of the top level go.
        code: the upstream's code, if it has the form of one; several members may contain it.
        is_verbatim: whether the object is known to be written as it came, so that it survives parsing.

    Returns:
        The members whose names a problem has itself, for `upstream.members`.

    Raises:
        UnsendableError: if the object is a protocol document with a number that the JSON parser cannot represent.
    """
    document = upstream.document or {}
    moved: Json = {}
    if upstream.protocol:
        if not is_verbatim and not is_lossless(document):
            raise UnsendableError
        for name, value in document.items():
            (moved if name in OWN else top)[name] = value
        return moved
    table = texts.registry.member_kinds
    for name, value in document.items():
        kind = table.get(name, "other")
        if type(value) is str and (
            texts.is_constant(value) if kind == "text" else kind in _CODES and (value == code or is_code(value))
        ):
            top[name] = value  # most members of most errors; none of `OWN` is a code or a text
            continue
        kept = _KINDS[kind](name, value, texts) if value is not None else None
        if kept is not None:
            (moved if name in OWN else top)[name] = kept
    return moved


def coded(_name: str, value: object, _texts: TextRules) -> object:
    """A value that has the form of a code, a stray comma after it apart; numbers pass as they are."""
    if type(value) is str:
        return value if is_code(value) else repaired_code(value)
    return value if type(value) is int else None


def _integer(_name: str, value: object, _texts: TextRules) -> object:
    return value if type(value) is int else None


def ident(_name: str, value: object, _texts: TextRules) -> object:
    """An identifier of an occurrence: a code, or empty, as Okta sends it where there is none."""
    return value if value == "" or is_code(value) else None


def _status_code(_name: str, value: object, _texts: TextRules) -> object:
    """The status in the body: a number, or in Guardian's responses a string of digits."""
    if type(value) is str:
        return value if len(value) == 3 and value.isascii() and value.isdigit() else None
    return value if type(value) is int else None


def _urns(_name: str, value: object, _texts: TextRules) -> object:
    """The schemas of a SCIM message: a list of URNs."""
    if not isinstance(value, list):
        return None
    return [urn for urn in value[:MAX_CAUSES] if type(urn) is str and _URN.fullmatch(urn)]


def _sentence(name: str, value: object, texts: TextRules) -> object:
    """`error`: a code as a rule; where it is a sentence it counts as text."""
    return value if is_code(value) else repaired_code(value) or _text(name, value, texts)


def _text(name: str, value: object, texts: TextRules) -> object:
    """A text that SDKs read: there is always one, the registry's in place of an unknown one."""
    if not isinstance(value, str):
        return None
    allowed = texts.allowed(name, value)
    return texts.sentence if allowed is None else allowed


def _note(name: str, value: object, texts: TextRules) -> object:
    """A text that no SDK reads: an unknown one is dropped."""
    return texts.allowed(name, value) if isinstance(value, str) else None


def _keep(_name: str, value: object, _texts: TextRules) -> object:
    return value if is_lossless(value) else None


def _vendor_uri(name: str, value: object, texts: TextRules) -> object:
    """A URI of the vendor's own domain, such as `error_uri`; any other may have been reflected."""
    if not isinstance(value, str):
        return None
    if name == "type" and not value.startswith("https:"):
        return coded(name, value, texts)
    from urllib.parse import urlsplit  # most errors have no URI: importing the package stays cheap

    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme != "https" or parts.username is not None or parts.query:
        return None
    is_vendors = texts.registry.vendor_domains.owner(host, texts.provider) is not None
    return value if is_vendors and len(value) <= _MAX_TEXT and _URI.fullmatch(value) else None


def _causes(name: str, value: object, texts: TextRules) -> object:
    """Okta's `errorCauses`: at most 32, each with its known text or the registry's, and its enumerations."""
    if isinstance(value, dict):
        return _part(value, _CAUSE, texts)
    if not isinstance(value, list):
        return None
    kept: list[object] = []
    for cause in value[:MAX_CAUSES]:
        if type(cause) is dict:
            text = cause.get("errorSummary")
            plain = len(cause) == 1 and type(text) is str and texts.is_constant(text)  # as most are
            kept.append(cause if plain else _part(cause, _CAUSE, texts))
        elif (text := _text(name, cause, texts)) is not None:
            kept.append(text)
    return kept


def _validation_errors(_name: str, value: object, texts: TextRules) -> object:
    """Auth0's field errors: which field stays, what was wrong only where the text is known."""
    if not isinstance(value, list):
        return None
    return [_part(error, _VALIDATION_ERROR, texts) for error in value[:MAX_CAUSES] if isinstance(error, dict)]


def _part(part: Json, table: dict[str, Kind], texts: TextRules) -> Json:
    """An object within a member, by its own table."""
    kept: Json = {}
    for name, value in part.items():
        allowed = table.get(name, _other)(name, value, texts) if value is not None else None
        if allowed is not None:
            kept[name] = allowed
    return kept


def _policy_text(name: str, value: object, texts: TextRules) -> object:
    """`description`: a text, or in Auth0's password errors the object with the rules that the form shows."""
    if isinstance(value, dict):
        if not isinstance(value.get("rules"), list) or not is_lossless(value["rules"]):
            return None
        rules: Json = {"rules": value["rules"]}
        if isinstance(value.get("verified"), bool):
            rules["verified"] = value["verified"]
        return rules
    return _text(name, value, texts)


def _other(name: str, value: object, texts: TextRules) -> object:
    """A member that the table does not name: texts only where known, anything else only on request."""
    if isinstance(value, str):
        return texts.allowed(name, value)
    return _cleaned(value) if texts.everything and is_lossless(value) else None


def _cleaned(value: object) -> object:
    """A value with all its strings cleaned, at any depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(name): _cleaned(item) for name, item in value.items()}
    return value


Kind = Callable[[str, object, TextRules], object]
_KINDS: dict[str, Kind] = {
    "code": coded,
    "own_code": coded,
    "integer": _integer,
    "id": ident,
    "status_code": _status_code,
    "urns": _urns,
    "sentence": _sentence,
    "text": _text,
    "note": _note,
    "keep": _keep,
    "vendor_uri": _vendor_uri,
    "causes": _causes,
    "validation_errors": _validation_errors,
    "policy_text": _policy_text,
    "other": _other,
}


def kind_of(registry: Registry, name: str) -> Kind:
    """Return the function that decides on a member of an object that is no protocol document."""
    return _KINDS[registry.member_kinds.get(name, "other")]


_CAUSE: dict[str, Kind] = {
    "errorSummary": _text,
    "reason": coded,
    "location": coded,
    "locationType": coded,
    "domain": coded,
}
_VALIDATION_ERROR: dict[str, Kind] = {
    "field": _keep,
    "pointer": _keep,
    "source": _keep,
    "message": _note,
    "detail": _note,
}
