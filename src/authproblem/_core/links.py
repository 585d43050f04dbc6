"""Links that a provider sends for its user to open: where there is one, the remedy is `open_link`, and only there.

Which members contain a link, and for which problem types, is data (`links` in `shapes.json`). A link among the
parameters of a redirect or callback does not count, since anyone can forge them: they are not read at all.
"""

from __future__ import annotations

import re

from authproblem._core.classify import Decision
from authproblem._model import Classification, Entry, Json, UpstreamError
from authproblem._registry.registry import Registry

MAX_LINK = 2048
_LINK = re.compile(r"https://[A-Za-z0-9.\[\]:-]+(?:[/?#][!-~]*)?")
"""An absolute URL without credentials, in the characters of a URI (RFC 3986)."""
_LESS_CERTAIN = frozenset(("family", "status"))
"""How a problem type was found that a link outweighs: neither by an entry of the registry nor by what a text says."""


def is_link(value: object) -> bool:
    """Return whether a value is an absolute `https` URL that can be shown to a user."""
    return isinstance(value, str) and len(value) <= MAX_LINK and _LINK.fullmatch(value) is not None


def may_have_link(registry: Registry, document: Json) -> bool:
    """Whether an object has a member for a link, whatever is in it."""
    return not document.keys().isdisjoint(registry.link_members)


def apply_link(registry: Registry, status: int, decision: Decision) -> Decision:
    """Turn a refusal into one that asks for the user where it carries a link and nothing says what else it means.

    Limits and failures of the provider stay what they are. A code that asks for the user needs no sentence to say so.
    """
    found, why = decision
    if found is None or why or not 400 <= status < 500 or status == 429 or not _has_link(registry, found.upstream):
        return decision
    if found.reason in registry.link_details:
        return decision
    by_code = registry.lookup(f"oauth:{found.upstream.code}") if found.matched_by == "phrase" else None
    if by_code is not None and by_code.reason in registry.link_details:
        return found.replace(reason=by_code.reason, entry=by_code.id, matched_by="code"), why
    if found.matched_by not in _LESS_CERTAIN:
        return decision
    return found.replace(reason=registry.data["shapes"]["links"]["otherwise"], entry=None), why


def effective_entry(registry: Registry, found: Classification) -> Entry:
    """Return the entry of a classification, or the stand-in of its type; with a link, opening it is the remedy."""
    entry = registry.entry_or_type(found.entry, found.reason)
    detail = registry.link_details.get(found.reason)
    if detail is None or not _has_link(registry, found.upstream):
        return entry
    return entry.replace(remedy="open_link", detail=detail)


def _has_link(registry: Registry, upstream: UpstreamError) -> bool:
    document = upstream.document
    if document is None or not may_have_link(registry, document):
        return False
    return any(is_link(document.get(name)) for name in registry.link_members)
