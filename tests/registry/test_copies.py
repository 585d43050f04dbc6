"""Copies of JSON values: read-only and writable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._registry.copies import read_only, writable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_a_writable_copy_of_a_read_only_copy_is_equal(value: object) -> None:
    """Nothing is lost on the way there and back."""
    assert value == writable(read_only(value))


def test_a_read_only_copy_cannot_be_changed_at_any_depth() -> None:
    """Neither its objects nor its arrays."""
    copy = read_only({"a": [{"b": 1}]})

    with pytest.raises(TypeError):
        copy["a"] = 2
    with pytest.raises(TypeError):
        copy["a"][0] = 2
    with pytest.raises(TypeError):
        copy["a"][0]["b"] = 2


def test_a_change_of_the_original_does_not_reach_the_copy() -> None:
    """A caller may keep using its own dictionary."""
    original = {"a": [1]}
    copy = read_only(original)
    original["a"].append(2)

    assert copy == {"a": (1,)}
