"""Run the library on one recording, with the options of the command line and the explorer.

The only module of the command line that knows how the core is called.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from authproblem._cli.recording import Recording
from authproblem._core.normalize import Outcome, process, undo_codings
from authproblem._core.policy import make_policy
from authproblem._core.retry import Occasion
from authproblem._core.sender import Sender, check_endpoint, check_provider
from authproblem._middleware import events
from authproblem._model import PROVIDERS
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import scan


class JudgeOptions(NamedTuple):
    """What the user declares about a recording, and the options of the middleware that concern one response.

    Attributes:
        provider: The certain sender, or None.
        endpoint: The provider's path; None takes the recorded path where it is an endpoint of a provider.
        method: The method of the request; None takes the recorded one.
        disclosure: `off`, `safe` or `strict`.
        flow_control: Whether polling and nonce responses become problems.
        transaction_states: Whether failures with a status below 400 become problems.
    """

    provider: str | None = None
    endpoint: str | None = None
    method: str | None = None
    disclosure: str = "off"
    flow_control: bool = False
    transaction_states: bool = False


def judge(registry: Registry, recording: Recording, status: int, options: JudgeOptions) -> Outcome:
    """Return what becomes of a recorded response.

    Args:
        registry: The entries.
        recording: The response.
        status: Its HTTP status, assumed or recorded.
        options: See `JudgeOptions`.

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
    policy = make_policy(choices)
    method = options.method or recording.method
    headers = scan(recording.headers)
    return process(
        policy,
        headers,
        undo_codings(headers, recording.body, policy.max_body),
        Sender(options.provider, certain=options.provider is not None, endpoint=endpoint),
        Occasion(status, endpoint, method.upper() if method else None, None, policy.max_wait),
    )


def _known_endpoint(registry: Registry, path: str | None) -> str | None:
    """Return a recorded path if it is an endpoint of a provider: the request may have gone to the app instead."""
    if path is None:
        return None
    return path if any(registry.surface(provider, path) is not None for provider in PROVIDERS) else None


def event_of(registry: Registry, outcome: Outcome, method: str | None, path: str | None) -> dict[str, Any]:
    """Return the event that the middleware would emit for a response, as a dictionary with `event` and `level`."""
    problem, found = outcome.truth, outcome.found
    request = {"method": method, "path": path, "registry": registry.version, "applied": True}
    if problem is None or found is None or outcome.problem is None:
        seen = {} if found is None else {"problem": found.reason, "provider": found.provider, "entry": found.entry}
        return {"event": events.PASSED, "level": "debug", "why": outcome.why, **seen, **request}
    is_unclassified = events.is_unclassified(found)
    name = events.UNCLASSIFIED if is_unclassified else events.NORMALIZED
    level = "warning" if is_unclassified else events.level_of(registry, problem.owner)
    keys = events.problem_keys(problem, registry.rule(problem.entry, problem.reason), found, outcome.problem.status)
    return {"event": name, "level": level, **keys, **request}
