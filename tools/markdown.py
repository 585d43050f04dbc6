"""Markdown for the generated pages: cells, tables, anchors, and links to sources. The registry is not used here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPANS = re.compile(r"(`[^`]*`)")
_SPECIAL = str.maketrans({"<": "&lt;", ">": "&gt;", "*": "\\*", "[": "\\[", "]": "\\]"})
_REPOSITORY = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(@[A-Za-z0-9^]+)?:([^\s:#]+)(.*)")


def prose(text: str) -> str:
    """Our own sentence: code spans stay, everything that Markdown would read otherwise is escaped."""
    parts = _SPANS.split(text)
    return "".join(part if n % 2 else part.translate(_SPECIAL) for n, part in enumerate(parts)).replace("\n", " ")


def code(text: str) -> str:
    """A code span."""
    fence = "``" if "`" in text else "`"
    pad = " " if fence == "``" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table. Only here is a bar escaped: elsewhere, the backslash would show in a code span."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    escaped = ([cell.replace("|", r"\|") for cell in row] for row in rows)
    return [*lines, *(f"| {' | '.join(row)} |" for row in escaped)]


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub and MyST derive it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def base(at: str) -> str:
    """A source without what points into it (a key, a heading), so that a list of sources stays short."""
    found = _REPOSITORY.match(at)
    return f"{found.group(1)}{found.group(2) or ''}:{found.group(3)}" if found else at


def link(at: str) -> str:
    """A source as a link, where it has an address."""
    url, _, where = at.partition(" ")
    if url.startswith("https://"):
        return f"<{url}>{' ' + prose(where) if where else ''}"
    found = _REPOSITORY.match(at)
    if found is not None:
        repository, commit, path, _ = found.groups()
        if commit is None and "*" not in path and "." in path.rpartition("/")[2]:
            return f"[{prose(at)}](https://github.com/{repository}/blob/HEAD/{path})"
        return f"[{prose(at)}](https://github.com/{repository})"
    rfc = re.match(r"RFC (\d+) section ([0-9.]+)", at)
    if rfc is not None:
        return f"[{at}](https://www.rfc-editor.org/rfc/rfc{rfc.group(1)}#section-{rfc.group(2)})"
    return prose(at)
