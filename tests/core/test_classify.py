"""What a response means: evidence, scopes, families, statuses; and the short way of classification against the full."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Classification, Registry, classify, normalize, upstream
from authproblem._core.normalizer import Normalizer
from tests.support.adapters import ADAPTERS, through
from tests.support.responses import JSON_TYPE, Pairs, Response, json_response, text_response
from tests.support.vectors import FILES, load

REGISTRY = Registry.builtin()
OKTA_ID = ("X-Okta-Request-Id", "Y1hQ5b0example")
AUTH0_ID = ("X-Auth0-RequestId", "4ad55example")
E4 = {"errorCode": "E0000004", "errorSummary": "Authentication failed"}
GENERIC = {"error": "invalid_grant"}
by_adapter = pytest.mark.parametrize("adapter", ADAPTERS)


def meaning(
    status: int, document: object, *headers: tuple[str, str], provider: Any = None, **options: Any
) -> Classification | None:
    """The classification of a JSON response."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return classify(status, [JSON_TYPE, *headers], body, provider=provider, **options)


def seen(found: Classification | None) -> tuple[str, str | None, str, str] | None:
    """What tests compare: reason, entry, provider, what selected it."""
    return None if found is None else (found.reason, found.entry, found.provider, found.matched_by)


class TestEvidence:
    """What proves the sender where the app says nothing."""

    @pytest.mark.parametrize(
        ("document", "provider"),
        [
            (E4, "okta"),
            ({"errorCode": "E0009999", "errorSummary": "New and unknown"}, "okta"),
            (
                {
                    "errorCode": "invalid_client",
                    "errorSummary": "x",
                    "errorLink": "l",
                    "errorId": "i",
                    "errorCauses": [],
                },
                "okta",
            ),
            ({"statusCode": 404, "error": "Not Found", "message": "x", "errorCode": "inexistent_client"}, "auth0"),
            ({"name": "BadRequestError", "code": "user_exists", "description": "x"}, "auth0"),
            ({"name": "BadRequestError", "code": "invalid_password", "description": {"rules": []}}, "auth0"),
            ({"stateToken": "t", "status": "LOCKED_OUT", "_embedded": {}}, "okta"),
            ({"error": "too_many_attempts"}, "auth0"),
            ({"error": "invalid_grant", "error_description": "Wrong email or password."}, "auth0"),
            (
                {
                    "version": "1.0.0",
                    "stateHandle": "h",
                    "messages": {"value": [{"class": "ERROR", "i18n": {"key": "unheard.of"}, "message": "x"}]},
                },
                "okta",
            ),
        ],
    )
    def test_is_a_vendors_shape_code_or_constant_text(self, document: object, provider: Any) -> None:
        """Each of these is one vendor's alone."""
        found = meaning(400, document)

        assert found is not None
        assert found.provider == provider

    @pytest.mark.parametrize("code", ["invalid_token", "feature_disabled", "transaction_expired", "not_enrolled"])
    def test_is_a_registered_code_of_auth0_in_the_shape_of_its_apis(self, code: str) -> None:
        """`statusCode`, `error`, `message` and an `errorCode` that the registry holds: nobody else sends all four."""
        document = {"statusCode": 400, "error": "Bad Request", "message": "x", "errorCode": code}

        assert seen(meaning(400, document)) is not None

    @pytest.mark.parametrize(
        "document",
        [
            GENERIC,
            {"error": "invalid_grant", "error_description": "Something went wrong."},
            {"statusCode": 404, "error": "Not Found", "message": "Not Found"},
            {"statusCode": 400, "error": "Bad Request", "message": "x", "errorCode": "my_own_code"},
            {"errorCode": "E0000004"},
            {"errorCode": "E0000004", "error": "x"},
            {"errorCode": "e0000004", "errorSummary": "x"},
            {"errorCode": "E000004", "errorSummary": "x"},
            {"name": "BadRequestError", "code": "my_own_code", "description": "x"},
            {"code": "user_exists", "message": "x"},
            {"status": "LOCKED_OUT"},
            {"factorResult": "REJECTED"},
            {"version": "1.0.0", "messages": []},
            {"detail": "Not authenticated"},
            {"message": "Not Found"},
            {"invalid_request": "x"},
            {},
        ],
    )
    def test_is_not_what_others_send_as_well(self, document: object) -> None:
        """The same bytes may come from anybody."""
        assert meaning(400, document) is None

    @pytest.mark.parametrize(
        ("header", "provider"),
        [
            (OKTA_ID, "okta"),
            (AUTH0_ID, "auth0"),
            (("Ot-Baggage-Auth0-Request-Id", "4ad55example"), "auth0"),
            (("x-okta-request-id", "Y1hQ5b0example"), "okta"),
        ],
    )
    def test_is_a_vendors_header(self, header: tuple[str, str], provider: Any) -> None:
        """Then generic codes, plain text and empty bodies are the vendor's, too."""
        answers = [
            meaning(400, GENERIC, header),
            meaning(401, {"anything": 1}, header),
            classify(404, [("content-type", "text/plain"), header], b"Not Found"),
            classify(503, [header], b""),
        ]

        assert [found.provider if found else None for found in answers] == [provider] * 4

    def test_of_the_body_does_not_outweigh_the_callers_declaration(self) -> None:
        """`provider` is certain: an envelope of the other vendor is still that vendor's, all else the caller's."""
        answers = [meaning(401, E4, provider="auth0"), meaning(400, GENERIC, OKTA_ID, provider="auth0")]

        assert [found.provider if found else None for found in answers] == ["okta", "auth0"]


