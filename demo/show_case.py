"""One case in full: the request, the response through each adapter, and every key of the event. Nothing is cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from demo.model import Case, Result, Run
from demo.text import header_line, pair, pretty, status_line

if TYPE_CHECKING:
    import httpx

_HOSTS = {"ASGI": "Starlette under uvicorn", "WSGI": "Flask under waitress"}
_WIDE = 110


def show_case(console: Console, result: Result) -> int:
    """Draw one case in full.

    Returns:
        The exit status: 1 if anything is not as expected.
    """
    case = result.case
    console.print(Text.assemble((f" {case.name} ", "reverse bold"), " ", (case.title, "bold")))
    console.print(Text(case.look, style="italic"), Text(""), *_request(case), sep="\n")
    for run in result.runs:
        console.print()
        console.print(Rule(Text(f"{run.adapter}: {_HOSTS[run.adapter]}", style="bold"), style="blue"))
        console.print(_sides(run, side_by_side=console.width >= _WIDE))
        console.print(_events(run))
    if result.faults:
        console.print(*(Text(f"! {fault}", style="bold red") for fault in result.faults), sep="\n")
        return 1
    same = "The same from both adapters" if case.expected.reason else "Untouched by both adapters"
    console.print(Text(f"{same}, and as expected.", style="green"))
    return 0


def _request(case: Case) -> Iterable[Text]:
    yield Text(f"{case.method} {case.path}", style="bold")
    yield header_line("Accept", case.accept)
    if case.form:
        yield Text(case.form)


def _sides(run: Run, *, side_by_side: bool) -> RenderableType:
    gone = set(run.before.headers.multi_items()) - set(run.after.headers.multi_items())
    new = set(run.after.headers.multi_items()) - set(run.before.headers.multi_items())
    sides = (_side("before", run.before, "-", "red", gone), _side("after", run.after, "+", "green", new))
    if not side_by_side:
        return Group(*sides)
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row(*sides)
    return grid


def _side(title: str, response: httpx.Response, sign: str, style: str, differing: set[tuple[str, str]]) -> Panel:
    headers = Table.grid(padding=(0, 1, 0, 0))
    for name, value in response.headers.multi_items():
        differs = (name, value) in differing
        headers.add_row(
            Text(sign if differs else " ", style=style),
            Text(f"{name}:", style=style if differs else "cyan"),
            Text(value, style=style if differs else "", overflow="fold"),
        )
    content = Group(status_line(response), Text(""), headers, Text(""), *pretty(response.content))
    return Panel(content, box=box.ROUNDED, title=title, title_align="left", border_style="dim")


def _events(run: Run) -> RenderableType:
    if not run.events:
        return Text("no event", style="dim")
    lines: list[RenderableType] = []
    for event in run.events:
        for name, value in event.items():
            many = isinstance(value, list)
            lines.append(pair(name, "" if many else value))
            lines += [Padding(Text(str(item), overflow="fold"), (0, 0, 0, 2)) for item in (value if many else ())]
    return Panel(Group(*lines), box=box.ROUNDED, title="event", title_align="left", border_style="dim")
