"""The recipes of `docs/refresh.md` and `docs/mcp.md`: their blocks run, and do what the pages say, over HTTP."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from authproblem.refresh import CredentialDead, RefreshGuard, TryLater
from tests.client.upstream import Seen, running
from tests.support.responses import Response, json_response

DOCS = Path(__file__).parents[2] / "docs"
DEAD = json_response(403, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."})
LIMITED = json_response(429, {"error": "too_many_requests", "error_description": "Slow"}, ("retry-after", "9"))
TOKENS = json_response(200, {"access_token": "at-2", "refresh_token": "rt-2", "token_type": "Bearer", "expires_in": 60})


def blocks(page: str) -> list[str]:
    """The Python blocks of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(block: str) -> SimpleNamespace:
    """What a block defines."""
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Authlib's own
        exec(compile(block, "docs", "exec"), names)
    return SimpleNamespace(**{name: value for name, value in names.items() if not name.startswith("__")})


def block_with(text: str) -> SimpleNamespace:
    """What the block of the guide defines that contains a text."""
    [block] = [block for block in blocks("refresh.md") if text in block]
    return run(block)


@pytest.mark.parametrize("block", blocks("refresh.md"), ids=range(len(blocks("refresh.md"))))
def test_a_block_of_the_guide_runs(block: str) -> None:
    """As it stands; none of them needs a network."""
    run(block)


@pytest.mark.parametrize("block", blocks("mcp.md"), ids=range(len(blocks("mcp.md"))))
def test_a_block_of_the_mcp_page_runs(block: str) -> None:
    """As it stands."""
    pytest.importorskip("fastmcp")
    run(block)


class TestGuide:
    def test_a_dead_token_signs_out_and_a_limited_one_waits(self) -> None:
        """The first block: what an application does with each exception."""
        example = block_with("def tokens_of")
        signed_out: list[Any] = []
        dead, limited = (SimpleNamespace(refresh_token=token, retry_at=0) for token in ("rt-1", "rt-2"))

        example.tokens_of(dead, lambda: _answer(DEAD), signed_out.append)
        example.guard._core.limits = example.guard._core.limits._replace(attempts=1)
        example.tokens_of(limited, lambda: _answer(LIMITED), signed_out.append)

        assert (signed_out, limited.retry_at) == ([dead], 9)


def _answer(response: Response) -> httpx.Response:
    status, headers, content = response
    return httpx.Response(status, headers=headers, content=content)


EXPIRED = {"access_token": "at-1", "refresh_token": "rt-1", "token_type": "Bearer", "expires_in": -60, "expires_at": 1}
NO_HTTPS = "OAUTHLIB_INSECURE_TRANSPORT"


class Api:
    """An API and its token endpoint, which refreshes or refuses.

    Attributes:
        refreshes: what was sent to the token endpoint.
    """

    def __init__(self, answer: Response = TOKENS) -> None:
        self.answer = answer
        self.refreshes: list[Seen] = []

    def __call__(self, seen: Seen) -> Response:
        if seen.target == "/token":
            self.refreshes.append(seen)
            time.sleep(0.1)  # long enough for others to come
            return self.answer
        return json_response(200 if seen.header("Authorization") == "Bearer at-2" else 401, {})


Fetch = Callable[[str, Any, int], list[Any]]
"""Requests the API so many times at once, with an expired token; gives statuses and exceptions."""


def gathered(call: Callable[[], Any], count: int) -> list[Any]:
    """What so many threads get."""
    got: list[Any] = []

    def work() -> None:
        try:
            got.append(call().status_code)
        except Exception as error:  # noqa: BLE001 - what a test looks at
            got.append(type(error))

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return got


async def agathered(call: Callable[[], Any], count: int) -> list[Any]:
    """What so many tasks get."""
    got: list[Any] = []

    async def work() -> None:
        try:
            got.append((await call()).status_code)
        except Exception as error:  # noqa: BLE001 - as above
            got.append(type(error))

    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(work)
    return got


def by_httpx(library: Any) -> Fetch:
    """The class for httpx, in its synchronous client."""

    def fetch(url: str, saved: Any, count: int) -> list[Any]:
        auth = auth_of(library, url)
        with library.Client(auth=auth, verify=False) as client:
            got = gathered(lambda: client.get(url + "/api"), count)
        saved.append(auth.tokens)
        return got

    return fetch


def by_async_httpx(library: Any) -> Fetch:
    """The same class in the asynchronous client."""

    def fetch(url: str, saved: Any, count: int) -> list[Any]:
        async def main() -> list[Any]:
            auth = auth_of(library, url)
            async with library.AsyncClient(auth=auth, verify=False) as client:
                got = await agathered(lambda: client.get(url + "/api"), count)
            saved.append(auth.tokens)
            return got

        return anyio.run(main)

    return fetch


