"""Sign-in flows by themselves: pages and sessions, codes and tokens that end, devices that are denied."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from authproblem.testing import Clock, FakeAuth0, FakeOAuth, FakeOkta

AUTH0, OKTA, AS = "https://example.auth0.com", "https://example.okta.com", "https://as.example.com"
CALLBACK = "https://app.example.com/callback"
PARAMETERS = {"client_id": "app", "redirect_uri": CALLBACK, "response_type": "code", "state": "s1", "scope": "openid"}


@pytest.fixture
def auth0() -> FakeAuth0:
    fake = FakeAuth0(clock=Clock(frozen=True))
    fake.add_user("ada@example.com", "right")
    return fake


def browser(fake: FakeAuth0 | FakeOkta | FakeOAuth, url: str = AUTH0) -> httpx.Client:
    return httpx.Client(transport=fake.transport(), base_url=url)


def token(client: httpx.Client, path: str = "/oauth/token", **form: str) -> dict[str, Any]:
    document: dict[str, Any] = client.post(path, data={"client_id": "app", **form}).json()
    return document


def test_the_sign_in_page_is_shown_until_the_password_is_right(auth0: FakeAuth0) -> None:
    """And then there is a session: the next app gets its code without a page."""
    with browser(auth0) as client:
        page = client.get("/authorize", params={**PARAMETERS, "login_hint": "ada@example.com"})
        assert (page.status_code, 'value="ada@example.com"' in page.text) == (200, True)
        wrong = client.post("/authorize", data={**PARAMETERS, "username": "ada@example.com", "password": "wrong"})
        assert (wrong.status_code, 'role="alert"' in wrong.text) == (400, True)
        right = client.post("/authorize", data={**PARAMETERS, "username": "ada@example.com", "password": "right"})
        assert parse_qs(urlsplit(right.headers["location"]).query)["state"] == ["s1"]
        again = client.get("/authorize", params={**PARAMETERS, "prompt": "none"})
        assert "code=" in again.headers["location"]
        out = client.get("/v2/logout", params={"returnTo": "https://app.example.com/"})
        assert out.headers["location"] == "https://app.example.com/"
        client.cookies.clear()
        silent = client.get("/authorize", params={**PARAMETERS, "prompt": "none"})
        assert "error=login_required" in silent.headers["location"]


def test_what_is_typed_into_the_page_is_escaped(auth0: FakeAuth0) -> None:
    """The sign-in page contains parameters of the request."""
    with browser(auth0) as client:
        page = client.get("/authorize", params={**PARAMETERS, "login_hint": '"><script>', "nonce": "<b>"})
    assert ("<script>" in page.text, "<b>" in page.text) == (False, False)


@pytest.mark.parametrize(("mode", "sign"), [("query", "?code="), ("fragment", "#code="), ("form_post", None)])
def test_response_modes(auth0: FakeAuth0, mode: str, sign: str | None) -> None:
    """Query, fragment and form post."""
    auth0.signed_in = auth0.accounts.users[0]
    with browser(auth0) as client:
        answer = client.get("/authorize", params={**PARAMETERS, "response_mode": mode})
    if sign is not None:
        assert answer.headers["location"].startswith(CALLBACK + sign)
    else:
        assert (answer.status_code, f'action="{CALLBACK}"' in answer.text) == (200, True)


def test_a_callback_that_is_not_registered_is_no_redirect(auth0: FakeAuth0) -> None:
    """RFC 6749 section 4.1.2.1."""
    auth0.add_client("app", redirect_uris=("https://other.example.com/",))
    with browser(auth0) as client:
        assert client.get("/authorize", params=PARAMETERS).status_code == 400
        assert client.get("/authorize", params={**PARAMETERS, "client_id": "unknown"}).status_code == 400


def test_codes_and_tokens_end_by_the_clock(auth0: FakeAuth0) -> None:
    """That of the fake."""
    auth0.signed_in = auth0.accounts.users[0]
    with browser(auth0) as client:
        location = client.get("/authorize", params=PARAMETERS).headers["location"]
        code = parse_qs(urlsplit(location).query)["code"][0]
        auth0.clock.advance(301)
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        assert token(client, **grant)["error_description"] == "Invalid authorization code"
        access = token(client, grant_type="password", username="ada@example.com", password="right")["access_token"]
        headers = {"authorization": f"Bearer {access}"}
        assert client.get("/userinfo", headers=headers).status_code == 200
        auth0.clock.advance(3601)
        late = client.get("/userinfo", headers=headers)
        assert (late.status_code, "The token has expired" in late.headers["www-authenticate"]) == (401, True)


@pytest.mark.parametrize(
    ("what", "expected"),
    [("deny", "access_denied"), ("wait", "expired_token"), ("nothing", "authorization_pending")],
)
def test_a_device_that_gets_no_token(auth0: FakeAuth0, what: str, expected: str) -> None:
    """Denied, expired, or not approved yet."""
    with browser(auth0) as client:
        begun = client.post("/oauth/device/code", data={"client_id": "app"}).json()
        if what == "deny":
            auth0.deny(begun["user_code"])
        if what == "wait":
            auth0.clock.advance(901)
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["device_code"]}
        assert token(client, **grant)["error"] == expected


def test_polling_too_fast_makes_the_interval_longer(auth0: FakeAuth0) -> None:
    """RFC 8628 section 3.5: five seconds more for this and all later polls."""
    with browser(auth0) as client:
        begun = client.post("/oauth/device/code", data={"client_id": "app"}).json()
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["device_code"]}
        seen = []
        for wait in (0, 1, 6, 10):
            auth0.clock.advance(wait)
            seen.append(token(client, **grant)["error"])
    assert seen == ["authorization_pending", "slow_down", "slow_down", "slow_down"]


def test_nothing_waits_for_approval(auth0: FakeAuth0) -> None:
    """An unknown code is a mistake of the test."""
    for answer in (auth0.approve, auth0.deny):
        with pytest.raises(LookupError, match="nothing waits"):
            answer("NO-SUCH-CODE")


def test_a_code_by_sms_as_second_factor(auth0: FakeAuth0) -> None:
    """A wrong binding code, then the right one."""
    auth0.accounts.users[0].factors = ("sms", "push")
    with browser(auth0) as client:
        needed = token(client, grant_type="password", username="ada@example.com", password="right")
        step = {"mfa_token": needed["mfa_token"], "client_id": "app"}
        listed = client.get("/mfa/authenticators", headers={"authorization": f"Bearer {needed['mfa_token']}"}).json()
        assert [row["authenticator_type"] for row in listed] == ["oob", "oob"]
        challenge = client.post("/mfa/challenge", json={**step, "authenticator_id": listed[0]["id"]}).json()
        grant = {**step, "grant_type": "http://auth0.com/oauth/grant-type/mfa-oob", "oob_code": challenge["oob_code"]}
        assert token(client, **grant, binding_code="000000")["error_description"] == "Invalid binding_code."
        assert "access_token" in token(client, **grant, binding_code="123456")
        assert token(client, **grant)["error_description"] == "Malformed mfa_token"


def test_a_push_is_approved_or_rejected(auth0: FakeAuth0) -> None:
    """By the test, in place of the user."""
    auth0.accounts.users[0].factors = ("push",)
    with browser(auth0) as client:
        needed = token(client, grant_type="password", username="ada@example.com", password="right")
        step = {"mfa_token": needed["mfa_token"], "client_id": "app"}
        challenge = client.post("/mfa/challenge", json={**step, "challenge_type": "oob"}).json()
        grant = {**step, "grant_type": "http://auth0.com/oauth/grant-type/mfa-oob", "oob_code": challenge["oob_code"]}
        assert token(client, **grant)["error"] == "authorization_pending"
        auth0.approve(challenge["oob_code"])
        assert "access_token" in token(client, **grant)


def test_a_factor_is_enrolled_with_the_token_of_the_error(auth0: FakeAuth0) -> None:
    """`mfa_token` authorizes the enrollment."""
    auth0.accounts.users[0].factors = ("push",)
    with browser(auth0) as client:
        needed = token(client, grant_type="password", username="ada@example.com", password="right")
        headers = {"authorization": f"Bearer {needed['mfa_token']}"}
        made = client.post("/mfa/associate", json={"authenticator_types": ["otp"]}, headers=headers).json()
        assert (made["authenticator_type"], [*auth0.accounts.users[0].factors]) == ("otp", ["push", "otp"])


@pytest.mark.parametrize(("state", "code"), [("blocked", "unauthorized"), ("password_expired", "password_expired")])
def test_accounts_that_cannot_sign_in(auth0: FakeAuth0, state: str, code: str) -> None:
    """Each state has its error."""
    setattr(auth0.accounts.users[0], state, True)
    with browser(auth0) as client:
        assert token(client, grant_type="password", username="ada@example.com", password="right")["error"] == code


def test_a_user_that_is_deleted_ends_refreshing(auth0: FakeAuth0) -> None:
    """The refresh token is dead."""
    with browser(auth0) as client:
        login = {"grant_type": "password", "username": "ada@example.com", "password": "right"}
        refresh = token(client, **login, scope="offline_access")["refresh_token"]
        auth0.accounts.users.clear()
        assert (
            "doesn't exist anymore"
            in token(client, grant_type="refresh_token", refresh_token=refresh)["error_description"]
        )


def test_refresh_tokens_stay_where_they_do_not_rotate() -> None:
    """With `rotate=False`."""
    fake = FakeOAuth(rotate=False)
    fake.add_user("ada@example.com", "right")
    with browser(fake, AS) as client:
        login = {"grant_type": "password", "username": "ada@example.com", "password": "right"}
        first = token(client, "/token", **login, scope="offline_access")["refresh_token"]
        again = [token(client, "/token", grant_type="refresh_token", refresh_token=first) for _ in range(2)]
    assert [document["refresh_token"] for document in again] == [first, first]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": ""}, "invalid_client"),
        ({}, "invalid_request"),
        ({"grant_type": "x"}, "unsupported_grant_type"),
        ({"grant_type": "password", "client_id": "narrow"}, "unauthorized_client"),
        ({"grant_type": "client_credentials", "client_id": "bound"}, "invalid_dpop_proof"),
    ],
)
def test_requests_that_the_token_endpoint_refuses(form: dict[str, str], error: str) -> None:
    """Each with the error of its specification."""
    fake = FakeOAuth()
    fake.add_client("app")
    fake.add_client("narrow", grants=("client_credentials",))
    fake.add_client("bound", dpop=True)
    with browser(fake, AS) as client:
        assert token(client, "/token", **form)["error"] == error


def test_handles_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake may run for days: it forgets the oldest codes and tokens."""
    monkeypatch.setattr("authproblem.testing._sessions.MAX_HANDLES", 3)
    fake = FakeOAuth()
    with browser(fake, AS) as client:
        issued = [token(client, "/token", grant_type="client_credentials")["access_token"] for _ in range(5)]
    assert list(fake.sessions.access) == issued[2:]