class TestDetail:
    """`{"detail": X}`, as FastAPI apps pass errors on."""

    @pytest.mark.parametrize("inner", [E4, json.dumps(E4)])
    def test_is_read_as_what_it_contains(self, inner: object) -> None:
        """An object, or a string that holds one."""
        assert seen(meaning(401, {"detail": inner})) == seen(meaning(401, E4))

    @pytest.mark.parametrize("provider", [None, "auth0", "okta"])
    @pytest.mark.parametrize(
        "document",
        [
            {"detail": "Not Found"},
            {"detail": [{"loc": ["body"], "msg": "x", "type": "missing"}]},
            {"detail": GENERIC},
            {"detail": json.dumps(GENERIC)},
            {"detail": "{broken"},
            {"detail": None},
            {"detail": "[]"},
        ],
    )
    def test_without_evidence_is_the_frameworks(self, document: object, provider: Any) -> None:
        """Even where the app says that everything is the provider's."""
        assert meaning(404, document, provider=provider) is None

    def test_with_other_members_is_no_wrapping(self) -> None:
        """Only a lone member is taken off."""
        assert meaning(401, {"detail": E4, "other": 1}) is None


class TestUnknown:
    """Codes that no entry holds, from a certain provider."""

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (400, "upstream-rejected"),
            (401, "authentication-failed"),
            (402, "invalid-request"),
            (403, "access-denied"),
            (404, "not-found"),
            (405, "method-not-allowed"),
            (409, "conflict"),
            (418, "invalid-request"),
            (423, "resource-busy"),
            (429, "rate-limited"),
            (499, "invalid-request"),
            (500, "upstream-error"),
            (501, "upstream-error"),
            (502, "upstream-error"),
            (503, "upstream-unavailable"),
            (504, "upstream-timeout"),
            (599, "upstream-error"),
        ],
    )
    @pytest.mark.parametrize("provider", ["auth0", "okta", "oauth"])
    def test_mean_what_the_status_means(self, provider: Any, status: int, reason: str) -> None:
        """The table of the contract."""
        found = meaning(status, {"error": "never_heard_of"}, provider=provider)

        assert seen(found) == (reason, None, provider, "status")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"nope",
            b"{}",
            b'{"x":1}',
            b'{"message":"x","path":"/y"}',
            b'{"message":"x"}',
        ],
    )
    def test_without_any_code_a_400_is_an_invalid_request(self, body: bytes) -> None:
        """Nothing was refused by a rule of the tenant's."""
        found = classify(
            400, [("content-type", "application/json" if body[:1] == b"{" else "text/plain")], body, provider="auth0"
        )

        assert seen(found) == ("invalid-request", None, "auth0", "status")

    def test_may_come_with_a_status_of_the_enumeration(self) -> None:
        """Apps write `HTTPStatus.NOT_FOUND`."""
        found = meaning(HTTPStatus.NOT_FOUND, {"error": "never_heard_of"}, provider="auth0")

        assert seen(found) == ("not-found", None, "auth0", "status")

    @pytest.mark.parametrize(
        ("code", "reason"),
        [("inexistent_gadget", "not-found"), ("gadget_not_found", "not-found"), ("gadget_conflict", "conflict")],
    )
    def test_of_an_open_family_have_the_meaning_of_the_family(self, code: str, reason: str) -> None:
        """Auth0's Management API mints codes by pattern."""
        document = {"statusCode": 400, "error": "Bad Request", "message": "x", "errorCode": code}

        assert seen(meaning(400, document, provider="auth0")) == (reason, None, "auth0", "family")

    def test_of_oauths_own_are_understood_for_either_vendor(self) -> None:
        """A vendor need not have an entry of its own for a code of the IANA registry."""
        found = [meaning(400, {"error": "invalid_target"}, provider=name) for name in ("auth0", "okta", "oauth")]

        assert [f.reason if f else None for f in found] == ["invalid-target"] * 3


