"""The overview: one compact block for each case, before and after side by side, and the table at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from authproblem import Problem, classify
from demo.check import document_of
from demo.model import Case, Result, Run
from demo.text import event_line, header_line, member, pair, status_line

if TYPE_CHECKING:
    import httpx

_OURS = ("reason", "owner", "remedy", "retry", "detail")
_PROBLEM_HEADERS = ("Auth-Problem", "Auth-Problem-Retry", "Retry-After")
_EVENT_KEYS = ("problem", "entry", "why", "matched_by", "retry_after", "upstream_request_id")
_SHAPES = {
    "auth0_signup": "signup", "auth0_api": "API", "oauth": "OAuth",
    "okta_api": "API", "okta_idx": "IDX", "www_authenticate": "header",
}  # fmt: skip
_WIDE, _NARROW = 94, {"after": 20, "remedy": 14, "retry": 12}
"""Below so many columns the table's cells are cut."""


def introduce(console: Console) -> None:
    """Print what the demo shows."""
    lines = (
        Text.assemble(("authproblem", "bold"), ": the errors of Auth0 and Okta, in one format"),
        Text(""),
        Text("A fake Auth0 and a fake Okta respond as the real ones do. An app passes"),
        Text("their errors on: bare (BEFORE), and with the middleware (AFTER)."),
        Text.assemble("All of it is real HTTP on loopback. ", ("Dim: as the provider sent it.", "dim")),
        Text(""),
        _code("FastAPI, Starlette", "app.add_middleware(AuthProblemMiddleware)"),
        _code("Flask", "app.wsgi_app = AuthProblemMiddleware(app.wsgi_app)"),
    )
    console.print(Panel(Group(*lines), box=box.ROUNDED, border_style="blue", padding=(1, 2)))


def block(result: Result) -> RenderableType:
    """One case."""
    case, run = result.case, result.runs[0]
    parts: list[RenderableType] = [Text(case.look, style="italic"), _sides(case, run), Rule(style="dim")]
    parts += _events(run)
    parts += [Text(f"! {fault}", style="bold red") for fault in result.faults]
    return Panel(
        Group(*parts),
        box=box.ROUNDED,
        title=Text.assemble((f" {case.name} ", "reverse bold not dim"), " ", (case.title, "bold not dim default")),
        title_align="left",
        subtitle=Text(f"{case.method} {case.path}  {_verdict(result)}", style="bright_black not dim"),
        subtitle_align="right",
        border_style="red" if result.faults else "blue" if case.expected.reason else "dim",
    )


def summarize(console: Console, results: Sequence[Result], seconds: float) -> int:
    """Print the table of all cases, and whether all are as expected.

    Returns:
        The exit status: 1 if anything is not as expected.
    """
    widths = _NARROW if console.width < _WIDE else {}
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold underline")
    for name in ("case", "before", "after", "owner", "remedy", "retry"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=widths.get(name))
    for result in results:
        table.add_row(*_row(result), style="red" if result.faults else "")
    console.print(Text(""), table, Text(""), sep="\n")
    wrong = [result.case.name for result in results if result.faults]
    if wrong:
        console.print(Text(f"Not as expected: {', '.join(wrong)}", style="bold red"))
        return 1
    shapes = len({_shape(result.runs[0].before) for result in results if result.case.expected.reason})
    summary = f"{len(results)} cases, {len(results[0].runs)} adapters, {shapes} shapes in, 1 out: all as expected. "
    console.print(Text.assemble((summary, "green"), (f"{seconds:.1f} s", "dim")))
    console.print(Text("make demo CASE=mfa shows one in full; make demo CASE=? lists them", style="dim"))
    return 0


def _code(host: str, line: str) -> Text:
    return Text.assemble((f"{host:<20}", "dim"), (line, "bold cyan"))


def _verdict(result: Result) -> str:
    return " ".join(f"{run.adapter} {'failed' if result.faults else 'ok'}" for run in result.runs)


def _sides(case: Case, run: Run) -> Table:
    table = Table(box=box.MINIMAL, show_edge=False, expand=True, padding=(0, 1), pad_edge=False, border_style="dim")
    for name, response, ratio in (("BEFORE", run.before, 4), ("AFTER", run.after, 5)):
        head = Text.assemble(f"{name}  ", status_line(response))
        table.add_column(head, ratio=ratio, no_wrap=True, overflow="ellipsis")
    table.add_row(_stack(_before(case, run.before)), _stack(_after(case, run)))
    return table


def _stack(lines: Iterable[Text]) -> Text:
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def _before(case: Case, response: httpx.Response) -> Iterable[Text]:
    yield from (header_line(name, response.headers[name]) for name in case.shown_headers)
    document = document_of(response)
    yield from (member(name, _from_secret(value, case.expected.gone)) for name, value in document.items())
    if not document:
        yield from (Text(line) for line in response.text.splitlines()[:4])


def _from_secret(value: object, secrets: Sequence[str]) -> object:
    """Return the end of a long text that begins with what must not be sent on, so that the cut does not hide it."""
    starts = [value.index(secret) for secret in secrets if secret in value] if isinstance(value, str) else []
    return f"\u2026{str(value)[min(starts) - 1 :]}" if starts and min(starts) > 0 else value


def _after(case: Case, run: Run) -> Iterable[Text]:
    if case.expected.reason is None:
        yield Text("left alone, byte for byte", style="green")
        return
    yield from (
        header_line(name, run.after.headers[name], "green") for name in _PROBLEM_HEADERS if name in run.after.headers
    )
    document = document_of(run.after)
    ours = (*_OURS, *case.expected.replaced)
    yield from (member(name, document.get(name)) for name in ours)
    for name in case.expected.kept:
        line = member(name, document.get(name))
        line.stylize("dim")
        yield line
    rest = len(document) - len(ours) - len(case.expected.kept)
    yield Text(f"and {rest} more", style="dim italic")


def _events(run: Run) -> Iterable[Text]:
    if not run.events:
        yield Text("no event", style="dim")
    for event in run.events:
        yield _cut(event_line(event, _EVENT_KEYS))
        if event.get("hint"):
            yield _cut(Text.assemble(" " * 8, pair("hint", event["hint"])))


def _cut(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _shape(response: httpx.Response) -> str:
    found = classify(response.status_code, response.headers, response.content, provider="oauth")
    kind = "" if found is None else _SHAPES.get(found.shape, found.shape)
    return kind or response.headers.get("content-type", "").partition(";")[0].rpartition("/")[2]


def _row(result: Result) -> list[Any]:
    before, after = result.runs[0].before, result.runs[0].after
    problem = Problem.from_response(after)
    first = [Text(result.case.name, style="bold"), f"{before.status_code} {_shape(before)}"]
    if problem is None:
        return [*first, Text("left alone", style="dim"), "", "", ""]
    retry = problem.retry
    wait = retry.policy if retry.after is None else f"{retry.after} s, {'auto' if retry.automatic else 'manual'}"
    return [*first, Text(problem.reason, style="green"), problem.owner, problem.remedy, wait]
