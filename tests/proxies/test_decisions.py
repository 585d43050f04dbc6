"""What the gateways decide by the headers: who is redirected to sign in, who is blocked, and what is repeated."""

from __future__ import annotations

import pytest

from tests.proxies.conftest import Client, Stand
from tests.proxies.servers import Entry
from tests.support.responses import Response
from tests.support.wire import header_faults, schema_faults

pytestmark = [pytest.mark.servers, pytest.mark.timeout(10, func_only=True)]
ALLOWED = 6
"""Wrong guesses that a client has within ten seconds before HAProxy and Envoy block it."""


def only(*names: str) -> pytest.MarkDecorator:
    """The test runs for these gateways alone."""
    return pytest.mark.parametrize("stand", names, indirect=True)


def test_page_with_an_expired_session_redirects_to_the_sign_in_page(stand: Stand) -> None:
    """For navigation of a browser."""
    response = stand.client.open_page("/me?token=made-up")
    assert (response.status, response.header("location")) == (303, "/sign-in?reason=session-expired")


def test_log_names_the_problem_of_a_redirected_page(stand: Stand) -> None:
    """Although the client does not see it."""
    stand.client.open_page("/me")
    assert Entry(303, "session-expired", "user", "manual", None) == stand.entry()


@only("haproxy", "caddy", "envoy")
def test_redirected_page_keeps_the_cookies(stand: Stand) -> None:
    """Nginx has dropped the response by then, which its example says."""
    assert len(stand.client.open_page("/me").lines("set-cookie")) == 2


def test_redirect_to_the_sign_in_page_is_not_stored(stand: Stand) -> None:
    """The next request may have a session."""
    assert stand.client.open_page("/me").header("cache-control") == "no-store"


def test_programs_get_the_document(stand: Stand) -> None:
    """`Sec-Fetch-Mode` distinguishes them."""
    response = stand.client.ask("/me", headers=[("Sec-Fetch-Mode", "cors")])
    assert (response.status, response.document()["remedy"]) == (401, "sign_in")


def test_error_page_of_the_app_is_unchanged(stand: Stand) -> None:
    """It has no problem headers."""
    response = stand.client.open_page("/staff")
    assert (response.status, response.body) == (403, b"<h1>Staff only</h1>")


def test_healthy_page_is_unchanged(stand: Stand) -> None:
    """Status and body."""
    response = stand.client.open_page("/")
    assert (response.status, response.body) == (200, b"<h1>Hello</h1>")


def test_sign_in_page_never_redirects_to_itself(stand: Stand) -> None:
    """That would be a loop."""
    response = stand.client.open_page("/sign-in", "POST")
    assert (response.status, response.header("auth-problem")) == (403, "invalid-credentials")


def test_sign_in_page_never_redirects_to_itself_after_a_link(stand: Stand) -> None:
    """There is no session yet."""
    response = stand.client.open_page("/sign-in?sso")
    assert (response.status, response.header("auth-problem")) == (401, "session-expired")


def test_page_with_another_status_is_unchanged(stand: Stand) -> None:
    """Only a 401 leads to the sign-in page."""
    response = stand.client.open_page("/locked")
    assert (response.status, response.header("auth-problem-owner")) == (429, "user")


def guess(client: Client, times: int) -> list[Response]:
    """Guess passwords."""
    return [client.ask("/sign-in", "POST") for _ in range(times)]


@only("haproxy", "envoy")
def test_client_that_guesses_is_blocked(stand: Stand) -> None:
    """After a number of wrong passwords."""
    statuses = [response.status for response in guess(stand.client, ALLOWED + 2)]
    assert statuses == [403] * ALLOWED + [429] * 2


@only("haproxy", "envoy")
def test_blocked_client_does_not_reach_the_app(stand: Stand) -> None:
    """The gateway responds itself."""
    guess(stand.client, ALLOWED)
    path = f"/{stand.token}"
    assert (stand.client.ask(path).status, stand.calls_to(path)) == (429, [])


@only("haproxy", "envoy")
def test_client_at_its_limit_is_blocked(stand: Stand) -> None:
    """A rate limit of the provider counts too."""
    statuses = [stand.client.ask("/oauth/token", "POST").header("retry-after") for _ in range(ALLOWED + 1)]
    assert statuses == ["1"] * ALLOWED + ["10"]


@only("haproxy", "envoy")
def test_user_whose_account_is_blocked_by_auth0_is_not_blocked_here(stand: Stand) -> None:
    """A 429 alone is no limit: the owner decides."""
    statuses = [stand.client.ask("/locked").header("auth-problem") for _ in range(ALLOWED + 2)]
    assert statuses == ["account-locked"] * (ALLOWED + 2)


@only("haproxy", "envoy")
def test_other_clients_are_not_blocked(stand: Stand) -> None:
    """The address distinguishes them."""
    guess(stand.client, ALLOWED + 1)
    assert stand.another().ask("/").status == 200


@only("haproxy", "envoy")
def test_response_to_a_blocked_client_is_a_problem(stand: Stand) -> None:
    """Of the same schema as the app's."""
    response = guess(stand.client, ALLOWED + 1)[-1]
    document = response.document()
    assert (schema_faults(document), header_faults(response, document)) == ([], [])


@only("haproxy", "envoy")
def test_log_names_the_problem_of_a_blocked_client(stand: Stand) -> None:
    """HAProxy applies no response rule to its own responses, so its variables are set with the request.

    It may log its own response before the one that the app sent last.
    """
    guess(stand.client, ALLOWED + 1)
    logged = [stand.entry(number=number) for number in range(ALLOWED + 1)]
    assert Entry(429, "rate-limited", "limit", "manual", "10") in logged


