"""What is found out about one response, as values: what `repr`, pickles and copies of them show."""

from __future__ import annotations

import pickle

import pytest

from authproblem import Classification, RetryHint, UpstreamError

ERROR = UpstreamError("oauth", "x", "hunter2", "hunter2", (("hunter2", None),), {"mfa_token": "hunter2"})


def test_an_upstream_error_shows_shape_and_code_alone() -> None:
    """It ends up in logs, and its text can carry what a user typed."""
    assert repr(ERROR) == "UpstreamError(shape='oauth', code='x')"
    assert b"hunter2" not in pickle.dumps(ERROR)
    assert pickle.loads(pickle.dumps(ERROR)) == UpstreamError("oauth", "x")


def test_a_classification_shows_no_text_either() -> None:
    """It contains the provider's error."""
    found = Classification("access-denied", None, "auth0", "oauth", "status", ERROR)

    assert "hunter2" not in repr(found)
    assert b"hunter2" not in pickle.dumps(found)


def test_values_are_equal_and_hash_by_their_fields() -> None:
    """A document is part of an error's value, but not of its hash."""
    same = UpstreamError("oauth", "x", "hunter2", "hunter2", (("hunter2", None),), {"mfa_token": "hunter2"})

    assert (ERROR, hash(ERROR)) == (same, hash(same))
    assert same.replace(document={}) != ERROR
    assert hash(ERROR) == hash(same.replace(document={}))
    assert len({RetryHint("never"), RetryHint("never"), RetryHint("once")}) == 2


@pytest.mark.parametrize("value", [ERROR, RetryHint("never")])
def test_a_value_cannot_be_changed(value: UpstreamError | RetryHint) -> None:
    """`replace` returns another one."""
    with pytest.raises(AttributeError, match="immutable"):
        value.source = "x"  # type: ignore[misc]
