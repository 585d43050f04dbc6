"""Reports how large files and functions are, against our targets. A report: it never fails.

A file counts its lines; a function counts its lines without its docstring and without its decorators.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
FILE_MEDIAN, FILE_MAX = 100, 300
FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_MAX = 8, 25, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef
Size = tuple[int, str]


def function_lines(node: Function) -> int:
    """The lines of a function, its docstring not counted."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def measure(folder: Path) -> tuple[list[Size], list[Size]]:
    """The files below a folder and the functions in them, each with its size."""
    files: list[Size] = []
    functions: list[Size] = []
    for path in sorted(folder.rglob("*.py")):
        text, where = path.read_text("utf-8"), path.relative_to(ROOT)
        files.append((len(text.splitlines()), str(where)))
        functions += [
            (function_lines(node), f"{where}:{node.lineno} {node.name}")
            for node in ast.walk(ast.parse(text))
            if isinstance(node, Function)
        ]
    return files, functions


def summary(sizes: list[Size]) -> tuple[float, float, int]:
    """Median, 90th percentile and maximum."""
    lines = [size for size, _ in sizes] or [0]
    return median(lines), quantiles(lines, n=10, method="inclusive")[-1] if len(lines) > 1 else lines[0], max(lines)


def main(folders: list[str]) -> None:
    """Prints one paragraph for each folder."""
    for name in folders:
        files, functions = measure(ROOT / name)
        middle, _, largest = summary(files)
        print(f"{name}: {len(files)} files, median {middle:g} lines (target {FILE_MEDIAN}), max {largest} ({FILE_MAX})")
        middle, p90, largest = summary(functions)
        print(
            f"  {len(functions)} functions, median {middle:g} lines (target {FUNCTION_MEDIAN}), "
            f"p90 {p90:g} ({FUNCTION_P90}), max {largest} ({FUNCTION_MAX})"
        )
        large = [size for size in files if size[0] > FILE_MAX] + [size for size in functions if size[0] > FUNCTION_MAX]
        for lines, where in sorted(large, reverse=True):
            print(f"  large: {lines:4} {where}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["src"])
