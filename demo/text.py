"""Pieces of text that both views draw with: headers, JSON members, events. Nothing here decides what is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    import httpx
    from rich.console import RenderableType

_LEVELS = {"debug": "dim", "info": "green", "warning": "yellow", "error": "bold red"}
_json = JSONHighlighter()


def status_line(response: httpx.Response) -> Text:
    """`403 application/json`, colored by the class of the status."""
    kind = response.headers.get("content-type", "").partition(";")[0]
    style = "bold red" if response.status_code >= 500 else "bold yellow"
    return Text.assemble((str(response.status_code), style), " ", (kind, "dim"))


def header_line(name: str, value: str, style: str = "cyan") -> Text:
    """One header."""
    return Text.assemble((f"{name}:", style), " ", value)


def member(name: str, value: object) -> Text:
    """One member of a JSON object on one line."""
    return _json(Text(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"))


def pretty(content: bytes) -> Iterable[RenderableType]:
    """A whole body, line by line: JSON indented and colored, anything else as it is. Long lines keep their indent."""
    try:
        text = _json(Text(json.dumps(json.loads(content), indent=2, ensure_ascii=False)))
    except ValueError:
        text = Text(content.decode("utf-8", "replace").rstrip())
    for line in text.split("\n"):
        indent = len(line.plain) - len(line.plain.lstrip())
        rest = line[indent:]
        rest.overflow = "fold"
        yield Padding(rest, (0, 0, 0, indent))


def event_line(event: Mapping[str, Any], names: Iterable[str]) -> Text:
    """An event on one line: level, name, and those of the keys that have a value."""
    level = event["level"]
    line = Text.assemble((f"{level:<8}", _LEVELS.get(level, "")), (event["event"], "bold"))
    for name in names:
        if event.get(name) is not None:
            line.append_text(Text.assemble("  ", pair(name, event[name])))
    return line


def pair(name: str, value: object) -> Text:
    """`key=value`, as loggers write it."""
    return Text.assemble((name, "cyan"), "=", str(value))
