"""Computes what the explorer shows for one pasted text, as JSON. No web framework here.

The server of `authproblem explore` and the explorer on the documentation site both call `explain_input`.
"""

from __future__ import annotations

from typing import Any

from authproblem._cli.explanation import Explanation, Suggestion, explain_all
from authproblem._cli.outcomes import RecordingOptions
from authproblem._cli.recording import check_status
from authproblem._cli.screen import Json
from authproblem._cli.snippets import front_end_code
from authproblem._core.problem import Problem
from authproblem._registry.registry import Registry

FORMS = {
    "response": "an HTTP response",
    "curl": "the output of curl -v",
    "har": "a HAR entry",
    "record": "a JSON record of a response",
    "body": "a response body",
}
_LABELS = {
    ("flow_control", True): "Polling and nonce responses are errors",
    ("transaction_states", True): "Failures with status 200 are errors",
    ("provider", "auth0"): "Auth0 sent it",
    ("provider", "okta"): "Okta sent it",
    ("provider", "oauth"): "An OAuth server sent it",
}
_POLICIES = {
    "never": "Do not repeat the request: it fails until code or configuration is changed.",
    "after_action": "Repeat the request after somebody has acted.",
    "after_delay": "Wait before the request is repeated.",
    "once": "Repeat the request once, with what the response supplies.",
    "poll": "Continue to poll.",
}


def explain_input(registry: Registry, given: Any) -> Json:
    """Explain a pasted text.

    Args:
        registry: The entries.
        given: An object with `text` and, optionally, `status` and the members of `RecordingOptions`.

    Returns:
        What the page shows. Of several responses, the first that becomes a problem is explained.

    Raises:
        ValueError: If the object has an invalid member or the text contains an invalid recording.
    """
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        msg = "invalid input: expected an object with the member text"
        raise ValueError(msg)  # noqa: TRY004 - wrong input of the user, as every other mistake in it
    options = {name: given[name] for name in RecordingOptions._fields if given.get(name) not in (None, "")}
    status = given.get("status")
    known = None if status in (None, "") else check_status(status)
    text = given["text"].encode("utf-8", "replace")
    found = explain_all(text, registry=registry, status=known, options=RecordingOptions(**options))
    chosen = next((one for one in found if one.outcome.problem is not None), found[0])
    return _shown(chosen, len(found))


def _shown(found: Explanation, count: int) -> Json:
    problem, recording = found.outcome.problem, found.recording
    return {
        "input": {
            "form": FORMS[recording.form],
            "where": recording.where,
            "count": count,
            "status": found.status,
            "status_known": found.status_known,
            "method": recording.method,
            "path": recording.path,
        },
        "match": found.match(),
        "left_alone": found.left_alone(),
        "suggestions": [_suggestion(suggestion) for suggestion in found.suggestions],
        "event": found.event(),
        **({} if problem is None else _problem(found, problem)),
    }


def _problem(found: Explanation, problem: Problem) -> Json:
    return {
        "problem": problem.to_dict(),
        "headers": problem.headers(),
        "is_folded": found.outcome.is_folded,
        "retry": retry_sentence(problem),
        "code": front_end_code(problem),
    }


def _suggestion(suggestion: Suggestion) -> Json:
    return {**suggestion._asdict(), "label": _LABELS[suggestion.option, suggestion.value]}


def retry_sentence(problem: Problem) -> str:
    """Return the retry hint as one or two sentences."""
    hint = problem.retry
    first = _POLICIES[hint.policy]
    if hint.after is not None:
        unit = "second" if hint.after == 1 else "seconds"
        origin = "the registry's default" if hint.source == "default" else f"the header {hint.source}"
        first = f"Wait {hint.after:,} {unit} ({origin}) before the request is repeated."
        if hint.policy == "poll":
            first = f"Continue to poll, every {hint.after:,} {unit}."
    if hint.policy in {"never", "after_action"}:
        return first
    may = "A program may do so without asking." if hint.automatic else "A program should not do so without asking."
    return f"{first} {may}"
