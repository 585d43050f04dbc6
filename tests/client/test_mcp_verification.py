"""What the middleware of `VerifierErrors` replaces, and what it leaves alone; without a server."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem._core.build import bare_problem
from authproblem._core.challenges import read_challenges
from authproblem.errors import AuthProblemError, ConfigurationError
from authproblem.mcp import VerifierErrors
from authproblem.mcp._verification import Checks, is_expired

CHALLENGE = 'Bearer error="invalid_token", resource_metadata="https://api.example/metadata"'
METADATA = "https://api.example/metadata"
ORIGIN = "https://login.example"

KEYS = httpx2.Response(200, json={"keys": []})
DOWN = httpx2.Response(503, headers={"Retry-After": "30"})


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """An MCP server whose verifier asks for something, or not, and refuses every token.

    Attributes:
        asks: whether the next request makes the verifier ask.
        path: what it asks for.
        reply: what the provider sends then.
    """

    def __init__(self, status: int = 401, challenge: str | None = CHALLENGE, **options: Any) -> None:
        self.asks, self.path = True, "/keys"
        self.reply: httpx2.Response | Exception = KEYS
        self.raises: Exception | None = None
        self.errors = VerifierErrors(**options)
        self.authorization: str | None = None
        self._status, self._challenge = status, challenge
        self.client = self.errors.client(transport=httpx2.MockTransport(self._tell))

    def _tell(self, _: httpx2.Request) -> httpx2.Response:
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await send({"type": scope["type"] + ".accept"})
            return
        if self.asks:
            headers = {"authorization": self.authorization} if self.authorization else {}
            with contextlib.suppress(httpx2.HTTPError):
                await self.client.get(ORIGIN + self.path, headers=headers)
        if self.raises is not None:
            raise self.raises
        lines = [(b"x-other", b"kept"), (b"content-length", b"4")]
        if self._challenge is not None:
            lines.append((b"www-authenticate", self._challenge.encode()))
        await send({"type": "http.response.start", "status": self._status, "headers": lines})
        await send({"type": "http.response.body", "body": b"bo", "more_body": True})
        await send({"type": "http.response.body", "body": b"dy"})

    def get(self, token: str | None = "t") -> httpx2.Response:
        """The response to a request with a token."""

        async def main() -> httpx2.Response:
            app: Any = self.errors.middleware(self)
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://mcp") as client:
                response: httpx2.Response = await client.get("/mcp", headers=headers)
                return response

        return anyio.run(main)


def jwt(**claims: Any) -> str:
    """A JWT that nobody has signed."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in ({}, claims)]
    return ".".join([*parts, "signature"])


class TestFailures:
    def test_a_verifier_that_does_not_ask_again_has_verified_nothing(self) -> None:
        """FastMCP asks for no keys for 30 seconds after it could not get them; then the next failure counts."""
        clock = Clock()
        server = Server(clock=clock)
        server.reply = DOWN
        first = server.get().status_code
        server.asks = False

        meanwhile = server.get("another")
        clock.now += 31

        assert (first, meanwhile.status_code, server.get().status_code) == (503, 503, 401)

    def test_an_expired_token_is_refused_whoever_signed_it(self) -> None:
        """Its client may refresh it, although the keys cannot be had."""
        server = Server()
        server.reply = DOWN
        server.get()
        server.asks = False

        assert server.get(jwt(exp=time.time() - 60)).status_code == 401
        assert server.get(jwt(exp=time.time() + 60)).status_code == 503

    def test_each_address_counts_by_itself(self) -> None:
        """A token that one authorization server did not know may be another's, which was not reached."""
        server = Server()
        server.path, server.reply = "/introspect", DOWN
        server.get()
        server.path, server.reply = "/keys", KEYS

        assert server.get().status_code == 503

    def test_a_query_may_contain_a_token(self) -> None:
        """Only host and path are kept, of 64 addresses at most."""
        server = Server()
        server.reply = DOWN
        for number in range(70):
            server.path = f"/{number}?token=canary"
            server.get()

        kept = server.errors._rules._recent
        assert (len(kept), "canary" in str(list(kept))) == (64, False)

    def test_a_success_ends_a_failure(self) -> None:
        """From then on the verifier decides."""
        server = Server()
        server.reply = DOWN
        server.get()
        server.reply = KEYS
        refused = server.get().status_code
        server.asks = False

        assert (refused, server.get().status_code) == (401, 401)

    @pytest.mark.parametrize(
        ("reply", "authorization", "status"),
        [
            (httpx2.Response(400, json={"error": "invalid_request"}), None, 401),
            (httpx2.Response(403), None, 502),
            (httpx2.Response(404), None, 502),
            (httpx2.Response(401), "Bearer users-own", 401),
            (httpx2.Response(401), "Basic servers-own", 502),
            (httpx2.Response(429), "Bearer users-own", 503),
            (httpx2.Response(200, json=["no object"]), None, 503),
            (httpx2.ConnectTimeout("canary"), None, 503),
            (httpx2.ConnectError("canary"), None, 503),
        ],
        ids=str,
    )
    def test_only_what_concerns_the_token_refuses_it(self, reply: Any, authorization: str | None, status: int) -> None:
        """A refusal of the server's own credentials, or a wrong address, is a fault of the server."""
        server = Server()
        server.reply, server.authorization = reply, authorization

        response = server.get()

        assert response.status_code == status
        assert ("retry-after" in response.headers) is (status == 503)
        assert "canary" not in response.text

    def test_a_token_verification_error_of_fastmcp_counts(self) -> None:
        """FastMCP's `TokenVerificationError`, which it leaves to the server's 500 otherwise; no other one does."""

        class TokenVerificationError(RuntimeError):
            """FastMCP's, by its name."""

        server = Server()
        server.asks, server.raises = False, TokenVerificationError("canary")
        response = server.get()
        server.raises = KeyError("the app's own")

        assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
        with pytest.raises(KeyError):
            server.get()

    def test_an_exception_of_the_verifiers_client_counts(self) -> None:
        """A verifier that catches nothing; an exception of the app's own stays one, also after such a failure."""
        server = Server()
        server.reply = server.raises = httpx2.ConnectError("canary")
        response = server.get()
        server.raises = KeyError("the app's own")

        assert (response.status_code, "canary" in response.text) == (503, False)
        with pytest.raises(KeyError):
            server.get()

    @pytest.mark.parametrize(
        ("reason", "status", "error"),
        [("rate-limited", 503, None), ("invalid-client", 502, None), ("insufficient-scope", 403, "insufficient_scope")],
    )
    def test_a_problem_that_a_verifier_raises_is_sent(self, reason: str, status: int, error: str | None) -> None:
        """With the challenge that belongs to it."""
        server = Server(scope="files:read", resource_metadata=METADATA)
        server.asks, server.raises = False, AuthProblemError(bare_problem(reason, 401, "okta"))

        response = server.get()

        found = [(each.error, each.scope) for each in read_challenges(response.headers.multi_items())]
        assert response.status_code == status
        assert found == ([] if error is None else [(error, ("files:read",))])


