"""Where a sentence decides: what it can change, and what it cannot."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from authproblem import Problem, Registry, normalize
from tests.support.outcomes import JSON_TYPE, classified, okta, problem

REGISTRY = Registry.builtin()


class TestCodes:
    """A code is not stronger than what is said."""

    def test_a_sentence_overrides_a_code_where_the_status_agrees(self) -> None:
        """Okta's code for a failed sign-in, with 403 and a sentence about permissions, is a missing permission."""
        sentence = "You don't have permission to paint the requested widget."

        assert classified(403, okta("E0000004", sentence)) == ("permission-denied", "phrase")

    def test_a_registered_text_of_the_code_leaves_its_meaning(self) -> None:
        """A text that the code's entry has is not read by the phrase rules."""
        assert classified(401, okta("E0000004", "Authentication failed"))[1] != "phrase"

    def test_a_firm_code_stays_whatever_the_sentence(self) -> None:
        """Codes that the data lists as firm keep their meaning with any text and status."""
        usual = problem(400, okta("E0000141", "Something that no entry knows."))
        other = problem(403, okta("E0000141", "You do not have permission to paint the widget."))

        assert usual.matched_by == "code"
        assert (other.reason, other.matched_by) == (usual.reason, "code")

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_5xx_is_never_the_callers_fault_because_of_its_code(self, status: int) -> None:
        """A code of the caller's with 5xx becomes a failure of the provider."""
        found = problem(status, okta("E0000001", "Api validation failed: widget", "widget: The paint ran out"))

        assert found.owner == "upstream"
        assert found.matched_by in {"status", "phrase"}

    @pytest.mark.parametrize("code", ["E0000004", "E0000006"])
    def test_a_429_is_never_the_callers_or_a_policys_because_of_its_code(self, code: str) -> None:
        """A code of the caller's, or of a refusal, with 429 becomes a rate limit."""
        assert classified(429, okta(code, "The paint ran out")) == ("rate-limited", "status")

    def test_a_code_with_an_unusual_status_is_one_that_okta_reuses(self) -> None:
        """The sentence decides as if the code were unknown; one that no rule reads leaves the code."""
        assert classified(404, okta("E0000006", "The widget could not be found")) == ("not-found", "phrase")
        assert classified(409, okta("E0000006", "The widget is still being painted")) == ("resource-busy", "phrase")
        assert classified(404, okta("E0000006", "The paint ran out")) == ("permission-denied", "code")

    def test_a_code_with_its_usual_status_keeps_to_the_table_of_refinements(self) -> None:
        """A missing permission is not refined to a missing object."""
        assert classified(403, okta("E0000006", "The widget could not be found")) == ("permission-denied", "code")

    def test_only_okta_reuses_codes_that_mean_much(self) -> None:
        """A code of Auth0's keeps its meaning, whatever the status and the sentence."""
        body = {"code": "password_leaked", "description": "The user's session has expired"}

        assert classified(403, body, provider="auth0")[0] == "password-compromised"
        assert classified(401, {**body, "error": "password_leaked"}, provider="auth0")[0] == "password-compromised"

    def test_a_denial_with_401_is_about_authentication(self) -> None:
        """The sentence then says more than the code; with its usual status it stays a denial."""
        body = {"error": "unauthorized", "error_description": "invalid user access token"}

        assert classified(401, body, provider="auth0") == ("invalid-token", "phrase")
        assert classified(403, body, provider="auth0")[0] == "access-denied"
        assert classified(401, {**body, "error_description": "no"}, provider="auth0")[0] == "access-denied"

    def test_a_message_key_of_the_identity_engine_is_firm(self) -> None:
        """Its texts are localized, so that they say nothing against the key."""
        message = {
            "message": "You do not have permission to paint the widget.",
            "i18n": {"key": "errors.E0000004"},
            "class": "ERROR",
        }
        body = {"version": "1.0.0", "messages": {"type": "array", "value": [message]}}

        assert classified(401, body, provider="okta") == ("invalid-credentials", "code")


