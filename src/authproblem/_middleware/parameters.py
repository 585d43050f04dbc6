"""Errors in the parameters of redirects and callbacks: they are reported, and nothing takes their place.

Anyone can send such parameters, so a callback, and a redirect of an uncertain sender, are unconfirmed.
"""

from __future__ import annotations

from authproblem._core.callback import read_callback
from authproblem._core.outcome import Outcome, as_problem
from authproblem._core.problem import Problem
from authproblem._middleware import events
from authproblem._middleware.instance import new_instance
from authproblem._middleware.messages import CALLBACK_READ, PROCESSED, Request
from authproblem._middleware.options import Options
from authproblem._middleware.report import report_outcome, report_problem
from authproblem._middleware.response_headers import add_problem_headers
from authproblem._upstream.headers import Pair, ResponseHeaders


def read_callback_request(options: Options, request: Request, query: str) -> Problem | None:
    """Return the problem in the query of a request to a callback path, and report it; None if there is none."""
    if request.path not in options.callback_paths or CALLBACK_READ in request.state:
        return None
    from authproblem._upstream.redirect import read_query

    try:
        found = read_query(query)
        if found is None:
            return None
        sender = options.scopes.sender(request.path, request.state).replace(endpoint=None)
        problem = read_callback(found.error.document or {}, sender, options.policy)
        if problem is not None:
            request.state[CALLBACK_READ] = True
            problem = problem.replace(instance=new_instance())
            report_problem(options, problem, request.method, request.path, applied=False)
    except Exception as error:  # noqa: BLE001 - the request goes to the app, whatever happens here
        events.report_fault(error, "a callback could not be read")
        return None
    return problem


def report_redirect(
    options: Options, outcome: Outcome, request: Request, headers: ResponseHeaders, *, is_confirmed: bool
) -> list[Pair] | None:
    """Report a redirect that carries an error.

    Args:
        options: the middleware's options.
        outcome: what becomes of the response; it has a classification.
        request: the request.
        headers: the headers of the redirect.
        is_confirmed: whether its sender is known.

    Returns:
        Its headers with the problem headers, on request; None: it is sent as it came.
    """
    # `provider=` covers every response, also a framework's redirect that adds a slash; a header or mark only this one.
    is_named = headers.layout.provider is not None or "auth-problem-upstream" in headers
    if not is_named and _repeats_query(outcome, request.query):
        outcome = outcome.without_problem("repeated_query")
    request.state[PROCESSED] = True
    # A redirect is sent as it came, so nothing folds: the event and the headers report the real reason.
    unfolded = Outcome(outcome.classification, outcome.actual, outcome.actual, outcome.why)
    report_outcome(options, unfolded, request.method, request.path, applied=False, is_confirmed=is_confirmed)
    problem = as_problem(unfolded.sent)
    if problem is None or options.observe or not options.mark_redirects:
        return None
    return add_problem_headers(headers, problem, binary=request.binary, expose=options.expose_headers)


def _repeats_query(outcome: Outcome, query: str) -> bool:
    """Whether the error was in the request already: a redirect that adds a slash, for example, repeats the query."""
    if "error=" not in query or outcome.classification is None:
        return False
    from authproblem._upstream.redirect import read_query

    given = read_query(query)
    return given is not None and given.error.code == outcome.classification.upstream.code
