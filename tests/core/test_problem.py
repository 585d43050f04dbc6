"""`Problem` as a value: how it is written and read, and what its `repr` keeps to itself."""

from __future__ import annotations

import json
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Problem, Registry, RetryHint, normalize
from tests.support.json_values import documents, json_values
from tests.support.json_values import text as texts
from tests.support.responses import JSON_TYPE, Pairs
from tests.support.wire import expected_problem_headers

SECRET = "Fe26.2**secret"
MFA = {"error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": SECRET}
UNATTENDED = RetryHint("after_delay", 9, automatic=True, source="retry-after")
LIMITED = {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit due to too many requests."}


def problem(document: object = MFA, status: int = 403, headers: Pairs | None = None, **options: Any) -> Problem:
    """The problem of a JSON error."""
    found = normalize(status, [JSON_TYPE, *(headers or [])], json.dumps(document).encode(), **options)
    assert found is not None
    return found


@cache
def one_of_each_type() -> Registry:
    """A registry with a made-up code for each problem type."""
    rows = [
        {"id": f"auth0:{code}", "code": code, "type": reason, "detail": f"A detail of {reason}."}
        for reason in Registry.builtin().types
        for code in [f"made_up_{reason}"]
    ]
    return Registry.builtin().extend({"entries": rows})


class TestDocument:
    def test_is_the_one_of_the_contract(self) -> None:
        """Member for member, in an order that a reader likes."""
        headers = [("x-auth0-requestid", "4ad55daa560e468bdfe1")]

        assert list(problem(headers=headers, instance="urn:uuid:0192").to_dict().items()) == [
            ("type", "urn:problem-type:auth:mfa-required"),
            ("title", "Multi-factor authentication required"),
            ("status", 403),
            ("detail", "Confirm this sign-in with your second factor."),
            ("instance", "urn:uuid:0192"),
            ("reason", "mfa-required"),
            ("owner", "user"),
            ("remedy", "provide_mfa"),
            ("credential", "step_up"),
            ("retry", {"policy": "after_action", "automatic": False}),
            ("provider", "auth0"),
            ("upstream", {"status": 403, "code": "mfa_required", "request_id": "4ad55daa560e468bdfe1"}),
            ("error", "mfa_required"),
            ("error_description", "Multifactor authentication required"),
            ("mfa_token", SECRET),
        ]

    def test_has_the_wait_and_its_source(self) -> None:
        """Only where a wait is known."""
        retry = problem(LIMITED, 429, [("Retry-After", "7")], method="GET").to_dict()["retry"]

        assert retry == {"policy": "after_delay", "after": 7, "automatic": True, "source": "retry-after"}

    def test_has_no_member_that_is_null(self) -> None:
        """What is absent is left out (RFC 9457 section 3.1), an upstream null as well."""
        document = problem({**MFA, "state": None, "extra": None, "error_uri": None}).to_dict()

        assert [name for name, value in document.items() if value is None] == []
        assert "instance" not in document

    def test_names_its_type_below_the_teams_own_page(self) -> None:
        """`type_base` and the slug."""
        assert (
            problem(type_base="https://docs.example.com/errors#").type == "https://docs.example.com/errors#mfa-required"
        )

    @pytest.mark.parametrize("reason", sorted(Registry.builtin().types))
    def test_has_the_title_of_its_type(self, reason: str) -> None:
        """Titles never vary (RFC 9457 section 3.1.3)."""
        found = problem(
            {"error": f"made_up_{reason}"}, registry=one_of_each_type(), provider="auth0", flow_control=True
        )

        assert (found.title, found.detail) == (Registry.builtin().types[reason].title, f"A detail of {reason}.")

    def test_is_utf_8_json(self) -> None:
        """Beyond ASCII as it is."""
        found = problem({**MFA, "state": "\u00fc\u4f60"})

        assert json.loads(found.to_bytes()) == found.to_dict()
        assert "\u00fc\u4f60".encode() in found.to_bytes()


class TestHeaders:
    @pytest.mark.parametrize("media_type", ["application/problem+json", "application/json"])
    def test_are_those_of_a_response_of_ones_own(self, media_type: str) -> None:
        """For apps that send the problem themselves."""
        found = problem(LIMITED, 429, [("Retry-After", "7")])

        assert found.headers(media_type) == [
            ("Content-Type", media_type),
            ("Content-Language", "en"),
            ("Cache-Control", "no-store"),
            ("Retry-After", "7"),
            ("Auth-Problem", "rate-limited"),
            ("Auth-Problem-Owner", "limit"),
            ("Auth-Problem-Retry", "manual"),
        ]

    def test_refuse_another_media_type(self) -> None:
        """A body of ours is one of the two."""
        with pytest.raises(ValueError, match=r"invalid media_type: 'text/html'; .*application/problem\+json"):
            problem().headers("text/html")

    @pytest.mark.parametrize("policy", ["never", "after_action", "after_delay", "once", "poll"])
    @pytest.mark.parametrize("automatic", [True, False])
    def test_say_the_same_as_the_document(self, policy: Any, automatic: bool) -> None:
        """One bare token each."""
        found = problem().replace(retry=RetryHint(policy, None, automatic and policy not in {"never", "after_action"}))

        assert dict(found.problem_headers()) == expected_problem_headers(found.to_dict())


class TestRepr:
    def test_shows_reason_status_provider_and_entry_only(self) -> None:
        """It ends up in logs."""
        assert repr(problem()) == (
            "Problem(reason='mfa-required', status=403, provider='auth0', entry='auth0:mfa_required/text')"
        )
        assert SECRET not in f"{problem()} {problem()!r} {[problem()]} {problem()!s}"

    def test_a_problem_cannot_be_changed(self) -> None:
        """It is a value."""
        with pytest.raises(AttributeError):
            problem().reason = "x"  # type: ignore[misc]


class TestQuestions:
    """What callers ask first."""

    @pytest.mark.parametrize(
        ("document", "status", "method", "answers"),
        [
            (MFA, 403, "POST", {"needs_user"}),
            (LIMITED, 429, "GET", {"is_retryable", "is_temporary", "is_rate_limit"}),
            (LIMITED, 429, "POST", {"is_temporary", "is_rate_limit"}),
            ({"error": "too_many_attempts"}, 429, "GET", {"needs_user"}),
            ({"error": "server_error"}, 500, "GET", {"is_temporary", "is_upstream_failure"}),
            ({"error": "login_required"}, 400, "GET", {"needs_user", "needs_sign_in"}),
            ({"error": "unauthorized_client"}, 400, "GET", {"needs_developer"}),
            ({"error": "access_denied"}, 403, "GET", {"needs_admin"}),
            ({"error": "authorization_pending"}, 400, "POST", {"is_retryable", "is_temporary"}),
        ],
    )
    def test_are_derived_from_owner_remedy_and_retry(
        self, document: object, status: int, method: str, answers: set[str]
    ) -> None:
        """Each is true of these and of no others."""
        wait = [("Retry-After", "7")] if document is LIMITED else []
        provider = "okta" if document is LIMITED else "auth0"
        found = problem(document, status, wait, provider=provider, method=method, flow_control=True)
        names = [name for name in vars(Problem) if name.startswith(("is_", "needs_"))]

        assert {name for name in names if getattr(found, name)} == answers

    @pytest.mark.parametrize(
        ("reason", "answer"), [("rate-limited", True), ("concurrency-limited", True), ("too-many-attempts", False)]
    )
    def test_a_rate_limit_is_one_without_a_wait_too(self, reason: str, answer: bool) -> None:
        """Attack protection is no rate limit: waiting does not end it."""
        found = Problem.from_headers({"Auth-Problem": reason, "Auth-Problem-Owner": "limit"})

        assert found is not None
        assert found.is_rate_limit is answer


class TestFromBytes:
    @given(documents, st.sampled_from([None, "urn:uuid:1"]), st.sampled_from([None, "7"]))
    def test_reads_what_was_written(self, members: dict[str, Any], instance: str | None, wait: str | None) -> None:
        """All but what is not on the wire: the entry, and what selected it."""
        headers = [] if wait is None else [("Retry-After", wait)]
        found = normalize(
            429,
            [JSON_TYPE, *headers],
            json.dumps(members).encode(),
            provider="auth0",
            instance=instance,
            method="GET",
            texts="all",
        )
        if found is not None:
            assert Problem.from_bytes(found.to_bytes()) == found.replace(entry=None, matched_by="")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"x",
            b"[]",
            b"null",
            b"7",
            b"{}",
            b'{"type":"x"}',
            b'{"reason":"x"}',
            b'{"type":7,"reason":"x"}',
            b"\xff",
        ],
    )
    def test_gives_none_for_anything_else(self, body: bytes) -> None:
        """A document of ours has a type and a reason."""
        assert Problem.from_bytes(body) is None

    def test_reads_problem_types_of_newer_releases(self) -> None:
        """Consumers treat an unknown reason by owner, remedy and retry."""
        body = {"type": "urn:x:new", "reason": "new", "owner": "user", "remedy": "dance", "retry": {"policy": "soon"}}
        found = Problem.from_bytes(json.dumps(body).encode())

        assert found is not None
        assert (found.reason, found.owner, found.remedy, found.retry) == ("new", "user", "dance", RetryHint("soon"))  # type: ignore[arg-type]

    @given(st.dictionaries(st.sampled_from(["title", "status", "retry", "upstream", "instance", "owner"]), json_values))
    def test_a_member_of_the_wrong_type_counts_as_absent(self, members: dict[str, Any]) -> None:
        """RFC 9457 section 3.1."""
        found = Problem.from_bytes(json.dumps({"type": "urn:x:y", "reason": "y", **members}).encode())

        assert found is not None
        assert [type(found.title), type(found.status), type(dict(found.upstream))] == [str, int, dict]
        assert type(found.retry.policy) is str
        assert found.retry.after is None or found.retry.after >= 0
        assert type(found.retry.automatic) is bool


