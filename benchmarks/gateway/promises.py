"""What a gateway needs of its client beyond speed, asked of each candidate: a bare socket keeps what it sends."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.gateway.clients import CANDIDATES, Pairs

_TARGET = "/a%2Fb/../c//d?q=%20&r=|"
_HEADERS: Pairs = [(b"x-own", b"1"), (b"x-own", b"2"), (b"x-other", b"3"), (b"accept-encoding", b"gzip")]
_CODED = gzip.compress(b"hello", mtime=0)
_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_CODED) + _CODED
_REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"


class Seen(NamedTuple):
    """One exchange: the requests as they came, and what the candidate returned."""

    requests: list[bytes]
    status: int
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        """The header lines of the first request, names in lower case."""
        lines = self.requests[0].split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        return [line.partition(b":")[0].lower() + b":" + line.partition(b":")[2].strip() for line in lines]


def _adds_nothing(seen: Seen) -> bool:
    return sorted(line for line in seen.lines if not line.startswith(b"host:")) == sorted(
        name + b":" + value for name, value in _HEADERS
    )


CHECKS: dict[str, tuple[bytes, Callable[[Seen], bool]]] = {
    "target byte for byte": (_GZIP, lambda seen: seen.requests[0].split(b" ")[1] == _TARGET.encode()),
    "repeated header lines": (_GZIP, lambda seen: [x for x in seen.lines if b"own" in x] == [b"x-own:1", b"x-own:2"]),
    "no header of its own": (_GZIP, _adds_nothing),
    "body in its coding": (_GZIP, lambda seen: seen.body == _CODED),
    "follows no redirect": (_REDIRECT, lambda seen: (seen.status, len(seen.requests)) == (302, 1)),
    "no proxy of the environment": (_GZIP, lambda seen: seen.status == 200),
}
"""What is asked: what the server sends, and whether the exchange shows that the promise is kept."""


async def _exchange(name: str, response: bytes, authority: str) -> Seen:
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            while True:
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(response if len(requests) == 1 else _GZIP)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with CANDIDATES[name](authority) as get:
        status, body = await asyncio.wait_for(get(f"http://127.0.0.1:{port}{_TARGET}", _HEADERS), 5)
    server.close()
    return Seen(requests, status, body)


def kept(name: str, authority: str) -> dict[str, bool]:
    """Ask a candidate everything; an exception is a promise that is not kept."""
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        os.environ[variable] = "http://127.0.0.1:9"
    found = {}
    for what, (response, check) in CHECKS.items():
        try:
            found[what] = check(asyncio.run(_exchange(name, response, authority)))
        except Exception as error:  # noqa: BLE001, PERF203 - whatever the candidate raises
            sys.stderr.write(f"{name}: {what}: {error!r}\n")
            found[what] = False
    return found


if __name__ == "__main__":
    import json

    print(json.dumps(kept(sys.argv[1], sys.argv[2])))
