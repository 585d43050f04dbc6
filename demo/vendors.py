"""A fake vendor on loopback: a real HTTP server that answers each case's request as the vendor does."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from demo.model import Answer

Answers = Callable[[str, str, str], "Answer | None"]
"""What a vendor answers to a method, a path with its query, and a form; None: it does not know the request."""

_UNKNOWN = Answer(599, (("Content-Type", "text/plain"),), b"the fake vendor does not know this request")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answers: Answers, clock: int) -> None:
        self.answers, self.now = answers, int(time.time()) + clock
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        answer = self.server.answers(self.command, unquote(self.path), form) or _UNKNOWN
        now = self.server.now  # it stands still: what comes before and after the middleware is one and the same answer
        self.send_response_only(answer.status)
        self.send_header("Date", formatdate(now, usegmt=True))
        for name, value in answer.headers:
            self.send_header(name, value if isinstance(value, str) else str(now + value))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in http.server
        """Say nothing."""


@contextmanager
def vendor(answers: Answers, clock: int = 0) -> Iterator[str]:
    """Run a fake vendor.

    Args:
        answers: tells its answer to a request.
        clock: seconds by which its clock is ahead of ours.

    Yields:
        Its base URL.
    """
    with _Server(answers, clock) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)