class TestCauses:
    """What went wrong with several fields."""

    def test_a_cause_decides_where_the_summary_names_an_object_only(self) -> None:
        """`Api validation failed: widget` has no meaning of its own; the cause has."""
        body = okta("E0000001", "Api validation failed: widget", "paint: You reached the maximum number of widgets")

        assert classified(400, body) == ("quota-exceeded", "phrase")

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("password", "password-rejected"), ("mobilePhone", "invalid-phone-number"), ("widget", "invalid-request")],
    )
    def test_the_name_of_the_validated_object_is_read_with_its_cause(self, name: str, reason: str) -> None:
        """The cause alone does not say what has the wrong form; nor does the name alone."""
        summary = f"Api validation failed: {name}"

        assert classified(400, okta("E0000001", summary, "Does not match the pattern that is set"))[0] == reason
        assert classified(400, okta("E0000001", summary, "The paint ran out")) == ("invalid-request", "code")
        assert classified(400, okta("E0000001", summary)) == ("invalid-request", "code")

    @pytest.mark.parametrize(
        ("location", "reason"), [("phoneNumber", "invalid-phone-number"), ("widget", "invalid-request")]
    )
    def test_the_location_of_a_cause_is_read_with_its_reason(self, location: str, reason: str) -> None:
        """Where Okta names both and says nothing."""
        body = okta("E0000001", "Api validation failed: widget")
        body["errorCauses"] = [{"reason": "INVALID", "location": location, "locationType": "body", "domain": "x"}]

        assert classified(400, body)[0] == reason
        assert classified(400, {**body, "errorSummary": "The paint ran out"})[0] == reason

    @pytest.mark.parametrize("causes", [None, 1, "x", [None, 1], {}, [{"location": 1, "reason": None}], [{}] * 100])
    def test_causes_of_another_form_are_no_names(self, causes: object) -> None:
        """Whatever stands there, the code decides."""
        body = {**okta("E0000001", "Api validation failed: widget"), "errorCauses": causes}

        assert classified(400, body)[0] == "invalid-request"

    @pytest.mark.parametrize("code", ["E0000014", "E0000080"])
    def test_a_cause_that_names_no_password_is_about_another_input(self, code: str) -> None:
        """Okta sends the codes of a refused password for security questions too."""
        answer, password = "The answer is too similar to the question", "The password is too similar to the last one"

        assert classified(403, okta(code, "Update of credentials failed", answer)) == ("invalid-input", "phrase")
        assert classified(403, okta(code, "Update of credentials failed", password))[0] == "password-rejected"

    def test_a_known_cause_is_not_refined(self) -> None:
        """The cause that an entry knows has decided already."""
        known = "login: An object with this field already exists in the current organization"

        assert classified(400, okta("E0000001", "Api validation failed: login", known)) == ("account-exists", "cause")

    def test_only_the_first_unknown_causes_are_read(self) -> None:
        """Eight sentences of a response are read; a ninth one changes nothing."""
        filler = [f"field{number}: The paint ran out" for number in range(8)]
        last = "paint: You have reached the maximum number of widgets"

        assert classified(400, okta("E0000001", "Api validation failed: widget", *filler[:7], last))[1] == "phrase"
        assert classified(400, okta("E0000001", "Api validation failed: widget", *filler, last))[1] == "code"


def my_account(status: int, title: str, code: str = "A0E-400-0099", **more: object) -> dict[str, Any]:
    """A problem document as Auth0's My Account API sends it."""
    return {"type": f"https://auth0.com/api-errors#{code}", "status": status, "title": title, **more}


