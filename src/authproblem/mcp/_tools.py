"""Tool errors that an agent can act on, for the official SDK and for FastMCP."""

from __future__ import annotations

from typing import Any

import orjson

from authproblem._client.verdicts import verdict_of
from authproblem._core.links import is_link
from authproblem._core.problem import Problem
from authproblem._model import Json
from authproblem._registry.registry import Registry
from authproblem.errors import AuthProblemError
from authproblem.mcp._errors import link_of


def tool_error(problem: Problem, *, open_link: str | None = None) -> Json:
    """Return what an agent needs to act on a problem: structured content of a tool's result.

    It contains registry constants and numbers, and at most one `https` link for the user; no upstream text, which an
    agent might take for an instruction. The text of a problem that was read from elsewhere gives way to the registry's.

    Args:
        problem: the problem.
        open_link: a page that the user has to visit; None = one that the provider sent, if it did.

    Returns:
        `reason`, `message`, `remedy`, `owner`, `retry`, `credential` where it is known, and `open_link` where there is
        one.
    """
    registry = Registry.builtin()
    credential, _ = verdict_of(registry, problem)
    link = open_link if is_link(open_link) else link_of(problem)
    retry: Json = {"policy": problem.retry.policy, "automatic": problem.retry.automatic}
    if problem.retry.after is not None:
        retry["after"] = problem.retry.after
    error: Json = {
        "reason": problem.reason,
        "message": _message(problem, registry),
        "owner": problem.owner,
        "remedy": problem.remedy,
        "retry": retry,
    }
    if credential != "unknown":
        error["credential"] = credential
    return {**error, **({"open_link": link} if link else {})}


def tool_result(problem: Problem, *, open_link: str | None = None) -> Any:
    """Return a `CallToolResult` of the `mcp` SDK for a tool that could not reach its API.

    Args:
        problem: the problem.
        open_link: a page that the user has to visit.
    """
    from mcp.types import CallToolResult, TextContent

    error = tool_error(problem, open_link=open_link)
    text = TextContent(type="text", text=orjson.dumps(error).decode())
    return CallToolResult(content=[text], structured_content=error, is_error=True)


def _message(problem: Problem, registry: Registry) -> str:
    """The sentence of a problem that was made here; of one that was read, the registry's sentence of its type."""
    if problem.matched_by:  # documents do not have it
        return problem.detail
    known = problem.reason if problem.reason in registry.types else "upstream-error"
    beside_link = registry.link_details.get(known) if problem.remedy == "open_link" else None
    return beside_link or registry.entry_or_type(None, known).detail


def tool_errors() -> Any:
    """Return a middleware for FastMCP: a problem that a tool raises becomes a result that an agent can act on.

    `server.add_middleware(tool_errors())`. Every other exception stays FastMCP's.
    """
    from fastmcp.server.middleware import Middleware
    from fastmcp.tools.base import ToolResult

    class ToolErrors(Middleware):
        """The middleware of FastMCP."""

        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            """Call the tool; turn a provider's error into a result."""
            try:
                return await call_next(context)
            except Exception as error:
                problem = _problem_behind(error)
                if problem is None:
                    raise
                content = tool_error(problem)
                return ToolResult(content=orjson.dumps(content).decode(), structured_content=content, is_error=True)

    return ToolErrors()


def _problem_behind(error: BaseException | None) -> Problem | None:
    """The problem that an exception is, or that a framework has wrapped."""
    for _ in range(8):
        if error is None or isinstance(error, AuthProblemError):
            break
        error = error.__cause__
    return error.problem if isinstance(error, AuthProblemError) else None