class TestScope:
    """Under `providers=`: which provider answers below a path, not that it answered."""

    @staticmethod
    def reason(adapter: str, response: Response, rule: Any = "auth0", path: str = "/auth/oauth/token") -> str | None:
        """The reason that the client gets."""
        return through(adapter, response, path, providers={"/auth": rule}).header("Auth-Problem")

    @by_adapter
    @pytest.mark.parametrize(
        "response",
        [
            json_response(400, GENERIC),
            json_response(400, {"error": "never_heard_of"}),
            json_response(404, {"code": "never_heard_of", "description": "x"}),
            Response(401, [("www-authenticate", 'Bearer error="invalid_token"')], b""),
            text_response(401, "Unauthorized", ("www-authenticate", 'Bearer error="invalid_token"')),
            json_response(404, {"any": "thing"}, AUTH0_ID),
            json_response(404, {"any": "thing"}, ("Auth-Problem-Upstream", "auth0")),
            Response(503, [AUTH0_ID], b""),
        ],
    )
    def test_the_response_has_to_look_like_the_providers(self, adapter: str, response: Response) -> None:
        """A header, the mark, an OAuth challenge, or a shape with a code."""
        assert self.reason(adapter, response) is not None

    @by_adapter
    @pytest.mark.parametrize(
        "response",
        [
            json_response(404, {"detail": "Not Found"}),
            json_response(404, {"statusCode": 404, "error": "Not Found", "message": "never heard of"}),
            json_response(422, {"errors": {"name": ["is missing"]}}),
            json_response(404, {"message": "Not Found", "status": 404}),
            json_response(404, "Not Found"),
            json_response(404, [GENERIC]),
            text_response(404, "Not Found"),
            text_response(405, "Method Not Allowed"),
            text_response(500, "Internal Server Error"),
            text_response(400, ""),
            Response(401, [("www-authenticate", "Bearer")], b""),
            Response(503, [], b""),
        ],
    )
    def test_the_apps_own_errors_stay_its_own(self, adapter: str, response: Response) -> None:
        """Below a scope there are routes of the app as well."""
        assert through(adapter, response, "/auth/oauth/token", providers={"/auth": "auth0"}) == response

    @by_adapter
    @pytest.mark.parametrize("document", [{"message": "Not Found"}, {"msg": "Slow down"}, {"title": "Not Found"}])
    def test_an_object_with_one_text_is_the_apps_own(self, adapter: str, document: object) -> None:
        """Flask-RESTful and others answer so; the name of a member is no code unless the registry holds it."""
        assert self.reason(adapter, json_response(404, document)) is None

    @by_adapter
    @pytest.mark.parametrize(
        ("response", "reason"),
        [
            (text_response(404, "Not Found"), "not-found"),
            (text_response(500, "Internal Server Error"), "upstream-error"),
            (Response(503, [], b""), "upstream-unavailable"),
            (json_response(404, {"message": "Not Found"}), "not-found"),
        ],
    )
    def test_of_which_the_whole_is_the_providers_needs_no_sign(
        self, adapter: str, response: Response, reason: str
    ) -> None:
        """`upstream(..., whole=True)`: the app does nothing but proxy there."""
        assert self.reason(adapter, response, upstream("auth0", whole=True)) == reason

    @by_adapter
    def test_of_which_the_whole_is_the_providers_leaves_frameworks_alone(self, adapter: str) -> None:
        """`{"detail": ...}` even there."""
        response = json_response(404, {"detail": "Not Found"})

        assert self.reason(adapter, response, upstream("auth0", whole=True)) is None


