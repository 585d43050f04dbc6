"""Bodies into the provider's words: every shape, whatever is missing, null, or of the wrong type."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry, UpstreamError
from authproblem._upstream.flat_shapes import KeyLayout
from authproblem._upstream.json_values import CODE
from authproblem._upstream.shapes import Shapes
from tests.support.json_values import documents, json_values

SHAPES = Registry.builtin().shapes


def read(document: dict[str, Any]) -> tuple[str, str | None, str | None, str | None] | None:
    """Shape, code, text and vendor."""
    found = SHAPES.read(document)
    return None if found is None else (found.shape, found.code, found.text, found.vendor)


class TestFlatShapes:
    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            ({"error": "invalid_grant"}, ("oauth", "invalid_grant", None, None)),
            ({"error": "x", "error_description": "d"}, ("oauth", "x", "d", None)),
            ({"error": "x", "errorDescription": "d"}, ("oauth", "x", "d", None)),
            ({"error": "x", "description": "d"}, ("oauth", "x", "d", None)),
            ({"error": "x", "error_description": None, "message": "m"}, ("oauth", "x", "m", None)),
            ({"code": "c", "name": "n", "description": "d"}, ("auth0_signup", "c", "d", "auth0")),
            ({"code": "c", "description": {"rules": []}}, ("auth0_signup", "c", None, "auth0")),
            ({"name": "n", "description": "d", "statusCode": 400}, ("auth0_signup", "n", "d", "auth0")),
            ({"statusCode": 400, "error": "Bad Request", "message": "m"}, ("auth0_api", None, "m", "auth0")),
            (
                {"statusCode": 400, "error": "Bad Request", "message": "m", "errorCode": "invalid_body"},
                ("auth0_api", "invalid_body", "m", "auth0"),
            ),
            ({"errorCode": "E0000004", "errorSummary": "s"}, ("okta_api", "E0000004", "s", "okta")),
            ({"errorCode": "invalid_client", "errorSummary": "s"}, ("okta_api", "invalid_client", "s", "okta")),
            ({"errorCode": "invalid_otp"}, ("auth0_api", "invalid_otp", None, "auth0")),
            ({"errorCode": "E0000047"}, ("okta_api", "E0000047", None, "okta")),
            ({"code": "c", "other": 1}, ("auth0_signup", "c", None, "auth0")),
            ({"error_code": "c", "error_description": "d"}, ("auth0_signup", "c", "d", "auth0")),
            ({"statusCode": 400, "message": "m"}, ("auth0_api", None, "m", "auth0")),
            ({"error": "A sentence with blanks."}, ("sentence", None, "A sentence with blanks.", "auth0")),
            ({"invalid_request": "text"}, ("legacy_key", "invalid_request", "text", "auth0")),
        ],
    )
    def test_are_recognized_by_their_members(self, document: dict[str, Any], expected: object) -> None:
        """Shape, code, text and vendor of each."""
        assert read(document) == expected

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"error": None},
            {"error": 7},
            {"error": {"code": "x"}},
            {"error": "x" * 65, "other": 1},
            {"error": "", "other": 1},
            {"errorCode": 7, "errorSummary": "s"},
            {"errorCode": None},
            {"code": 400, "message": "m"},
            {"code": "c d", "other": 1},
            {"other": 7},
            {"a": "text", "b": "text"},
            {"two words": "text"},
            {"type": "about:blank", "title": "Not Found"},
            {"type": 7, "title": "Not Found"},
        ],
    )
    def test_are_none_where_a_code_is_missing_or_of_the_wrong_form(self, document: dict[str, Any]) -> None:
        """Nothing is guessed."""
        assert read(document) is None

    def test_read_the_causes_of_okta(self) -> None:
        """Texts and reasons in their order, at most 32; what is neither an object nor a text is passed over."""
        causes: list[Any] = [
            {"errorSummary": "a", "reason": "R"},
            "b",
            None,
            7,
            {"errorSummary": 7, "reason": None},
            *[{"errorSummary": "more"}] * 40,
        ]
        found = SHAPES.read({"errorCode": "E0000001", "errorSummary": "s", "errorCauses": causes})

        assert found is not None
        assert found.causes[:3] == (("a", "R"), ("b", None), (None, None))
        assert len(found.causes) == 32 - 2

    @pytest.mark.parametrize("causes", [None, 7, "x", {"errorSummary": 7}, {}])
    def test_read_no_causes_where_there_is_no_list(self, causes: object) -> None:
        """Foreign members may be of any type."""
        found = SHAPES.read({"errorCode": "E0000001", "errorSummary": "s", "errorCauses": causes})

        assert found is not None
        assert all(cause == (None, None) for cause in found.causes)

    def test_read_a_single_cause_outside_of_a_list(self) -> None:
        """Okta's documentation has such responses."""
        found = SHAPES.read({"errorCode": "E0000041", "errorSummary": "s", "errorCauses": {"errorSummary": "a"}})

        assert found is not None
        assert found.causes == (("a", None),)

    def test_read_a_code_with_a_stray_comma(self) -> None:
        """Okta's documentation has one."""
        found = SHAPES.read({"errorCode": "E0000001,", "errorSummary": "s"})

        assert found is not None
        assert found.code == "E0000001"

    def test_read_the_name(self) -> None:
        """It distinguishes password errors."""
        document = {"code": "invalid_password", "name": "PasswordHistoryError", "description": "d"}
        found = SHAPES.read(document)

        assert found is not None
        assert (found.name, found.document) == ("PasswordHistoryError", document)


