"""The forms of a problem's parts on the wire: `retry`, `credential`, tokens and waits, written and read."""

from __future__ import annotations

import re
from typing import Any

from authproblem._model import Credential, Json, RetryHint

AUTOMATIC_POLICIES = ("after_delay", "once", "poll")
"""The retries that a program may do unattended."""

_TOKEN = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
_MAX_TOKEN = 64
MAX_WAIT_DIGITS = 10


def credential_members(credential: Credential, kind: str | None) -> Json:
    """Return the members about the credential; both are left out where nothing is known."""
    if credential == "unknown":
        return {}
    return {"credential": credential} if kind is None else {"credential": credential, "credential_kind": kind}


def retry_token(retry: RetryHint) -> str:
    """Return what a program may do unattended, as one token; `manual` where a person has to act."""
    return retry.policy if retry.automatic or retry.policy == "never" else "manual"


def retry_dict(retry: RetryHint) -> Json:
    """Return the `retry` member; what is absent is left out, never null."""
    after, source = retry.after, retry.source
    if after is None and source is None:
        return {"policy": retry.policy, "automatic": retry.automatic}
    document: Json = {"policy": retry.policy, "after": after, "automatic": retry.automatic, "source": source}
    if after is None or source is None:
        del document["after" if after is None else "source"]
    return document


def read_retry(given: Any) -> RetryHint:
    """Return the hint of a `retry` member; what has a wrong JSON type or form counts as absent (RFC 9457 3.1)."""
    document = given if isinstance(given, dict) else {}
    policy, after, source = document.get("policy"), document.get("after"), document.get("source")
    valid: Any = policy if is_token(policy) else "never"  # newer releases may have further policies
    return RetryHint(
        valid,
        after if is_wait(after) else None,
        document.get("automatic") is True and valid in AUTOMATIC_POLICIES,
        source if isinstance(source, str) and is_token(source) else None,
    )


def is_token(value: object) -> bool:
    """Whether a value has the form of the registry's constants, so that it can be written into a header."""
    return isinstance(value, str) and len(value) <= _MAX_TOKEN and _TOKEN.fullmatch(value) is not None


def is_wait(value: object) -> bool:
    """Whether a value is a number of seconds that can be written into a header."""
    return type(value) is int and 0 <= value < 10**MAX_WAIT_DIGITS
