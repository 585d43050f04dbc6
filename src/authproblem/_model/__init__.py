"""The vocabulary: the values that the other modules pass to each other, and the literal types of their fields.

Values only: no rule and no I/O belongs here, and no other module of the package is imported.
"""

from __future__ import annotations

from authproblem._model.registry import Entry, ProblemType, Source
from authproblem._model.results import Cause, Classification, Proof, RetryHint, UpstreamError
from authproblem._model.terms import (
    PROVIDERS,
    Credential,
    Json,
    MatchedBy,
    Owner,
    Provider,
    Remedy,
    RetryPolicy,
    as_provider,
)
from authproblem._model.values import Value

__all__ = [
    "PROVIDERS",
    "Cause",
    "Classification",
    "Credential",
    "Entry",
    "Json",
    "MatchedBy",
    "Owner",
    "ProblemType",
    "Proof",
    "Provider",
    "Remedy",
    "RetryHint",
    "RetryPolicy",
    "Source",
    "UpstreamError",
    "Value",
    "as_provider",
]
