"""Instructions of the gateway's process for a request, by callgrind: the figure that no other process can disturb.

python -m benchmarks.gateway.instructions            # about a minute; needs valgrind and nginx
python -m benchmarks.gateway.instructions ../earlier/src
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.gateway.served import EARLIER, Case, gateways
from benchmarks.gateway.upstreams import upstreams

_REQUESTS = 2048
_CASES = (
    Case("healthy", "/plain/healthy", 32),
    Case("healthy", "/plain/healthy", 256),
    Case("error", "/plain/error", 32),
    Case("error", "/plain/error", 256),
)
_HEADERS = (
    "Host: 127.0.0.1\r\nAuthorization: Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl\r\nAccept: application/json\r\n"
    "Accept-Encoding: gzip\r\nUser-Agent: benchmark\r\n\r\n"
)


async def _client(port: int, path: str, requests: int) -> None:
    """One connection and its requests, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(requests):
        writer.write(f"GET {path} HTTP/1.1\r\n{_HEADERS}".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        assert length is not None, head
        await reader.readexactly(int(length[1]))
    writer.close()


async def _load(port: int, case: Case, requests: int) -> None:
    each = requests // case.connections
    await asyncio.gather(*[_client(port, case.path, each) for _ in range(case.connections)])


def _control(pid: int, *command: str) -> None:
    called = ["callgrind_control", *command, str(pid)]
    subprocess.run(called, check=True, capture_output=True)


def count(earlier: Path | None) -> dict[Case, int]:
    """Count the instructions for a request of each case; opening the clients' connections is included.

    Args:
        earlier: the `src` folder of an earlier version; None = this one.
    """
    name, counted = EARLIER if earlier else "uvicorn", {}
    with tempfile.TemporaryDirectory() as folder, upstreams() as where:
        out = Path(folder) / "out"
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
        with gateways([name], where, earlier, under=valgrind) as running:
            pid, port = running[name]
            for number, case in enumerate(_CASES, 1):
                asyncio.run(_load(port, case, 512))  # connections to the provider, caches
                _control(pid, "-i", "on")
                asyncio.run(_load(port, case, _REQUESTS))
                _control(pid, "-i", "off")
                _control(pid, "-d")
                text = Path(f"{out}.{number}").read_text(encoding="utf-8")
                found = re.findall(r"^totals: (\d+)", text, re.MULTILINE)
                counted[case] = sum(map(int, found)) // _REQUESTS
    return counted


def main() -> None:
    """Print the counts."""
    for case, instructions in count(Path(sys.argv[1]).resolve() if sys.argv[1:] else None).items():
        print(f"{case}: {instructions:,}")


if __name__ == "__main__":
    main()