class TestProblemDocuments:
    """What Auth0's My Account and My Organization APIs say of the fields of a request."""

    @pytest.mark.parametrize(
        ("detail", "pointer", "reason"),
        [
            ("must have required property 'paint'", "", "missing-parameter"),
            ("has another form: too long", "/phone_number", "invalid-phone-number"),
            ("is of the wrong color", "/paint", "invalid-request"),
        ],
    )
    def test_errors_of_fields_are_read_before_the_sentence(self, detail: str, pointer: str, reason: str) -> None:
        """Each with the name of its field; the sentence says that something is invalid."""
        errors = [{"detail": detail, "pointer": pointer}]
        body = my_account(400, "Bad Request", detail="Invalid request payload input", validation_errors=errors)

        assert classified(400, body)[0] == reason

    def test_the_name_of_a_field_may_be_a_member_of_its_own(self) -> None:
        """`field` in place of a pointer, or beside it."""
        errors = [{"detail": "has another form: too long", "field": "phone_number"}]

        assert classified(400, my_account(400, "Bad Request", validation_errors=errors))[0] == "invalid-phone-number"

    def test_the_name_of_a_field_does_not_continue_its_sentence(self) -> None:
        """`is not`, about a field named `found`, is not `not found`."""
        errors = [{"detail": "is not", "pointer": "/found"}]
        body = my_account(404, "Not Found", "A0E-400-0099", validation_errors=errors)

        assert classified(404, body)[1] != "phrase"

    def test_the_last_of_many_errors_leaves_room_for_the_sentence(self) -> None:
        """Seven errors and the sentence are read."""
        errors = [{"detail": f"The paint ran out {number}"} for number in range(20)]
        body = my_account(403, "Forbidden", detail="Your email is not verified", validation_errors=errors)
        late = my_account(403, "x", validation_errors=[*errors[:7], {"detail": "Your email is not verified"}])
        early = my_account(403, "x", validation_errors=[*errors[:6], {"detail": "Your email is not verified"}])

        assert classified(403, body)[0] == "email-not-verified"
        assert classified(403, late)[0] != "email-not-verified"
        assert classified(403, early)[0] == "email-not-verified"

    @pytest.mark.parametrize("errors", [None, 1, "x", {}, [None, 1, "x"], [{}] * 9, [{"detail": 1, "pointer": None}]])
    def test_errors_of_another_form_are_not_read(self, errors: object) -> None:
        """Whatever stands there, the code decides."""
        assert classified(400, my_account(400, "Bad Request", validation_errors=errors))[0] == "invalid-request"

    def test_a_title_counts_where_the_sentence_says_nothing(self) -> None:
        """And where it is more than the name of the status."""
        nothing = "The paint ran out."

        assert classified(403, my_account(403, "Email Not Verified", detail=nothing))[0] == "email-not-verified"
        for title in ("Unauthorized", "UNAUTHORIZED"):
            body = my_account(401, title, "A0E-401-0099", detail=nothing)
            assert classified(401, body)[0] == "invalid-token"

    def test_a_document_with_a_bare_word_as_type_is_read_alike(self) -> None:
        """It proves nothing: the app has to say whose it is."""
        body = {"type": "x", "status": 400, "title": "Bad Request", "detail": "The redirect_uri is not in the list."}

        assert classified(400, body, provider="auth0") == ("invalid-redirect-uri", "phrase")
        assert normalize(400, [JSON_TYPE], json.dumps(body).encode()) is None

    def test_its_fields_and_title_are_read_too(self) -> None:
        """As of a document with Auth0's URI; another provider's documents are not problems of this kind."""
        errors = [{"detail": "must have required property 'paint'", "pointer": ""}]
        body = {"type": "x", "title": "Bad Request", "detail": "Invalid request payload input"}
        titled = {"type": "x", "title": "Email not verified", "detail": "The paint ran out."}

        assert classified(400, {**body, "validation_errors": errors}, provider="auth0")[0] == "missing-parameter"
        assert classified(403, titled, provider="auth0")[0] == "email-not-verified"
        assert classified(403, titled, provider="okta")[0] != "email-not-verified"


