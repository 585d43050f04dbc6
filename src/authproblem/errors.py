"""`AuthProblemError`: a problem as an exception, raised by the readers. No rule lives here, and no client library."""

from __future__ import annotations

from typing import Any

from authproblem._core.problem import Problem


class AuthProblemError(Exception):
    """A provider's error, normalized. Its text shows reason and status only: exceptions end up in logs.

    Attributes:
        problem: the problem; branch on `problem.remedy`, or on predicates such as `problem.is_retryable`.
        response: the client library's response, for headers such as `WWW-Authenticate`; None where there is none.
    """

    def __init__(self, problem: Problem, response: Any = None) -> None:
        """Wrap a problem.

        Args:
            problem: the problem.
            response: the response that it was read from.
        """
        Exception.__init__(self, problem)  # not super(): a subclass may also be the exception of a client library
        self.problem = problem
        self.response = response

    def __str__(self) -> str:
        return f"{self.problem.reason} (HTTP {self.problem.status})"