class TestFromHeaders:
    @pytest.mark.parametrize(
        ("headers", "retry"),
        [
            ({"Auth-Problem-Retry": "never"}, RetryHint("never")),
            ({"Auth-Problem-Retry": "manual"}, RetryHint("after_action")),
            ({"Auth-Problem-Retry": "manual", "Retry-After": "9"}, RetryHint("after_delay", 9, False, "retry-after")),
            (
                {"Auth-Problem-Retry": "after_delay", "Retry-After": "9"},
                RetryHint("after_delay", 9, True, "retry-after"),
            ),
            ({"Auth-Problem-Retry": "poll"}, RetryHint("poll", None, True)),
            ({"Auth-Problem-Retry": "once"}, RetryHint("once", None, True)),
            ({}, RetryHint("after_action")),
            ({"Retry-After": "soon"}, RetryHint("after_action")),
            ({"Retry-After": "9999999999"}, RetryHint("after_action")),
            ({"Retry-After": "\u0661"}, RetryHint("after_action")),
            ({"Auth-Problem-Retry": "whenever"}, RetryHint("after_action")),
        ],
    )
    def test_reads_enough_to_route_and_to_wait_by(self, headers: dict[str, str], retry: RetryHint) -> None:
        """A gateway need not read the body."""
        found = Problem.from_headers({"Auth-Problem": "rate-limited", "Auth-Problem-Owner": "limit", **headers})

        assert found is not None
        assert (found.reason, found.owner, found.retry) == ("rate-limited", "limit", retry)

    def test_leaves_empty_what_headers_do_not_contain(self) -> None:
        """Neither a title nor a status is made up."""
        found = Problem.from_headers([("Auth-Problem", "mfa-required")])
        retry = RetryHint("after_action", None, False, None)

        nothing: Any = ""

        assert found == Problem("", "mfa-required", "", 0, "", None, nothing, nothing, retry, nothing, {}, {}, None, "")

    @pytest.mark.parametrize("headers", [{}, {"Auth-Problem": ""}, {"Auth-Problem-Owner": "user"}])
    def test_gives_none_where_there_are_no_problem_headers(self, headers: dict[str, str]) -> None:
        """The response is none of ours."""
        assert Problem.from_headers(headers) is None

    def test_reads_back_what_was_written(self) -> None:
        """Reason, owner and retry of any problem of ours."""
        for found in (problem(), problem(LIMITED, 429, [("Retry-After", "7")], method="GET")):
            read = Problem.from_headers(found.headers())

            assert read is not None
            assert (read.reason, read.owner, read.retry) == (found.reason, found.owner, found.retry)


