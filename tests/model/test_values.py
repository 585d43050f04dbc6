"""`Value`: immutable, compared by its fields, made from all of them."""

from __future__ import annotations

import copy
import pickle

import pytest

from authproblem._model import RetryHint, Source, Value

SOURCE = Source("RFC 6749 5.2", "documented")
HINT = RetryHint("after_delay", 30)
MADE = [
    pytest.param(SOURCE, "at", id="inherited constructor"),
    pytest.param(HINT, "after", id="written-out constructor"),
]


def test_fields_are_given_in_order_or_by_name() -> None:
    """Both ways give equal values, of equal hash."""
    named = Source(strength="documented", at="RFC 6749 5.2")
    mixed = Source("RFC 6749 5.2", strength="documented")

    assert [named, mixed] == [SOURCE, SOURCE]
    assert {SOURCE} == {named, mixed}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param(("RFC 6749 5.2",), {}, id="missing"),
        pytest.param(("RFC 6749 5.2", "documented", "1.0"), {}, id="one too many"),
        pytest.param(("RFC 6749 5.2", "documented"), {"page": 3}, id="unknown"),
        pytest.param(("RFC 6749 5.2", "documented"), {"at": "RFC 6750"}, id="given twice"),
        pytest.param((), {"at": "RFC 6750", "strenght": "documented"}, id="misspelt"),
    ],
)
def test_wrong_fields_are_an_error_that_lists_the_right_ones(fields: tuple[str, ...], named: dict[str, object]) -> None:
    """As with any constructor, with the fields in the message."""
    with pytest.raises(TypeError, match=r"Source .*at, strength"):
        Source(*fields, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "field"), MADE)
def test_fields_can_be_neither_set_nor_deleted(value: Value, field: str) -> None:
    """An error names the class and the field."""
    with pytest.raises(AttributeError, match=rf"{type(value).__name__} is immutable: {field} cannot be set"):
        setattr(value, field, "x")
    with pytest.raises(AttributeError, match=rf"{type(value).__name__} is immutable: {field} cannot be deleted"):
        delattr(value, field)


@pytest.mark.parametrize(("value", "field"), MADE)
def test_no_further_attribute_can_be_added(value: Value, field: str) -> None:
    """A value has no dictionary."""
    del field
    with pytest.raises(AttributeError):
        object.__setattr__(value, "further", 1)


@pytest.mark.parametrize(("value", "field"), MADE)
def test_copies_and_pickles_are_equal(value: Value, field: str) -> None:
    """A copy may be the same object; what comes back from a pickle is of the same class."""
    del field
    restored = pickle.loads(pickle.dumps(value))

    assert [value, value, value] == [copy.copy(value), copy.deepcopy(value), restored]
    assert type(value) is type(restored)


def test_replace_changes_the_fields_that_it_names() -> None:
    """The original stays as it was."""
    assert RetryHint("after_delay", 60) == HINT.replace(after=60)
    assert (HINT.after, SOURCE.replace(at="RFC 6750").strength) == (30, "documented")


def test_replace_refuses_an_unknown_field() -> None:
    """With the fields that there are."""
    with pytest.raises(TypeError, match="RetryHint has no field 'wait'; it has policy, after, automatic, source"):
        HINT.replace(wait=60)


def test_values_of_different_classes_are_different() -> None:
    """Even with the same fields."""

    class Page(Value):
        __slots__ = ("at", "strength")

    assert Page("RFC 6749 5.2", "documented") != SOURCE


def test_the_repr_shows_every_field() -> None:
    """Unless a class hides what may be secret."""
    assert repr(SOURCE) == "Source(at='RFC 6749 5.2', strength='documented')"