class TestText:
    """Bodies that are no JSON object."""

    @pytest.mark.parametrize("body", [b"", b" \r\n", b"Unauthorized", b"Zugriff verweigert"])
    def test_that_is_short_is_understood_by_status_where_the_sender_is_certain(self, body: bytes) -> None:
        """Auth0 answers some errors with a word."""
        headers = [("content-type", "text/plain")]

        assert seen(classify(401, headers, body, provider="auth0")) == (
            "authentication-failed",
            None,
            "auth0",
            "status",
        )
        assert classify(401, headers, body) is None

    @pytest.mark.parametrize("size", [512, 513, 100_000])
    def test_of_any_length_is_classified_by_its_status(self, size: int) -> None:
        """A page of a CDN is as much an answer as a short message, where the provider is certain."""
        found = classify(503, [("content-type", "text/plain")], b"a" * size, provider="okta")

        assert found is not None
        assert (found.reason, found.matched_by) == ("upstream-unavailable", "status")

    @pytest.mark.parametrize(
        "body", [b"[]", b"null", b'"invalid_grant"', b"7", b"{broken", b"\xff{}", b'{"error": NaN}']
    )
    def test_that_is_json_but_no_object_is_left_alone(self, body: bytes) -> None:
        """Even of a certain provider: it cannot be understood."""
        assert meaning(400, body, provider="auth0") is None

    def test_of_an_object_without_a_shape_is_read_by_its_sentence(self) -> None:
        """A problem document that proves no vendor, of a certain provider; of anyone else it is left alone."""
        document = {"type": "forbidden", "title": "Forbidden", "detail": "Insufficient scope", "status": 403}

        found = meaning(403, document, provider="auth0")

        assert seen(found) == ("insufficient-scope", None, "auth0", "phrase")
        assert meaning(403, document) is None
        assert seen(meaning(403, {**document, "detail": 7}, provider="auth0")) == (
            "access-denied",
            None,
            "auth0",
            "status",
        )

    def test_of_a_page_in_no_known_form_is_read_for_what_only_a_vendor_says(self) -> None:
        """Other words of a page mean nothing: it is classified by its status."""
        mismatch = b"<html><body><p>The 'redirect_uri' parameter must be one of the registered ones.</p></body></html>"
        blocked = (
            b"<html><body><h1>Sorry, you have been blocked</h1><p>Too many attempts of this user.</p></body></html>"
        )

        found = [
            classify(status, [("content-type", "text/html")], page, provider="okta")
            for status, page in ((400, mismatch), (403, blocked))
        ]

        assert [seen(one) for one in found] == [
            ("invalid-redirect-uri", None, "okta", "phrase"),
            ("access-denied", None, "okta", "status"),
        ]

    def test_of_a_page_is_classified_by_its_code(self) -> None:
        """Auth0's error page carries the code; a client that parses JSON gets the problem."""
        page = b"<html><body><p><strong>access_denied</strong>: no</p></body></html>"

        found = classify(403, [("content-type", "text/html"), AUTH0_ID], page)
        problem = normalize(403, [("content-type", "text/html"), AUTH0_ID], page)

        assert found is not None
        assert found.reason == "access-denied"
        assert problem is not None
        assert problem.reason == "access-denied"

    @pytest.mark.parametrize(
        ("status", "reason"), [(400, "invalid-request"), (429, "rate-limited"), (503, "upstream-unavailable")]
    )
    def test_of_a_page_without_a_code_is_classified_by_its_status(self, status: int, reason: str) -> None:
        """A CDN or web server before the provider answered; JSON parsers behind us must not see the page."""
        page = b"<!DOCTYPE html><html><body><h1>Sorry</h1></body></html>"
        headers = [("content-type", "text/html; charset=iso-8859-1"), ("retry-after", "7")]

        problem = normalize(status, headers, page, provider="okta")

        assert problem is not None
        assert (problem.reason, problem.matched_by) == (reason, "status")
        assert problem.retry.after == (7 if status >= 429 else None)

    def test_of_a_page_of_an_uncertain_sender_is_left_alone(self) -> None:
        """It may be the app's own."""
        assert normalize(503, [("content-type", "text/html")], b"<html></html>") is None


