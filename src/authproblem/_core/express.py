"""The hot path of classification: what was said before, in words that the registry holds, means the same again.

No rule lives here: an answer is the full way's, kept by all that it depended on. Only words of the registry are kept,
so that nothing that a user typed stays in memory, and no more of them than a fixed number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from authproblem._core.sender import Sender
from authproblem._model import Classification, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Fields
from authproblem._upstream.shapes import Json, Words, is_code

Verdict = tuple[Classification | None, str]
"""What one response means, or None; and why it is left alone: empty for an error that is understood, else
`not_candidate`, `no_evidence`, `step`, `unreadable`, `html` or `flow_control`."""
FullWay = Callable[[Registry, int, Fields, Json, Sender], Verdict]

MAX_KEPT = 4096
"""Answers that are kept: about three for each entry; past it all are found anew."""

BY_SURFACE = "by surface"
"""What stands in the place of an answer that depends on the endpoint: look again, with `surfaces`."""

_TOLD_BY_ENTRY = frozenset(("code_description", "code_status", "code", "name", "cause"))
_new = tuple.__new__


def settle(  # noqa: PLR0917 - the full way's own arguments, and the full way
    registry: Registry, status: int, fields: Fields, document: Json, sender: Sender, full_way: FullWay
) -> Verdict:
    """Classify the JSON object of an error response, by one or two look-ups where its words were met before.

    Args:
        registry: the entries.
        status: the HTTP status.
        fields: the headers, which decide nothing where the words do.
        document: the JSON object.
        sender: what is known of the sender.
        full_way: the classifier that is asked where the look-ups have no answer.
    """
    words = registry.shapes.words(document)
    if words is None:
        return full_way(registry, status, fields, document, sender)
    make, code, text, name, causes = words
    provider, settled = sender.provider, registry.settled
    ready = settled.get((words, status, provider)) or settled.get(((make, code, text is None), status, provider))
    if ready is BY_SURFACE:
        ready = settled.get((words, status, provider, surfaces(registry, sender)))
    if ready is None:
        verdict = full_way(registry, status, fields, document, sender)
        if verdict[0] is not None and not verdict[1]:
            _keep(registry, words, status, sender, verdict[0])
        return verdict
    head, vendor, proof = ready
    said = _new(UpstreamError, (head[3], code, text, name, causes, document, False, vendor, proof))
    return _new(Classification, head + (said,)), ""  # noqa: RUF005 - adding tuples takes half of what unpacking takes


def surfaces(registry: Registry, sender: Sender) -> tuple[Any, Any]:
    """Where the response comes from, as far as a code can depend on that."""
    return registry.surface("auth0", sender.endpoint), registry.surface("okta", sender.endpoint)


def _keep(registry: Registry, words: Words, status: int, sender: Sender, found: Classification) -> None:
    """Keep an answer if the words alone gave it, and if they are all the registry's."""
    make, code, text, _, _ = words
    said, provider = found.upstream, sender.provider
    if found.matched_by not in _TOLD_BY_ENTRY or said.protocol or said[:5] != (make.shape.id, *words[1:]):
        return
    keys: list[tuple[Any, ...]] = []
    if code is not None and registry.means_itself(said.vendor or provider, code, make.shape.id):
        keys.append(((make, code, text is None), status, provider))  # whatever the text, the name and the causes
    if _registered(registry, found):
        keys.append((words, status, provider))
        if code is not None and any(group.surfaced for group in registry.groups(code)):
            registry.settled[keys.pop()] = BY_SURFACE
            keys.append((words, status, provider, surfaces(registry, sender)))
    if len(registry.settled) >= MAX_KEPT:
        registry.settled.clear()
    for key in keys:
        registry.settled[key] = found[:5], said.vendor, said.proof


def _registered(registry: Registry, found: Classification) -> bool:
    """Whether all that was said are codes, and texts of the registry."""
    said = found.upstream
    texts = [said.text, *(text for text, _ in said.causes)]
    codes = [said.name, *(reason for _, reason in said.causes)]
    return all(code is None or is_code(code) for code in codes) and all(
        text is None or registry.knows(found.provider, text) for text in texts
    )
