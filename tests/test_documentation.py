"""Every Python block of the README and of the documentation runs, as it stands, in the order of its page.

A page is run in a process of its own, with warnings as errors. What a page does not show, such as the settings of a
project, stands in a comment that begins with `<!-- test`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from authproblem.asgi import AuthProblemMiddleware

ROOT = Path(__file__).parents[1]
GENERATED = {ROOT / "docs" / name for name in ("problems", "providers", "reference")}
BLOCK = re.compile(r"^(?:```python\n(.*?)^```|<!-- test\n(.*?)^-->)", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[tuple[int, str]]:
    """Return the Python blocks of a page, each with the number of its first line."""
    text = page.read_text(encoding="utf-8")
    return [(text.count("\n", 0, found.start()) + 2, found[1] or found[2]) for found in BLOCK.finditer(text)]


RUNNER = """
import sys, types
page = sys.modules["page"] = types.ModuleType("page")
exec(compile(sys.stdin.read(), sys.argv[1], "exec"), page.__dict__)
"""
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if page.parent not in GENERATED and blocks(page)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_python_blocks_of_a_page_run(page: Path) -> None:
    """Line numbers of a traceback are those of the page."""
    padded: list[str] = []
    for start, code in blocks(page):
        padded += [""] * (start - 1 - len(padded))
        padded += code.splitlines()

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER, str(page)],
        input="\n".join(padded),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stderr


def test_the_after_of_the_readme_is_what_its_before_becomes() -> None:
    """Status, headers in any order, and body; the instance is new each time."""
    before, after = re.findall(r"```http\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    status, headers, body = _parse(before)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        raw = [(name.lower().encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body.encode()})

    sent = TestClient(AuthProblemMiddleware(app)).get("/")

    expected_status, expected_headers, expected_body = _parse(after)
    document = {**sent.json(), "instance": "urn:uuid:019ab2c3-..."}
    actual_headers = [(name, value) for name, value in sent.headers.items() if name != "content-length"]
    assert (sent.status_code, document) == (expected_status, json.loads(expected_body))
    assert sorted(actual_headers) == sorted((name.lower(), value) for name, value in expected_headers)


def _parse(text: str) -> tuple[int, list[tuple[str, str]], str]:
    head, _, body = text.partition("\n\n")
    first, *lines = head.splitlines()
    pairs = [line.partition(": ")[::2] for line in lines]
    return int(first.split()[1]), pairs, body
