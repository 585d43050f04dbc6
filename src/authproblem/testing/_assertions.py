"""Assertions on the responses of an app under test, whose failure shows what is different, line by line."""

from __future__ import annotations

from typing import Any

from authproblem import Problem

_MEMBERS = ("reason", "owner", "remedy", "status", "detail", "provider", "title", "type")
_HINT = ("policy", "after", "automatic")
_SHOWN = 400


def assert_problem(response: Any, reason: str | None = None, **expected: Any) -> Problem:
    """Assert that a response is a problem, with these properties.

    Args:
        response: a response of httpx, requests, a test client of Starlette or Flask: anything with `status_code`,
            `headers` and a body.
        reason: the problem type, such as `mfa-required`.
        expected: further properties: `status`, `owner`, `remedy`, `detail`, `provider`, `policy`, `after`,
            `automatic`, or the name of any member of the document, such as `mfa_token`.

    Returns:
        The problem.

    Raises:
        AssertionError: if it is none, or one of the properties is different; the message has a line for each.
    """
    problem = Problem.from_response(response)
    if problem is None:
        raise AssertionError(f"the response is no problem document\n{_outline(response)}")
    wanted = expected if reason is None else {"reason": reason, **expected}
    found = {name: _value(problem, response, name) for name in wanted}
    wrong = {name for name in wanted if wanted[name] != found[name]}
    if wrong:
        lines = [f"the problem is not as expected ({problem.reason}, {problem.status})"]
        lines += [_line(name, wanted[name], found[name], wrong=name in wrong) for name in wanted]
        raise AssertionError("\n".join(lines))
    return problem


def assert_no_problem(response: Any) -> None:
    """Assert that a response is no problem: a healthy one, or an error of the app itself.

    Raises:
        AssertionError: if it is one.
    """
    problem = Problem.from_response(response)
    if problem is not None:
        raise AssertionError(f"the response is a problem: {problem.reason}\n{_outline(response)}")


def assert_hidden(response: Any, *secrets: str) -> None:
    """Assert that none of these texts reaches the client, neither in the body nor in a header.

    Raises:
        AssertionError: naming where each text is.
    """
    body = _body(response).decode("utf-8", "replace")
    places = {"the body": body, **{f"header {name}": str(value) for name, value in response.headers.items()}}
    found = [f"  {secret!r} is in {place}" for secret in secrets for place, text in places.items() if secret in text]
    if found:
        raise AssertionError("\n".join(["the response leaks:", *found]))


def _value(problem: Problem, response: Any, name: str) -> Any:
    if name == "status":
        return response.status_code
    if name in _MEMBERS:
        return getattr(problem, name)
    if name in _HINT:
        return getattr(problem.retry, name)
    return problem.to_dict().get(name)


def _line(name: str, expected: Any, found: Any, *, wrong: bool) -> str:
    if not wrong:
        return f"    {name}: {expected!r}"
    return f"  - {name}: {expected!r}  (expected)\n  + {name}: {found!r}"


def _outline(response: Any) -> str:
    text = _body(response).decode("utf-8", "replace")
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return f"  status: {response.status_code}\n  content-type: {response.headers.get('content-type')}\n  body: {shown}"


def _body(response: Any) -> bytes:
    for name in ("content", "data", "body"):
        value = getattr(response, name, None)
        if isinstance(value, bytes):
            return value
    return b""
