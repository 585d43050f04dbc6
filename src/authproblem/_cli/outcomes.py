"""Run the library on one recording, with the options of the command line and the explorer.

The only module of the command line that calls the core.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from authproblem._cli.recording import Recording
from authproblem._core.context import RequestContext
from authproblem._core.normalizer import Normalizer
from authproblem._core.outcome import Outcome, as_problem
from authproblem._core.policy import make_policy
from authproblem._core.sender import Sender, check_endpoint, check_provider
from authproblem._core.template import summarize
from authproblem._middleware import events, report
from authproblem._model import PROVIDERS, Provider
from authproblem._registry.registry import Registry


class RecordingOptions(NamedTuple):
    """What the user declares about a recording, and the options of the middleware that concern one response.

    Attributes:
        provider: The certain sender, or None.
        endpoint: The provider's path; None takes the recorded path where it is an endpoint of a provider.
        method: The method of the request; None takes the recorded one.
        disclosure: `off`, `safe` or `strict`.
        flow_control: Whether polling and nonce responses become problems.
        transaction_states: Whether failures with a status below 400 become problems.
    """

    provider: Provider | None = None
    endpoint: str | None = None
    method: str | None = None
    disclosure: str = "off"
    flow_control: bool = False
    transaction_states: bool = False


def outcome_of(registry: Registry, recording: Recording, status: int, options: RecordingOptions) -> Outcome:
    """Return what becomes of a recorded response.

    Args:
        registry: The entries.
        recording: The response.
        status: Its HTTP status, assumed or recorded.
        options: See `RecordingOptions`.

    Raises:
        ValueError: For an invalid provider, endpoint or disclosure level.
    """
    if options.provider is not None:
        check_provider(options.provider, "provider")
    endpoint = check_endpoint(options.endpoint, "endpoint") or _known_endpoint(registry, recording.path)
    choices: dict[str, Any] = {
        "registry": registry,
        "disclosure": options.disclosure,
        "flow_control": options.flow_control,
        "transaction_states": options.transaction_states,
    }
    normalizer = Normalizer.of(make_policy(choices))
    method = options.method or recording.method
    sender = Sender(options.provider, certain=options.provider is not None, endpoint=endpoint)
    response = normalizer.read(status, recording.headers, recording.body)
    return normalizer.process(response, RequestContext(sender, method.upper() if method else None))


def event_of(registry: Registry, outcome: Outcome, method: str | None, path: str | None) -> dict[str, Any] | None:
    """Return the event that the middleware would emit for a response, with `event` and `level`; None for no event."""
    problem, found = as_problem(outcome.actual), outcome.classification
    request = {"method": method, "path": path, "registry": registry.version, "applied": True}
    if problem is None or found is None or outcome.sent is None:
        if outcome.why == "not_candidate":
            return None
        seen = {} if found is None else {"problem": found.reason, "provider": found.provider, "entry": found.entry}
        return {"event": events.PASSED, "level": "debug", "why": outcome.why, **seen, **request}
    is_unclassified = report.is_unclassified(found)
    rule = registry.entry_or_type(found.entry, found.reason)
    level = "warning" if is_unclassified else registry.data["problem_types"]["levels"][problem.owner]
    return {
        "event": events.UNCLASSIFIED if is_unclassified else events.NORMALIZED,
        "level": level,
        **summarize(problem, rule.hint),
        "status": outcome.sent.status,
        "retry_after": problem.retry.after,
        "instance": problem.instance,
        "upstream_request_id": problem.upstream.get("request_id"),
        **(
            {"fingerprint": report.fingerprint(found.upstream)}
            if is_unclassified or found.matched_by == "phrase"
            else {}
        ),
        **request,
    }


def _known_endpoint(registry: Registry, path: str | None) -> str | None:
    """Return a recorded path if it is an endpoint of a provider: the request may have gone to the app instead."""
    if path is None:
        return None
    return path if any(registry.surface(provider, path) is not None for provider in PROVIDERS) else None
