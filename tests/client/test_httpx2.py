"""httpx2, the successor of httpx: every hook and transport works in a client of either library, sync and async."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import anyio
import httpx
import httpx2
import pytest

import authproblem.httpx
import authproblem.httpx2
from authproblem import Problem
from authproblem.errors import AuthProblemError
from tests.client import samples
from tests.client.upstream import running
from tests.support.responses import Response

HOSTS = {"127.0.0.1": "okta"}
CLIENTS = [pytest.param(library, id=library.__name__) for library in (httpx, httpx2)]
ADAPTERS = [pytest.param(module, id=module.__name__) for module in (authproblem.httpx, authproblem.httpx2)]

pytestmark = [pytest.mark.parametrize("library", CLIENTS), pytest.mark.parametrize("adapter", ADAPTERS)]


def answers_of(library: ModuleType, transport: Any, *answers: Response, **arguments: Any) -> list[Any]:
    """What a synchronous client of a library gets, one after the other."""
    left = list(answers)
    with running(lambda _: left.pop(0)) as upstream, library.Client(transport=transport, **arguments) as client:
        return [client.get(upstream.url + "/api/v1/users") for _ in answers]


def aanswers_of(library: ModuleType, transport: Any, *answers: Response, **arguments: Any) -> list[Any]:
    """The same by an asynchronous client."""
    left = list(answers)

    async def main(url: str) -> list[Any]:
        async with library.AsyncClient(transport=transport, **arguments) as client:
            return [await client.get(url + "/api/v1/users") for _ in answers]

    with running(lambda _: left.pop(0)) as upstream:
        return anyio.run(main, upstream.url)


def test_a_transport_normalizes_in_a_client_of_either(library: ModuleType, adapter: Any) -> None:
    """An error becomes a problem, another error and a healthy response pass."""
    got = answers_of(library, adapter.ProblemTransport(hosts=HOSTS), samples.DENIED, samples.STRANGER, samples.TOKEN)

    assert [type(each) for each in got] == [library.Response] * 3
    assert [each.headers.get("auth-problem") for each in got] == ["invalid-credentials", None, None]
    assert got[2].json()["access_token"] == "at"


def test_an_async_transport_normalizes_in_a_client_of_either(library: ModuleType, adapter: Any) -> None:
    """By the same rules."""
    transport = adapter.AsyncProblemTransport(hosts=HOSTS)

    got = aanswers_of(library, transport, samples.DENIED, samples.STRANGER, samples.TOKEN)

    assert [type(each) for each in got] == [library.Response] * 3
    assert [each.headers.get("auth-problem") for each in got] == ["invalid-credentials", None, None]


def test_a_retry_repeats_in_a_client_of_either(library: ModuleType, adapter: Any) -> None:
    """Sync and async, what the hint lets a program repeat."""
    limited, eager = samples.limited(("retry-after", "0")), adapter.Retry(jitter=0.0)
    left = [limited, samples.TOKEN, limited, samples.TOKEN]

    async def main(url: str) -> int:
        transport = adapter.AsyncProblemTransport(hosts=HOSTS, retry=eager)
        async with library.AsyncClient(transport=transport) as client:
            return int((await client.get(url + "/api/v1/users")).status_code)

    transport = adapter.ProblemTransport(hosts=HOSTS, retry=eager)
    with running(lambda _: left.pop(0)) as upstream, library.Client(transport=transport) as client:
        statuses = [client.get(upstream.url + "/api/v1/users").status_code, anyio.run(main, upstream.url)]

    assert (statuses, left) == ([200, 200], [])


def test_a_cool_down_answers_in_a_client_of_either(library: ModuleType, adapter: Any) -> None:
    """A response that was made without one of the provider's is the library's own, too."""
    transport = adapter.ProblemTransport(hosts=HOSTS, cooldown=adapter.MemoryCooldown())

    got = answers_of(library, transport, samples.LIMITED, samples.TOKEN)

    assert [(type(each), each.status_code) for each in got] == [(library.Response, 429)] * 2


def test_a_hook_raises_in_a_client_of_either(library: ModuleType, adapter: Any) -> None:
    """With the response of the library."""
    hooks = {"response": [adapter.raise_for_problem]}

    with pytest.raises(AuthProblemError) as caught:
        answers_of(library, library.HTTPTransport(), samples.DENIED, event_hooks=hooks)

    assert isinstance(caught.value.response, library.Response)


def test_an_async_hook_raises_in_a_client_of_either(library: ModuleType, adapter: Any) -> None:
    """With the same problem."""
    hooks = {"response": [adapter.araise_for_problem]}

    with pytest.raises(AuthProblemError) as caught:
        aanswers_of(library, library.AsyncHTTPTransport(), samples.DENIED, event_hooks=hooks)

    assert caught.value.problem.reason == "invalid-credentials"


def test_a_response_of_either_is_read(library: ModuleType, adapter: Any) -> None:
    """`problem_of`, and `Problem.from_response` for what is a problem already."""
    [got] = answers_of(library, adapter.ProblemTransport(hosts=HOSTS), samples.DENIED)

    assert adapter.problem_of(got) == Problem.from_response(got)
