"""The page at `/` of a fake: lists every error that it can send, and arms one by a click."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from authproblem.testing._catalog import UnknownEntryError
from authproblem.testing._http import Request, Response, html, json_response, redirect

if TYPE_CHECKING:
    from authproblem.testing._fake import FakeProvider

_KINDS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("endpoint", "method", "user", "client", "org", "address", "text", "form"), str),
    **dict.fromkeys(("retry_after", "skip", "status"), int),
    **dict.fromkeys(("delay", "probability"), float),
}
"""The arguments of `FakeProvider.fail` that a form can have, and what makes them of a text."""
_STYLE = (
    "body{font:15px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3rem .5rem;text-align:left}"
    "code{font-size:13px}form{display:inline}#armed{background:#fff6d6;padding:.5rem 1rem}"
)
_SCRIPT = (
    "document.getElementById('filter').oninput=function(){var wanted=this.value.toLowerCase();"
    "document.querySelectorAll('tbody tr').forEach(function(row){"
    "row.hidden=row.textContent.toLowerCase().indexOf(wanted)<0})}"
)


def page(fake: FakeProvider, request: Request) -> Response:
    """Show the page, or do what one of its buttons is for, and show it again."""
    if request.method == "POST":
        return _change(fake, request)
    if "json" in request.header("accept"):
        rows = [
            {"entry": failure.entry.id, "sent": failure.count}
            for failure in fake.all_failures
            if failure.entry is not None
        ]
        return json_response(200, {"failures": rows})
    armed = "".join(f"<li><code>{escape(repr(failure))}</code></li>" for failure in fake.failures)
    table = "".join(_row(fake, entry.id) for entry in fake.catalog.entries(fake.provider, *fake.also))
    name = type(fake).__name__
    return html(
        200,
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title><style>{_STYLE}</style>"
        f"<h1>{name}</h1><div id=armed><b>Armed:</b> <ul>{armed or '<li>nothing</li>'}</ul>"
        "<form method=post><button name=recover value=1>Disarm all</button></form></div>"
        "<p><label>Filter <input id=filter placeholder='mfa, E0000047, rate ...'></label></p>"
        "<table><thead><tr><th>Error<th>Status<th>Problem<th>Send it</thead><tbody>"
        f"{table}</tbody></table><script>{_SCRIPT}</script></html>",
    )


def _change(fake: FakeProvider, request: Request) -> Response:
    """Arm an error (`arm` and the arguments of `FakeProvider.fail`), or disarm all (`recover`)."""
    if request.text("recover"):
        fake.recover()
        return redirect("/")
    times = request.text("times") or "1"
    try:
        options: dict[str, Any] = {
            name: kind(request.text(name)) for name, kind in _KINDS.items() if request.text(name)
        }
        options["times"] = None if times == "all" else int(times)
        if request.text("canary"):
            options["members"] = {"internal_note": request.text("canary")}
        fake.fail(request.text("arm"), **options)
    except (UnknownEntryError, ValueError) as error:
        return html(400, f"<p>{escape(str(error))}</p>")
    return redirect("/")


def _row(fake: FakeProvider, entry_id: str) -> str:
    entry = fake.catalog.find(entry_id)
    arm = f"<input type=hidden name=arm value='{escape(entry.id)}'>"
    buttons = "<button name=times value=1>next</button> <button name=times value=all>always</button>"
    return (
        f"<tr><td title='{escape(entry.hint)}'><code>{escape(entry.id)}</code><td>{fake.catalog.status(entry)}"
        f"<td>{entry.reason}<td><form method=post>{arm}{buttons}</form></tr>"
    )
