"""The retry hint and the problem headers on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import RetryHint
from authproblem._core.wire import read_retry, retry_dict, retry_token

POLICIES = ["never", "after_action", "after_delay", "once", "poll"]
hints = st.builds(
    RetryHint,
    st.sampled_from(POLICIES),
    st.none() | st.integers(0, 86_400),
    st.booleans(),
    st.sampled_from([None, "retry-after", "default"]),
).filter(lambda hint: not hint.automatic or hint.policy in {"after_delay", "once", "poll"})


@given(hints)
def test_a_hint_is_read_back_as_it_was_written(hint: RetryHint) -> None:
    """Wait and source alone or together: a problem that was read may be sent on."""
    assert read_retry(retry_dict(hint)) == hint


@given(hints)
def test_what_is_absent_is_left_out(hint: RetryHint) -> None:
    """No member of ours is ever null."""
    expected = {name for name in RetryHint.__slots__ if getattr(hint, name) is not None}

    assert expected == set(retry_dict(hint))


@pytest.mark.parametrize(
    ("member", "hint"),
    [
        (None, RetryHint("never")),
        ("after_delay", RetryHint("never")),
        ({}, RetryHint("never")),
        ({"policy": 7}, RetryHint("never")),
        ({"policy": "poll", "after": 0}, RetryHint("poll", 0)),
        ({"policy": "poll", "after": -1}, RetryHint("poll")),
        ({"policy": "poll", "after": 1.5}, RetryHint("poll")),
        ({"policy": "poll", "after": True}, RetryHint("poll")),
        ({"policy": "poll", "after": "5"}, RetryHint("poll")),
        ({"policy": "poll", "automatic": 1}, RetryHint("poll")),
        ({"policy": "poll", "automatic": True}, RetryHint("poll", None, True)),
        ({"policy": "poll", "source": ["x"]}, RetryHint("poll")),
    ],
)
def test_a_member_of_a_wrong_type_counts_as_absent(member: object, hint: RetryHint) -> None:
    """RFC 9457 section 3.1."""
    assert hint == read_retry(member)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_token_names_the_policy_only_where_a_program_may_act(policy: Any) -> None:
    """Everything else is a person's work, or in vain."""
    unattended, attended = retry_token(RetryHint(policy, automatic=True)), retry_token(RetryHint(policy))

    assert (policy, "never" if policy == "never" else "manual") == (unattended, attended)
