"""Errors of providers behind the gateway: problems, and the cool-downs that follow from them."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from tests.client import samples
from tests.client.served import served
from tests.client.upstream import running
from tests.gateway.support import asked, before, made
from tests.support.responses import Response, json_response

OK = json_response(200, {"ok": True})


class TestErrors:
    def test_become_problems(self) -> None:
        """With the headers that the provider sent."""
        with running(samples.DENIED) as upstream, before(upstream.url) as client:
            got = client.post("/api/v1/authn", json={})

        assert got.headers["content-type"] == "application/problem+json"
        assert got.headers["x-okta-request-id"] == got.json()["upstream"]["request_id"]
        assert got.json()["reason"] == got.headers["auth-problem"] == "invalid-credentials"

    def test_in_a_coding_become_problems(self) -> None:
        """The coding that the gateway let the client ask for."""
        coded = samples.DENIED._replace(
            headers=[*samples.DENIED.headers, ("content-encoding", "gzip")], body=gzip.compress(samples.DENIED.body)
        )

        with running(coded) as upstream, before(upstream.url) as client:
            got = client.get("/", headers={"Accept-Encoding": "gzip"})

        assert (got.json()["reason"], got.headers.get("content-encoding")) == ("invalid-credentials", None)

    @pytest.mark.parametrize(
        ("flags", "reason"), [({}, "invalid-credentials"), ({"disclosure": "off"}, "account-inactive")]
    )
    def test_disclose_what_the_operator_allows(self, flags: dict[str, Any], reason: str) -> None:
        """`safe` by default: an inactive account looks like a wrong password."""
        inactive = json_response(403, {"error": "access_denied", "error_description": "User status is invalid."})

        with running(inactive) as upstream, before(upstream.url, **flags) as client:
            assert client.post("/oauth2/v1/token").json()["reason"] == reason

    @pytest.mark.parametrize(("respected", "kind"), [(True, "application/json"), (False, "application/problem+json")])
    def test_with_no_transform_are_unchanged_on_request(self, respected: bool, kind: str) -> None:
        """Auth0's token endpoint sends `no-transform` on its errors."""
        sent = samples.DENIED._replace(headers=[*samples.DENIED.headers, ("cache-control", "no-store, no-transform")])

        with running(sent) as upstream, before(upstream.url, respect_no_transform=str(respected)) as client:
            assert client.get("/").headers["content-type"] == kind

    def test_are_unchanged_in_observe_mode(self) -> None:
        """And set no cool-down."""
        with running(samples.LIMITED) as upstream, before(upstream.url, mode="observe") as client:
            got = [client.get("/").content for _ in range(2)]

        assert (got, len(upstream.seen)) == ([samples.LIMITED.body] * 2, 2)

    def test_that_are_too_large_are_unchanged(self) -> None:
        """Beyond `max_body`."""
        large = json_response(500, {"x": "y" * 5000})

        with running(large) as upstream, before(upstream.url, max_body="1000") as client:
            assert client.get("/").content == large.body