class TestHeaders:
    """`WWW-Authenticate` alone."""

    @pytest.mark.parametrize(
        ("lines", "seen_as"),
        [
            (['Bearer realm="x", error="invalid_token"'], "invalid-token"),
            (['Basic realm="x"', 'Bearer error="insufficient_scope"'], "insufficient-scope"),
            (['DPoP algs="ES256", Bearer error="invalid_token"'], "invalid-token"),
            (['Bearer error="insufficient_user_authentication", acr_values=urn:okta:loa:2fa:any'], "step-up-required"),
        ],
    )
    def test_give_the_error_where_the_sender_is_certain(self, lines: list[str], seen_as: str) -> None:
        """On one line or many, and where the line is not quite the grammar's."""
        headers = [("www-authenticate", line) for line in lines]
        found = classify(401, headers, b"", provider="okta")

        assert found is not None
        assert (found.reason, found.matched_by, found.shape) == (seen_as, "header", "www_authenticate")
        assert classify(401, headers, b"") is None

    @pytest.mark.parametrize("value", ["Bearer", 'Bearer realm="x"', 'Bearer error="two words"', "Negotiate abc=="])
    def test_without_an_error_leave_it_to_the_status(self, value: str) -> None:
        """A bare challenge says nothing about the token (RFC 6750 section 3)."""
        found = classify(401, [("www-authenticate", value)], b"", provider="auth0")

        assert seen(found) == ("authentication-failed", None, "auth0", "status")

    def test_do_not_outweigh_a_body_with_a_code(self) -> None:
        """The body is more exact."""
        found = meaning(401, E4, ("www-authenticate", 'Bearer error="invalid_token"'))

        assert found is not None
        assert found.reason == "invalid-credentials"


