"""Arming errors: by order, endpoint, user, client, probability; what is different; what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authproblem import normalize
from authproblem.testing import Clock, FakeAuth0, FakeOkta, Response, UnknownEntryError

OKTA, AUTH0 = "https://example.okta.com", "https://example.auth0.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def users(fake: FakeOkta, path: str = "/api/v1/users", **headers: str) -> Response:
    return fake.send("GET", OKTA + path, {"authorization": "SSWS t", **headers})


def statuses(fake: FakeOkta, count: int, **headers: str) -> list[int]:
    return [users(fake, **headers).status for _ in range(count)]


def test_an_error_stays_until_it_is_canceled() -> None:
    """And counts how often it was sent."""
    fake = FakeOkta()
    failure = fake.fail("okta:E0000047", retry_after=17)
    assert statuses(fake, 3) == [429, 429, 429]
    failure.cancel()
    assert (statuses(fake, 1), failure.count) == ([200], 3)


def test_a_block_cancels_its_error() -> None:
    """At its end."""
    fake = FakeOkta()
    with fake.fail("okta:E0000047"):
        assert statuses(fake, 1) == [429]
    assert statuses(fake, 1) == [200]


def test_the_next_request_alone_and_in_order() -> None:
    """Two errors for the next two requests."""
    fake = FakeOkta()
    fake.fail_next("okta:E0000006")
    fake.fail_next("okta:E0000047")
    assert statuses(fake, 3) == [403, 429, 200]


def test_so_many_times_after_so_many_good_ones() -> None:
    """`skip` and `times`."""
    fake = FakeOkta()
    fake.fail("okta:E0000047", skip=2, times=1)
    assert statuses(fake, 5) == [200, 200, 429, 200, 200]


@pytest.mark.parametrize("endpoint", ["/api/v1/users", "/api/v1/*", "okta.users"])
def test_at_an_endpoint(endpoint: str) -> None:
    """A path, a pattern, or a surface of the registry."""
    fake = FakeOkta()
    fake.fail("okta:E0000047", endpoint=endpoint)
    other = fake.send("POST", OKTA + "/oauth2/v1/token", FORM, b"client_id=app&grant_type=client_credentials")
    assert (users(fake).status, other.status) == (429, 200)


def test_metadata_and_keys_fail_only_where_they_are_named() -> None:
    """A client can always discover where the endpoint is that fails."""
    fake = FakeOkta()
    discovery = OKTA + "/.well-known/openid-configuration"
    fake.fail("okta:E0000047")
    assert fake.send("GET", discovery).status == 200
    fake.fail("okta:E0000009", endpoint="okta.keys")
    assert fake.send("GET", discovery).status == 500


def test_for_a_user_a_client_and_an_address() -> None:
    """Each by what the request says: its form, its token, its forwarded address."""
    fake = FakeAuth0()
    fake.add_user("ada@example.com")
    fake.add_user("eve@example.com")
    fake.fail("auth0:unauthorized/user-blocked", user="eve@example.com")
    fake.fail("auth0:too_many_requests/authentication-api", client="other")
    fake.fail("auth0:too_many_attempts", address="203.0.113.9")

    def sign_in(user: str, client: str = "app", **headers: str) -> int:
        form = f"grant_type=password&client_id={client}&username={user}&password=correct+horse"
        return fake.send("POST", AUTH0 + "/oauth/token", {**FORM, **headers}, form.encode()).status

    assert (sign_in("ada@example.com"), sign_in("eve@example.com")) == (200, 401)
    assert (sign_in("ada@example.com", "other"), sign_in("ada@example.com", **{"x-forwarded-for": "203.0.113.9"})) == (
        429,
        429,
    )


def test_a_user_is_met_by_name_path_and_token() -> None:
    """However a request says whom it is about."""
    fake = FakeAuth0()
    ada, eve = fake.add_user("ada@example.com"), fake.add_user("eve@example.com")
    tokens = {
        user.email: fake.send(
            "POST",
            AUTH0 + "/oauth/token",
            FORM,
            f"grant_type=password&client_id=app&username={user.email}&password=correct+horse".encode(),
        ).json()["access_token"]
        for user in (ada, eve)
    }
    fake.fail("auth0:too_many_requests", user="ada@example.com")

    def ask(path: str, token: str) -> int:
        return fake.send("GET", AUTH0 + path, {"authorization": f"Bearer {token}"}).status

    assert [ask("/userinfo", tokens[user.email]) for user in (ada, eve)] == [429, 200]
    assert [ask(f"/api/v2/users/{user.id}", "t") for user in (ada, eve)] == [429, 200]
    assert [ask(f"/api/v2/users-by-email?email={user.email}", "t") for user in (ada, eve)] == [429, 200]


def test_with_a_probability_that_a_seed_repeats() -> None:
    """Another seed gives another sequence."""

    def run(seed: int) -> list[int]:
        fake = FakeOkta(seed=seed)
        fake.fail("okta:E0000047", probability=0.3)
        return statuses(fake, 200)

    first = run(1)
    assert first == run(1) != run(2)
    assert 30 < first.count(429) < 90


@pytest.mark.parametrize(
    ("entry", "wait", "source"),
    [
        ("okta:E0000047", 17, "x-rate-limit-reset"),
        ("okta:E0000181", 17, "retry-after"),
        ("okta:E0000047/concurrency", 17, "default"),
    ],
)
def test_the_wait_is_in_the_headers_of_the_vendor(entry: str, wait: int, source: str) -> None:
    """A limit by its reset header, an outage by `Retry-After`; the concurrency limit's reset is only a suggestion."""
    fake = FakeOkta(clock=Clock(frozen=True))
    fake.fail(entry, retry_after=wait)
    response = users(fake)
    problem = normalize(response.status, list(response.headers), response.body)
    assert problem is not None
    expected = wait if source != "default" else 10
    assert (problem.retry.after, problem.retry.source) == (expected, source)


