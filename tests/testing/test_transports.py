"""Ways to a fake beside the servers: respx, responses, async httpx, mounted apps."""

from __future__ import annotations

import asyncio

import httpx
import requests
import responses
import respx
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from authproblem.testing import FakeAuth0, FakeOkta


def test_respx() -> None:
    """The routes of the test come first; everything else is the fake's."""
    fake = FakeOkta()
    fake.fail("okta:E0000047")
    with respx.mock(assert_all_called=False) as router:
        router.get("https://other.example.com/").respond(204)
        fake.mock_respx(router)
        assert httpx.get("https://other.example.com/").status_code == 204
        assert httpx.get("https://example.okta.com/api/v1/users").json()["errorCode"] == "E0000047"


def test_responses() -> None:
    """The `responses` package."""
    fake = FakeAuth0()
    fake.fail("auth0:mfa_required")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.mock_responses(mock, "https://example.auth0.com/")
        response = requests.post("https://example.auth0.com/oauth/token", data={"grant_type": "password"}, timeout=5)
    assert (response.status_code, response.json()["error"]) == (403, "mfa_required")
    assert fake.exchanges[0].request.form == {"grant_type": "password"}


def test_async_httpx_with_a_streamed_body() -> None:
    """The body is read before the fake sees it."""
    fake = FakeAuth0()

    async def parts():
        yield b"grant_type=client_credentials"
        yield b"&client_id=app"

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=fake.transport()) as client:
            headers = {"content-type": "application/x-www-form-urlencoded"}
            return await client.post("https://example.auth0.com/oauth/token", content=parts(), headers=headers)

    assert asyncio.run(ask()).status_code == 200


def test_mounted_below_a_path() -> None:
    """Discovery names the mount, so that clients find the endpoints."""
    fake = FakeOkta()
    app = Starlette(routes=[Mount("/okta", app=fake.asgi)])
    document = TestClient(app).get("/okta/.well-known/openid-configuration").json()
    assert document["token_endpoint"] == "http://testserver/okta/oauth2/v1/token"
    flask = Flask(__name__)
    flask.wsgi_app = DispatcherMiddleware(flask.wsgi_app, {"/okta": fake.wsgi})  # type: ignore[method-assign]
    document = flask.test_client().get("/okta/.well-known/openid-configuration").get_json()
    assert document["issuer"] == "http://localhost/okta"


def test_a_socket_that_is_closed_is_free_again() -> None:
    """The next server gets the port."""
    fake = FakeOkta()
    with fake.serve() as url:
        port = int(url.rpartition(":")[2])
    with fake.serve(port=port) as again:
        assert httpx.get(f"{again}/oauth2/v1/keys", trust_env=False).status_code == 200


def test_lifespan_and_head() -> None:
    """As an ASGI app."""
    fake = FakeOkta()
    with TestClient(fake.asgi) as client:  # runs the lifespan
        response = client.head("/.well-known/openid-configuration")
    assert (response.status_code, response.content) == (200, b"")
    assert int(fake.exchanges[-1].response.header("content-length", "0")) >= 0


def test_a_chunked_body_over_a_socket() -> None:
    """Clients that stream send no length."""
    fake = FakeAuth0()
    parts = iter([b"grant_type=client_credentials", b"&client_id=app"])
    headers = {"content-type": "application/x-www-form-urlencoded"}
    with fake.serve() as url:
        response = httpx.post(f"{url}/oauth/token", content=parts, headers=headers, trust_env=False)
    assert (response.status_code, fake.exchanges[0].request.text("client_id")) == (200, "app")


def test_scripts_of_any_origin_may_ask() -> None:
    """A single-page app signs in against a fake on another port; preflights are neither errors nor counted."""
    fake = FakeOkta()
    fake.limit(1)
    fake.fail_next("okta:E0000004")
    origin = {"Origin": "http://localhost:3000"}
    with httpx.Client(transport=fake.transport(), base_url="https://example.okta.com", headers=origin) as client:
        preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        before = [client.options("/api/v1/authn", headers=preflight) for _ in range(2)]
        response = client.post("/api/v1/authn", json={"username": "ada@example.com"})
    assert [(a.status_code, a.headers["access-control-allow-headers"]) for a in before] == [(204, "content-type")] * 2
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, "http://localhost:3000")
    assert "X-Rate-Limit-Reset" in response.headers["access-control-expose-headers"]