class TestLeftAlone:
    """What is never looked at."""

    @pytest.mark.parametrize(
        "headers",
        [
            [("content-type", "application/problem+json")],
            [("content-type", "application/problem+json; charset=utf-8")],
            [JSON_TYPE, ("auth-problem", "invalid-credentials")],
        ],
    )
    def test_a_problem_is_one_already(self, headers: Pairs) -> None:
        """Somebody's before us."""
        assert classify(401, headers, json.dumps(E4).encode()) is None

    @pytest.mark.parametrize("status", [100, 200, 204, 206, 299])
    def test_a_healthy_response_is_none_of_our_business(self, status: int) -> None:
        """Whatever its body says."""
        assert meaning(status, E4) is None

    @pytest.mark.parametrize(
        "state", ["SUCCESS", "MFA_CHALLENGE", "MFA_ENROLL_ACTIVATE", "PASSWORD_RESET", "PASSWORD_WARN", "RECOVERY"]
    )
    @pytest.mark.parametrize("status", [200, 400, 401, 403])
    def test_a_step_of_a_flow_is_no_error_whatever_its_status(self, state: str, status: int) -> None:
        """Asked for or not, and with the provider's word."""
        document = {"stateToken": "t", "status": state, "_embedded": {}}
        answers = [
            meaning(status, document, provider=provider, transaction_states=asked)
            for provider in (None, "okta")
            for asked in (False, True)
        ]

        assert answers == [None] * 4

    @pytest.mark.parametrize("level", ["INFO", "WARNING", "SUCCESS"])
    @pytest.mark.parametrize("status", [200, 400, 401])
    def test_an_identity_engine_document_without_an_error_is_a_step(self, level: Any, status: int) -> None:
        """Its class decides, not the status."""
        message = {"message": "x", "i18n": {"key": "errors.E0000004"}, "class": level}
        document = {"version": "1.0.0", "stateHandle": "h", "messages": {"value": [message]}}

        assert meaning(status, document, provider="okta", transaction_states=True) is None

    def test_a_message_without_class_is_no_error(self) -> None:
        """Only the class ERROR makes a failure of a document."""
        message = {"message": "x", "i18n": {"key": "errors.E0000004"}}
        document = {"version": "1.0.0", "stateHandle": "h", "messages": {"value": [message]}}

        assert meaning(400, document, provider="okta", transaction_states=True) is None


class TestMessages:
    """Identity Engine documents: the key decides, never the text; of several messages the most telling one."""

    @staticmethod
    def entry(top: list[tuple[str, str]], nested: list[tuple[str, str]]) -> str | None:
        """The entry of a document with these messages (class and key), at the top and in a form."""
        lists = [
            {"value": [{"class": level, "i18n": {"key": key}, "message": "x"} for level, key in messages]}
            for messages in (top, nested)
        ]
        form = {"value": [{"name": "identify", "value": [{"name": "identifier", "messages": lists[1]}]}]}
        document = {"version": "1.0.0", "stateHandle": "h", "messages": lists[0], "remediation": form}
        found = meaning(400, document)
        return found.entry if found is not None else None

    @pytest.mark.parametrize(
        ("top", "nested"),
        [
            ([("ERROR", "errors.E0000004")], []),
            ([], [("ERROR", "errors.E0000004")]),
            ([("INFO", "errors.E0000069"), ("WARNING", "errors.E0000069"), ("ERROR", "errors.E0000004")], []),
            ([("ERROR", "made.up"), ("ERROR", "errors.E0000004")], []),
            ([("ERROR", "errors.E0000004")], [("ERROR", "errors.E0000069")]),
            ([("INFO", "errors.E0000069")], [("ERROR", "errors.E0000004")]),
            ([("ERROR", "made.up")], [("ERROR", "errors.E0000004")]),
        ],
    )
    def test_the_first_error_that_is_known_decides(
        self, top: list[tuple[str, str]], nested: list[tuple[str, str]]
    ) -> None:
        """The top level first, then the forms."""
        assert self.entry(top, nested) == "okta:E0000004"


