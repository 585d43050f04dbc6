"""The URI of one occurrence."""

from __future__ import annotations

import time
import uuid

from authproblem._middleware.instance import new_instance


def test_an_instance_is_a_uuid_that_sorts_by_time() -> None:
    """Version 7 (RFC 9562 section 5.7)."""
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_instance().removeprefix("urn:"))
    after = time.time_ns() // 1_000_000

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


def test_an_instance_is_new_each_time() -> None:
    """72 random bits."""
    assert len({new_instance() for _ in range(1_000)}) == 1_000
