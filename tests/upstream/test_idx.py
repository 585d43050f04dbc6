"""Identity Engine documents: which objects they are, and the errors in them."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Registry
from authproblem._upstream.idx import is_idx

SHAPES = Registry.builtin().shapes


def message(level: str | None, key: object, text: object = "x") -> dict[str, Any]:
    """A message of an Identity Engine document."""
    return {"class": level, "i18n": {"key": key}, "message": text}


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