class TestSurfaces:
    """Entries whose meaning depends on the endpoint."""

    @pytest.mark.parametrize(
        ("endpoint", "reason"),
        [
            ("/api/v1/authn", "session-expired"),
            ("/api/v1/authn/factors/opf1/verify", "session-expired"),
            ("/api/v1/users/me", "invalid-token"),
            ("/not/of/okta", "invalid-token"),
            ("/", "invalid-token"),
            ("/api/v1/authn?x=/api/v1/users", "session-expired"),
            (None, "invalid-token"),
        ],
    )
    def test_are_distinguished_by_the_endpoint_and_read_safely_without(self, endpoint: str | None, reason: str) -> None:
        """E0000011 is an expired sign-in at the authentication API, and a bad API token elsewhere."""
        document = {"errorCode": "E0000011", "errorSummary": "Invalid token provided"}
        found = meaning(401, document, endpoint=endpoint)

        assert found is not None
        assert found.reason == reason

    @pytest.mark.parametrize(
        "endpoint",
        [
            "//",
            "/api/v1//authn",
            "/api/v1/authn/{}",
            "/*/*",
            "/api/v1/authn//x",
        ],
    )
    def test_may_have_any_path(self, endpoint: str) -> None:
        """The request's path is the client's choice."""
        document = {"errorCode": "E0000011", "errorSummary": "Invalid token provided"}

        assert meaning(401, document, endpoint=endpoint) is not None


class TestCache:
    """What is cached has to give what the rules give."""

    DOCUMENTS = tuple(
        (vector.place, json.loads(vector.response.body), vector.response.status)
        for stem in FILES
        for vector in load(stem)
        if vector.response.body.startswith(b"{") and vector.response.status >= 400
    )
    PROVIDERS = (None, "auth0", "okta", "oauth")

    @staticmethod
    def by_rules(document: object, status: int, provider: Any) -> Classification | None:
        """By a normalizer that has seen nothing yet."""
        return Normalizer().classify(status, [JSON_TYPE], json.dumps(document).encode(), provider=provider)

    def mutants(self, document: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
        """The object with a member gone, null, of another value or type, or one more."""
        values: list[Any] = [None, 7, "x", "another sentence.", [], {"a": "b"}]
        yield document
        for name in document:
            yield {key: value for key, value in document.items() if key != name}
            for value in (*values, chance.choice(self.DOCUMENTS)[1]):
                yield {**copy.copy(document), name: value}
        yield {**document, "error": "invalid_request"}
        yield {**document, "errorCode": "E0000004"}
        yield {**document, "message": "x"}
        yield dict(reversed(document.items()))

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_agrees_for_vectors_and_what_is_near_them(self, provider: Any) -> None:
        """Objects of the vectors, and one change at a time, with the vector's status."""
        chance = random.Random(7)
        different = [
            f"{place}: {json.dumps(mutant)[:160]} with {status}"
            for place, document, status in chance.sample(self.DOCUMENTS, 350)
            for mutant in self.mutants(document, chance)
            if meaning(status, mutant, provider=provider) != self.by_rules(mutant, status, provider)
        ]

        assert different == []

    @given(
        first=st.sampled_from(DOCUMENTS),
        second=st.sampled_from(DOCUMENTS),
        numbers=st.lists(st.integers(0, 8), max_size=4),
        status=st.sampled_from([400, 401, 403, 404, 429, 500]),
        provider=st.sampled_from(PROVIDERS),
    )
    def test_agrees_for_mixtures(self, first: Any, second: Any, numbers: list[int], status: int, provider: Any) -> None:
        """Members of one object in another, with any status."""
        pairs = list(second[1].items())
        mixed = {**first[1], **dict(pairs[number] for number in numbers if number < len(pairs))}

        assert meaning(status, mixed, provider=provider) == self.by_rules(mixed, status, provider)

    @given(st.sampled_from(DOCUMENTS), st.sampled_from(PROVIDERS))
    def test_agrees_whatever_other_headers_there_are(self, row: Any, provider: Any) -> None:
        """Headers of which none decides anything change nothing, also where they are read one by one."""
        _, document, status = row
        plain = meaning(status, document, provider=provider)

        assert meaning(status, document, ("x-anything", "1"), provider=provider) == plain
        assert meaning(status, document, ("Date", "x"), ("Vary", "Origin"), provider=provider) == plain
