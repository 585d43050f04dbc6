"""Envoy with its example's configuration, the workers of `extproc` beside it, and a made-up upstream behind it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.proxies.servers import EXAMPLES, LIMIT, Output, binary
from tests.proxies.site import served
from tests.support.ports import free_port, free_ports
from tests.support.responses import Pairs, Response

ADMIN = "admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}\n"
Command = list[str]


class Upstream:
    """An ASGI app that sends, for each request, the response that its header `x-number` names.

    Attributes:
        responses: the responses by number; an even one is sent with its Content-Length, an odd one in chunks.
    """

    def __init__(self) -> None:
        self.responses: list[Response] = []

    def add(self, response: Response, *, chunked: bool = False) -> str:
        """Keep a response and give its number."""
        if len(self.responses) % 2 != chunked:
            self.responses.append(response)  # takes the place of the other parity, and is never requested
        self.responses.append(response)
        return str(len(self.responses) - 1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        number = int(dict(scope["headers"])[b"x-number"])
        response = self.responses[number]
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers]
        if not number % 2 and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if scope["method"] != "HEAD":
            for start in range(0, len(response.body), 65_536):
                part = response.body[start : start + 65_536]
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class Stand(NamedTuple):
    """The three of them, running.

    Attributes:
        port: where Envoy listens.
        admin: where Envoy's admin interface listens.
        upstream: what is behind it.
        workers: where the workers of `extproc` listen.
        process: the process of `extproc`.
        output: what it writes.
    """

    port: int
    admin: int
    upstream: Upstream
    workers: list[int]
    process: subprocess.Popen[str]
    output: Output

    def ask(self, number: str, path: str = "/", method: str = "POST", headers: Pairs | None = None) -> Response:
        """Send one request through Envoy and give its whole response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        with contextlib.closing(connection):
            connection.request(method, path, headers={**dict(headers or []), "x-number": number})
            response = connection.getresponse()
            own = {"x-envoy-upstream-service-time", "date", "server"}
            pairs = [(name.lower(), value) for name, value in response.getheaders() if name.lower() not in own]
            return Response(response.status, pairs, response.read())

    def stat(self, name: str) -> int:
        """One of Envoy's counters, by the end of its name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=LIMIT)
        with contextlib.closing(connection):
            connection.request("GET", "/stats?format=json&filter=" + name)
            stats = json.loads(connection.getresponse().read())["stats"]
        return sum(stat["value"] for stat in stats if stat.get("name", "").endswith(name))

    def wait_for_health(self, healthy: int) -> None:
        """Wait until Envoy counts as many healthy workers."""
        until = time.monotonic() + LIMIT
        while self.stat("cluster.authproblem.membership_healthy") != healthy:
            assert time.monotonic() < until, f"Envoy never counted {healthy} healthy workers"
            time.sleep(0.05)


def contains(wanted: str, line: str) -> bool:
    """Whether a line contains a text."""
    return wanted in line


def extproc(
    folder: Path, settings: str, port: int, workers: int, *, wait: bool = True
) -> tuple[subprocess.Popen[str], Output]:
    """Start `python -m authproblem extproc`, and wait until its workers say that they listen."""
    (folder / "extproc.toml").write_text(settings, encoding="utf-8")
    flags = ["--config", str(folder / "extproc.toml"), "--listen", f"127.0.0.1:{port}", "--workers", str(workers)]
    process = subprocess.Popen(
        [sys.executable, "-m", "authproblem", "extproc", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = Output(process)
    for number in range(workers if wait else 0):
        output.wait_for(partial(contains, f"listening on 127.0.0.1:{port + number}"))
    return process, output


def configured(folder: Path, ports: dict[str, int], admin: int, replace: dict[str, str] | None = None) -> Path:
    """Copy the example with other ports and an admin interface."""
    text = (EXAMPLES / "envoy-extproc.yaml").read_text(encoding="utf-8")
    named = {f"port_value: {name}": f"port_value: {port}" for name, port in ports.items()}
    for old, new in {**named, **(replace or {}), "interval: 2s": "interval: 0.1s"}.items():
        assert old in text, f"the example no longer has {old!r}"
        text = text.replace(old, new)
    path = folder / "envoy.yaml"
    path.write_text(text + ADMIN.format(port=admin), encoding="utf-8")
    return path


@contextlib.contextmanager
def running(folder: Path, settings: str = "", replace: dict[str, str] | None = None) -> Iterator[Stand]:
    """Run the three of them as long as the block runs."""
    program = binary("envoy") or "envoy"
    upstream, first, port, admin = Upstream(), free_ports(2), free_port(), free_port()
    process, output = extproc(folder, settings, first, 2)
    with contextlib.ExitStack() as stack:
        stack.callback(end, process)
        app = stack.enter_context(served(upstream, date_header=False))
        ports = {"18093": port, "8000": app, "18094": first, "18095": first + 1}
        conf = configured(folder, ports, admin, replace)
        command = [program, "-c", str(conf), "--disable-hot-restart", "--concurrency", "1", "--log-level", "error"]
        envoy = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True)
        stack.callback(end, envoy)
        stand = Stand(port, admin, upstream, [first, first + 1], process, output)
        until = time.monotonic() + LIMIT
        while True:
            with contextlib.suppress(OSError):
                stand.wait_for_health(2)
                break
            assert envoy.poll() is None, "Envoy ended"
            assert time.monotonic() < until, "Envoy did not come up"
            time.sleep(0.05)
        yield stand


def end(process: subprocess.Popen[Any]) -> None:
    """End a process that may be stopped, and whatever it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGCONT)
    process.terminate()
    try:
        process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT)