class TestUse:
    """What a phrase does not give."""

    def test_a_phrase_is_no_evidence(self) -> None:
        """Without a certain sender a sentence proves nothing, so the response is left alone."""
        body = {"error": "invalid_request", "error_description": "The widget is not enabled for this tenant"}

        assert normalize(403, [JSON_TYPE], json.dumps(body).encode()) is None
        assert classified(403, body, provider="auth0") == ("feature-unavailable", "phrase")

    def test_an_unknown_sentence_is_never_sent_on(self) -> None:
        """A sentence may choose the problem type and is still not part of the problem."""
        sentence = "You do not have permission to paint the widget of jane.doe@example.com."
        found = problem(403, okta("E0000004", sentence))

        assert found.matched_by == "phrase"
        assert "jane.doe" not in found.to_bytes().decode()

    def test_a_phrase_makes_no_wait_automatic(self) -> None:
        """Where a sentence decided, no program may repeat the request unattended."""
        body = {"statusCode": 409, "error": "Conflict", "message": "The widget is being modified by another request"}
        found = problem(409, body, ("retry-after", "5"), provider="auth0", method="GET")

        assert (found.reason, found.matched_by) == ("resource-busy", "phrase")
        assert (found.retry.after, found.retry.automatic) == (5, False)

    def test_the_same_response_gives_the_same_result_every_time(self) -> None:
        """Neither the cache nor an earlier response with another status changes the result."""
        body = okta("E0000004", "You don't have permission to paint the requested widget.")
        first = [classified(403, body) for _ in range(3)]

        assert first == [("permission-denied", "phrase")] * 3
        assert classified(404, body)[1] == "code"


def idx(text: str, key: str | None = None) -> dict[str, Any]:
    """An Identity Engine document with one error message."""
    message = {"message": text, "class": "ERROR", **({} if key is None else {"i18n": {"key": key}})}
    return {"version": "1.0.0", "messages": {"type": "array", "value": [message]}}


def form(text: str) -> dict[str, Any]:
    """An Identity Engine document with one error message at a field of a form."""
    field = {"name": "paint", "messages": {"type": "array", "value": [{"message": text, "class": "ERROR"}]}}
    return {
        "version": "1.0.0",
        "remediation": {"type": "array", "value": [{"name": "enroll-profile", "value": [field]}]},
    }


class TestForms:
    """Messages at the field of an Identity Engine form are about what somebody typed there."""

    def test_an_unknown_sentence_at_a_field_is_an_invalid_input(self) -> None:
        """The same sentence at the top of the document is an invalid request."""
        assert classified(400, form("The paint ran out")) == ("invalid-input", "status")
        assert classified(400, idx("The paint ran out")) == ("invalid-request", "status")

    def test_a_rule_decides_at_a_field_too(self) -> None:
        """A more exact type wins."""
        assert classified(400, form("This phone number is invalid")) == ("invalid-phone-number", "phrase")

    def test_a_refusal_at_a_field_stays_one(self) -> None:
        """Only with 400 is it the input."""
        assert classified(403, form("The paint ran out"))[0] == "access-denied"


