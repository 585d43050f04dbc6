"""auth0-python signs in against the fake, and fails against it as it would against Auth0."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx
import pytest
from auth0.authentication import Database, GetToken, Passwordless, RevokeToken, Users
from auth0.authentication.back_channel_login import BackChannelLogin
from auth0.authentication.exceptions import Auth0Error, RateLimitError
from auth0.authentication.pushed_authorization_requests import PushedAuthorizationRequests
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier
from auth0.management import ManagementClient
from auth0.management.errors import ConflictError, NotFoundError, TooManyRequestsError

from authproblem.testing import FakeAuth0

Served = tuple[FakeAuth0, str]
EMAIL, PASSWORD, REALM = "ada@example.com", "correct horse", "Username-Password-Authentication"
SCOPE = "openid profile offline_access"


@pytest.fixture
def http(trusted: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(verify=trusted) as client:
        yield client


def test_signs_in_and_the_id_token_verifies(auth0_server: Served) -> None:
    """The token is checked against the fake's own keys, fetched from its JWKS."""
    _, host = auth0_server
    response = GetToken(host, "app", client_secret="shh").login(EMAIL, PASSWORD, realm=REALM, scope=SCOPE)
    verifier = AsymmetricSignatureVerifier(f"https://{host}/.well-known/jwks.json")
    claims = TokenVerifier(verifier, f"https://{host}/", "app").verify(response["id_token"])
    assert (claims["email"], claims["name"]) == (EMAIL, "Ada Lovelace")
    assert Users(host).userinfo(response["access_token"])["email"] == EMAIL


def test_a_wrong_password_is_refused_and_ten_lock_the_account(auth0_server: Served) -> None:
    """By auth0-python."""
    _, host = auth0_server
    client = GetToken(host, "app", client_secret="shh")
    codes = []
    for _ in range(11):
        with pytest.raises(Auth0Error) as caught:
            client.login(EMAIL, "wrong", realm=REALM)
        codes.append(caught.value.error_code)
    assert codes == ["invalid_grant"] * 10 + ["too_many_attempts"]


def test_refresh_tokens_rotate_and_reuse_revokes_the_family(auth0_server: Served) -> None:
    """By auth0-python."""
    _, host = auth0_server
    client = GetToken(host, "app", client_secret="shh")
    first = client.login(EMAIL, PASSWORD, realm=REALM, scope=SCOPE)["refresh_token"]
    second = client.refresh_token(first)["refresh_token"]
    assert first != second
    for used in (first, second):  # the thief's use of the first one kills the second
        with pytest.raises(Auth0Error, match="Unknown or invalid refresh token"):
            client.refresh_token(used)


def test_a_second_factor(auth0_server: Served, http: httpx.Client) -> None:
    """`mfa_required`, a challenge, a wrong code and the right one."""
    fake, host = auth0_server
    fake.accounts.users[0].factors = ("otp",)
    with pytest.raises(Auth0Error) as caught:
        GetToken(host, "app", client_secret="shh").login(EMAIL, PASSWORD, realm=REALM, scope="openid")
    assert caught.value.content is not None
    step = {"mfa_token": caught.value.content["mfa_token"], "client_id": "app"}
    challenge = http.post(f"https://{host}/mfa/challenge", json={**step, "challenge_type": "otp"})
    assert challenge.json() == {"challenge_type": "otp"}
    grant = {**step, "grant_type": "http://auth0.com/oauth/grant-type/mfa-otp"}
    wrong = http.post(f"https://{host}/oauth/token", data={**grant, "otp": "000000"})
    assert (wrong.status_code, wrong.json()["error_description"]) == (403, "Invalid otp_code.")
    right = http.post(f"https://{host}/oauth/token", data={**grant, "otp": "123456"})
    assert (right.status_code, "id_token" in right.json()) == (200, True)


def test_signs_up_once(auth0_server: Served) -> None:
    """The second time the user exists."""
    _, host = auth0_server
    database = Database(host, "app")
    assert database.signup("grace@example.com", "a long password", REALM)["email"] == "grace@example.com"
    with pytest.raises(Auth0Error) as caught:
        database.signup("grace@example.com", "a long password", REALM)
    assert (caught.value.status_code, caught.value.error_code) == (400, "user_exists")
    with pytest.raises(Auth0Error) as caught:
        database.signup("new@example.com", "short", REALM)
    assert caught.value.error_code == "invalid_password"