def test_what_a_test_wants_to_be_different() -> None:
    """Status, text, members and headers."""
    fake = FakeAuth0()
    fake.fail(
        "auth0:invalid_grant/wrong-credentials",
        status=401,
        text="Custom text",
        members={"hint": "x", "error": None},
        headers={"X-Trace": "1"},
    )
    response = fake.send("POST", AUTH0 + "/oauth/token")
    assert (response.status, response.header("x-trace")) == (401, "1")
    assert response.json() == {"error_description": "Custom text", "hint": "x"}


def test_an_error_as_a_document_of_the_identity_engine() -> None:
    """With `form="okta_idx"`."""
    fake = FakeOkta()
    fake.fail("okta:E0000004", form="okta_idx", status=401)
    document = fake.send("POST", OKTA + "/idp/idx/identify").json()
    assert document["messages"]["value"][0]["i18n"] == {"key": "errors.E0000004"}


def test_a_redirect_carries_the_state_to_the_callback() -> None:
    """As the authorization endpoint does."""
    fake = FakeAuth0()
    fake.fail("auth0:consent_required")
    response = fake.send("GET", AUTH0 + "/authorize?redirect_uri=https://app.example.com/cb&state=s1")
    expected = "https://app.example.com/cb?error=consent_required&error_description=Consent+required&state=s1"
    assert (response.status, response.header("location")) == (302, expected)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("okta:E000047", "did you mean .*'okta:E0000047'"),
        ("auth0:mfa_required", "cannot be sent here"),
        ("okta:RATE_LIMIT_EXCEEDED", "is never sent as a response"),
    ],
)
def test_errors_that_cannot_be_sent_are_refused(entry: str, message: str) -> None:
    """The message says why, and names similar ones."""
    with pytest.raises(UnknownEntryError, match=message):
        FakeOkta().fail(entry)


@pytest.mark.parametrize("options", [{"probability": 0.0}, {"probability": 1.5}, {"times": 0}])
def test_invalid_numbers_are_refused(options: dict[str, Any]) -> None:
    """When the error is armed, not when it is sent."""
    with pytest.raises(ValueError, match="expected a number"):
        FakeOkta().fail("okta:E0000047", **options)


