"""The registry's look-ups: from the specific to the general, families by pattern, surfaces by path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authproblem import Registry, classify
from authproblem._registry.index import Family
from tests.support.responses import JSON_TYPE

SHAPE = "oauth"
TEXT = "code_description"


def entry(variant: str, /, **demands: Any) -> dict[str, Any]:
    """A row of the code `c` for the provider auth0."""
    return {"id": f"auth0:{variant}", "code": "c", "type": "access-denied", **demands}


def matched(rows: list[dict[str, Any]], document: object, status: int = 400, **options: Any) -> tuple[str | None, str]:
    """Which of the rows a response hits, and by what."""
    registry = Registry.builtin().extend({"entries": rows})
    body = json.dumps(document).encode()
    found = classify(status, [JSON_TYPE], body, provider="auth0", registry=registry, **options)
    assert found is not None
    return found.entry and found.entry.partition(":")[2], found.matched_by


class TestTiers:
    """A row that demands more comes first, and every demand has to be met."""

    ROWS = (
        entry("c"),
        entry("c/status", status=[403]),
        entry("c/surface", surfaces=["auth0.token"]),
        entry("c/surface-status", surfaces=["auth0.token"], status=[403]),
        entry("c/text", texts=["One text"]),
        entry("c/text-status", texts=["One text"], status=[403]),
        entry("c/template", texts=["Another {any}"]),
        entry("c/name", name="NameError"),
        entry("c/shape", shapes=["auth0_signup"]),
    )

    @pytest.mark.parametrize(
        ("document", "status", "endpoint", "expected"),
        [
            ({"error": "c"}, 400, None, ("c", "code")),
            ({"error": "c"}, 403, None, ("c/status", "code_status")),
            ({"error": "c"}, 400, "/oauth/token", ("c/surface", "code")),
            ({"error": "c"}, 403, "/oauth/token", ("c/surface-status", "code_status")),
            ({"error": "c"}, 403, "/userinfo", ("c/status", "code_status")),
            ({"error": "c", "error_description": "one text."}, 400, None, ("c/text", TEXT)),
            ({"error": "c", "error_description": "One text"}, 403, None, ("c/text-status", TEXT)),
            (
                {"error": "c", "error_description": "One text"},
                403,
                "/oauth/token",
                ("c/text-status", TEXT),
            ),
            ({"error": "c", "error_description": "Another one"}, 400, None, ("c/template", TEXT)),
            ({"error": "c", "error_description": "No text of ours"}, 400, None, ("c", "code")),
            ({"error": "c", "name": "NameError"}, 400, None, ("c/name", "name")),
            ({"error": "c", "name": "OtherError"}, 400, None, ("c", "code")),
            ({"code": "c", "description": "x"}, 400, None, ("c/shape", "code")),
            ({"code": "c", "description": "x"}, 403, None, ("c/status", "code_status")),
        ],
    )
    def test_from_the_specific_to_the_general(
        self, document: object, status: int, endpoint: str | None, expected: tuple[str, str]
    ) -> None:
        """Text, name, surface and status, shape, code."""
        assert matched(list(self.ROWS), document, status, endpoint=endpoint) == expected

    def test_do_not_depend_on_the_order_of_the_rows(self) -> None:
        """Rows are sorted by id, not by meaning."""
        for rows in (list(self.ROWS), list(reversed(self.ROWS))):
            assert matched(rows, {"error": "c", "error_description": "One text"}, 403) == (
                "c/text-status",
                "code_description",
            )

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"surfaces": ["auth0.token"]}, {"status": [403]}),
            ({"status": [403]}, {"shapes": [SHAPE]}),
            ({"shapes": [SHAPE]}, {"name": "NameError"}),
            ({"shapes": [SHAPE], "name": "NameError"}, {"shapes": [SHAPE]}),
            ({"name": "NameError"}, {}),
        ],
    )
    def test_of_two_rows_of_a_tier_the_one_that_demands_more_comes_first(
        self, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        """The endpoint says most, then the status, the shape, the name; in whatever order the rows stand."""
        document = {"error": "c", "error_description": "One text", "name": "NameError"}
        rows = [entry("c/b", texts=["One text"], **second), entry("c/a", texts=["One text"], **first)]

        for ordered in (rows, rows[::-1]):
            assert matched(ordered, document, 403, endpoint="/oauth/token") == ("c/a", TEXT)

    def test_without_a_base_leave_the_rest_to_family_and_status(self) -> None:
        """A code that only counts with a text, or elsewhere, means nothing without."""
        rows = [entry("c/text", texts=["One text"]), entry("c/shape", shapes=["okta_idx"])]

        assert matched(rows, {"error": "c", "error_description": "x"}, 404) == (None, "status")

    @pytest.mark.parametrize(
        ("causes", "expected"),
        [
            ([{"errorSummary": "login: already taken"}], ("c/cause", "cause")),
            ([{"errorSummary": "x"}, {"errorSummary": "y", "reason": "UNIQUE"}], ("c/reason", "cause")),
            ([{"errorSummary": "x"}], ("c", "code")),
            ([{}], ("c", "code")),
            ([], ("c", "code")),
        ],
    )
    def test_causes_decide_before_the_code_alone(self, causes: list[Any], expected: tuple[str, str]) -> None:
        """By their text or by their reason."""
        rows: list[dict[str, Any]] = [
            {"id": f"okta:{name}", "code": "c", "type": "access-denied", **demands}
            for name, demands in [
                ("c", {}),
                ("c/cause", {"causes": ["{parameter}: already taken"]}),
                ("c/reason", {"reasons": ["UNIQUE"]}),
            ]
        ]
        registry = Registry.builtin().extend({"entries": rows})
        body = json.dumps({"errorCode": "c", "errorSummary": "s", "errorCauses": causes}).encode()
        found = classify(400, [JSON_TYPE], body, provider="okta", registry=registry)

        assert found is not None
        assert (found.entry and found.entry.partition(":")[2], found.matched_by) == expected

    def test_a_cause_counts_only_where_the_row_does(self) -> None:
        """Its other demands hold as well."""
        rows: list[dict[str, Any]] = [
            {"id": "okta:c", "code": "c", "type": "conflict"},
            {"id": "okta:c/a", "code": "c", "type": "conflict", "causes": ["taken"], "status": [409]},
            {"id": "okta:c/b", "code": "c", "type": "conflict", "reasons": ["UNIQUE"], "status": [409]},
        ]
        registry = Registry.builtin().extend({"entries": rows})
        hit = []
        for status in (400, 409):
            for cause in ({"errorSummary": "taken"}, {"reason": "UNIQUE"}):
                body = json.dumps({"errorCode": "c", "errorSummary": "s", "errorCauses": [cause]}).encode()
                found = classify(status, [JSON_TYPE], body, provider="okta", registry=registry)
                hit.append(found.entry if found is not None else None)

        assert hit == ["okta:c", "okta:c", "okta:c/a", "okta:c/b"]

    def test_a_sentence_decides_for_an_unknown_code_but_not_for_a_vendors_own(self) -> None:
        """Entries without a code are found by their text alone."""
        rows: list[dict[str, Any]] = [
            {"id": "auth0:sentence", "texts": ["A sentence that nobody else sends"], "type": "conflict"},
            entry("c", evidence=True),
        ]
        text = {"error_description": "A sentence that nobody else sends"}

        assert matched(rows, {"error": "unheard_of", **text}) == ("sentence", "code_description")
        assert matched(rows, {"error": "c", **text}) == ("c", "code")
        assert matched([rows[0], entry("c")], {"error": "c", **text}) == ("sentence", "code_description")

    def test_what_is_for_looking_up_only_is_never_hit(self) -> None:
        """Names of the vendors' logs."""
        assert matched([entry("c", lookup_only=True)], {"error": "c"}, 404) == (None, "status")


