"""Folding: errors that an unauthenticated caller must not distinguish at sign-in get one and the same response.

A folded response is not invented: it is the provider's own genuine response to wrong credentials (or to a refused
sign-up) on that surface, from `folds.json`, and takes the same path as a genuine one. Timing is not covered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from authproblem._model import Classification, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces, Surface
from authproblem._registry.texts import MAX_TEXT

_ERROR_ID = re.compile(r"oae[A-Za-z0-9_-]{22}")
_DEFAULT_TARGETS = {"safe": ("invalid-credentials",), "strict": ("signup-failed", "sign-in-failed")}
"""What an error folds to of which only the status is known: the first that its surface has a genuine response of."""
_SIGN_IN = frozenset(("invalid-credentials", "sign-in-failed"))
"""What it can fold to at a surface without its own genuine response."""


class Folded(NamedTuple):
    """The replacement: the classification and HTTP status of the genuine response."""

    classification: Classification
    status: int


def fold(registry: Registry, found: Classification, surfaces: EndpointSurfaces, level: str) -> Folded | None:
    """Fold a classification.

    Args:
        registry: the types' folds and the genuine responses.
        found: the classification.
        surfaces: the surfaces of the endpoint.
        level: `off`, `safe` or `strict`.

    Returns:
        What to send instead, or None if the error may be shown: nothing folds at this level, the surface is no sign-in
        surface, or the body is a protocol document, whose next step would be lost.
    """
    target = fold_target(registry, found, level)
    if target is None or found.upstream.protocol:
        return None
    surface = surfaces.find(found.provider)
    if not is_sign_in(registry, found, surface, surfaces.endpoint, level):
        return None
    genuine = _genuine(registry, found, target, surface.id if surface is not None else None)
    return None if genuine is None else _folded(genuine, found, target)


def fold_unreadable(
    registry: Registry, found: Classification, status: int, surfaces: EndpointSurfaces, level: str
) -> Folded | None:
    """Fold an error that cannot be read as a whole, where its surface is known to be a sign-in surface.

    Only refusals fold: a limit or an outage of the provider reveals nothing about an account.
    """
    surface = surfaces.find(found.provider)
    if surface is None or not surface.sign_in or not 400 <= status < 500 or status == 429:
        return None
    genuine_ones = registry.data["folds"]["responses"]
    own = {target for each in genuine_ones if surface.id in each.get("surfaces", ()) for target in each["targets"]}
    target = next((target for target in _DEFAULT_TARGETS.get(level, ()) if target in (own or _SIGN_IN)), None)
    genuine = None if target is None else _genuine(registry, found, target, surface.id)
    return None if target is None or genuine is None else _folded(genuine, found, target)


def is_cut(registry: Registry, found: Classification) -> bool:
    """Whether a text that could have meant more was too long to be looked up.

    A user's name that the provider repeats may have made it too long. A type that no sentence could refine into one
    that folds stays: without `mfa-required` the sign-in could not continue.
    """
    upstream = found.upstream
    finer = registry.phrases.refinements.get(found.reason, frozenset())
    if upstream.protocol or finer.isdisjoint(registry.data["problem_types"]["folds"]["strict"]):
        return False
    texts = [upstream.text, *[text for text, _ in upstream.causes]] if upstream.causes else [upstream.text]
    return any([text is not None and len(text) > MAX_TEXT for text in texts])  # noqa: C419 - faster than a generator


def is_sign_in(
    registry: Registry, found: Classification, surface: Surface | None, endpoint: str | None, level: str
) -> bool:
    """Whether unauthenticated callers sign in where an error comes from.

    A known surface decides. Elsewhere it is the entry, if only sign-in surfaces send it; and under `strict` every
    unknown path counts, since a server may treat it like one that is known.
    """
    if surface is not None:
        return surface.sign_in
    return (level == "strict" and endpoint is not None) or registry.entry_or_type(found.entry, found.reason).sign_in


def fold_target(registry: Registry, found: Classification, level: str) -> str | None:
    """Return the problem type that is sent instead, where the surface is one at which users sign in."""
    folds: Mapping[str, str] = registry.data["problem_types"]["folds"].get(level, {})
    target = folds.get(found.reason)
    if found.provider == "oauth" and target is None and found.reason in folds.values():
        return found.reason  # the genuine response of an unknown vendor is not known: it folds as well
    return target


def error_id(document: Mapping[str, Any] | None) -> str:
    """Return the upstream's id where it has the usual form, else one of that form, so that its length shows nothing."""
    given = (document or {}).get("errorId")
    if isinstance(given, str) and _ERROR_ID.fullmatch(given):
        return given
    import secrets

    return "oae" + secrets.token_urlsafe(17)[:22]


def _genuine(registry: Registry, found: Classification, target: str, surface: str | None) -> Mapping[str, Any] | None:
    """Return the best genuine response: for this surface, else for this shape, else the provider's usual one."""
    best: Mapping[str, Any] | None = None
    for genuine in registry.data["folds"]["responses"]:
        if genuine["provider"] != found.provider or target not in genuine["targets"]:
            continue
        if surface is not None and surface in genuine.get("surfaces", ()):
            return dict(genuine)
        usual = genuine.get("usual", ())
        if found.upstream.shape in usual or (best is None and "*" in usual):
            best = genuine
    return best


def _folded(genuine: Mapping[str, Any], found: Classification, target: str) -> Folded:
    document = dict(genuine["document"])
    if "errorId" in document:
        document["errorId"] = error_id(found.upstream.document)
    for name, value in document.items():
        if isinstance(value, tuple):  # the registry's data is read-only
            document[name] = list(value)
    entry = genuine["entries"].get(target)
    code, text = document.get(genuine["code"]), document.get(genuine["text"])
    upstream = UpstreamError(genuine["shape"], code, text, document=document, vendor=found.upstream.vendor)
    return Folded(Classification(target, entry, found.provider, genuine["shape"], "code", upstream), genuine["status"])
