"""`WWW-Authenticate`: what a resource server asks of a token, read from a response and written for one.

RFC 6750 section 3 (Bearer), RFC 9470 section 3 (step-up: `acr_values`, `max_age`), RFC 9728 section 5.1
(`resource_metadata`). `Problem.challenge` writes the header for a problem; no middleware adds or changes it.
"""

from __future__ import annotations

from authproblem._core.challenges import Challenge, read_challenges

__all__ = ["Challenge", "read_challenges"]
