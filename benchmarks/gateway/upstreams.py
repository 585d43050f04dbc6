"""The providers of the benchmark: nginx for all that is fast, one process of Python for all that is slow."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import trustme

from tests.gateway.processes import listening
from tests.support.ports import free_port

_CONFIGURATION = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 10000000; default_type application/json; tcp_nodelay on;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    listen 127.0.0.1:{tls} ssl backlog=1024;
    ssl_certificate server.pem; ssl_certificate_key server.pem;
    location /healthy {{ return 200 '{{"sub":"auth0|5f7c8ec7c33c6c004bbafe82","name":"Jane Doe","email_verified":true}}'; }}
    location /error {{
      add_header X-Okta-Request-Id reqVITzp9gRT6xnqXQQzRnkYg always;
      add_header X-Rate-Limit-Limit 600 always; add_header X-Rate-Limit-Remaining 598 always;
      return 401 '{{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorLink":"E0000011","errorId":"oae1","errorCauses":[]}}';
    }}
    location /large {{ root .; }}
  }}
}}
"""  # noqa: E501 - bodies as the providers send them
LARGE = 1_000_000
"""Bytes of the body at `/large`."""


class Upstreams(NamedTuple):
    """Where the cases are answered.

    Attributes:
        plain: the origin over HTTP.
        tls: the origin over TLS.
        slow: the origin that answers after a second.
        authority: the PEM file of the certificate authority.
    """

    plain: str
    tls: str
    slow: str
    authority: str

    def url(self, case: str) -> str:
        """The URL of a case: `healthy`, `error`, `large`, `tls` or `slow`."""
        origin = {"tls": self.tls, "slow": self.slow}.get(case, self.plain)
        return f"{origin}/{case if case in {'error', 'large'} else 'healthy'}"


@contextlib.contextmanager
def upstreams() -> Iterator[Upstreams]:
    """Run the providers while the block runs."""
    port, tls, slow = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        (folder / "nginx.conf").write_text(_CONFIGURATION.format(port=port, tls=tls), encoding="utf-8")
        (folder / "large").write_bytes(b"x" * LARGE)
        folder.chmod(0o755)  # the worker is another user
        nginx = ["nginx", "-e", "stderr", "-p", name, "-c", "nginx.conf"]
        for command, where in ((nginx, port), ([sys.executable, "-m", __spec__.name, str(slow)], slow)):
            process = subprocess.Popen(command)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            listening(where, process)
        local = "127.0.0.1"
        yield Upstreams(
            f"http://{local}:{port}", f"https://{local}:{tls}", f"http://{local}:{slow}", str(folder / "ca.pem")
        )


class _Slow(asyncio.Protocol):
    """Answers each request a second after it has arrived; requests come one at a time on a connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            asyncio.get_running_loop().call_later(1.0, self._transport.write, response)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Slow, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1])))
