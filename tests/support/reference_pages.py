"""Reads the generated pages as a reader does: from their Markdown alone, neither the registry nor the generator."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

PROBLEMS, PROVIDERS = "docs/problems/", "docs/providers/"
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(`+) ?(.+?) ?\1(?!`)")
_LINK = re.compile(r"\[(.*)\]\(([^)#]*)(#[^)]*)?\)")
_ESCAPED = re.compile(r"\\([*\[\]|])")
_OWN = re.compile(r'(owner|remedy|retry) `([a-z_]+)`(?:, |$)|the user reads "(.*)"$')


class Table(NamedTuple):
    """A table: the heading above it, and its rows by the names of the columns."""

    heading: str
    rows: list[dict[str, str]]


class Shown(NamedTuple):
    """What a page shows of one error, its problem type's values included."""

    type: str
    reason: str
    owner: str
    remedy: str
    retry: str
    detail: str


class Sample(NamedTuple):
    """One HTTP response of a page."""

    status: int
    headers: dict[str, str]
    body: Any


def read_pages(root: Path) -> dict[str, str]:
    """Return the pages of problem types and providers below a repository, by their paths."""
    found = sorted(path for folder in (PROBLEMS, PROVIDERS) for path in (root / folder).glob("*.md"))
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in found}


def tables(page: str) -> Iterator[Table]:
    """Yield the tables of a page, in order."""
    heading, block = "", list[list[str]]()
    for line in [*page.splitlines(), ""]:
        if line.startswith("|"):
            block.append([cell.strip().replace(r"\|", "|") for cell in _CELL.split(line)[1:-1]])
            continue
        if block:
            yield Table(heading, [dict(zip(block[0], row, strict=True)) for row in block[2:]])
            block = []
        if line.startswith("#"):
            heading = line.lstrip("# ")


def facts(page: str) -> Shown:
    """Return the values of a problem type: the first table of its page, and what the user reads."""
    rows = {row["Member"]: row["Value"] for row in next(tables(page)).rows}
    kind, reason, owner, remedy, retry = (code(rows[name]) for name in ("Type", "Reason", "Owner", "Remedy", "Retry"))
    return Shown(kind, reason, owner, remedy, retry, _as_read(section(page, "What the user reads").lstrip("> ")))


def title(page: str) -> str:
    """Return the heading of a page."""
    return next(line[2:] for line in page.splitlines() if line.startswith("# "))


def status(page: str) -> int:
    """Return the status of a problem type."""
    return int(next(row["Value"] for row in next(tables(page)).rows if row["Member"] == "Status").partition(";")[0])


def section(page: str, heading: str) -> str:
    """Return the text below a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"no section {heading!r}")
    return found[1].strip()


def errors_of_problem_pages(pages: Mapping[str, str]) -> Iterator[tuple[str, Shown]]:
    """Yield each row of the tables of errors, by the id of its entry; code families are no entries."""
    for page in types(pages).values():
        usual = facts(page)
        for row in (row for table in tables(page) for row in table.rows):
            if "Error" in row and (found := _LINK.fullmatch(row["Error"])):
                yield code(found[1]), _with_own(usual, row.get("Own values", "").replace("<br>", ", "))


def errors_of_provider_pages(pages: Mapping[str, str]) -> Iterator[tuple[str, Shown]]:
    """Yield each entry of the provider reference: its problem type's values, and those that it has instead."""
    usual = {slug: facts(page) for slug, page in types(pages).items()}
    for path, page in pages.items():
        if not path.startswith(PROVIDERS) or path.endswith("/index.md"):
            continue
        for heading, text in re.findall(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL):
            bullets = (line[2:].partition(": ") for line in text.splitlines() if line.startswith("- "))
            lines = {name: value for name, _, value in bullets}
            reason = target(lines["Problem type"].partition(", sent with ")[0])
            yield code(heading), _with_own(usual[reason], lines.get("Instead of its type's", ""))


def types(pages: Mapping[str, str]) -> dict[str, str]:
    """Return the pages of problem types by the names of their files."""
    return {
        path[len(PROBLEMS) : -len(".md")]: page
        for path, page in pages.items()
        if path.startswith(PROBLEMS) and not path.endswith("/index.md")
    }


def families_of_index(pages: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield each row of a code family: the provider's name, the pattern, and the slug of the type that it leads to."""
    for table in tables(pages[f"{PROVIDERS}index.md"]):
        yield from (
            (table.heading, code(row["Codes"]), target(row["Problem type"])) for row in table.rows if "Codes" in row
        )


def families_of_problem_pages(pages: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield the same for the rows of problem pages."""
    for slug, page in types(pages).items():
        for table in tables(page):
            cells = [row["Error"] for row in table.rows if "Error" in row and not _LINK.fullmatch(row["Error"])]
            yield from ((table.heading, code(cell), slug) for cell in cells)


def sample(text: str) -> Sample:
    """Return the first HTTP response of a text."""
    block = re.search(r"^```http\nHTTP/1.1 (\d{3}) [^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    if block is None:
        raise ValueError("no response")
    head, _, body = block[2].partition("\n\n")
    headers = {name: value for name, _, value in (line.partition(": ") for line in head.splitlines())}
    return Sample(int(block[1]), headers, json.loads(body) if body.startswith("{") else body)


def code(cell: str) -> str:
    """Return the first code span of a cell."""
    found = _CODE.search(cell)
    if found is None:
        raise ValueError(f"no code in {cell!r}")
    return found[2]


def target(cell: str) -> str:
    """Return the slug of the problem page that a cell links to, if it names the same one."""
    found = _LINK.fullmatch(cell)
    slug = Path(found[2]).stem if found else ""
    if found is None or slug != code(found[1]):
        raise ValueError(f"no link to the page that it names: {cell!r}")
    return slug


def _with_own(shown: Shown, own: str) -> Shown:
    """Return the values of a type with those that an error has instead; anything else in the text is an error."""
    while own:
        found = _OWN.match(own)
        if found is None:
            raise ValueError(f"no own value: {own!r}")
        name, value, sentence = found.groups()
        shown = shown._replace(detail=_as_read(sentence)) if name is None else shown._replace(**{name: value})
        own = own[found.end() :]
    return shown


def _as_read(text: str) -> str:
    return _ESCAPED.sub(r"\1", html.unescape(text))
