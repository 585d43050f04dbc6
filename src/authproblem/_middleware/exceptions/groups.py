"""Exception groups: the exceptions in them, which task groups wrap (PEP 654)."""

from __future__ import annotations

from collections.abc import Iterator

_GROUPS = frozenset(("builtins.BaseExceptionGroup", "exceptiongroup.BaseExceptionGroup"))
"""By name: the built-in one exists from Python 3.11 on, the other one is the backport's."""
_MAX_DEPTH = 8
_MAX_LEAVES = 32
"""Exceptions that are looked at: no known page sends more requests to a provider at the same time."""


def leaves(error: BaseException) -> list[BaseException]:
    """The exceptions of a group, through all its levels.

    Args:
        error: any exception.

    Returns:
        The exceptions in order; the exception itself if it is no group, or one that is too large or nested too deeply.
    """
    found: list[BaseException] = []
    for leaf in _walk(error, 0):
        found.append(leaf)
        if len(found) > _MAX_LEAVES:
            return [error]
    return found


def _walk(error: BaseException, depth: int) -> Iterator[BaseException]:
    if depth >= _MAX_DEPTH or not _is_group(error):
        yield error
        return
    for inner in error.exceptions:  # type: ignore[attr-defined] # a group has them
        yield from _walk(inner, depth + 1)


def _is_group(error: BaseException) -> bool:
    return any(f"{cls.__module__}.{cls.__qualname__}" in _GROUPS for cls in type(error).__mro__)