class TestFromResponse:
    @pytest.mark.parametrize("name", ["content", "data", "body"])
    def test_reads_the_body_whatever_the_library_calls_it(self, name: str) -> None:
        """Httpx and requests, Flask and urllib3, Starlette."""
        found = problem()
        response = SimpleNamespace(status_code=403, headers=dict(found.headers()), **{name: found.to_bytes()})

        assert Problem.from_response(response) == found.replace(entry=None, matched_by="")

    @pytest.mark.parametrize("body", [b"", b"<html>", b'{"error":"x"}', None, "text"])
    @pytest.mark.parametrize("status", [{"status_code": 503}, {"status": 503}])
    def test_reads_the_headers_where_the_body_has_no_problem(self, body: object, status: dict[str, int]) -> None:
        """A HEAD response, or a body that a gateway has replaced."""
        response = SimpleNamespace(**status, headers={"Auth-Problem": "upstream-error"}, content=body)
        found = Problem.from_response(response)

        assert found is not None
        assert (found.reason, found.status) == ("upstream-error", 503)

    def test_gives_none_for_a_response_of_something_else(self) -> None:
        """Neither body nor headers."""
        assert Problem.from_response(SimpleNamespace(status_code=400, headers={}, content=b'{"error":"x"}')) is None


class TestFromCallback:
    @pytest.mark.parametrize(
        ("params", "reason", "status"),
        [
            ({"error": "access_denied", "state": "s"}, "access-denied", 403),
            ({"error": ["login_required"]}, "login-required", 403),
            ({"error": "server_error", "error_description": "x"}, "upstream-error", 502),
        ],
    )
    def test_reads_parameters_that_the_app_has_parsed(self, params: dict[str, Any], reason: str, status: int) -> None:
        """With the type's own status, 403 in place of 401: there was no error status."""
        found = Problem.from_callback(params)

        assert found is not None
        assert (found.reason, found.status, found.upstream["status"]) == (reason, status, 302)

    @pytest.mark.parametrize(
        "params", [{}, {"code": "x"}, {"error": "made_up"}, {"error": ""}, {"error": None}, {"error": []}]
    )
    def test_gives_none_where_there_is_no_registered_error(self, params: dict[str, Any]) -> None:
        """Anyone can send a request to a callback."""
        assert Problem.from_callback(params) is None

    def test_uses_the_apps_declaration_of_the_provider(self) -> None:
        """And its registry and type base."""
        rows = [{"id": "okta:tenant_says_no", "code": "tenant_says_no", "type": "access-denied"}]
        registry = Registry.builtin().extend({"entries": rows})
        params = {"error": "tenant_says_no"}
        found = Problem.from_callback(params, provider="okta", registry=registry, type_base="https://x/#")

        assert found is not None
        assert (found.entry, found.provider, found.type) == ("okta:tenant_says_no", "okta", "https://x/#access-denied")
        assert Problem.from_callback(params, provider="auth0", registry=registry) is None

    def test_refuses_an_unknown_provider(self) -> None:
        """Naming what is wrong."""
        with pytest.raises(ValueError, match=r"from_callback\(\): provider: 'x'"):
            Problem.from_callback({"error": "access_denied"}, provider="x")  # type: ignore[arg-type]

    @given(st.dictionaries(st.sampled_from(["error", "error_description", "state", "x"]), st.one_of(texts, st.none())))
    def test_never_raises_for_parameters(self, params: dict[str, Any]) -> None:
        """And keeps unknown texts back."""
        Problem.from_callback(params)
        found = Problem.from_callback({**params, "error_description": "hunter2 is wrong", "error": "access_denied"})

        assert found is not None
        assert "hunter2" not in found.to_bytes().decode()