class TestWhere:
    """After which decisions sentences are read."""

    def test_after_a_family_of_keys(self) -> None:
        """`registration.error.*` is a failed sign-up, whatever language the text has."""
        assert classified(400, idx("\u2026", "registration.error.quux"))[0] == "signup-failed"
        assert classified(400, idx("\u2026", "registration.error.quux.invalidEmail")) == ("invalid-input", "phrase")

    def test_after_a_status_alone(self) -> None:
        """Where only the status is understood, an unknown sentence is read."""
        assert classified(400, idx("The quux session has expired.")) == ("session-expired", "phrase")

    def test_not_after_a_known_text(self) -> None:
        """The entry of the text says more than its words do."""
        body = {"error": "invalid_grant", "error_description": "Wrong email or password."}

        assert classified(403, body, provider="auth0") == ("invalid-credentials", "code_description")

    @pytest.mark.parametrize(
        ("code", "text", "reason"),
        [
            ("invalid_request", "auth_session is required", "missing-parameter"),
            ("invalid_request", "The auth_session must be a string", "invalid-request"),
            ("invalid_request", "The auth_session has expired", "authorization-expired"),
            ("invalid_request", "The OTP could not be delivered", "invalid-request"),
            ("invalid_request", "The verification code is required", "missing-parameter"),
            ("invalid_request", "The verification code has expired", "invalid-code"),
            ("invalid_grant", "The device code is required", "missing-parameter"),
            ("invalid_grant", "The device code has expired", "authorization-expired"),
            ("invalid_grant", "The OTP is required", "missing-parameter"),
        ],
    )
    def test_what_is_wrong_with_a_code_or_session_is_read(self, code: str, text: str, reason: str) -> None:
        """No registered text takes every sentence about it for a wrong or expired one."""
        assert classified(400, {"error": code, "error_description": text}, provider="auth0")[0] == reason

    @pytest.mark.parametrize("shape", ["callback", "redirect"])
    def test_a_callback_is_refined_like_a_redirect(self, shape: str) -> None:
        """The rules for redirects apply to the parameters of a callback, too."""
        params = {"error": "invalid_request", "error_description": "The callback URL is not one of the application"}
        location = f"https://app.example/cb?{urlencode({**params, 'state': 's', 'iss': 'https://acme.okta.com'})}"
        found = (
            Problem.from_callback(params, provider="okta")
            if shape == "callback"
            else normalize(302, [("location", location)], b"", provider="okta")
        )

        assert found is not None
        assert (found.reason, found.matched_by) == ("invalid-redirect-uri", "phrase")

    @pytest.mark.parametrize(
        ("endpoint", "reason"),
        [("/api/v2/users", "feature-unavailable"), ("/oauth/token", "access-denied"), (None, "access-denied")],
    )
    def test_a_rule_may_require_an_endpoint(self, endpoint: str | None, reason: str) -> None:
        """A rule with `surfaces` applies below these endpoints alone, and nowhere if the endpoint is unknown."""
        body = {"statusCode": 403, "error": "Forbidden", "message": "The quux entitlement"}

        assert classified(403, body, provider="auth0", endpoint=endpoint)[0] == reason


