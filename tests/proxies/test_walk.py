"""The commands of docs/gateways.md are run again: each gateway has to respond, and to log, what the page shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.proxies.conftest import Stand
from tests.proxies.servers import EXAMPLES, LIMIT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(10, func_only=True)]
PAGE = EXAMPLES.parents[1] / "docs" / "gateways.md"
END = "----- end of an answer"
VOLATILE = frozenset(("time",))


class Walk(NamedTuple):
    """One gateway's section of the page.

    Attributes:
        steps: each command and what it prints.
        lines: what the access log holds afterwards.
    """

    steps: list[tuple[str, str]]
    lines: list[dict[str, Any]]


def fences(text: str, language: str) -> list[str]:
    """The blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def read_walk(name: str) -> Walk:
    """The commands and log lines of a gateway, as the page shows them."""
    page = PAGE.read_text(encoding="utf-8")
    section = re.split(r"^##+ ", page.partition(f"\n### {name}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    shown = "".join(fences(section, "console"))
    steps = [step.partition("\n")[::2] for step in re.split(r"^\$ ", shown, flags=re.MULTILINE)[1:]]
    return Walk(steps, [json.loads(line) for block in fences(section, "json") for line in block.splitlines()])


def run(walk: Walk, stand: Stand) -> list[tuple[str, str]]:
    """Run the commands of a section in one shell, against the gateway of the tests."""
    helper = fences(PAGE.read_text(encoding="utf-8"), "sh")[0].partition("ask()")
    commands = [command for command, _ in walk.steps]
    here = [re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{stand.gateway.port}", command) for command in commands]
    script = "\n".join([helper[1] + helper[2], *(f"{command}\necho '{END}'" for command in here)])
    shell = ["bash", "-c", script]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=LIMIT, check=True)
    return list(zip(commands, done.stdout.split(END + "\n"), strict=False))


def matches(line: Any, shown: Any) -> bool:
    """Whether a line of the log says what the page shows; the page may show less, and an earlier time."""
    if not isinstance(shown, dict):
        return bool(line == shown)
    return isinstance(line, dict) and all(
        name in line and (name in VOLATILE or matches(line[name], value)) for name, value in shown.items()
    )


def curl_knows_headers() -> bool:
    """Whether curl is there, and can print a header (from 7.83 on)."""
    if shutil.which("curl") is None:
        return False
    shown = subprocess.run(["curl", "--version"], capture_output=True, text=True, timeout=LIMIT, check=True).stdout
    return [int(part) for part in shown.split()[1].split(".")[:2]] >= [7, 83]


@pytest.mark.skipif(not curl_knows_headers(), reason="the page's commands need curl 7.83 or newer")
def test_commands_of_the_page_print_what_it_shows(stand: Stand) -> None:
    """Each command of the page, in order."""
    walk = read_walk(stand.name)
    assert run(walk, stand) == walk.steps
    for shown in walk.lines:
        stand.gateway.logged(partial(matches, shown=shown))