def auth_of(library: Any, url: str) -> Any:
    """The recipe, with the name of the library replaced as the guide says."""
    [block] = [block for block in blocks("refresh.md") if "class RefreshingAuth" in block]
    auth: Any = run(block.replace("httpx", library.__name__)).RefreshingAuth(url + "/token", dict(EXPIRED), "auth0")
    once(auth.guard)
    once(auth.aguard)
    return auth


def once(guard: Any) -> None:
    """Let a guard of the guide repeat nothing: its waits would make a test long."""
    guard._core.limits = guard._core.limits._replace(attempts=1)


def by_session(text: str) -> Fetch:
    """A session of Authlib or requests-oauthlib; each thread has one of its own, as each worker of an app."""

    def fetch(url: str, saved: Any, count: int) -> list[Any]:
        recipe = block_with(text)
        once(recipe.guard)

        def call() -> Any:
            with recipe.session_of(dict(EXPIRED), url + "/token", lambda token, **_: saved.append(token)) as session:
                session.trust_env = False
                return session.get(url + "/api")

        return gathered(call, count)

    return fetch


def by_async_authlib(url: str, saved: Any, count: int) -> list[Any]:
    """Authlib's asynchronous client."""
    recipe = block_with("authlib.integrations.httpx_client")
    once(recipe.guard)

    async def save(token: Any, **_: Any) -> None:
        saved.append(token)

    async def call() -> Any:
        async with recipe.client_of(dict(EXPIRED), url + "/token", save, verify=False) as client:
            return await client.get(url + "/api")

    async def main() -> list[Any]:
        return await agathered(call, count)

    return anyio.run(main)


RECIPES = [
    pytest.param(by_httpx(httpx), id="httpx"),
    pytest.param(by_async_httpx(httpx), id="httpx-async"),
    pytest.param(by_httpx(httpx2), id="httpx2"),
    pytest.param(by_async_httpx(httpx2), id="httpx2-async"),
    pytest.param(by_session("authlib.integrations.requests_client"), id="authlib"),
    pytest.param(by_async_authlib, id="authlib-async"),
    pytest.param(by_session("from requests_oauthlib"), id="requests-oauthlib"),
]


@pytest.mark.parametrize("fetch", RECIPES)
class TestRecipes:
    @pytest.fixture(autouse=True)
    def loopback(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Oauthlib refuses HTTP otherwise."""
        monkeypatch.setenv(NO_HTTPS, "1")

    def test_ten_requests_refresh_once(self, fetch: Fetch) -> None:
        """All are answered with the new token, and it is saved."""
        api, saved = Api(), list[Any]()

        with running(api) as upstream:
            got = fetch(upstream.url, saved, 10)

        assert (got, len(api.refreshes)) == ([200] * 10, 1)
        assert {token["refresh_token"] for token in saved} == {"rt-2"}

    @pytest.mark.parametrize(("answer", "kind"), [(DEAD, CredentialDead), (LIMITED, TryLater)], ids=["dead", "limited"])
    def test_a_refusal_reaches_every_caller(self, fetch: Fetch, answer: Response, kind: type[Exception]) -> None:
        """As the exception of the guard, after one request."""
        api, saved = Api(answer), list[Any]()

        with running(api) as upstream:
            got = fetch(upstream.url, saved, 5)

        assert (got, len(api.refreshes)) == ([kind] * 5, 1)


class TestLibraries:
    @pytest.mark.parametrize(("answer", "kind"), [(DEAD, CredentialDead), (LIMITED, TryLater)], ids=["dead", "limited"])
    def test_auth0_python(self, answer: Response, kind: type[Exception]) -> None:
        """Its exceptions are read as they are."""
        recipe = block_with("auth0.authentication")
        from auth0.authentication import GetToken

        guard = RefreshGuard("auth0", attempts=1)
        with running(answer) as upstream:
            client = GetToken(
                f"127.0.0.1:{upstream.port}", "client-id", client_secret="secret", protocol="http", timeout=5
            )
            for _ in range(2):
                with pytest.raises(kind):
                    guard.refresh("rt-1", client.refresh_token)

        assert recipe.refresh is not None
        assert len(upstream.seen) >= 1


def test_update_token_of_authlib_is_called_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh that succeeds saves the token through Authlib's own callback."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from authlib.integrations.requests_client import OAuth2Session

    saved: list[Any] = []
    guard = RefreshGuard("auth0")
    with (
        running(TOKENS) as upstream,
        OAuth2Session("id", "secret", update_token=lambda token, **_: saved.append(token)) as session,
    ):
        session.trust_env = False
        session.register_compliance_hook("refresh_token_response", guard.check)
        send = partial(session.refresh_token, upstream.url + "/token")
        got = [guard.refresh("rt-1", lambda token: send(refresh_token=token)) for _ in range(3)]

    assert [token["access_token"] for token in got] == ["at-2"] * 3
    assert (len(saved), len(upstream.seen)) == (1, 1)