class TestStatusAndCode:
    """When a code gives way to the status."""

    def test_a_code_without_a_text_gives_way(self) -> None:
        """A failure that says nothing more is a failure."""
        assert classified(500, {"errorCode": "E0000004"}, provider="okta") == ("upstream-error", "status")

    def test_a_code_with_its_own_text_stays(self) -> None:
        """A registered text confirms its code, whatever the status is."""
        assert classified(500, okta("E0000004", "Authentication failed")) == ("invalid-credentials", "code")

    def test_a_known_sentence_stays(self) -> None:
        """It says what happened, which a status does not: the script of a custom database fails with 500 for it."""
        body = {"statusCode": 500, "error": "x", "message": "The user already exists.", "errorCode": "auth0_idp_error"}

        assert classified(500, body, provider="auth0") == ("account-exists", "code_description")

    def test_a_code_that_does_not_blame_the_caller_stays(self) -> None:
        """A policy's refusal with 500 is still its refusal."""
        assert classified(500, okta("E0000006", "The paint ran out")) == ("permission-denied", "code")

    def test_a_code_that_is_usually_sent_with_the_status_stays(self) -> None:
        """An entry whose usual status is 500 keeps its meaning with 500."""
        entry = REGISTRY.lookup("okta:E0000261")

        assert entry is not None
        assert entry.usual_status == {500}
        assert classified(500, okta("E0000261", "The paint ran out"))[1] == "code"

    @pytest.mark.parametrize("code", ["enrollment_conflict", "invalid_token", "inexistent_widget", "widget_not_found"])
    @pytest.mark.parametrize(("status", "expected"), [(429, "rate-limited"), (503, "upstream-unavailable")])
    def test_a_code_without_usual_statuses_is_one_of_a_4xx(self, code: str, status: int, expected: str) -> None:
        """So is one of a family: neither makes a failure or limit of the provider the caller's fault."""
        body = {"statusCode": status, "error": "x", "errorCode": code, "message": "The paint ran out"}

        assert classified(status, body, provider="auth0") == (expected, "status")

    @pytest.mark.parametrize(("status", "expected"), [(429, "rate-limited"), (503, "upstream-unavailable")])
    def test_keys_and_names_give_way_too(self, status: int, expected: str) -> None:
        """Of the Identity Engine, and of Auth0's sign-up."""
        message = {"message": "\u2026", "i18n": {"key": "idx.session.expired"}, "class": "ERROR"}
        document = {"version": "1.0.0", "stateHandle": "02x", "messages": {"type": "array", "value": [message]}}
        reused = {"name": "PasswordHistoryError", "code": "invalid_password", "description": "The paint ran out"}

        assert classified(400, document, provider="okta")[0] == "session-expired"
        assert classified(status, document, provider="okta") == (expected, "status")
        assert classified(400, reused, provider="auth0") == ("password-reused", "name")
        assert classified(status, reused, provider="auth0") == (expected, "status")

    def test_what_a_tenant_has_not_enabled_gives_way_to_a_limit(self) -> None:
        """With 429 the response is a limit, whatever the family of its code says."""
        assert classified(403, {"error": "widget_not_enabled"}, provider="auth0") == ("feature-unavailable", "family")
        assert classified(429, {"error": "widget_not_enabled"}, provider="auth0") == ("rate-limited", "status")

    def test_a_refusal_of_a_policy_gives_way_to_a_failure_but_for_500(self) -> None:
        """An Action of Auth0 may deny a sign-in with 500; a gateway's 503 is no denial."""
        assert classified(500, okta("E0000006", "The paint ran out")) == ("permission-denied", "code")
        assert classified(503, okta("E0000006", "The paint ran out")) == ("upstream-unavailable", "status")

    @pytest.mark.parametrize(
        "code", ["invalid_company", "missing_license", "company_required", "invalid_client_company"]
    )
    @pytest.mark.parametrize("endpoint", ["/oauth/token", None])
    def test_a_code_that_a_tenant_mints_is_not_the_clients_fault(self, code: str, endpoint: str | None) -> None:
        """An Action refuses with codes of its own; their words say nothing about the request."""
        found = problem(400, {"error": code, "error_description": "No"}, provider="auth0", endpoint=endpoint)

        assert (found.reason, found.owner) == ("upstream-rejected", "policy")

    @pytest.mark.parametrize(
        ("code", "reason"), [("invalid_resource", "invalid-request"), ("missing_redirect_uri", "missing-parameter")]
    )
    def test_a_code_of_a_protocol_parameter_is(self, code: str, reason: str) -> None:
        """A family has the words that protocols use."""
        assert classified(400, {"error": code}, provider="auth0") == (reason, "family")

    @pytest.mark.parametrize("code", ["invalid_widget", "missing_widget", "unsupported_widget"])
    def test_a_family_of_oauth_codes_yields_to_a_5xx(self, code: str) -> None:
        """The family says what is wrong with a request, not what is wrong with the provider."""
        assert classified(503, {"error": code}, provider="okta") == ("upstream-unavailable", "status")
        assert classified(429, {"error": code}, provider="okta") == ("rate-limited", "status")

    @pytest.mark.parametrize(
        ("code", "status", "expected"),
        [
            ("E0000001", 409, ("conflict", "status")),
            ("E0000001", 404, ("not-found", "status")),
            ("E0000001", 405, ("method-not-allowed", "status")),
            ("E0000001", 403, ("invalid-request", "code")),
            ("E0000001", 400, ("invalid-request", "code")),
            ("E0000007", 409, ("not-found", "code")),
        ],
    )
    def test_a_general_code_gives_way_to_a_more_specific_status(
        self, code: str, status: int, expected: tuple[str, str]
    ) -> None:
        """`Api validation failed` with 409 is a conflict; what is not found stays so."""
        assert classified(status, okta(code, "The paint ran out")) == expected

    @pytest.mark.parametrize(("status", "reason"), [(499, "invalid-credentials"), (500, "upstream-error")])
    def test_failures_begin_at_500(self, status: int, reason: str) -> None:
        """499 is still an error of the caller."""
        assert classified(status, okta("E0000004", "The paint ran out"))[0] == reason


