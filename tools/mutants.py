"""What `tools/mutate.py` changes: every mutant of a module's syntax tree, one small change each. It runs nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Mod: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_COUNTERPARTS = {
    "lower": "upper",
    "strip": "lstrip",
    "lstrip": "rstrip",
    "rstrip": "lstrip",
    "partition": "rpartition",
    "rpartition": "partition",
    "startswith": "endswith",
    "endswith": "startswith",
    "fullmatch": "match",
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "discard": "add",
    "setdefault": "get",
}
_CHANGED_THEMSELVES = (ast.Compare, ast.BoolOp, ast.UnaryOp)
"""Conditions that need no `not` before them."""
_NO_BEHAVIOR = ("__slots__", "__all__", "msg")
"""Names whose values are no behavior, or only the wording of a message."""
_REPORTING = "report_fault"
"""The function whose arguments are wording as well."""
Undo = Callable[[], None]


class Mutant(NamedTuple):
    """One changed tree, valid until the next one is taken, and what was changed."""

    tree: ast.Module
    place: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a module, in the order of its text."""
    tree = ast.parse(source)
    names = _names(tree)
    for node in list(_nodes(tree)):
        before = _text(node)
        for change in _changes(node):
            undo = change()
            ast.fix_missing_locations(tree)
            function = names.get(node, "module")
            yield Mutant(tree, f"{function}:{getattr(node, 'lineno', 0)}: {before} -> {_text(node)}")
            undo()


def _text(node: ast.AST) -> str:
    """A node's source, on one line, short; of a compound statement the test alone."""
    shown = ast.unparse(node.test) if isinstance(node, (ast.If, ast.While)) else ast.unparse(node)
    return " ".join(shown.split())[:160]


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes whose change is a change of behavior here: no annotations, docstrings, messages, other Pythons."""
    if isinstance(node, ast.Raise) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in _NO_BEHAVIOR for t in node.targets):
        return
    if not _is_for_a_version(node):
        yield node
    for child in _parts(node):
        yield from _nodes(child)


def _is_for_a_version(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).startswith("sys.version_info")


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What a node is made of, as far as it says what is done; of a choice by Python's version the part that runs."""
    skipped = {"annotation", "returns", "decorator_list", "type_comment", "bases", "keywords"}
    if isinstance(node, ast.If) and _is_for_a_version(node):
        chosen = eval(ast.unparse(node.test), {"sys": sys})  # noqa: S307 - our own source
        skipped |= {"test", "orelse" if chosen else "body"}
    elif isinstance(node, ast.Call):
        skipped.remove("keywords")
        if ast.unparse(node.func).endswith(_REPORTING):
            skipped.add("args")
    for name, value in ast.iter_fields(node):
        if name not in skipped:
            children = value if isinstance(value, list) else [value]
            yield from (child for child in children if isinstance(child, ast.AST))


def _names(tree: ast.Module) -> dict[ast.AST, str]:
    """The function that each node is in."""
    found: dict[ast.AST, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.update(dict.fromkeys(ast.walk(node), node.name))
    return found


def _changes(node: ast.AST) -> Iterator[Callable[[], Undo]]:  # noqa: C901 - a case for each kind of node
    """The changes of one node, each of which gives its own undoing."""
    if isinstance(node, ast.Compare):
        yield _setting(node, "ops", [_COMPARISONS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        yield _setting(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _setting(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _OPERATORS:
        yield _setting(node, "op", _OPERATORS[type(node.op)]())
    elif isinstance(node, ast.Constant):
        yield from (_setting(node, "value", value) for value in _other_values(node.value))
    elif isinstance(node, ast.Name) and node.id in _COUNTERPARTS:
        yield _setting(node, "id", _COUNTERPARTS[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in _COUNTERPARTS and isinstance(node.ctx, ast.Load):
        yield _setting(node, "attr", _COUNTERPARTS[node.attr])
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)) and not isinstance(node.test, _CHANGED_THEMSELVES):
        yield _setting(node, "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield _setting(node, "ifs", [])
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield _setting(node, "value", ast.Constant(None))
    yield from _changed_statements(node)


def _changed_statements(node: ast.AST) -> Iterator[Callable[[], Undo]]:
    """A call for its effect left out; `continue` and `break` in place of each other."""
    for name in ("body", "orelse"):
        body = getattr(node, name, None)
        if not isinstance(body, list):
            continue
        for at, statement in enumerate(body):
            other: ast.stmt | None = None
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                other = ast.Pass()
            elif isinstance(statement, ast.Continue):
                other = ast.Break()
            elif isinstance(statement, ast.Break):
                other = ast.Continue()
            if other is not None:
                yield _setting(node, name, [*body[:at], other, *body[at + 1 :]])


def _other_values(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield value + 1
    elif isinstance(value, str):
        yield f"XX{value}XX"
    elif isinstance(value, bytes):
        yield b"XX" + value + b"XX"


def _setting(node: Any, name: str, value: object) -> Callable[[], Undo]:
    """Set a field of a node; what is given back sets it back."""

    def change() -> Undo:
        before = getattr(node, name)
        setattr(node, name, value)
        return lambda: setattr(node, name, before)

    return change
