"""The URI of one occurrence of a problem: a UUID of version 7 (RFC 9562 section 5.7), so that events sort by time."""

from __future__ import annotations

import os
import time


def new_instance(moment: int | None = None) -> str:
    """Return a new URN.

    Args:
        moment: the time in nanoseconds since the epoch, where it was read already.
    """
    milliseconds = (time.time_ns() if moment is None else moment) // 1_000_000
    # 72 random bits; the two that share a digit with the variant stay zero.
    digits = (milliseconds.to_bytes(6, "big") + os.urandom(9)).hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-7{digits[12:15]}-8{digits[15:18]}-{digits[18:]}"
