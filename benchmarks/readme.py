"""The figures of the last whole run, written into README.md between its marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

README = Path(__file__).parent / "README.md"
_BEGIN, _END = "<!-- results: written by `make bench` -->", "<!-- end of results -->"


def publish(document: dict[str, Any], path: Path = README) -> None:
    """Replace the figures.

    Args:
        document: what `results.as_json` gives.
        path: the page.

    Raises:
        ValueError: if the page has lost its marks.
    """
    text = path.read_text(encoding="utf-8")
    head, begin, rest = text.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        msg = f"{path.name}: the marks {_BEGIN!r} and {_END!r} are not there"
        raise ValueError(msg)
    path.write_text(f"{head}{begin}\n{_figures(document)}\n{end}{tail}", encoding="utf-8")


def _figures(document: dict[str, Any]) -> str:
    machine = document["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    about = f"{machine['python']} ({machine['optimized build']}), {machine['processor']}, {machine['cores']} cores"
    lines = [f"{about}, load average {machine['load average']}; {packages}.", ""]
    lines += ["| metric | median | spread |", "|-|-|-|"]
    for name, figure in document["metrics"].items():
        lines.append(f"| {name} | {figure['value']:.3g} | {figure['low']:.3g} to {figure['high']:.3g} |")
    return "\n".join(lines)