class TestFamilies:
    @pytest.mark.parametrize(
        ("pattern", "code", "holds"),
        [
            ("inexistent_*", "inexistent_user", True),
            ("inexistent_*", "inexistent_", True),
            ("inexistent_*", "an_inexistent_user", False),
            ("inexistent_*", "inexistent", False),
            ("inexistent_*", "inexistentuser", False),
            ("*_not_found", "user_not_found", True),
            ("*_not_found", "user_not_found_x", False),
        ],
    )
    def test_contain_codes_by_their_beginning_or_end(self, pattern: str, code: str, holds: bool) -> None:
        """One star, at one end."""
        kind = Registry.builtin().types["not-found"]

        assert Family(pattern, frozenset(), frozenset(), kind).matches(code, SHAPE, 404) is holds

    @pytest.mark.parametrize(
        ("pattern", "code", "holds"),
        [
            ("invalid_*", "invalid_token", True),
            ("invalid_*", "invalid_token_type", True),
            ("invalid_*", "invalid_token_company", False),
            ("invalid_*", "invalid_", False),
            ("*_missing", "token_missing", True),
            ("*_missing", "company_missing", False),
        ],
    )
    def test_may_consist_of_certain_words(self, pattern: str, code: str, holds: bool) -> None:
        """Where the family has words, all of the part for the star has to be of them."""
        words = frozenset(("token", "type"))
        family = Family(pattern, frozenset(), frozenset(), Registry.builtin().types["not-found"], words)

        assert family.matches(code, SHAPE, 404) is holds

    @pytest.mark.parametrize(("shape", "status", "holds"), [("a", 404, True), ("b", 404, False), ("a", 400, False)])
    def test_contain_codes_of_their_shapes_and_statuses_only(self, shape: str, status: int, holds: bool) -> None:
        """Where they name any."""
        family = Family("x*", frozenset("a"), frozenset((404,)), Registry.builtin().types["not-found"])

        assert family.matches("xyz", shape, status) is holds


def test_a_registry_does_not_change() -> None:
    """Middlewares share it: `extend` gives a new one."""
    with pytest.raises(AttributeError, match="immutable"):
        Registry.builtin().version = "x"
