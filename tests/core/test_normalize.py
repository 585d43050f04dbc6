"""`normalize` and `classify`: pure functions over one response; every option that concerns one, and hostile input."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Problem, Registry, classify, normalize
from tests.support.responses import JSON_TYPE, Pairs
from tests.support.wire import schema_faults

E4 = b'{"errorCode":"E0000004","errorSummary":"Authentication failed"}'
E69 = b'{"errorCode":"E0000069","errorSummary":"User Locked"}'
JSON: Pairs = [JSON_TYPE]


def locked(status: int = 200, **options: Any) -> Problem | None:
    """Okta's state of a locked account."""
    return normalize(status, JSON, b'{"stateToken":"t","status":"LOCKED_OUT","_embedded":{}}', **options)


class TestPurity:
    def test_gives_the_same_for_the_same(self) -> None:
        """No clock and no identifier but what is given."""
        headers = [JSON_TYPE, ("Retry-After", "Sun, 06 Nov 1994 08:51:37 GMT")]
        made = [normalize(429, headers, b'{"errorCode":"E0000047","errorSummary":"x"}', now=784_111_777) for _ in "ab"]

        assert made[0] == made[1]
        assert made[0] is not None
        assert (made[0].retry.after, made[0].instance) == (120, None)

    @pytest.mark.parametrize("kind", [bytes, bytearray])
    def test_leaves_its_arguments_as_they_are(self, kind: Any) -> None:
        """They are the caller's."""
        headers, body = list(JSON), kind(E4)
        normalize(401, headers, body)

        assert (headers, bytes(body)) == (JSON, E4)

    def test_classify_agrees_with_it(self) -> None:
        """The hot path alone."""
        found, problem = classify(401, JSON, E4), normalize(401, JSON, E4)

        assert found is not None
        assert problem is not None
        assert (found.reason, found.entry, found.provider, found.matched_by) == (
            problem.reason,
            problem.entry,
            problem.provider,
            problem.matched_by,
        )

    @pytest.mark.parametrize("endpoint", [None, "/api/v1/authn", "/api/v1/users"])
    @pytest.mark.parametrize("provider", [None, "okta"])
    def test_both_consider_the_endpoint(self, endpoint: str | None, provider: Any) -> None:
        """With a provider or without."""
        body = b'{"errorCode":"E0000011","errorSummary":"Invalid token provided"}'
        expected = "session-expired" if endpoint == "/api/v1/authn" else "invalid-token"
        found = classify(401, JSON, body, provider=provider, endpoint=endpoint)
        problem = normalize(401, JSON, body, provider=provider, endpoint=endpoint)

        assert (found and found.reason, problem and problem.reason) == (expected, expected)

    def test_a_problem_cannot_be_changed_and_its_document_is_the_callers(self) -> None:
        """No document shares a mutable part with the registry or with another."""
        first = normalize(401, JSON, E4)
        assert first is not None
        with pytest.raises(TypeError):
            first.extensions["x"] = 1  # type: ignore[index]
        with pytest.raises(AttributeError, match="immutable"):
            first.reason = "x"  # type: ignore[misc]
        document = first.to_dict()
        document["x"] = document["upstream"]["x"] = 1
        second = normalize(401, JSON, E4)

        assert second is not None
        assert "x" not in {**second.extensions, **second.upstream}


@pytest.mark.parametrize("ask", [normalize, classify])
@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("provider", "keycloak", "one of 'auth0', 'okta', 'oauth'"),
        ("endpoint", "oauth/token", "a path of the provider"),
    ],
)
def test_an_invalid_argument_is_an_error(ask: Any, name: str, value: str, right: str) -> None:
    """It names the argument and what is expected."""
    with pytest.raises(ValueError, match=f"^invalid {name}: '{value}'; expected {right}"):
        ask(401, JSON, E4, **{name: value})