@only("nginx")
def test_limit_is_cached_for_a_while(stand: Stand) -> None:
    """The app is called once."""
    path = f"/flaky/429/9/30/{stand.token}"
    responses = [stand.client.ask(path) for _ in range(3)]
    assert ([response.status for response in responses], len(stand.calls_to(path))) == ([429] * 3, 1)


@only("nginx")
def test_limit_of_one_client_is_not_served_to_another(stand: Stand) -> None:
    """The cache key contains the client."""
    path = f"/flaky/429/1/30/{stand.token}"
    assert (stand.client.ask(path).status, stand.another().ask(path).status) == (429, 200)


@only("nginx")
@pytest.mark.parametrize(("path", "method"), [("/me", "GET"), ("/sign-in", "POST"), ("/", "GET"), ("/locked", "GET")])
def test_nothing_but_limits_is_cached(stand: Stand, path: str, method: str) -> None:
    """No other error and no success."""
    before = len(stand.calls_to(path))
    for _ in range(2):
        stand.client.ask(path, method)
    assert before + 2 == len(stand.calls_to(path))


Outcome = tuple[int | None, int]
AGAIN: Outcome = (200, 2)
ONCE: Outcome = (None, 1)
"""The client gets what the repeat brought, after two calls; or the error itself, after one."""
REPEATS: dict[tuple[int, int], dict[str, Outcome]] = {
    # status, wait: by status and at once; by the header and at once; by the header and after the wait
    (503, 0): {"nginx": AGAIN, "haproxy": AGAIN, "caddy": AGAIN, "envoy": AGAIN},
    (503, 1): {"nginx": AGAIN, "haproxy": AGAIN, "caddy": ONCE, "envoy": AGAIN},
    (429, 0): {"nginx": ONCE, "haproxy": ONCE, "caddy": AGAIN, "envoy": AGAIN},
    (429, 1): {"nginx": ONCE, "haproxy": ONCE, "caddy": ONCE, "envoy": AGAIN},
    (429, 30): {"nginx": ONCE, "haproxy": ONCE, "caddy": ONCE, "envoy": ONCE},
}


@pytest.mark.parametrize(("status", "wait"), REPEATS)
def test_get_is_repeated_where_the_gateway_sees_that_it_may_be(stand: Stand, status: int, wait: int) -> None:
    """Each gateway by what it can see: the status, the header, or the wait as well."""
    path = f"/flaky/{status}/1/{wait}/{stand.token}"
    response = stand.client.ask(path)
    wanted = REPEATS[status, wait][stand.name]
    assert (wanted[0] or status, wanted[1]) == (response.status, len(stand.calls_to(path)))


def test_outage_is_repeated_only_by_gateways_that_see_the_status_alone(stand: Stand) -> None:
    """Its header says `manual`; nginx and HAProxy cannot see that, but a GET does no harm."""
    path = f"/readonly/0/{stand.token}"
    calls = {"nginx": 2, "haproxy": 2, "caddy": 1, "envoy": 1}[stand.name]
    assert (stand.client.ask(path).status, len(stand.calls_to(path))) == (503, calls)


def test_token_call_is_never_repeated(stand: Stand) -> None:
    """Its header says `manual`: the provider may have used up the code or the refresh token."""
    before = len(stand.calls_to("/oauth/token"))
    response = stand.client.ask("/oauth/token", "POST")
    assert (429, "manual", before + 1) == (
        response.status,
        response.header("auth-problem-retry"),
        len(stand.calls_to("/oauth/token")),
    )


@pytest.mark.parametrize("status", [429, 503])
def test_post_to_an_unknown_endpoint_is_never_repeated(stand: Stand, status: int) -> None:
    """It might act twice."""
    path = f"/flaky/{status}/1/0/{stand.token}"
    assert (status, 1) == (stand.client.ask(path, "POST").status, len(stand.calls_to(path)))


def test_second_failure_is_passed_on(stand: Stand) -> None:
    """One repeat at most."""
    path = f"/flaky/503/9/0/{stand.token}"
    response = stand.client.ask(path)
    assert (response.status, response.header("auth-problem"), len(stand.calls_to(path))) == (503, "rate-limited", 2)


@only("envoy")
def test_envoy_repeats_no_earlier_than_it_may(stand: Stand) -> None:
    """It waits for `Retry-After`."""
    path = f"/flaky/429/1/1/{stand.token}"
    stand.client.ask(path)
    first, second = stand.calls_to(path)
    assert second.at - first.at >= 1


@only("envoy")
def test_envoy_repeats_a_post_that_the_header_allows(stand: Stand) -> None:
    """The users API is no credential endpoint, and a limit refused before anything was done."""
    path = f"/api/v1/users/429/1/0/{stand.token}"
    assert (stand.client.ask(path, "POST").status, len(stand.calls_to(path))) == (200, 2)


@only("nginx", "haproxy", "caddy")
def test_others_repeat_no_post_at_all(stand: Stand) -> None:
    """They cannot read the header before they decide."""
    path = f"/api/v1/users/503/1/0/{stand.token}"
    assert (stand.client.ask(path, "POST").status, len(stand.calls_to(path))) == (503, 1)


@only("envoy")
def test_envoys_own_header_does_not_leave_it(stand: Stand) -> None:
    """What the retry is decided by is made of two headers, for Envoy alone."""
    response = stand.client.ask(f"/flaky/429/9/30/{stand.token}")
    assert response.lines("x-repeat") == []
