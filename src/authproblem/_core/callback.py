"""Reads the problem in the parameters of a callback: `Problem.from_callback`, and `callback_paths` of the middleware.

Anyone can send such parameters, so the problem is never confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authproblem._core.build import build_problem
from authproblem._core.classify import ClassifierInput, classify_parameters
from authproblem._core.context import RequestContext
from authproblem._core.policy import Policy, make_policy
from authproblem._core.problem import Problem
from authproblem._core.sender import UNKNOWN, Sender, check_provider
from authproblem._model import Provider
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import PLAIN_JSON
from authproblem._upstream.redirect import read_parameters
from authproblem._upstream.response import UpstreamResponse

_STATUS = 302
"""A callback is a request and has no status; it is classified like the redirect that sent the browser there."""


def problem_of_callback(
    params: Mapping[str, Any], provider: Provider | None, registry: Registry | None, type_base: str | None
) -> Problem | None:
    """See `Problem.from_callback`."""
    options = {"registry": registry, **({} if type_base is None else {"type_base": type_base})}
    sender = (
        UNKNOWN if provider is None else Sender(check_provider(provider, "from_callback(): provider"), certain=True)
    )
    return read_callback(params, sender, make_policy(options))


def read_callback(params: Mapping[str, Any], sender: Sender, policy: Policy) -> Problem | None:
    """Return the problem in the parameters of a callback, or None."""
    found = read_parameters(params, "callback")
    if found is None:
        return None
    context = RequestContext(sender)
    response = UpstreamResponse(_STATUS, PLAIN_JSON, b"")
    given = ClassifierInput(policy.registry, response, sender, context.surfaces(policy.registry))
    classification = classify_parameters(given, found.error)
    if classification is None:
        return None
    return build_problem(classification, response, context, policy).replace(confirmed=False)
