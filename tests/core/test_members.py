"""Which members of the upstream's object go into the problem, and which texts among them."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Problem, Registry, normalize
from authproblem._core.members import MAX_CAUSES, OWN
from tests.support.json_values import documents
from tests.support.responses import JSON_TYPE
from tests.support.wire import schema_faults, strings

UNKNOWN = "Nobody knows this sentence."
KNOWN = "Wrong email or password."
SENTENCE = Registry.builtin().types["invalid-grant"].detail


def problem(document: object, status: int = 400, provider: Any = "auth0", **options: Any) -> Problem:
    """The problem of a JSON error."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = normalize(status, [JSON_TYPE], body, provider=provider, **options)
    assert found is not None
    return found


def kept(members: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What stays of further members beside a code, wherever it goes."""
    found = problem({"error": "invalid_grant", **members}, **options)
    extensions = dict(found.extensions)
    assert extensions.pop("error") == "invalid_grant"
    return {**extensions, **found.upstream.get("members", {})}


class TestValues:
    """Codes, ids, enumerations and numbers stay, under their own name and JSON type."""

    @pytest.mark.parametrize(
        ("sent", "stays"),
        [
            ({"errorCode": "E0000001,", "errorLink": "E0000001,"}, {"errorCode": "E0000001", "errorLink": "E0000001"}),
            ({"code": "invalid_password,"}, {"code": "invalid_password"}),
            ({"errorCode": "E0000001,,"}, {}),
            ({"errorLink": ","}, {}),
            ({"errorLink": "two words,"}, {}),
        ],
    )
    def test_stay_without_the_stray_comma_of_oktas_examples(self, sent: dict[str, Any], stays: dict[str, Any]) -> None:
        """The code is read without it as well, and clients compare it."""
        assert kept(sent) == stays

    def test_error_stays_without_a_stray_comma(self) -> None:
        """As a code, not as a sentence."""
        assert problem({"error": "invalid_grant,"}).extensions["error"] == "invalid_grant"

    @pytest.mark.parametrize(
        "members",
        [
            {"errorCode": "E0000004"},
            {"errorCode": 7},
            {"code": "invalid_password"},
            {"code": 400},
            {"name": "ValidationError"},
            {"statusCode": 400},
            {"errorLink": "E0000004", "errorId": "oae_Hfm-OAx1iRLa0H10DeMz5"},
            {"interval": 5},
            {"max_age": 0},
            {"factorResult": "REJECTED"},
            {"type": "ValidationError"},
            {"code": "a" * 64},
            {"code": "auth0:x.y-z_1"},
            {"statusCode": 2**64 - 1},
            {"statusCode": -(2**63)},
        ],
    )
    def test_of_the_right_form_stay(self, members: dict[str, Any]) -> None:
        """As they came."""
        assert kept(members) == members

    @pytest.mark.parametrize(
        "members",
        [
            {"code": "two words"},
            {"code": "a" * 65},
            {"code": ""},
            {"code": "a\n"},
            {"code": True},
            {"code": 1.5},
            {"code": ["x"]},
            {"errorId": "jane@example.com"},
            {"name": "Jane Doe"},
            {"statusCode": "4e2"},
            {"statusCode": True},
            {"statusCode": 1e300},
            {"interval": "5"},
            {"max_age": {"a": 1}},
        ],
    )
    def test_of_another_form_are_dropped(self, members: dict[str, Any]) -> None:
        """They may be anything."""
        assert kept(members) == {}

    @pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30])
    def test_that_the_parser_cannot_represent_are_dropped(self, number: int) -> None:
        """Integers beyond 64 bits come back as floats: they would go out as another number."""
        assert kept({"statusCode": number, "code": number, "state": number, "field": [number]}) == {}


class TestContinuation:
    """What the client needs to continue stays, whatever it contains."""

    @pytest.mark.parametrize(
        "name",
        [
            *("mfa_token", "mfa_requirements", "stateToken", "interaction_handle", "interaction_uri", "acr_values"),
            *("policy", "field", "method", "state", "ticket", "auth_req_id", "oob_code"),
            *("auth_session", "next", "request_uri"),
        ],
    )
    @pytest.mark.parametrize("value", ["Fe26.2**abc/+=", {"challenge": [{"type": "otp"}]}, ["a b"], 7, 1.5, True, ""])
    def test_stays_as_it_came(self, name: str, value: object) -> None:
        """Of any type."""
        assert kept({name: value}) == {name: value}

    def test_of_a_password_policy_are_the_rules(self) -> None:
        """The form shows which rule is broken; nothing else of the object is sent on."""
        rules = [{"message": "At least 8 characters", "code": "lengthAtLeast", "verified": False, "format": [8]}]
        description = {"rules": rules, "verified": False, "user": "jane@example.com"}
        found = problem({"code": "invalid_password", "name": "PasswordStrengthError", "description": description})

        assert found.extensions["description"] == {"rules": rules, "verified": False}

    @pytest.mark.parametrize("description", [{}, {"verified": False}, {"user": "jane@example.com"}, ["x"], 7])
    def test_an_object_without_rules_is_no_policy(self, description: object) -> None:
        """It is dropped."""
        assert (
            "description"
            not in problem({"code": "invalid_password", "name": "n", "description": description}).extensions
        )

    def test_of_validation_errors_are_the_fields(self) -> None:
        """Which field is wrong stays; what was wrong only where the text is known."""
        errors = [
            {"field": "email", "message": KNOWN, "source": "body", "value": "jane@example.com"},
            {"pointer": "/a/0", "detail": UNKNOWN},
            {"field": None, "message": 7},
            "jane@example.com",
            None,
        ]

        assert kept({"validation_errors": errors}) == {
            "validation_errors": [{"field": "email", "message": KNOWN, "source": "body"}, {"pointer": "/a/0"}, {}]
        }
        assert kept({"validation_errors": "jane@example.com"}) == {}
        assert kept({"validation_errors": [{"field": "a", "message": UNKNOWN, "pointer": None}]}) == {
            "validation_errors": [{"field": "a"}]
        }
        assert len(kept({"validation_errors": [{"field": "a"}] * 99})["validation_errors"]) == MAX_CAUSES


class TestTexts:
    """Upstream text can reflect user input: only a known one is sent on."""

    @pytest.mark.parametrize(
        "name", ["error_description", "errorDescription", "errorSummary", "message", "description"]
    )
    def test_that_clients_read_is_replaced_where_it_is_unknown(self, name: str) -> None:
        """By the registry's sentence: there is always one."""
        assert kept({name: UNKNOWN}) == {name: SENTENCE}

    @pytest.mark.parametrize("name", ["error_description", "errorSummary", "message", "hint", "title", "detail"])
    @pytest.mark.parametrize("text", [KNOWN, "wrong email or password", "Wrong  email or\u00a0password..."])
    def test_that_is_known_is_passed_on_byte_for_byte(self, name: str, text: str) -> None:
        """Some clients compare exactly, so it is not made uniform."""
        assert kept({name: text})[name] == text

    @pytest.mark.parametrize("name", ["hint", "error_hint", "title", "detail", "instance", "tracking", "user"])
    def test_that_no_client_reads_is_dropped_where_it_is_unknown(self, name: str) -> None:
        """Whatever it is called."""
        assert kept({name: UNKNOWN}) == {}

    def test_in_error_is_text_where_it_is_a_sentence(self) -> None:
        """Some old endpoints put their sentence there."""
        found = problem({"error": "Jane, you may not.", "statusCode": 400, "description": UNKNOWN})

        assert found.extensions["error"] == found.detail

    @pytest.mark.parametrize("value", [None, 7, True, ["x"], {"a": "b"}])
    def test_of_another_type_is_dropped(self, value: object) -> None:
        """It is none."""
        assert kept({"error_description": value, "message": value, "hint": value}) == {}

    def test_of_causes_is_replaced_and_their_enumerations_stay(self) -> None:
        """At most 32 causes; unknown members go."""
        causes = [
            {"errorSummary": UNKNOWN, "reason": "R", "location": "email", "locationType": "body", "domain": "end-user"},
            {"errorSummary": KNOWN, "user": "jane@example.com", "reason": "two words"},
            UNKNOWN,
            None,
            7,
            {},
        ]
        found = problem({"errorCode": "E0000001", "errorSummary": UNKNOWN, "errorCauses": causes}, provider="okta")
        sentence = found.detail

        assert found.extensions["errorSummary"] == sentence
        assert found.extensions["errorCauses"] == [
            {
                "errorSummary": sentence,
                "reason": "R",
                "location": "email",
                "locationType": "body",
                "domain": "end-user",
            },
            {"errorSummary": sentence},
            sentence,
            {},
        ]

    def test_of_causes_is_sent_on_where_it_is_known(self) -> None:
        """Okta's causes name the field that is wrong."""
        cause = {"errorSummary": "login: An object with this field already exists in the current organization"}
        document = {"errorCode": "E0000001", "errorSummary": "Api validation failed: login", "errorCauses": [cause]}

        assert problem(document, provider="okta").extensions["errorCauses"] == [cause]

    def test_of_too_many_causes_is_left_out(self) -> None:
        """32 are kept."""
        document = {"errorCode": "E0000001", "errorSummary": "x", "errorCauses": [{"reason": "R"}] * 99}

        assert len(problem(document, provider="okta").extensions["errorCauses"]) == 32

    @pytest.mark.parametrize(
        ("uri", "stays"),
        [
            ("https://auth0.com/docs/errors", True),
            ("https://docs.auth0.com:8443/x#y", True),
            ("https://auth0.com.evil.example/x", False),
            ("https://notauth0.com/x", False),
            ("https://developer.okta.com/x", False),
            ("http://auth0.com/x", False),
            ("https://auth0.com/x?user=jane", False),
            ("https://user:pw@auth0.com/x", False),
            ("https://auth0.com/\u00e9", False),
            ("https://auth0.com/" + "a" * 3000, False),
            ("https://[broken", False),
            ("javascript:alert(1)", False),
            ("x", False),
            (7, False),
        ],
    )
    def test_of_an_error_uri_has_to_be_the_vendors(self, uri: object, stays: bool) -> None:
        """Any other may have been reflected."""
        assert kept({"error_uri": uri}) == ({"error_uri": uri} if stays else {})

    def test_of_an_error_uri_may_be_either_vendors_where_that_is_unknown(self) -> None:
        """A server that is only known to be one of OAuth."""
        uris = ["https://auth0.com/x", "https://developer.okta.com/x", "https://example.com/x"]

        assert [bool(kept({"error_uri": uri}, provider="oauth")) for uri in uris] == [True, True, False]


class TestAllTexts:
    """`texts="all"`: everything is sent on, capped, without control characters."""

    def test_go_on(self) -> None:
        """Texts, and unknown members."""
        members = {"error_description": UNKNOWN, "hint": "Jane", "extra": {"a": [1, "x"]}, "flag": True}

        assert kept(members, texts="all") == members

    def test_lose_control_characters_and_what_is_too_long(self) -> None:
        """Line breaks, escape sequences, and anything beyond a message's length."""
        found = kept({"message": "a\r\n\x1b[31m\x00\u2028b" + "c" * 9_000}, texts="all")["message"]

        assert found.startswith("a[31mb")
        assert len(found) <= 2_048

    def test_lose_them_at_any_depth(self) -> None:
        """A string is a string wherever it stands."""
        found = kept({"extra": {"a": ["x\x00\n" + "y" * 9_000]}}, texts="all")["extra"]["a"][0]

        assert found.isprintable()
        assert len(found) <= 2_048

    def test_go_on_within_causes(self) -> None:
        """Everything means everything."""
        document = {"errorCode": "E0000001", "errorSummary": "x", "errorCauses": [{"errorSummary": "y", "extra": "z"}]}

        assert problem(document, provider="okta", texts="all").extensions["errorCauses"] == document["errorCauses"]


class TestPassText:
    """The app decides about unknown texts."""

    def test_is_called_for_each_unknown_text(self) -> None:
        """With the problem, the member's name and the text; what it gives is sent, None keeps the text back."""
        asked: list[tuple[str, str, str]] = []

        def ask(found: Problem, member: str, text: str) -> str | None:
            asked.append((found.reason, member, text))
            return text.upper() if member == "error_description" else None

        found = kept({"error_description": UNKNOWN, "hint": "Jane", "message": KNOWN}, pass_text=ask)

        assert found == {"error_description": UNKNOWN.upper(), "message": KNOWN}
        assert asked == [("invalid-grant", "error_description", UNKNOWN), ("invalid-grant", "hint", "Jane")]

    def test_of_an_entry_needs_no_asking(self) -> None:
        """`"text": "pass"` is for codes that the tenant defines itself."""
        rows = [{"id": "auth0:denied_by_action", "code": "denied_by_action", "type": "access-denied", "text": "pass"}]
        registry = Registry.builtin().extend({"entries": rows})
        document = {"error": "denied_by_action", "error_description": "Please call\n our office."}
        found = problem(document, registry=registry, pass_text=lambda *_: "never")

        assert found.extensions["error_description"] == "Please call our office."


class TestOurNames:
    @pytest.mark.parametrize("name", sorted(OWN - {"detail"}))  # `detail` alone is what frameworks send
    def test_win_at_the_top_level(self, name: str) -> None:
        """The upstream's member moves below `upstream.members`, if it may be sent: status and type are no texts."""
        found = problem({"error": "invalid_grant", name: KNOWN})
        document = found.to_dict()

        assert document[name] != KNOWN if name in document else name in {"instance", "credential_kind"}
        assert found.upstream.get("members", {}) == ({} if name in {"status", "type"} else {name: KNOWN})

    def test_of_a_problem_document_of_auth0s_move(self) -> None:
        """My Account: type, status, title and detail are upstream data."""
        upstream = {
            "type": "https://auth0.com/api-errors#A0E-401-0003",
            "status": 401,
            "title": "Unauthorized",
            "detail": UNKNOWN,
        }
        found = problem(upstream, 401)

        assert found.upstream["members"] == {key: value for key, value in upstream.items() if key != "detail"}

    @pytest.mark.parametrize("name", ["code", "message", "description", "errorCode"])
    def test_that_clients_read_before_error_are_never_added(self, name: str) -> None:
        """auth0.js and go-auth0 take them for the code."""
        sent = problem({"error": "invalid_grant", "error_description": KNOWN}).to_dict()

        assert name not in sent


class TestProtocolDocuments:
    """They carry the live next step, so they stay whole."""

    IDX: ClassVar[dict[str, Any]] = {
        "version": "1.0.0",
        "stateHandle": "02.id.secret",
        "expiresAt": None,
        "status": "x",
        "messages": {"value": [{"class": "ERROR", "i18n": {"key": "errors.E0000004"}, "message": UNKNOWN}]},
        "remediation": {"value": [{"name": "identify", "big": 2**64 - 1, "float": 1.5, "null": None}]},
    }

    def test_stay_whole(self) -> None:
        """Texts, nulls and unknown members included; names of ours move."""
        found = problem(self.IDX, provider="okta")

        assert found.extensions == {name: value for name, value in self.IDX.items() if name != "status"}
        assert found.upstream["members"] == {"status": "x"}

    @pytest.mark.parametrize("number", [b"18446744073709551616", b"-9223372036854775809", b"1e30"])
    def test_with_a_number_that_would_change_pass_untouched(self, number: bytes) -> None:
        """A wrong number in the next step is worse than no problem."""
        body = json.dumps(self.IDX).encode().replace(b"1.5", number)

        assert normalize(400, [JSON_TYPE], body, provider="okta") is None

    @pytest.mark.parametrize(
        "document",
        [
            {"status": "LOCKED_OUT", "hint": UNKNOWN},
            {"version": "1.0.0", "error": "invalid_grant", "hint": UNKNOWN},
            {"stateHandle": 7, "error": "invalid_grant", "hint": UNKNOWN},
            {"stateToken": "t", "error": "invalid_grant", "hint": UNKNOWN},
            {"factorResult": "REJECTED", "hint": UNKNOWN},
        ],
    )
    def test_are_nothing_else(self, document: dict[str, Any]) -> None:
        """A member or two of theirs make no protocol document."""
        assert UNKNOWN not in set(strings(problem(document, provider="okta").to_dict()))


def nested(levels: int) -> bytes:
    """A value of so many levels."""
    return b"[" * levels + b"7" + b"]" * levels


LEVELS = [100, 260, 500, 1_000]


class TestDepth:
    """orjson writes 254 levels, and Python's stack holds a thousand calls."""

    MESSAGE = b'{"class":"ERROR","i18n":{"key":"errors.E0000004"}}'
    IDX = b'{"stateHandle":"h","messages":{"value":[' + MESSAGE + b']},"deep":'

    @pytest.mark.parametrize("levels", LEVELS)
    @pytest.mark.parametrize(("name", "options"), [(b"mfa_token", {}), (b"policy", {}), (b"extra", {"texts": "all"})])
    def test_of_a_member_costs_no_answer(self, name: bytes, options: dict[str, Any], levels: int) -> None:
        """What is too deep to be written does not have its member's form."""
        found = problem(b'{"error":"mfa_required","' + name + b'":' + nested(levels) + b"}", **options)
        sent = json.loads(found.to_bytes())

        assert (sent["error"], name.decode() in sent) == ("mfa_required", levels == 100)

    @pytest.mark.parametrize("levels", LEVELS)
    def test_of_a_protocol_document_makes_it_pass(self, levels: int) -> None:
        """Whole or not at all."""
        found = normalize(401, [JSON_TYPE], self.IDX + nested(levels) + b"}")

        assert (found is not None) is (levels == 100)
        assert found is None or json.loads(found.to_bytes())["stateHandle"] == "h"


@given(documents, st.sampled_from(["auth0", "okta", "oauth"]), st.sampled_from([400, 401, 403, 429, 500]))
def test_any_object_becomes_a_document_of_the_wire_format_or_none(
    document: dict[str, Any], provider: Any, status: int
) -> None:
    """No null of ours, no member of ours overwritten, no unknown text."""
    body = json.dumps(document).encode()
    found = normalize(status, [JSON_TYPE], body, provider=provider)
    if found is None:
        return
    sent = json.loads(found.to_bytes())

    assert schema_faults(sent) == []
    assert OWN - {"instance", "credential", "credential_kind"} <= sent.keys()
    assert sent == found.to_dict()


@pytest.mark.parametrize("name", sorted(OWN - {"detail"}))  # `detail` alone is what frameworks send
def test_a_member_with_the_name_of_a_problem_member_moves_below_upstream(name: str) -> None:
    """Below `upstream.members` where it has its form; the wire format allows every name there."""
    body = json.dumps({name: "Wrong email or password."}).encode()
    found = normalize(401, [JSON_TYPE], body, provider="auth0")
    assert found is not None
    sent = json.loads(found.to_bytes())

    assert schema_faults(sent) == []
    expected = None if name in {"status", "type"} else {name: "Wrong email or password."}  # a number, a vendor's URI
    assert sent["upstream"].get("members") == expected


CANARY = "jane.doe@example.com said hunter2"
TEXTS = ("error", "error_description", "errorDescription", "errorSummary", "message", "description", "errorCauses")


@given(
    documents.map(lambda document: json.loads(json.dumps(document).replace("Wrong email or password.", CANARY))),
    st.sampled_from(["auth0", "okta", "oauth"]),
)
def test_an_unknown_text_never_passes(document: dict[str, Any], provider: Any) -> None:
    """Wherever it is, except in what the client needs to continue."""
    table = Registry.builtin().data["shapes"]["members"]
    planted = {name: value for name, value in document.items() if table.get(name) != "keep"}
    for name in (*TEXTS, "made_up", "errorCode"):
        planted.setdefault(name, CANARY)
    planted.pop("validation_errors", None)
    planted.pop("stateHandle", None)
    found = normalize(400, [JSON_TYPE], json.dumps(planted).encode(), provider=provider)
    if found is None or "version" in planted or "factorResult" in planted or "_embedded" in planted:
        return

    sent = found.to_dict()
    rules = sent.pop("description", None)
    assert [text for text in strings(sent) if CANARY in text] == []
    assert isinstance(rules, (str, dict, type(None)))
