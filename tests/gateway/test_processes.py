"""The gateway as it is run: servers, workers, and what happens when a process dies in the middle of traffic."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.gateway.processes import Traffic, gateway, provider
from tests.support.ports import free_port

pytestmark = pytest.mark.slow


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that a process has started."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    """The workers of a gateway, without multiprocessing's own helper."""
    return [pid for pid in children(process) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def wrong(responses: list[httpx.Response]) -> list[str]:
    """Responses that are neither the provider's nor a problem that says why there is none."""
    return [f"{got.request.url.path}: {got.status_code} {got.text[:200]}" for got in responses if not right(got)]


def right(got: httpx.Response) -> bool:
    """Whether a response is what it has to be: the provider's own, or a problem that says why there is none."""
    path = got.request.url.path
    if got.status_code in {502, 503, 504}:
        problem: str = got.headers.get("auth-problem", "")
        return problem.startswith("upstream-") and got.json()["status"] == got.status_code
    if path.startswith("/denied"):
        return (got.status_code, got.json().get("reason")) == (401, "invalid-credentials")
    return got.status_code == 200 and got.json() == {"echo": path}


@pytest.mark.parametrize("server", ["uvicorn", pytest.param("granian", marks=pytest.mark.servers)])
@pytest.mark.parametrize("count", ["1", "2"])
def test_runs(server: str, count: str) -> None:
    """One worker and two, in both servers: answers, problems, no header of the server's own."""
    upstream, port = free_port(), free_port()
    with provider(upstream), gateway(port, upstream, "--server", server, "--workers", count):
        echo, denied = (httpx.get(f"http://127.0.0.1:{port}{path}") for path in ("/echo/a%2Fb?q=1", "/denied"))

    assert echo.json() == {"echo": "/echo/a%2Fb?q=1"}
    assert (denied.status_code, denied.json()["reason"]) == (401, "invalid-credentials")
    assert len(echo.headers.get_list("date")) == len(echo.headers.get_list("server")) == 1
    assert "BaseHTTP" in echo.headers["server"]


def test_a_provider_that_is_killed_costs_no_response() -> None:
    """Every request gets the provider's response or a problem; none a 500, and none is lost."""
    upstream, port = free_port(), free_port()
    with provider(upstream) as first, gateway(port, upstream), Traffic(port) as traffic:
        traffic.wait(300)
        healthy = len(traffic.responses)
        first.kill()
        first.wait()
        traffic.wait(100)
        with provider(upstream):
            traffic.wait(300)
            before = len(traffic.responses)
            traffic.wait(200)
            back = traffic.responses[before:]

    assert traffic.lost == []
    assert wrong(traffic.responses) == []
    assert {got.status_code for got in traffic.responses[:healthy]} == {200, 401}
    assert any(got.status_code == 502 for got in traffic.responses)
    assert {got.status_code for got in back} == {200, 401}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="workers are found by /proc")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_dies_costs_no_response(sign: signal.Signals) -> None:
    """Its connections break; clients that repeat a GET, as they do, get the response. No 500 anywhere."""
    upstream, port = free_port(), free_port()
    with provider(upstream), gateway(port, upstream, "--workers", "2") as running, Traffic(port, retries=2) as traffic:
        traffic.wait(300)
        victim = workers(running)[0]
        os.kill(victim, sign)
        traffic.wait(600)
        replaced = workers(running)

    assert traffic.lost == []
    assert wrong(traffic.responses) == []
    assert {got.status_code for got in traffic.responses} == {200, 401}
    assert victim not in replaced


def test_the_factory_serves_without_the_command() -> None:
    """`uvicorn --factory authproblem.gateway:make_app`, configured by the environment alone."""
    from tests.gateway.processes import process

    upstream, port = free_port(), free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "authproblem.gateway:make_app", "--port", str(port)]
    with provider(upstream):
        environ = f"import os; os.environ['AUTHPROBLEM_OKTA'] = 'http://127.0.0.1:{upstream}'; "
        script = environ + f"os.execv({command[0]!r}, {command!r})"
        with process(sys.executable, "-c", script, port=port):
            got = httpx.get(f"http://127.0.0.1:{port}/denied")

    assert got.json()["reason"] == "invalid-credentials"
