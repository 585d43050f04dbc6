"""The URI of one occurrence of a problem: a UUID of version 7 (RFC 9562 section 5.7), so that events sort by time."""

from __future__ import annotations

import os
import time
from functools import lru_cache

_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


@lru_cache(maxsize=1)
def _moment(milliseconds: int) -> str:
    """Return the part that all URNs of a millisecond have in common."""
    digits = f"{milliseconds:012x}"
    return f"urn:uuid:{digits[:8]}-{digits[8:]}"


def new_instance() -> str:
    """Return a new URN."""
    moment = _moment(time.time_ns() // 1_000_000)
    chance = os.urandom(10).hex()  # its first digit and the fourth make way for the version and the variant
    return f"{moment}-7{chance[1:4]}-{_VARIANT[chance[4]]}{chance[5:8]}-{chance[8:]}"