class TestStatus:
    @pytest.mark.parametrize("status", [400, 403, 418, 500])
    def test_is_the_upstreams(self, status: int) -> None:
        """Whatever the type's own."""
        problem = normalize(status, JSON, E69)

        assert problem is not None
        assert (problem.status, problem.upstream["status"]) == (status, status)

    @pytest.mark.parametrize(
        ("provider", "status", "location", "sent"),
        [
            ("okta", 302, "/cb?error=access_denied&state=s", 403),
            (None, 303, "/cb?error=login_required&state=s", 403),
            (None, 302, "/cb#error=temporarily_unavailable&state=s", 503),
            ("auth0", 302, "/cb?error=invalid_request&error_description=x", 400),
        ],
    )
    def test_of_a_redirect_is_the_types_own(self, provider: Any, status: int, location: str, sent: int) -> None:
        """403 in place of 401: a 401 would owe a challenge."""
        problem = normalize(status, [("location", location)], b"", provider=provider)

        assert problem is not None
        assert (problem.status, problem.upstream["status"]) == (sent, status)

    def test_of_a_state_is_the_types_own(self) -> None:
        """There was no error status."""
        problem = locked(transaction_states=True)

        assert problem is not None
        assert (problem.reason, problem.status) == ("account-locked", 403)

    def test_of_a_state_with_an_error_status_needs_no_asking(self) -> None:
        """It is an error by its status."""
        assert [locked(), locked(401) is not None] == [None, True]


class TestFlowControl:
    @pytest.mark.parametrize(
        ("status", "headers", "body", "reason"),
        [
            (400, JSON, b'{"error":"authorization_pending"}', "authorization-pending"),
            (400, JSON, b'{"error":"slow_down"}', "slow-down"),
            (400, [JSON_TYPE, ("dpop-nonce", "n")], b'{"error":"use_dpop_nonce"}', "dpop-nonce-required"),
            (401, [("www-authenticate", 'DPoP error="use_dpop_nonce"')], b"", "dpop-nonce-required"),
        ],
    )
    def test_is_no_error(self, status: int, headers: Pairs, body: bytes, reason: str) -> None:
        """Clients handle it and continue; it is a problem on request only."""
        asked = normalize(status, headers, body, provider="okta", flow_control=True)
        found = classify(status, headers, body, provider="okta")

        assert normalize(status, headers, body, provider="okta") is None
        assert asked is not None
        assert found is not None
        assert (asked.reason, found.reason) == (reason, reason)

    def test_of_a_pushed_factor_is_no_error(self) -> None:
        """The user has not responded yet."""
        body = b'{"stateToken":"t","status":"MFA_CHALLENGE","factorResult":"WAITING"}'

        assert [normalize(status, JSON, body, transaction_states=True) for status in (200, 401)] == [None, None]

    @pytest.mark.parametrize("flow_control", [True, False])
    def test_of_oktas_device_challenge_is_left_alone(self, flow_control: bool) -> None:
        """The browser's extension responds to it."""
        headers = [("WWW-Authenticate", 'Oktadevicejwt realm="Okta Device"')]

        assert normalize(401, headers, b"", provider="okta", flow_control=flow_control) is None


