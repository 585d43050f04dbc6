"""Users, factors and sessions of the fakes by the vendors' management APIs, as far as flows need them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from authproblem.testing import FakeAuth0, FakeOkta

AUTH0, OKTA = "https://example.auth0.com", "https://example.okta.com"
TOKEN = {"authorization": "Bearer made-up"}


def auth0(fake: FakeAuth0, **options: Any) -> httpx.Client:
    """A client of the Management API."""
    return httpx.Client(transport=fake.transport(), base_url=AUTH0, headers=TOKEN, **options)


def okta(fake: FakeOkta, **options: Any) -> httpx.Client:
    """A client of Okta's API."""
    return httpx.Client(transport=fake.transport(), base_url=OKTA, headers=TOKEN, **options)


def test_auth0_creates_changes_and_deletes_a_user() -> None:
    """A changed password and a block count at the next sign-in."""
    fake = FakeAuth0()
    with auth0(fake) as client:
        made = client.post("/api/v2/users", json={"email": "ada@example.com", "password": "one"})
        path = f"/api/v2/users/{made.json()['user_id']}"
        changed = client.patch(path, json={"name": "Ada", "password": "two", "blocked": True})
        again = client.post("/api/v2/users", json={"email": "ada@example.com"})
        deleted = client.delete(path)

        assert (made.status_code, changed.json()["name"], changed.json()["blocked"]) == (201, "Ada", True)
        assert (again.status_code, again.json()["error"]) == (409, "Conflict")
        assert (deleted.status_code, client.get(path).status_code) == (204, 404)


def test_auth0_finds_users_by_page_and_address() -> None:
    """With totals on request."""
    fake = FakeAuth0()
    for name in ("ada", "bob", "cyd"):
        fake.add_user(f"{name}@example.com")
    with auth0(fake) as client:
        page = client.get("/api/v2/users", params={"page": "1", "per_page": "2", "include_totals": "true"}).json()
        found = client.get("/api/v2/users-by-email", params={"email": "bob@example.com"}).json()
        none = client.get("/api/v2/users-by-email", params={"email": "x@example.com"}).json()

    assert (page["total"], page["length"], page["users"][0]["email"]) == (3, 1, "cyd@example.com")
    assert ([user["email"] for user in found], none) == (["bob@example.com"], [])


def test_auth0_lists_the_factors_of_a_user() -> None:
    """By the vendor's names."""
    fake = FakeAuth0()
    user = fake.add_user(factors=("otp", "sms"))
    with auth0(fake) as client:
        rows = client.get(f"/api/v2/users/{user.id}/authentication-methods").json()

    assert [row["type"] for row in rows] == ["totp", "phone"]


def test_okta_creates_changes_and_deletes_a_user() -> None:
    """The address and the password are those of the profile and the credentials."""
    fake = FakeOkta()
    profile = {"login": "ada@example.com", "firstName": "Ada", "lastName": "L"}
    with okta(fake) as client:
        made = client.post("/api/v1/users", json={"profile": profile, "credentials": {"password": {"value": "one"}}})
        path = f"/api/v1/users/{made.json()['id']}"
        changed = client.put(path, json={"credentials": {"password": {"value": "two"}}})
        signed_in = client.post("/api/v1/authn", json={"username": "ada@example.com", "password": "two"})
        again = client.post("/api/v1/users", json={"profile": profile})
        deleted = client.delete(path)

        assert (made.status_code, changed.status_code) == (200, 200)
        assert signed_in.json()["status"] == "SUCCESS"
        assert (again.status_code, again.json()["errorCode"]) == (400, "E0000001")
        assert (deleted.status_code, client.get(path).status_code) == (204, 404)


@pytest.mark.parametrize(
    ("what", "expected"), [("suspend", 401), ("expire_password", 200), ("unlock", 200), ("activate", 200)]
)
def test_okta_changes_the_state_of_a_user(what: str, expected: int) -> None:
    """It counts at the next sign-in."""
    fake = FakeOkta()
    user = fake.add_user("ada@example.com", "right")
    user.locked = what == "unlock"
    with okta(fake) as client:
        client.post(f"/api/v1/users/{user.id}/lifecycle/{what}")
        found = client.post("/api/v1/authn", json={"username": "ada@example.com", "password": "right"})

    assert found.status_code == expected


@pytest.mark.parametrize(
    ("code", "status", "result"), [(None, 200, "CHALLENGE"), ("right", 200, "SUCCESS"), ("000000", 403, None)]
)
def test_okta_verifies_a_factor(code: str | None, status: int, result: str | None) -> None:
    """Without a code it is a challenge."""
    fake = FakeOkta()
    user = fake.add_user(factors=("sms",))
    body = {} if code is None else {"passCode": user.code if code == "right" else code}
    with okta(fake) as client:
        factor = client.get(f"/api/v1/users/{user.id}/factors").json()[0]
        found = client.post(f"/api/v1/users/{user.id}/factors/{factor['id']}/verify", json=body)

    assert (factor["factorType"], found.status_code, found.json().get("factorResult")) == ("sms", status, result)


def test_okta_makes_a_session_of_a_session_token_and_ends_it() -> None:
    """A token counts once, and a session ends once."""
    fake = FakeOkta()
    fake.add_user("ada@example.com", "right")
    with okta(fake) as client:
        done = client.post("/api/v1/authn", json={"username": "ada@example.com", "password": "right"}).json()
        made = client.post("/api/v1/sessions", json={"sessionToken": done["sessionToken"]})
        second = client.post("/api/v1/sessions", json={"sessionToken": done["sessionToken"]})
        mine = client.get("/api/v1/sessions/me")
        ended = [client.delete("/api/v1/sessions/me").status_code for _ in range(2)]

    assert (made.status_code, mine.json()["login"]) == (200, "ada@example.com")
    assert (second.status_code, ended) == (401, [204, 404])


@pytest.mark.parametrize("path", ["/api/v1/users", "/api/v1/users/me"])
def test_okta_refuses_a_request_without_a_token(path: str) -> None:
    """With the vendor's error."""
    with httpx.Client(transport=FakeOkta().transport(), base_url=OKTA) as client:
        found = client.get(path)

    assert (found.status_code, found.json()["errorCode"]) == (401, "E0000011")


def test_auth0_refuses_a_request_without_a_token() -> None:
    """With the vendor's error."""
    with httpx.Client(transport=FakeAuth0().transport(), base_url=AUTH0) as client:
        found = client.get("/api/v2/users")

    assert (found.status_code, found.json()["error"]) == (401, "Unauthorized")
