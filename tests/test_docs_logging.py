"""`docs/logging.md`: each set-up shows the info events, in a process of its own, and the warning is not there."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "logging.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETUPS = [(part.partition("\n")[0], _BLOCK.findall(part)[0]) for part in PAGE.split("\n## ") if _BLOCK.search(part)]
(LOG_CONFIG,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
APP = """
from authproblem.asgi import AuthProblemMiddleware

async def okta(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-type", b"application/json")]})
        body = b'{"errorCode":"E0000004","errorSummary":"Authentication failed","errorLink":"E0000004",'
        await send({"type": "http.response.body", "body": body + b'"errorId":"oaeMadeUp","errorCauses":[]}'})

app = AuthProblemMiddleware(okta, mode="observe")
"""
REQUEST = """
import asyncio
async def send(message): ...
scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
asyncio.run(app(scope, None, send))
"""


def lines_of(code: str) -> list[str]:
    """What a process writes."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return (run.stdout + run.stderr).splitlines()


def test_the_page_has_the_set_ups() -> None:
    """So that the next test cannot pass without any."""
    assert [title for title, _ in SETUPS] == [
        "Standard logging, one line",
        "Standard logging, `dictConfig`",
        "structlog",
        "structlog on top of standard logging",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("setup", [code for _, code in SETUPS], ids=[title for title, _ in SETUPS])
def test_a_set_up_shows_an_expected_error_in_one_line(setup: str) -> None:
    """A dry run of an app, with the block of the page before it."""
    lines = lines_of(setup + APP + REQUEST)
    assert len(lines) == 1, lines
    assert "authproblem.normalized" in lines[0]
    assert "okta:E0000004" in lines[0]


def test_without_a_set_up_there_is_the_warning_of_the_page() -> None:
    """Only that, and with the text that the page quotes."""
    (line,) = lines_of(APP + REQUEST)
    (quoted,) = re.findall(r"^authproblem\.events_not_visible.*show=", PAGE, re.MULTILINE)
    assert line.startswith(quoted)


@pytest.mark.slow
def test_a_terminal_gets_one_line() -> None:
    """`ConsoleRenderer`, as the page has it."""
    setup = "import structlog\nstructlog.configure(processors=[structlog.dev.ConsoleRenderer(colors=False)])\n"
    assert len(lines_of(setup + APP + REQUEST)) == 1


@pytest.mark.slow
def test_uvicorn_with_the_log_configuration_shows_the_event(tmp_path: Path) -> None:
    """`uvicorn --log-config logging.json app:app`."""
    (tmp_path / "logging.json").write_text(LOG_CONFIG)
    (tmp_path / "app.py").write_text(APP)
    command = [sys.executable, "-m", "uvicorn", "--log-config", "logging.json", "--port", "0", "app:app"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            seen, ends = [], time.monotonic() + 30
            for line in server.stderr:
                seen.append(line)
                if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", line):
                    httpx.get(found[1], trust_env=False)
                if "authproblem" in line or time.monotonic() > ends:
                    break
        finally:
            server.terminate()
    assert "authproblem.normalized" in seen[-1], seen
