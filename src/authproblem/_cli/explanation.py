"""Explain one response: the core of `classify` and of the explorer.

Text in, `Explanation` out. No terminal and no web framework here.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from authproblem._cli.outcomes import RecordingOptions, event_of, outcome_of
from authproblem._cli.recording import Recording, check_status
from authproblem._cli.recordings import read_recordings
from authproblem._cli.screen import Json, glossary
from authproblem._core.links import effective_entry
from authproblem._core.outcome import Outcome
from authproblem._model import PROVIDERS
from authproblem._registry.registry import Registry

_ASSUMED_STATUS = 400
"""The HTTP status of a body that does not contain one."""


class Suggestion(NamedTuple):
    """A changed option under which a response that is left alone would become a problem."""

    option: str
    value: str | bool
    reason: str
    entry: str | None


class Explanation(NamedTuple):
    """One response and what becomes of it.

    Attributes:
        registry: The entries it was compared with.
        recording: The response.
        status: Its HTTP status.
        status_known: False where the status was assumed.
        options: What the user declared.
        outcome: The problem, or why there is none.
        suggestions: Options that would make it a problem.
    """

    registry: Registry
    recording: Recording
    status: int
    status_known: bool
    options: RecordingOptions
    outcome: Outcome
    suggestions: list[Suggestion]

    def match(self) -> Json | None:
        """Return what matched, in words; None where nothing did."""
        found = self.outcome.classification
        if found is None:
            return None
        words, rule = glossary(), effective_entry(self.registry, found)
        return {
            "provider": found.provider,
            "entry": found.entry,
            "reason": found.reason,
            "title": rule.title,
            "matched_by": words["matched_by"].get(found.matched_by, found.matched_by),
            "form": words["shapes"].get(found.shape, found.shape),
            "evidence": rule.evidence if found.entry else False,
            "hint": rule.hint,
            "owner": words["owners"][rule.owner],
            "remedy": words["remedies"][rule.remedy]["means"],
            "retry": words["retries"][rule.retry],
            "front_end": words["remedies"][rule.remedy]["front_end"],
            "sources": [{"at": source.at, "strength": source.strength} for source in rule.sources],
        }

    def left_alone(self) -> str | None:
        """Return why the response is left alone; None if it becomes a problem."""
        if self.outcome.problem is not None:
            return None
        text: str = glossary()["left_alone"].get(self.outcome.why, self.outcome.why)
        return text

    def event(self) -> Json | None:
        """Return the event that the middleware would emit; None for no event."""
        method = self.options.method or self.recording.method
        return event_of(self.registry, self.outcome, method, self.recording.path or self.options.endpoint)


def explain_response(
    recording: Recording, *, registry: Registry, status: int | None = None, options: RecordingOptions | None = None
) -> Explanation:
    """Explain one recorded response.

    Args:
        recording: The response, from `read_recordings`.
        registry: The entries.
        status: The HTTP status of a recording without one; by default that of a JSON member `statusCode` or
            `status`, else 400.
        options: What is declared about the response.

    Raises:
        ValueError: For an invalid status, provider, endpoint or disclosure level.
    """
    chosen = options or RecordingOptions()
    known = recording.status if status is None else check_status(status)
    known = _status_in(recording.body) if known is None else known
    final = _ASSUMED_STATUS if known is None else known
    outcome = outcome_of(registry, recording, final, chosen)
    suggestions = [] if outcome.problem is not None else _suggest(registry, recording, final, chosen)
    return Explanation(registry, recording, final, known is not None, chosen, outcome, suggestions)


def explain_all(
    data: bytes, *, registry: Registry, status: int | None = None, options: RecordingOptions | None = None
) -> list[Explanation]:
    """Explain every response of a file or a pasted text; see `read_recordings` for the forms.

    Raises:
        ValueError: If the input contains an invalid recording, or an argument is invalid.
    """
    recordings = read_recordings(data)
    return [explain_response(one, registry=registry, status=status, options=options) for one in recordings]


def _status_in(body: bytes) -> int | None:
    """Return the HTTP status that a JSON body contains (Auth0's APIs, RFC 9457, SCIM), or None."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    for name in ("statusCode", "status"):
        value = document.get(name)
        number = (
            int(value)
            if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) == 3
            else value
        )
        if isinstance(number, int) and not isinstance(number, bool) and 400 <= number <= 599:
            return number
    return None


def _suggest(registry: Registry, recording: Recording, status: int, options: RecordingOptions) -> list[Suggestion]:
    changes: list[tuple[str, str | bool]] = [("flow_control", True), ("transaction_states", True)]
    if options.provider is None:
        changes += [("provider", provider) for provider in PROVIDERS]
    found = []
    for option, value in changes:
        problem = outcome_of(registry, recording, status, options._replace(**{option: value})).problem  # type: ignore[arg-type]
        if problem is not None:
            found.append(Suggestion(option, value, problem.reason, problem.entry))
    return found
