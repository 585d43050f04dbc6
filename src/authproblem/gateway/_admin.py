"""The admin port: `/healthz`, `/readyz` and `/metrics`, in a thread of the command's own process.

It has neither TLS nor authentication and belongs in a private network. `/healthz` shows that the process runs;
`/readyz` sends a request to the gateway's own port, to which a worker has to respond.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from authproblem.gateway._config import GatewayConfig

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client keeps the metrics of several processes in files."""
_PROBE_TIMEOUT = 1.0
"""Seconds within which a worker has to respond to `/readyz`; Kubernetes waits one second for a probe by default."""
_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where "every address" is reached
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@contextlib.contextmanager
def admin_server(config: GatewayConfig) -> Iterator[None]:
    """Serve the admin port while the block runs; workers that start in it keep metrics for it."""
    with tempfile.TemporaryDirectory(prefix="authproblem-metrics-") as folder:
        os.environ[_FOLDER] = folder
        server = _Server(config, folder)
        threading.Thread(target=server.serve_forever, name="authproblem-admin", daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            del os.environ[_FOLDER]


def readiness(host: str, port: int, timeout: float = _PROBE_TIMEOUT) -> str | None:
    """Check on the gateway's own port whether a worker responds.

    Args:
        host: the address that it listens on.
        port: the port.
        timeout: seconds to wait.

    Returns:
        None if one does; else why not.
    """
    connection = http.client.HTTPConnection(_ANY.get(host, host), port, timeout=timeout)
    try:
        connection.request("OPTIONS", "*")
        connection.getresponse().read()
    except TimeoutError:
        return "no worker responds in time"
    except (OSError, http.client.HTTPException) as error:
        return f"no worker accepts requests: {getattr(error, 'strerror', None) or type(error).__name__}"
    finally:
        connection.close()
    return None


class _Server(ThreadingHTTPServer):
    """The admin server, with what its responses are made from."""

    daemon_threads = True

    def __init__(self, config: GatewayConfig, folder: str) -> None:
        settings = config.settings
        self.gateway = (settings["host"], settings["port"])
        self.folder = folder
        self.address_family = socket.AF_INET6 if ":" in settings["admin_host"] else socket.AF_INET
        super().__init__((settings["admin_host"], settings["admin_port"]), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of three paths."""

    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] # made by this server alone
    timeout = 5
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "authproblem", ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/healthz":
            self._json(200, {"status": "alive"})
        elif path == "/readyz":
            why = readiness(*self.server.gateway)
            self._json(*((200, {"status": "ready"}) if why is None else (503, {"status": "unready", "why": why})))
        elif path == "/metrics":
            from authproblem.gateway._metrics import exposition

            self._send(200, _TEXT, exposition(self.server.folder))
        else:
            self._json(404, {"status": "unknown path", "paths": ["/healthz", "/readyz", "/metrics"]})

    do_HEAD = do_GET  # noqa: N815 - http.server's names

    def _json(self, status: int, document: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(document).encode() + b"\n")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing: probes come every few seconds."""
