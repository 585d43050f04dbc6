"""What an agent gets of a problem: constants and numbers that it can act on, and no upstream text."""

from __future__ import annotations

from typing import Any

from authproblem._client.verdicts import CredentialDead, RefreshError, StepUpRequired, outcome_of
from authproblem._core.problem import Problem
from authproblem._model import Json
from authproblem._registry.registry import Registry
from authproblem.errors import AuthProblemError

_LINKS = ("interaction_uri", "verification_uri_complete", "verification_uri")
"""Members in which providers send a page that the user has to visit, the most specific first."""
_MAX_LINK = 2048


def tool_error(problem: Problem, *, open_link: str | None = None) -> Json:
    """Return what an agent needs to act on a problem: structured content of a tool's result.

    It holds registry constants and numbers, and at most one `https` link for the user; no upstream text, which an agent
    might take for an instruction.

    Args:
        problem: the problem.
        open_link: a page that the user has to visit; None = one that the provider sent, if it did.

    Returns:
        `reason`, `message`, `remedy`, `owner`, `retry`, `credential` where it is known, and `open_link` where there is
        one.
    """
    outcome = outcome_of(Registry.builtin(), problem)
    link = open_link if _is_link(open_link) else link_of(problem)
    retry: Json = {"policy": problem.retry.policy, "automatic": problem.retry.automatic}
    if problem.retry.after is not None:
        retry["after"] = problem.retry.after
    error: Json = {
        "reason": problem.reason,
        "message": problem.detail,
        "owner": problem.owner,
        "remedy": problem.remedy,
        "retry": retry,
    }
    kinds: dict[type[RefreshError], str] = {CredentialDead: "dead", StepUpRequired: "step_up"}
    verdict = next((said for kind, said in kinds.items() if outcome.kind is kind), None)
    return {**error, **({"credential": verdict} if verdict else {}), **({"open_link": link} if link else {})}


def link_of(problem: Problem) -> str | None:
    """The page that a provider wants its user to visit."""
    links: list[Any] = [problem.extensions.get(name) for name in _LINKS]
    return next((link for link in links if _is_link(link)), None)


def _is_link(value: object) -> bool:
    printable = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return printable and isinstance(value, str) and value.startswith("https://") and len(value) <= _MAX_LINK


def problem_behind(error: BaseException | None) -> Problem | None:
    """The problem that an exception is, or that a framework has wrapped."""
    for _ in range(8):
        if error is None or isinstance(error, AuthProblemError):
            break
        error = error.__cause__
    return error.problem if isinstance(error, AuthProblemError) else None