class TestProblemDocuments:
    """My Account and My Organization send problem documents as plain JSON."""

    @pytest.mark.parametrize(
        ("uri", "code"),
        [
            ("https://auth0.com/api-errors#A0E-401-0002", "A0E-401-0002"),
            ("https://auth0.com/api-errors/A0E-401-0002", "A0E-401-0002"),
            ("https://auth0.com/api-errors#", None),
            ("https://auth0.com/api-errors#two words", None),
        ],
    )
    def test_have_their_code_at_the_end_of_the_type(self, uri: str, code: str | None) -> None:
        """Where it has a code's form."""
        assert read({"type": uri, "title": "t", "detail": "d"}) == ("auth0_problem", code, "d", "auth0")

    def test_have_their_title_as_text_where_there_is_no_detail(self) -> None:
        """Either may be missing."""
        uri = "https://auth0.com/api-errors#A0E-401-0002"

        assert read({"type": uri, "title": "t"}) == ("auth0_problem", "A0E-401-0002", "t", "auth0")
        assert read({"type": uri, "title": 7}) == ("auth0_problem", "A0E-401-0002", None, "auth0")
        assert read({"type": uri, "status": 401}) == ("auth0_problem", "A0E-401-0002", None, "auth0")


class TestTransactions:
    @pytest.mark.parametrize(
        ("document", "expected", "protocol"),
        [
            ({"status": "LOCKED_OUT", "stateToken": "t"}, ("okta_state", "LOCKED_OUT"), True),
            ({"status": "LOCKED_OUT", "_embedded": {}}, ("okta_state", "LOCKED_OUT"), True),
            ({"status": "LOCKED_OUT"}, ("okta_state", "LOCKED_OUT"), False),
            (
                {"status": "MFA_CHALLENGE", "stateToken": "t", "factorResult": "REJECTED"},
                ("okta_factor", "REJECTED"),
                True,
            ),
            ({"factorResult": "TIMEOUT"}, ("okta_factor", "TIMEOUT"), False),
            ({"factorResult": "WAITING"}, ("okta_factor", "WAITING"), False),
            (
                {"status": "DEVICE_ACTIVATE", "_embedded": {"deviceActivationStatus": "INVALID_USER_CODE"}},
                ("okta_state", "INVALID_USER_CODE"),
                True,
            ),
        ],
    )
    def test_that_failed_are_reported(self, document: dict[str, Any], expected: object, protocol: bool) -> None:
        """A factor's result before the state; whole where the next step is in it."""
        found = SHAPES.read(document)

        assert found is not None
        assert ((found.shape, found.code), found.protocol) == (expected, protocol)

    @pytest.mark.parametrize(
        ("document", "is_step"),
        [
            ({"status": "SUCCESS", "stateToken": "t"}, True),
            ({"status": "MFA_CHALLENGE", "_embedded": {}}, True),
            ({"status": "MFA_CHALLENGE", "factorResult": "SUCCESS"}, True),
            ({"status": "DEVICE_ACTIVATE", "_embedded": {"deviceActivationStatus": "x"}}, True),
            ({"status": "LOCKED_OUT", "stateToken": "t"}, False),
            ({"status": "SUCCESS"}, False),
            ({"status": "OTHER", "stateToken": "t"}, False),
            ({"status": 200, "stateToken": "t"}, False),
            ({"status": "MFA_CHALLENGE", "_embedded": 7, "factorResult": 7}, True),
            ({}, False),
        ],
    )
    def test_that_go_on_are_steps(self, document: dict[str, Any], is_step: bool) -> None:
        """The registry lists the states."""
        assert SHAPES.is_step(document) is is_step