def test_passwordless(auth0_server: Served) -> None:
    """A wrong code, then the right one."""
    _, host = auth0_server
    Passwordless(host, "app").email("new@example.com")
    client = GetToken(host, "app", client_secret="shh")
    with pytest.raises(Auth0Error, match="Wrong email or verification code"):
        client.passwordless_login("new@example.com", "000000", "email", "openid", "")
    assert "access_token" in client.passwordless_login("new@example.com", "123456", "email", "openid", "")


def test_client_credentials_and_revocation(auth0_server: Served) -> None:
    """By auth0-python."""
    fake, host = auth0_server
    fake.add_client("app", "shh")
    assert "access_token" in GetToken(host, "app", client_secret="shh").client_credentials("https://api.example.com")
    with pytest.raises(Auth0Error) as caught:
        GetToken(host, "app", client_secret="wrong").client_credentials("https://api.example.com")
    assert caught.value.status_code == 401
    login = GetToken(host, "app", client_secret="shh").login(EMAIL, PASSWORD, realm=REALM, scope=SCOPE)
    RevokeToken(host, "app", client_secret="shh").revoke_refresh_token(login["refresh_token"])
    with pytest.raises(Auth0Error):
        GetToken(host, "app", client_secret="shh").refresh_token(login["refresh_token"])


def test_backchannel_login(auth0_server: Served) -> None:
    """Pending, polled too fast, and granted as soon as the person has approved."""
    fake, host = auth0_server
    begun = BackChannelLogin(host, "app", client_secret="shh").back_channel_login(
        binding_message="hi", login_hint=fake.accounts.users[0].id, scope="openid"
    )
    client = GetToken(host, "app", client_secret="shh")
    codes = []
    for _ in range(2):
        with pytest.raises(Auth0Error) as caught:
            client.backchannel_login(begun["auth_req_id"])
        codes.append(caught.value.error_code)
    fake.approve(begun["auth_req_id"])
    assert codes == ["authorization_pending", "slow_down"]
    assert "access_token" in client.backchannel_login(begun["auth_req_id"])


def test_pushed_requests_and_codes(auth0_server: Served, http: httpx.Client) -> None:
    """PAR, a redirect with a code, the code once."""
    fake, host = auth0_server
    fake.signed_in = fake.accounts.users[0]
    callback = "https://app.example.com/callback"
    pushed = PushedAuthorizationRequests(host, "app", client_secret="shh").pushed_authorization_request(
        "code", callback, scope="openid", state="xyz"
    )
    response = http.get(f"https://{host}/authorize", params={"client_id": "app", "request_uri": pushed["request_uri"]})
    location = httpx.URL(response.headers["location"])
    assert (response.status_code, location.params["state"]) == (302, "xyz")
    client = GetToken(host, "app", client_secret="shh")
    assert "id_token" in client.authorization_code(location.params["code"], callback)
    with pytest.raises(Auth0Error, match="Invalid authorization code"):
        client.authorization_code(location.params["code"], callback)


@pytest.mark.slow
def test_management(auth0_server: Served, http: httpx.Client) -> None:
    """Users are created, listed and deleted; a second one and a missing one are errors."""
    _, host = auth0_server
    client = ManagementClient(domain=host, token="token", httpx_client=http)
    made = client.users.create(connection=REALM, email="grace@example.com", password="a long password")
    assert made.user_id is not None
    assert client.users.get(made.user_id).email == "grace@example.com"
    assert [user.email for user in client.users.list()] == [EMAIL, "grace@example.com"]
    with pytest.raises(ConflictError):
        client.users.create(connection=REALM, email="grace@example.com", password="a long password")
    client.users.delete(made.user_id)
    with pytest.raises(NotFoundError):
        client.users.get(made.user_id)


def test_armed_errors_reach_the_client(auth0_server: Served, http: httpx.Client) -> None:
    """A limit by its headers, and any other error."""
    fake, host = auth0_server
    login = GetToken(host, "app", client_secret="shh")
    fake.fail("auth0:too_many_requests/authentication-api", endpoint="/oauth/token", retry_after=17)
    with pytest.raises(RateLimitError) as limited:
        login.login(EMAIL, PASSWORD, realm=REALM)
    assert 0 <= limited.value.reset_at - fake.clock.now() <= 17
    fake.recover()
    fake.fail("auth0:too_many_requests")
    with pytest.raises(TooManyRequestsError):
        ManagementClient(domain=host, token="t", httpx_client=http).users.get(
            "auth0|1", request_options={"max_retries": 0}
        )
