"""The wire form of a retry hint and of the header twin: what `Problem` writes and reads."""

from __future__ import annotations

from typing import Any

from authproblem._model import RetryHint

RETRY_TOKENS = ("after_delay", "once", "poll")
"""What a program may do unattended."""


def retry_token(retry: RetryHint) -> str:
    """What a program may do unattended, as one token; a person's work is `manual`."""
    if retry.automatic:
        return retry.policy
    return "never" if retry.policy == "never" else "manual"


def retry_dict(retry: RetryHint) -> dict[str, Any]:
    """The `retry` member; what is absent is left out, never null."""
    policy, after, automatic, source = retry
    if after is None and source is None:
        return {"policy": policy, "automatic": automatic}
    document = {"policy": policy, "after": after, "automatic": automatic, "source": source}
    if after is not None and source is not None:
        return document
    return {name: value for name, value in document.items() if value is not None}


def read_retry(given: Any) -> RetryHint:
    """A retry hint from the `retry` member; what has a wrong JSON type counts as absent (RFC 9457 section 3.1)."""
    document = given if isinstance(given, dict) else {}
    policy, after, source = document.get("policy"), document.get("after"), document.get("source")
    return RetryHint(
        policy if isinstance(policy, str) else "never",
        after if type(after) is int and after >= 0 else None,
        document.get("automatic") is True,
        source if isinstance(source, str) else None,
    )