class TestSize:
    @pytest.mark.parametrize(("limit", "found"), [(len(E4), True), (len(E4) - 1, False)])
    def test_a_larger_body_is_left_alone(self, limit: int, found: bool) -> None:
        """The last size that is looked at is the limit itself."""
        assert (normalize(401, JSON, E4, max_body=limit) is not None) is found
        assert (normalize(401, [*JSON, ("x", "y")], E4, max_body=limit) is not None) is found

    def test_a_coded_body_is_looked_at_decoded(self) -> None:
        """The limit counts for what it holds, too."""
        headers = [*JSON, ("content-encoding", "gzip")]
        padded = gzip.compress(E4 + b" " * 9_000)

        assert len(padded) < 9_000
        assert [normalize(401, headers, padded, max_body=size) is not None for size in (10_000, 9_000)] == [True, False]

    def test_classify_has_a_limit_as_well(self) -> None:
        """A quarter of a megabyte."""
        padded = [classify(401, headers, E4 + b" " * 262_144) for headers in (JSON, [*JSON, ("x", "y")])]

        assert padded == [None, None]

    def test_a_coded_body_that_is_larger_is_left_alone(self) -> None:
        """Like the adapters, which never buffer more."""
        coded = gzip.compress(E4)

        assert len(coded) > len(E4)
        assert normalize(401, [*JSON, ("content-encoding", "gzip")], coded, max_body=len(E4)) is None

    @pytest.mark.parametrize("coding", ["compress", "gzip", "br", "gzip, gzip, gzip"])
    def test_a_body_that_cannot_be_decoded_is_left_alone(self, coding: str) -> None:
        """An unknown coding, or one that it does not have."""
        headers = [*JSON, ("content-encoding", coding), ("x-okta-request-id", "r")]

        assert normalize(401, headers, b"\x00\x01" + E4) is None


class TestStepUp:
    @pytest.mark.parametrize(
        ("challenge", "members"),
        [
            ('acr_values="urn:okta:loa:2fa:any", max_age="5"', {"acr_values": "urn:okta:loa:2fa:any", "max_age": 5}),
            ('scope="read:a write:b"', {"scope": "read:a write:b"}),
            ('max_age="soon"', {}),
            ('max_age="999999999"', {"max_age": 999_999_999}),
            ('max_age="1000000000"', {}),
            ('max_age="\u0661"', {}),
            (f'acr_values="{"a" * 512}"', {"acr_values": "a" * 512}),
            (f'acr_values="{"a" * 513}"', {}),
            ('acr_values="\u00e4"', {}),
            ('realm="x"', {}),
        ],
    )
    def test_parameters_become_members(self, challenge: str, members: dict[str, Any]) -> None:
        """So that a client need not parse the header, which stays as it is (RFC 9470)."""
        headers = [("WWW-Authenticate", f'Bearer error="insufficient_user_authentication", {challenge}')]
        problem = normalize(401, headers, b"", provider="auth0")

        assert problem is not None
        assert problem.reason == "step-up-required"
        assert problem.extensions == {"error": "insufficient_user_authentication", **members}

    def test_members_of_the_body_come_first(self) -> None:
        """The challenge only adds."""
        headers = [JSON_TYPE, ("WWW-Authenticate", 'Bearer error="x", acr_values="a", max_age=5')]
        body = b'{"error":"insufficient_user_authentication","acr_values":"b"}'
        problem = normalize(401, headers, body, provider="oauth")

        assert problem is not None
        assert problem.extensions == {"error": "insufficient_user_authentication", "acr_values": "b", "max_age": 5}


class TestRequestId:
    @pytest.mark.parametrize("name", ["X-Okta-Request-Id", "x-auth0-requestid", "Ot-Baggage-Auth0-Request-Id"])
    def test_is_carried_along(self, name: str) -> None:
        """For the vendor's support."""
        problem = normalize(401, [JSON_TYPE, (name, "Abc-1_2.3")], E4)

        assert problem is not None
        assert problem.upstream["request_id"] == "Abc-1_2.3"

    def test_of_okta_may_contain_an_at_sign(self) -> None:
        """As those of Apache do."""
        problem = normalize(401, [JSON_TYPE, ("X-Okta-Request-Id", "XkcAsWb8WjwDP76xh@1v8wAABp0")], E4)

        assert problem is not None
        assert problem.upstream["request_id"] == "XkcAsWb8WjwDP76xh@1v8wAABp0"

    @pytest.mark.parametrize("value", ["", "two words", "a" * 65, "a\u00e4", 'x"'])
    def test_of_another_form_is_not(self, value: str) -> None:
        """It would end up in logs."""
        problem = normalize(401, [JSON_TYPE, ("X-Okta-Request-Id", value)], E4)

        assert problem is not None
        assert "request_id" not in problem.upstream