def test_a_team_s_own_entries_are_sent_too() -> None:
    """The registry that the app uses is the one that the fake sends from."""
    from authproblem import Registry

    row = {"id": "auth0:outside_hours", "code": "outside_hours", "type": "access-denied", "usual_status": [403]}
    fake = FakeAuth0(registry=Registry.builtin().extend({"entries": [row]}))
    fake.fail("auth0:outside_hours")
    response = fake.send("POST", AUTH0 + "/oauth/token")
    assert (response.status, response.json()) == (403, {"error": "outside_hours"})


def test_the_same_seed_gives_the_same_run() -> None:
    """Ids, codes and tokens that are made up are made up alike."""

    def run() -> list[Any]:
        fake = FakeOkta(seed=7, clock=Clock(frozen=True, start=1_800_000_000))
        fake.fail_next("okta:E0000007")
        return [users(fake), fake.send("POST", OKTA + "/oauth2/v1/interact", FORM, b"client_id=app")]

    assert run() == run()


def test_what_was_requested_and_sent_can_be_read() -> None:
    """In `fake.exchanges`."""
    fake = FakeOkta()
    fake.fail_next("okta:E0000047")
    users(fake)
    users(fake)
    assert [(e.request.path, e.response.status, e.entry) for e in fake.exchanges] == [
        ("/api/v1/users", 429, "okta:E0000047"),
        ("/api/v1/users", 200, None),
    ]


def test_bodies_are_compressed_for_clients_that_take_it() -> None:
    """As the vendors' are, so that the app's decoding is tested as well."""
    import gzip

    fake = FakeOkta()
    fake.fail("okta:E0000047")
    response = users(fake, **{"accept-encoding": "gzip"})
    assert response.header("content-encoding") == "gzip"
    assert json.loads(gzip.decompress(response.body))["errorCode"] == "E0000047"


def test_the_page_lists_and_arms() -> None:
    """One click sends an error; another disarms all."""
    fake = FakeOkta()
    listed = fake.send("GET", OKTA + "/").body.decode()
    assert "okta:E0000047" in listed
    assert fake.send("POST", OKTA + "/", FORM, b"arm=okta:E0000047&times=all").status == 302
    assert (users(fake).status, "okta:E0000047" in fake.send("GET", OKTA + "/").body.decode()) == (429, True)
    fake.send("POST", OKTA + "/", FORM, b"recover=1")
    assert users(fake).status == 200


def test_a_form_takes_the_arguments_of_fail() -> None:
    """Tests in other languages arm errors over HTTP."""
    fake = FakeOkta(clock=Clock(frozen=True))
    form = b"arm=okta:E0000047&endpoint=okta.users&retry_after=17&times=2&skip=1"
    assert fake.send("POST", OKTA + "/", FORM, form).status == 302
    responses = [users(fake) for _ in range(4)]
    assert [response.status for response in responses] == [200, 429, 429, 200]
    assert int(responses[1].header("x-rate-limit-reset")) == int(fake.clock.now()) + 16


@pytest.mark.parametrize("form", [b"arm=okta:E1", b"arm=okta:E0000047&times=often", b"arm=okta:E0000047&probability=7"])
def test_an_invalid_form_arms_nothing(form: bytes) -> None:
    """The page of the fake returns 400."""
    fake = FakeOkta()
    response = fake.send("POST", OKTA + "/", FORM, form)
    assert (response.status, fake.failures) == (400, ())


def test_a_response_of_the_test_s_own_has_no_vendor_s_headers() -> None:
    """What a CDN sends in the vendor's place."""
    fake = FakeOkta()
    page = Response(503, (("content-type", "text/html"),), b"<h1>Unavailable</h1>")
    fake.reply_with(page, times=1)
    response = users(fake)
    assert (response.status, response.body, response.header("x-okta-request-id")) == (503, page.body, "")
    assert users(fake).status == 200
