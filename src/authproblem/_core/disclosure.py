"""Folding: what a stranger must not tell apart at sign-in comes out as one and the same answer.

A folded answer is not made up: it is the provider's own genuine answer to wrong credentials (or to a refused sign-up)
on that surface, from `registry/folds.json`, and goes down the same path as a genuine one. Timing is not covered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from authproblem._model import Classification, UpstreamError
from authproblem._registry.index import Surface
from authproblem._registry.registry import Registry

_ERROR_ID = re.compile(r"oae[A-Za-z0-9_-]{22}")


class Folded(NamedTuple):
    """What is told instead of the truth: the classification and HTTP status of the genuine answer."""

    classification: Classification
    status: int


def fold(registry: Registry, found: Classification, endpoint: str | None, level: str) -> Folded | None:
    """Fold a classification.

    Args:
        registry: the types' folds and the genuine answers.
        found: the truth.
        endpoint: the provider's path, or None.
        level: `off`, `safe` or `strict`.

    Returns:
        The answer to give instead, or None if the truth may be told: nothing folds at this level, the surface is no
        sign-in surface, or the body is a protocol document, whose next step would be lost.
    """
    target = folded_type(registry, found, level)
    if target is None or found.upstream.protocol:
        return None
    surface = registry.surface(found.provider, endpoint)
    if not at_sign_in(registry, found, surface):
        return None
    answer = _genuine(registry, found, target, surface.id if surface is not None else None)
    return None if answer is None else _told(answer, found, target)


def at_sign_in(registry: Registry, found: Classification, surface: Surface | None) -> bool:
    """Whether strangers sign in where the error comes from: by the surface, else by where alone the entry is sent."""
    return surface.sign_in if surface is not None else registry.rule(found.entry, found.reason).sign_in


def folded_type(registry: Registry, found: Classification, level: str) -> str | None:
    """The problem type that is told instead, where the surface is one at which strangers sign in."""
    folds: dict[str, str] = registry.data["problem_types"]["folds"].get(level, {})
    target = folds.get(found.reason)
    if found.provider == "oauth" and target is None and found.reason in folds.values():
        return found.reason  # of an unknown vendor the genuine answer is not known: it folds as well
    return target


def _genuine(registry: Registry, found: Classification, target: str, surface: str | None) -> dict[str, Any] | None:
    """The best answer: for this surface, else for this shape, else the provider's usual one."""
    best = None
    for answer in registry.data["folds"]["answers"]:
        if answer["provider"] != found.provider or target not in answer["targets"]:
            continue
        if surface is not None and surface in answer.get("surfaces", ()):
            return dict(answer)
        usual = answer.get("usual", ())
        if found.upstream.shape in usual or (best is None and "*" in usual):
            best = answer
    return best


def _told(answer: dict[str, Any], found: Classification, target: str) -> Folded:
    document = dict(answer["document"])
    if "errorId" in document:
        document["errorId"] = error_id(found.upstream.document)
    entry = answer["entries"].get(target)
    code, text = document.get(answer["code"]), document.get(answer["text"])
    said = UpstreamError(answer["shape"], code, text, None, (), document, vendor=found.upstream.vendor)
    return Folded(Classification(target, entry, found.provider, answer["shape"], "code", said), answer["status"])


def error_id(document: Mapping[str, Any] | None) -> str:
    """The upstream's id where it has the usual form, else one of that form, so that the length tells nothing."""
    given = (document or {}).get("errorId")
    if isinstance(given, str) and _ERROR_ID.fullmatch(given):
        return given
    import secrets

    return "oae" + secrets.token_urlsafe(17)[:22]