class TestWhatIsRead:
    """Which words of a response are sentences."""

    def test_the_reason_beside_a_known_text_is_not_read(self) -> None:
        """The entry of the text has the meaning already."""
        causes = [{"errorSummary": "The field has an invalid value", "reason": "ALREADY_EXISTS"}]

        assert classified(400, {**okta("E0000001", "Api validation failed: quux"), "errorCauses": causes})[1] == "code"

    def test_an_empty_cause_is_skipped(self) -> None:
        """The next cause with a text decides."""
        causes = [{}, {"errorSummary": "The quux already exists"}]

        assert (
            classified(400, {**okta("E0000001", "Api validation failed: quux"), "errorCauses": causes})[0] == "conflict"
        )

    def test_the_text_of_a_cause_comes_before_its_reason(self) -> None:
        """Of an unknown text and its reason, the text decides."""
        causes = [{"errorSummary": "You have reached the maximum number of quuxes", "reason": "ALREADY_EXISTS"}]

        found = classified(400, {**okta("E0000003", "The request body was not well-formed."), "errorCauses": causes})
        assert found == ("quota-exceeded", "phrase")

    def test_causes_come_before_the_summary(self) -> None:
        """Of a cause and the summary, both unknown, the cause decides."""
        body = okta("E0000003", "The quux already exists", "You have reached the maximum number of quuxes")

        assert classified(400, body) == ("quota-exceeded", "phrase")

    def test_a_sentence_after_the_prefix_is_read(self) -> None:
        """What follows `Api validation failed: ` is read where it has several words."""
        assert classified(400, okta("E0000001", "Api validation failed: Quux already exists")) == ("conflict", "phrase")

    def test_the_prefix_itself_is_not_read(self) -> None:
        """A failed validation of a phone number is an invalid one only if the rest says so."""
        assert classified(400, okta("E0000001", "Api validation failed: phone number"))[1] == "code"
        assert classified(400, okta("E0000001", "Validation failed: phone number"))[0] == "invalid-phone-number"

    def test_a_single_word_is_read_where_it_is_the_whole_summary(self) -> None:
        """`alreadyExists` without the prefix is split into its words."""
        assert classified(400, okta("E0000001", "alreadyExists")) == ("conflict", "phrase")

    def test_a_code_that_another_provider_has_is_not_read(self) -> None:
        """What it means there, it need not mean here."""
        body = {"statusCode": 400, "error": "Bad Request", "errorCode": "E0000093", "message": "x"}

        assert classified(400, body, provider="auth0")[1] == "status"

    def test_the_reason_of_a_cause_without_a_text_is_read(self) -> None:
        """`ALREADY_EXISTS` alone is split into its words."""
        body = {**okta("E0000001", "Api validation failed: quux"), "errorCauses": [{"reason": "ALREADY_EXISTS"}]}

        assert classified(400, body) == ("conflict", "phrase")

    def test_the_reason_beside_an_unknown_text_is_read(self) -> None:
        """Where no rule matches the text, the reason decides."""
        causes = [{"errorSummary": "Quux refused", "reason": "ALREADY_EXISTS"}]

        assert classified(400, {**okta("E0000001", "Api validation failed: quux"), "errorCauses": causes}) == (
            "conflict",
            "phrase",
        )

    def test_one_word_after_the_prefix_is_not_read(self) -> None:
        """`alreadyExists` names a class of Okta's there, as `factorEnrollRequest` does."""
        assert classified(400, okta("E0000001", "Api validation failed: alreadyExists")) == ("invalid-request", "code")

    def test_a_sentence_comes_before_the_words_of_an_unknown_code(self) -> None:
        """What a message says is more than a name."""
        body = {"statusCode": 403, "error": "Forbidden", "errorCode": "already_exists"}
        sentence = "The widget is not enabled for this tenant."

        assert classified(403, {**body, "message": sentence}, provider="auth0") == ("feature-unavailable", "phrase")
        assert classified(403, {**body, "message": "The paint ran out"}, provider="auth0") == ("conflict", "phrase")

    def test_the_words_of_an_unknown_code_are_read(self) -> None:
        """An unregistered code is split into its words where no text decides."""
        body = {"statusCode": 400, "error": "Bad Request", "errorCode": "already_exists", "message": "x"}

        assert classified(400, body, provider="auth0") == ("conflict", "phrase")
