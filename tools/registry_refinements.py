"""Rules on the table `refinements`: a wrong guess must never be worse than the general type. Each yields findings.

Harm is what the owner, the remedy and the retry policy of the two types say; no rule names a type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from authproblem._model import ProblemType
from authproblem._registry.registry import Registry
from tools.registry_data import REGISTRY, Data, Finding, Json, example

WHERE = f"{REGISTRY}/phrases.json"
_AWAY = {"sign_in": 1, "reset_password": 2}
"""Remedies that take the user away from what he is doing, by how much they cost him; all others take him nowhere."""

_WAITS = frozenset(("after_delay", "poll", "once"))
_MOVES = {
    "upstream": frozenset(("upstream", "tenant", "limit")),
    "limit": frozenset(("limit", "upstream", "tenant")),
}
"""The owners that an error of the provider, or of one of its limits, may move to; of other errors, any."""


class _Step(NamedTuple):
    """One refinement.

    Attributes:
        general: the type that code, family or status give.
        chosen: the type that a phrase may choose.
        at_sign_in: whether it is chosen only where a sign-in was interrupted.
    """

    general: ProblemType
    chosen: ProblemType
    at_sign_in: bool


def refinements(data: Data, registry: Registry) -> Iterator[Finding]:
    """Check the tables `refinements` and `statuses` of `phrases.json`."""
    table = data.table("phrases")
    blocks = frozenset(kind.remedy for kind in registry.types.values() if kind.owner == "limit")
    carried = _carried(registry)
    for step in _steps(table, registry):
        faults = (
            _repeats(step),
            _moves(step.general.owner, step.chosen, blocks),
            _sends_away(step, carried),
            _waits(step, table["statuses"].get(step.chosen.slug, ())),
        )
        for what, fix in filter(None, faults):
            yield Finding(f"{WHERE} refinements/{step.general.slug}", what, fix)
    for slug, statuses in table["statuses"].items():
        for status in statuses if slug in registry.types else ():
            fault = _moves(_owner(status), registry.types[slug], blocks)
            if fault is not None:
                yield Finding(f"{WHERE} statuses/{slug}", f"{status}: {fault[0]}", fault[1])


def _steps(table: Json, registry: Registry) -> Iterator[_Step]:
    for general, row in table["refinements"].items():
        for column in ("to", "at_sign_in"):
            for slug in row.get(column, ()):
                if general in registry.types and slug in registry.types:
                    kinds = registry.types[general], registry.types[slug]
                    yield _Step(*kinds, column == "at_sign_in")


def _repeats(step: _Step) -> tuple[str, str] | None:
    return ("refines a type to itself", "take it out") if step.general == step.chosen else None


def _moves(owner: str, chosen: ProblemType, blocks: frozenset[str]) -> tuple[str, str] | None:
    """A failure of the provider, or a limit, that becomes somebody else's fault.

    A limit on attempts locks the account of a user, with the remedy that limits have too (`blocks`).
    """
    is_block = owner == "limit" and chosen.owner == "user" and chosen.remedy in blocks
    if is_block or chosen.owner in _MOVES.get(owner, {chosen.owner}):
        return None
    subject = "a failure of the provider" if owner == "upstream" else "a limit of the provider"
    return f"moves {subject} to the {chosen.owner} ({chosen.slug})", "take it out"


def _owner(status: int) -> str:
    """The owner that a status has by itself; nobody for 501: the client asks for what the provider does not offer."""
    return "limit" if status == 429 else "upstream" if status >= 500 and status != 501 else ""


def _sends_away(step: _Step, carried: frozenset[tuple[str, str]]) -> tuple[str, str] | None:
    """A new sign-in or a reset that the general type does not ask for."""
    general, chosen = step.general, step.chosen
    before, after = (_AWAY.get(kind.remedy, 0) for kind in (general, chosen))
    if after <= before:
        return None
    what = f"sends the user away ({chosen.slug}: {chosen.remedy})"
    if not before and example(general).needs_user:
        return f"{what} from what he can fix himself", "take it out"
    if step.at_sign_in:
        return (what, "take it out: the general type asks for less") if general.owner == "user" else None
    return None if before and (general.slug, chosen.slug) in carried else (what, "take it out")


def _carried(registry: Registry) -> frozenset[tuple[str, str]]:
    """Pairs of types: what a code means by itself, and what else it means in registered texts."""
    alone: dict[str, set[str]] = {}
    texts: dict[str, set[str]] = {}
    for entry in registry:
        if entry.code is not None and not entry.retired:
            is_default = not (entry.texts or entry.causes or entry.reasons or entry.name)
            (alone if is_default else texts).setdefault(entry.code, set()).add(entry.type.slug)
    return frozenset((slug, other) for code in alone for slug in alone[code] for other in texts.get(code, ()))


def _waits(step: _Step, statuses: list[int]) -> tuple[str, str] | None:
    """A program that waits where the general type says that waiting changes nothing.

    An object of the provider that is busy is the exception: it is no limit, so that no program repeats the request
    unattended, and it comes with a 4xx.
    """
    chosen = step.chosen
    if chosen.retry not in _WAITS or step.general.retry in _WAITS:
        return None
    is_busy = chosen.owner == "upstream" and chosen.retry == "after_delay" and any(status < 500 for status in statuses)
    return None if is_busy else (f"lets a program wait for {chosen.slug}", "take it out")
