"""The hot path of classification: most errors are flat objects whose code or exact text settles the entry.

Three look-ups tell them; whatever they do not settle goes the full way in `_classify`. No rule lives here: the tables
hold answers that the full way gives whatever the status, so both ways agree for every response. They are filled code by
code, for registered codes only: they grow with the registry, never with the traffic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from authproblem._model import Classification, UpstreamError
from authproblem._parse import Json, is_e_code, read_causes, settled_proof
from authproblem._registry import Registry
from authproblem._scope import Sender

Ready = tuple[str, str | None, str, str, str]
"""All of a `Classification` but what the provider said."""
Answers = dict[str | None, Ready]
"""Of one code: its meaning by text; under `_ANY_TEXT` the one that it has whatever the text."""
FullWay = Callable[[Registry, int, UpstreamError, Sender], Classification | None]

_ANY_TEXT = "\0any"  # no upstream text: JSON texts are compared as they come, and none of the registered ones has a NUL
_NO_ANSWERS: Answers = {}
_STATUSES = frozenset((400, 401, 403, 404, 409, 429, 500, 503))
_new = tuple.__new__


def settle(registry: Registry, document: Json, provider: str | None, full_way: FullWay) -> Classification | None:
    """Classify a flat object by look-ups alone.

    Args:
        registry: the entries.
        document: the JSON object of an error response.
        provider: the declared provider, or None.
        full_way: the classifier that is asked once for each registered code and text.

    Returns:
        The classification; None if the object needs a closer look.
    """
    make = registry.shapes.usual.get(tuple(document)) or registry.shapes.make_of(document)
    if make is None:
        return None
    code_name, text_name, text_names, name_name, causes_name, kind, vendor, proof, lane = make
    code, text = document[code_name], document.get(text_name)
    if type(code) is not str:
        return None
    if type(text) is not str and (text is not None or not document.keys().isdisjoint(text_names)):
        return None  # the text stands in another member, or is none
    answers = registry.lanes.get((lane, provider, code))
    if answers is None:
        answers = _fill(registry, lane, provider, code, full_way)
    ready = answers.get(text) or answers.get(_ANY_TEXT)
    if ready is None:
        return None
    name = document.get(name_name) if name_name is not None else None
    if type(name) is not str:
        name = None
    causes = document.get(causes_name) if causes_name is not None else None
    causes = read_causes(causes) if causes else ()
    said = _new(UpstreamError, (kind, code, text, name, causes, document, False, vendor, proof))
    return _new(Classification, ready + (said,))  # noqa: RUF005 - adding tuples takes half of what unpacking takes


def _fill(registry: Registry, lane: int, provider: str | None, code: str, full_way: FullWay) -> Answers:
    """Ask the full way for all texts of a code, once; an unregistered code has no place in the tables."""
    groups = list(registry.groups(code))
    if not groups:
        return _NO_ANSWERS
    shape = registry.shapes.flat[lane]
    statuses = _STATUSES.union(*(group.statuses for group in groups))
    answers: Answers = {}
    # The form of a code is what proves an E-code's sender: any other code in such an envelope goes the full way.
    if not any(group.surfaced for group in groups) and (shape.proof != "form" or is_e_code(code)):
        for text in set().union(*(group.constants(shape.id) for group in groups)):
            said = UpstreamError(shape.id, code, text, vendor=shape.vendor, proof=settled_proof(shape))
            if (ready := _settled(registry, said, provider, statuses, full_way)) is not None:
                answers[text] = ready
        if registry.means_itself(shape.vendor or provider, code, shape.id):
            said = UpstreamError(shape.id, code, vendor=shape.vendor, proof=settled_proof(shape))
            ready = _settled(registry, said, provider, statuses, full_way)
            if ready is not None:
                answers[_ANY_TEXT] = ready
    registry.lanes[lane, provider, code] = answers
    return answers


def _settled(
    registry: Registry, said: UpstreamError, provider: str | None, statuses: Iterable[int], full_way: FullWay
) -> Ready | None:
    """The one answer that the full way gives with every status that could make a difference, if it is one."""
    found = {_ready(full_way(registry, status, said, Sender(provider))) for status in statuses}
    return found.pop() if len(found) == 1 else None


def _ready(found: Classification | None) -> Ready | None:
    return None if found is None else (found.reason, found.entry, found.provider, found.shape, found.matched_by)