class TestResponses:
    def test_a_refused_token_is_a_problem(self) -> None:
        """With the server's own challenge, its other headers, and one body."""
        server = Server()
        server.reply = KEYS

        response = server.get()

        challenge = read_challenges(response.headers.multi_items())[0]
        assert (response.status_code, response.json()["reason"]) == (401, "invalid-token")
        assert (challenge.error, challenge.resource_metadata) == ("invalid_token", METADATA)
        assert response.headers["x-other"] == "kept"
        assert response.headers.get_list("content-length") == [str(len(response.content))]

    def test_a_request_without_a_token_gets_no_error(self) -> None:
        """RFC 6750 section 3.1: the `mcp` SDK sends `invalid_token` there."""
        server = Server()
        server.reply = DOWN

        response = server.get(None)

        assert (response.status_code, response.json()["reason"]) == (401, "login-required")
        assert read_challenges(response.headers.multi_items())[0].error is None

    def test_what_the_challenge_lacks_is_added(self) -> None:
        """The scopes and the metadata that the server was made with; the challenge's own come first."""
        server = Server(403, 'Bearer error="insufficient_scope"', scope="a b", resource_metadata=METADATA)
        server.reply = KEYS

        challenge = read_challenges(server.get().headers.multi_items())[0]

        assert (challenge.scope, challenge.resource_metadata) == (("a", "b"), METADATA)

    @pytest.mark.parametrize(
        ("status", "challenge"),
        [
            (401, None),
            (401, 'Basic realm="token"'),
            (401, 'Bearer error="insufficient_user_authentication"'),
            (403, r'Bearer error="insufficient_scope", realm="a\"b"'),
            (403, None),
            (404, CHALLENGE),
            (200, None),
        ],
    )
    def test_any_other_response_passes_unchanged(self, status: int, challenge: str | None) -> None:
        """The token endpoint's, the app's, and those that ask for more than a scope."""
        server = Server(status, challenge)
        server.reply = DOWN

        response = server.get()

        assert (response.status_code, response.content) == (status, b"body")
        assert response.headers.get("www-authenticate") == challenge

    @settings(max_examples=60, deadline=None)
    @given(
        header=st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=60),
        status=st.sampled_from([401, 403]),
    )
    def test_any_challenge_gives_a_response(self, header: str, status: int) -> None:
        """A server may send whatever it likes: the response is ours as a whole, or its own unchanged."""
        rules = VerifierErrors()._rules
        scope: Any = {"method": "POST", "path": "/mcp", "headers": [(b"authorization", b"Bearer t")]}

        reply = rules.of_response(
            scope, Checks(), status, [(b"www-authenticate", b"Bearer " + header.encode("latin-1"))]
        )

        if reply is not None:
            _, headers, body = reply
            assert json.loads(body)["status"] == reply[0]
            assert all(value.isprintable() for _, value in headers)

    def test_what_is_no_http_request_passes(self) -> None:
        """Lifespan and websockets."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        server = Server()
        anyio.run(server.errors.middleware(server), {"type": "websocket"}, None, send)

        assert sent == [{"type": "websocket.accept"}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"provider": "google"}, "'google'"),
        ({"jwks_refresh_interval": -1}, "invalid jwks_refresh_interval: -1; expected seconds of at least 0"),
        ({"scope": 'a"b'}, "invalid scope"),
        ({"resource_metadata": "a\nb"}, "invalid resource_metadata"),
    ],
)
def test_a_wrong_option_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    """With its value and what is expected."""
    with pytest.raises(ConfigurationError, match=message):
        VerifierErrors(**options)


@settings(max_examples=50)
@given(st.text(max_size=40) | st.binary(max_size=20).map(lambda claims: f"a.{base64.b64encode(claims).decode()}.b"))
def test_any_token_is_looked_into_without_failing(token: str) -> None:
    """Clients send whatever they like."""
    assert is_expired(token) is False
