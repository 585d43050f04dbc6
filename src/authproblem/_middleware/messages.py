"""The values that adapters pass in and get back: `Request`, and the `Reply` that replaces its response."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any, NamedTuple

from authproblem._core.problem import Problem
from authproblem._core.template import PreparedProblem
from authproblem._upstream.headers import Pair

PROCESSED = "authproblem.processed"
"""The key in scope or environ by which an instance nearer to the app marks an error response that it has seen."""
CALLBACK_READ = "authproblem.callback"
"""The key by which an instance farther from the app marks a callback that it has read."""


class Request(NamedTuple):
    """The parts of the request that decide about a response.

    Attributes:
        path: the path, decoded.
        method: the method, upper case.
        accept: the value of `Accept`, lines joined by commas, or None.
        state: the ASGI scope or WSGI environ: for callables of the app, and for the mark on the error path.
        binary: whether headers are bytes (ASGI) or str (WSGI).
    """

    path: str
    method: str
    accept: str | None
    state: MutableMapping[str, Any]
    binary: bool

    @property
    def query(self) -> str:
        """The query string, as it came."""
        query = self.state.get("query_string", self.state.get("QUERY_STRING", ""))
        return query.decode("latin-1") if isinstance(query, bytes) else str(query)


make_request: Callable[[tuple[str, str, str | None, MutableMapping[str, Any], bool]], Request]
make_request = partial(tuple.__new__, Request)
"""Make a request of its fields: a sixth of what the constructor of a `NamedTuple` costs, which is Python."""


class Reply:
    """A response that takes the place of another.

    Attributes:
        status: the HTTP status.
        headers: the headers.
        body: the body.
        is_folded: whether not even the app's reason phrase may stay.
    """

    __slots__ = ("_problem", "body", "headers", "is_folded", "status")

    def __init__(
        self,
        status: int,
        headers: list[Pair],
        body: bytes,
        problem: Problem | PreparedProblem,
        is_folded: bool = False,  # noqa: FBT001, FBT002 - a field, not a switch
    ) -> None:
        """Keep the values."""
        self.status = status
        self.headers = headers
        self.body = body
        self.is_folded = is_folded
        self._problem = problem

    @property
    def problem(self) -> Problem:
        """The problem that the response carries."""
        problem = self._problem
        return problem.problem() if isinstance(problem, PreparedProblem) else problem
