"""The recipes of `docs/refresh.md` and `docs/mcp.md`: their blocks run, and do what the pages say, over HTTP."""

from __future__ import annotations

import re
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest

from authproblem.refresh import AsyncRefreshGuard, CredentialDead, RefreshGuard, TryLater
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


class TestHttpxAuth:
    def test_refreshes_once_for_many_requests(self) -> None:
        """Ten requests with an expired token: one refresh, all answered."""
        recipe = block_with("class RefreshingAuth")
        refreshes: list[Seen] = []

        def answer(seen: Seen) -> Response:
            if seen.target == "/token":
                refreshes.append(seen)
                return TOKENS
            return json_response(200 if seen.header("Authorization") == "Bearer at-2" else 401, {})

        async def main(url: str) -> list[int]:
            auth = recipe.RefreshingAuth(url + "/token", {"access_token": "at-1", "refresh_token": "rt-1"})
            statuses: list[int] = []
            async with httpx.AsyncClient(auth=auth, verify=False) as client:

                async def ask() -> None:
                    statuses.append((await client.get(url + "/api")).status_code)

                async with anyio.create_task_group() as tasks:
                    for _ in range(10):
                        tasks.start_soon(ask)
            return statuses

        with running(answer) as upstream:
            statuses = anyio.run(main, upstream.url)

        assert (statuses, len(refreshes)) == ([200] * 10, 1)

    def test_a_dead_token_reaches_the_caller(self) -> None:
        """As the exception of the guard, in the request that needed the token."""
        recipe = block_with("class RefreshingAuth")

        async def main(url: str) -> None:
            tokens = {"access_token": "at-1", "refresh_token": "rt-1"}
            auth = recipe.RefreshingAuth(url + "/token", tokens, AsyncRefreshGuard("auth0"))
            async with httpx.AsyncClient(auth=auth, verify=False) as client:
                await client.get(url + "/api")

        with (
            running(lambda seen: DEAD if seen.target == "/token" else json_response(401, {})) as upstream,
            pytest.raises(CredentialDead),
        ):
            anyio.run(main, upstream.url)


class TestLibraries:
    @pytest.mark.parametrize(
        ("answer", "kind", "sent"), [(DEAD, CredentialDead, 1), (LIMITED, TryLater, 1)], ids=["dead", "limited"]
    )
    def test_authlib(self, answer: Response, kind: type[Exception], sent: int) -> None:
        """The compliance hook raises before Authlib reads the response; the guard remembers."""
        recipe = block_with("authlib.integrations.requests_client")
        recipe.guard._core.limits = recipe.guard._core.limits._replace(attempts=1)
        recipe.session.trust_env = False

        with running(answer) as upstream, recipe.session:
            for _ in range(3):
                with pytest.raises(kind):
                    recipe.refresh(upstream.url + "/token", "rt-1")

        assert len(upstream.seen) == sent

    def test_requests_oauthlibs_automatic_refresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The hook raises in the request that needed the token."""
        from requests_oauthlib import OAuth2Session

        monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        token = {"access_token": "at", "refresh_token": "rt-1", "expires_in": -1, "token_type": "Bearer"}
        guard = RefreshGuard("okta")

        with running(LIMITED) as upstream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            session = OAuth2Session("client", token=token, auto_refresh_url=upstream.url + "/token")
            with session:
                session.trust_env = False
                session.register_compliance_hook("refresh_token_response", guard.check)
                with pytest.raises(TryLater) as caught:
                    session.get(upstream.url + "/api")

        assert caught.value.after == 9

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
