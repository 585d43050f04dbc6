"""A stand-in for orjson, made of the standard library, for the explorer on the documentation site alone.

Pyodide has no orjson for its version of Python. What the package relies on is the same: bytes in and out, no NaN, and
integers beyond 64 bits become floats.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

OPT_SORT_KEYS = 1
JSONDecodeError = json.JSONDecodeError
JSONEncodeError = TypeError
_LEAST, _MOST = -(2**63), 2**64 - 1
"""The integers that orjson reads as such."""


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """Parse JSON.

    Raises:
        ValueError: For anything that is no JSON.
    """
    text = data if isinstance(data, str) else bytes(data).decode("utf-8")
    return json.loads(text, parse_int=_integer, parse_constant=_refuse)


def dumps(value: Any, default: Callable[[Any], Any] | None = None, option: int = 0) -> bytes:
    """Serialize to JSON."""
    text = json.dumps(
        value,
        default=default,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
        sort_keys=bool(option & OPT_SORT_KEYS),
    )
    return text.encode()


def _integer(digits: str) -> int | float:
    number = int(digits)
    return number if _LEAST <= number <= _MOST else float(digits)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
