"""The errors of Auth0 and Okta as one RFC 9457 format, with retry hints and structured events.

Exports only: neither a framework nor structlog is imported here, and the registry is not loaded.
"""

from __future__ import annotations

from authproblem._core.normalize import classify, normalize
from authproblem._core.normalizer import Normalizer
from authproblem._core.problem import Problem
from authproblem._core.sender import mark_upstream, upstream
from authproblem._model import Classification, Entry, ProblemType, RetryHint, Source, UpstreamError
from authproblem._registry.registry import Registry
from authproblem.errors import AuthProblemError

__version__ = "0.1.0"

__all__ = [
    "AuthProblemError",
    "Classification",
    "Entry",
    "Normalizer",
    "Problem",
    "ProblemType",
    "Registry",
    "RetryHint",
    "Source",
    "UpstreamError",
    "classify",
    "mark_upstream",
    "normalize",
    "upstream",
]
