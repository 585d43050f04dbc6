"""Identity Engine documents: which objects they are, and the errors in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry
from authproblem._upstream.idx import form_errors, is_idx

SHAPES = Registry.builtin().shapes


def message(level: str | None, key: object, text: object = "x") -> dict[str, Any]:
    """A message of an Identity Engine document."""
    return {"class": level, "i18n": {"key": key}, "message": text}


NAMES = st.sampled_from(["messages", "value", "form", "name", "x"])
TEXTS = st.sampled_from(['"messages":', "messages", "\\", "x"])
ERRORS = st.lists(st.sampled_from([message("ERROR", "a"), message("ERROR", "b"), message("INFO", "c")]), max_size=2)
TREES = st.recursive(
    st.one_of(st.none(), st.integers(), TEXTS, ERRORS.map(lambda errors: {"value": errors})),
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(NAMES, parts, max_size=4)),
    max_leaves=30,
)


def found_by_walking(node: Any) -> Iterator[str]:
    """The keys of all messages of class ERROR, of each object before those within it."""
    if isinstance(node, dict):
        messages = node.get("messages")
        values = messages.get("value") if isinstance(messages, dict) else None
        for each in values if isinstance(values, list) else []:
            if isinstance(each, dict) and each.get("class") == "ERROR":
                yield each["i18n"]["key"]
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from found_by_walking(part)


@given(TREES)
def test_no_message_of_a_form_is_missed(tree: Any) -> None:
    """Wherever it is, and whatever texts look like a member of that name."""
    expected = list(found_by_walking(tree))[:32]

    assert [key for _, key in form_errors({"remediation": tree})] == expected


def test_messages_are_found_in_trees_that_cannot_be_written() -> None:
    """The parser reads deeper nesting than it writes."""
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    remediation = {"value": [{"messages": {"value": [message("ERROR", "a")]}}, deep]}

    assert list(form_errors({"remediation": remediation})) == [("x", "a")]


class TestIdentityEngine:
    @pytest.mark.parametrize(
        ("document", "is_one"),
        [
            ({"stateHandle": "h"}, True),
            ({"stateHandle": 7}, False),
            ({"version": "1.0.0", "messages": {"value": [{}]}}, True),
            ({"version": "1.0.0", "remediation": {"value": [{}]}}, True),
            ({"version": "1.0.0"}, False),
            ({"version": "1.0.0", "messages": {"value": []}}, False),
            ({"version": "1.0.0", "messages": "x"}, False),
            ({"version": "1.0.0", "remediation": {"value": "x"}}, False),
            ({"version": 1, "messages": {"value": [{}]}}, False),
        ],
    )
    def test_documents_are_recognized_by_their_members(self, document: dict[str, Any], is_one: bool) -> None:
        """`stateHandle`, or `version` with messages or a remediation."""
        assert is_idx(document) is is_one

    def test_gives_the_first_message_of_class_error_with_its_key(self) -> None:
        """Of the top-level ones, whatever else there is."""
        messages = [message("INFO", "a"), message("ERROR", "b", "t"), message("WARNING", "c"), message("ERROR", "d")]
        found = SHAPES.read({"stateHandle": "h", "messages": {"value": messages}})

        assert found is not None
        assert (found.shape, found.code, found.text, found.causes) == ("okta_idx", "b", "t", (("t", "b"), ("x", "d")))
        assert (found.protocol, found.vendor, found.proof) == (True, "okta", "shape")

    def test_gives_the_messages_of_form_fields_wherever_they_nest(self) -> None:
        """Identity Engine puts what is wrong beside the field."""
        nested = {"value": [{"form": {"value": [{"messages": {"value": [message("ERROR", "nested.key", "n")]}}]}}]}
        found = SHAPES.read({"stateHandle": "h", "remediation": {"value": [{"name": "enroll", "value": [nested]}]}})

        assert found is not None
        assert (found.code, found.text) == ("nested.key", "n")

    @pytest.mark.parametrize("key", ["errors.E0000004", "E0000004"])
    def test_reads_an_e_code_as_such(self, key: str) -> None:
        """Classic codes come as keys, with and without a prefix."""
        found = SHAPES.read({"stateHandle": "h", "messages": {"value": [message("ERROR", key)]}})

        assert found is not None
        assert found.code == "E0000004"

    @pytest.mark.parametrize(
        "odd", [None, 7, "x", [], {}, {"i18n": 7, "class": "ERROR"}, message("ERROR", 7, 7), message("ERROR", "")]
    )
    def test_passes_over_what_is_no_message(self, odd: object) -> None:
        """Every member may be of any type; without a key there is no code."""
        found = SHAPES.read({"stateHandle": "h", "messages": {"value": [odd, message("ERROR", "k")]}})

        assert found is not None
        assert {found.code, *(key for _, key in found.causes)} <= {None, "k"}
        assert found.causes[-1] == ("x", "k")

    def test_looks_no_deeper_than_forms_nest(self) -> None:
        """A document of many levels costs nothing."""
        node: Any = {"messages": {"value": [message("ERROR", "k")]}}
        for _ in range(40):
            node = {"value": [node]}

        assert SHAPES.read({"stateHandle": "h", "remediation": node}) is None

    def test_reads_no_more_messages_than_are_shown(self) -> None:
        """32 are enough to identify the error."""
        many = {"value": [message("ERROR", f"k{number}") for number in range(100)]}
        found = SHAPES.read({"stateHandle": "h", "messages": many})

        assert found is not None
        assert len(found.causes) == 32