def test_introspection_and_revocation() -> None:
    """A revoked token is inactive."""
    fake = FakeOkta()
    fake.add_user("ada@example.com", "right")
    with browser(fake, OKTA) as client:
        login = {"grant_type": "password", "username": "ada@example.com", "password": "right"}
        access = token(client, "/oauth2/v1/token", **login)["access_token"]
        form = {"token": access, "client_id": "app"}
        assert client.post("/oauth2/v1/introspect", data=form).json()["username"] == "ada@example.com"
        assert client.post("/oauth2/v1/revoke", data=form).status_code == 200
        assert client.post("/oauth2/v1/introspect", data=form).json() == {"active": False}


def test_the_identity_engine_step_by_step() -> None:
    """Name, password, second factor, code: each document holds the form of the next step."""
    fake = FakeOkta()
    fake.add_user("ada@example.com", "right", factors=("otp",))
    with browser(fake, OKTA) as client:
        handle = client.post("/oauth2/default/v1/interact", data=PARAMETERS).json()["interaction_handle"]
        document = client.post("/idp/idx/introspect", json={"interactionHandle": handle}).json()
        state = {"stateHandle": document["stateHandle"]}

        def answer(passcode: str) -> httpx.Response:
            return client.post("/idp/idx/challenge/answer", json={**state, "credentials": {"passcode": passcode}})

        document = client.post("/idp/idx/identify", json={**state, "identifier": "ada@example.com"}).json()
        assert document["remediation"]["value"][0]["name"] == "challenge-authenticator"
        wrong = answer("wrong")
        assert (wrong.status_code, wrong.json()["messages"]["value"][0]["i18n"]["key"]) == (401, "errors.E0000004")
        assert "remediation" in answer("right").json()
        wrong = answer("000000")
        assert "PASSCODE_INVALID" in json.dumps(wrong.json()["messages"])
        done = answer("123456").json()["successWithInteractionCode"]
        form = {row["name"]: row["value"] for row in done["value"]}
        tokens = client.post(done["href"], data=form).json()
        assert (done["href"], "id_token" in tokens) == (f"{OKTA}/oauth2/default/v1/token", True)
        assert client.post("/idp/idx/cancel", json={"stateHandle": "gone"}).status_code == 401