@given(documents)
def test_reads_any_object_without_raising(document: dict[str, Any]) -> None:
    """What is read has the right types, whatever the members hold."""
    found = SHAPES.read(document)

    assert SHAPES.is_step(document) in {True, False}
    if found is not None:
        assert found.code is None or found.shape == "okta_idx" or CODE.fullmatch(found.code)
        assert {type(value) for value in (found.text, found.name) if value is not None} <= {str}
        assert {type(part) for cause in found.causes for part in cause} <= {str, type(None)}


@given(st.dictionaries(st.sampled_from(["stateHandle", "version", "messages", "remediation"]), json_values))
def test_reads_any_identity_engine_document_without_raising(document: dict[str, Any]) -> None:
    """Half a document, or one of the wrong types, is none."""
    found = SHAPES.read({"stateHandle": "h", **document})

    assert found is None or found.shape in {"okta_idx", "legacy_key"}


def test_texts_of_the_provider_are_not_in_a_repr() -> None:
    """It ends up in logs."""
    error = UpstreamError("oauth", "x", "hunter2", "hunter2", (("hunter2", None),), {"mfa_token": "hunter2"})

    assert repr(error) == "UpstreamError(shape='oauth', code='x')"


class TestLayouts:
    """How an object with certain members is read; cached, since vendors send few different ones."""

    def layout(self, shapes: Shapes, *more: str) -> KeyLayout:
        """Return the layout of an OAuth error with more members."""
        key = shapes.parse_key({"error": "access_denied", "error_description": "d", **dict.fromkeys(more, "x")})
        assert key is not None
        return key[0]

    def test_are_the_same_object_whatever_came_between(self) -> None:
        """The response cache identifies them by identity."""
        shapes = Shapes(Registry.builtin().data["shapes"])
        first = self.layout(shapes, "mfa_token")
        for number in range(5_000):
            self.layout(shapes, f"member_{number}")

        assert self.layout(shapes, "mfa_token") is first

    def test_of_unknown_members_take_no_place_of_known_ones(self) -> None:
        """An attacker may choose names; such objects are read without a cache."""
        shapes = Shapes(Registry.builtin().data["shapes"])
        cached = [self.layout(shapes, f"member_{number}").is_cached for number in range(600)]

        assert (cached[0], cached[-1]) == (True, False)
        assert self.layout(shapes, "mfa_token").is_cached

    def test_are_no_more_than_a_fixed_number(self) -> None:
        """Known members, too, can be arranged in more ways than fit into memory."""
        shapes = Shapes(Registry.builtin().data["shapes"])
        rows = itertools.islice(itertools.permutations(sorted(Registry.builtin().member_kinds)[:7]), 5_000)
        cached = [self.layout(shapes, *row).is_cached for row in rows]

        assert (cached[0], cached[-1]) == (True, False)
        assert len(shapes._layouts) <= 1024

    def test_with_long_names_are_not_cached(self) -> None:
        """The cache is bounded in bytes, too."""
        assert not self.layout(Shapes(Registry.builtin().data["shapes"]), "x" * 250_000).is_cached