def test_of_duplicate_members_the_last_counts_and_is_sent_once() -> None:
    """Whoever reads the first would read something else than we."""
    problem = normalize(400, JSON, b'{"error":"a","state":"1","error":"invalid_grant","state":"2"}', provider="auth0")

    assert problem is not None
    assert (problem.reason, problem.to_bytes().count(b'"error"'), problem.extensions["state"]) == (
        "invalid-grant",
        1,
        "2",
    )


def test_members_of_upstream_are_in_the_documented_order() -> None:
    """A document is for readers, too."""
    problem = normalize(401, [JSON_TYPE, ("X-Okta-Request-Id", "r")], E4[:-1] + b',"title":"Unauthorized"}')

    assert problem is not None
    assert list(problem.upstream) == ["status", "code", "request_id", "members"]


class TestExtension:
    ROWS: tuple[dict[str, Any], ...] = (
        {"id": "auth0:vip", "code": "vip", "type": "access-denied", "remedy": "step_up", "detail": "VIPs only."},
        {"id": "okta:E0000004", "type": "sign-in-failed"},
    )

    def test_of_the_registry_counts(self) -> None:
        """A code of the team's own, and another meaning for one of the vendor's."""
        registry = Registry.builtin().extend({"entries": list(self.ROWS)})
        own = normalize(403, JSON, b'{"error":"vip"}', provider="auth0", registry=registry)
        changed = normalize(401, JSON, E4, registry=registry)

        assert own is not None
        assert changed is not None
        assert (own.reason, own.remedy, own.detail, own.entry) == (
            "access-denied",
            "step_up",
            "VIPs only.",
            "auth0:vip",
        )
        assert (changed.reason, changed.entry) == ("sign-in-failed", "okta:E0000004")

    def test_leaves_the_built_in_registry_as_it_is(self) -> None:
        """It gives a new one."""
        Registry.builtin().extend({"entries": list(self.ROWS)})
        problem = normalize(401, JSON, E4)

        assert problem is not None
        assert problem.reason == "invalid-credentials"


headers = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(
                ["content-type", "content-encoding", "www-authenticate", "location", "retry-after", "date", "ratelimit"]
            ),
            st.text(max_size=9),
        ),
        st.one_of(
            st.sampled_from(["application/json", "gzip", "text/plain", "text/html", "/cb?error=access_denied&state=s"]),
            st.text(max_size=40),
        ),
    ),
    max_size=5,
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([E4, E69, b"", b"{}", b"{" * 100_000, b"[" * 100_000, b'{"a":' * 50_000, b"\xef\xbb\xbf" + E4]),
    st.binary(max_size=40).map(lambda tail: E4[:-1] + b',"x":"' + tail + b'"}'),
    st.binary(max_size=99).map(gzip.compress),
)


@given(
    status=st.integers(100, 999),
    pairs=headers,
    body=bodies,
    provider=st.sampled_from([None, "auth0", "okta", "oauth"]),
    endpoint=st.one_of(st.none(), st.text(max_size=20).map(lambda rest: "/" + rest)),
    method=st.one_of(st.none(), st.text(max_size=5)),
    states=st.booleans(),
    level=st.sampled_from(["off", "safe", "strict"]),
)
def test_any_response_becomes_a_document_of_the_wire_format_or_none(
    *,
    status: int,
    pairs: Pairs,
    body: bytes,
    provider: Any,
    endpoint: str | None,
    method: str | None,
    states: bool,
    level: Any,
) -> None:
    """Nothing that a client or an upstream can send raises."""
    problem = normalize(
        status,
        pairs,
        body,
        provider=provider,
        endpoint=endpoint,
        method=method,
        disclosure=level,
        transaction_states=states,
        flow_control=True,
    )

    if problem is not None and status < 600:
        assert schema_faults(json.loads(problem.to_bytes())) == []