def test_okta_s_users_are_managed() -> None:
    """Created, locked, unlocked, suspended, deleted."""
    fake = FakeOkta()
    headers = {"authorization": "SSWS t"}
    with browser(fake, OKTA) as client:
        client.headers.update(headers)
        profile = {"login": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"}
        made = client.post("/api/v1/users", json={"profile": profile, "credentials": {"password": {"value": "right"}}})
        user = f"/api/v1/users/{made.json()['id']}"
        again = client.post("/api/v1/users", json={"profile": profile})
        assert (again.status_code, again.json()["errorCode"]) == (400, "E0000001")
        fake.accounts.users[0].locked = True
        assert client.get(user).json()["status"] == "LOCKED_OUT"
        for what, status in (("unlock", "ACTIVE"), ("suspend", "DEPROVISIONED"), ("unsuspend", "ACTIVE")):
            client.post(f"{user}/lifecycle/{what}")
            assert client.get(user).json()["status"] == status
        client.post(f"{user}/lifecycle/expire_password")
        begun = client.post("/api/v1/authn", json={"username": "ada@example.com", "password": "right"}).json()
        assert begun["status"] == "PASSWORD_EXPIRED"
        assert (client.delete(user).status_code, client.get(user).status_code) == (204, 404)
        client.headers.pop("authorization")
        assert client.get("/api/v1/users").json()["errorCode"] == "E0000011"


def test_without_cryptography_errors_are_sent_and_tokens_say_what_is_missing() -> None:
    """Only signed tokens need the package."""
    code = """
import sys
sys.modules["cryptography"] = None
from authproblem.errors import MissingExtraError
from authproblem.testing import FakeOkta
fake = FakeOkta()
with fake.fail("okta:E0000047"):
    assert fake.send("GET", "https://example.okta.com/api/v1/users").status == 429
try:
    fake.send("GET", "https://example.okta.com/oauth2/v1/keys")
except MissingExtraError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    expected = 'authproblem.testing (signed tokens) needs an optional dependency: pip install "authproblem[testing]"'
    assert (done.stdout.strip(), done.stderr) == (expected, "")