class TestCooldown:
    def test_answers_without_sending(self) -> None:
        """The same problem at once; the provider gets one request."""
        with running(samples.LIMITED) as upstream, before(upstream.url) as client:
            first, *others = [client.get("/api/v1/users") for _ in range(5)]

        assert len(upstream.seen) == 1
        assert {got.json()["reason"] for got in others} == {first.json()["reason"]} == {"rate-limited"}
        assert len({got.json()["instance"] for got in (first, *others)}) == 5
        assert [got for got in others if not 30 <= int(got.headers["retry-after"]) <= 33] == []

    def test_answers_a_request_with_a_body(self) -> None:
        """Without waiting for the body, and the connection serves the next request."""
        responses = iter([samples.LIMITED, OK])
        with running(lambda _: next(responses)) as upstream, before(upstream.url) as client:
            statuses = [client.post("/api/v1/users", content=b"x" * 100_000).status_code for _ in range(3)]
            statuses.append(client.get("/api/v1/logs").status_code)

        assert statuses == [429, 429, 429, 200]

    def test_affects_no_other_bucket(self) -> None:
        """Another caller, another endpoint, another prefix."""
        limit = samples.limited(("retry-after", "30"))
        with running(limit) as upstream:
            gateway = made(("okta", upstream.url, ""), ("auth0", upstream.url, "/auth0"))
            with served(gateway) as origin, httpx.Client(base_url=origin, verify=False) as client:
                client.get("/api/v1/users")
                client.get("/api/v1/users", headers={"Authorization": "SSWS 1"})
                client.get("/api/v1/users", params={"client_id": "0oa1"})
                client.get("/api/v1/logs")
                client.get("/auth0/api/v1/users")

        assert len(upstream.seen) == 4  # a client id proves nothing about the caller

    @pytest.mark.parametrize(
        ("forwarded", "first", "second", "sent"),
        [
            ("own", "192.0.2.1", "192.0.2.2", 2),
            ("own", "192.0.2.1", "192.0.2.1", 1),
            ("keep", "10.0.0.1", "10.0.0.1", 2),
        ],
    )
    def test_of_one_address_suppresses_no_request_of_another(
        self, forwarded: str, first: str, second: str, sent: int
    ) -> None:
        """The peer's address counts; behind a trusted proxy the one that it has added to `X-Forwarded-For`."""
        with running(samples.LIMITED) as upstream:
            app = made(("okta", upstream.url, ""), forwarded=forwarded)
            for number, address in enumerate((first, second)):
                headers = [("x-forwarded-for", f"203.0.113.9, 198.51.100.{number}")]
                asked(app, "/api/v1/authn", "POST", headers, client=(address, 4000))

        assert len(upstream.seen) == sent

    def test_cannot_be_avoided_by_a_header(self) -> None:
        """What a caller claims in `X-Forwarded-For` does not count."""
        with running(samples.LIMITED) as upstream:
            app = made(("okta", upstream.url, ""))
            for number in range(3):
                asked(app, "/api/v1/users", headers=[("x-forwarded-for", f"198.51.100.{number}")])

        assert len(upstream.seen) == 1

    @pytest.mark.parametrize("sent", [samples.BRUTE_FORCE, samples.DENIED, samples.NOT_NAMED])
    def test_is_not_set_by_errors_of_users(self, sent: Response) -> None:
        """The failed attempts of one user suppress no requests of another."""
        with running(sent) as upstream:
            gateway = served(made(("auth0", upstream.url, "")))
            with gateway as origin, httpx.Client(base_url=origin, verify=False) as client:
                for _ in range(3):
                    client.post("/oauth/token", data={"username": "jane"})

        assert len(upstream.seen) == 3

    def test_can_be_turned_off(self) -> None:
        """By the operator."""
        with running(samples.LIMITED) as upstream, before(upstream.url, cooldown="off") as client:
            for _ in range(3):
                client.get("/api/v1/users")

        assert len(upstream.seen) == 3

    @pytest.mark.parametrize(("origin", "allowed"), [("https://app.example", True), ("https://evil.example", False)])
    def test_lets_scripts_of_configured_origins_read_its_response(self, origin: str, allowed: bool) -> None:
        """The provider's CORS headers are missing where nothing was sent."""
        flags = {"cors_origins": "https://app.example https://other.example"}
        with running(samples.LIMITED) as upstream, before(upstream.url, **flags) as client:
            client.get("/api/v1/users")
            headers = client.get("/api/v1/users", headers={"Origin": origin}).headers

        assert headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert ("Auth-Problem" in headers.get("access-control-expose-headers", "")) is allowed

    def test_ends_after_max_cooldown(self) -> None:
        """Even if the provider asked to wait for a day."""
        held: list[float] = []

        class Store:
            def look(self, key: str) -> None:
                return None

            def hold(self, key: str, seconds: float, document: bytes) -> None:
                held.append(seconds)

        with running(samples.limited(("retry-after", "80000"))) as upstream:
            asked(made(("okta", upstream.url, ""), cooldown_store=Store(), max_cooldown="60"), "/api/v1/users")

        assert held == [60.0]
