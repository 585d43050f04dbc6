"""JSON objects and codes: how a body is parsed, and which form a code has."""

from __future__ import annotations

import re

import orjson

from authproblem._model import Json

CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""The form of a code: anything else is text."""
_E_CODE = re.compile(r"E\d{7}")


def is_code(value: object) -> bool:
    """Whether a value has the form of a code; most are ASCII identifiers, which is faster to check."""
    if type(value) is not str or len(value) > 64:
        return False
    return (value.isascii() and value.isidentifier()) or CODE.fullmatch(value) is not None


def repaired_code(value: object) -> str | None:
    """Return a code without the stray comma that some of Okta's examples have; None for what is no code otherwise."""
    if type(value) is str and value.endswith(",") and is_code(value[:-1]):
        return value[:-1]
    return None


def is_e_code(code: str | None) -> bool:
    """Whether a code is one of Okta's E-codes by its form."""
    return code is not None and _E_CODE.fullmatch(code) is not None


def load_object(body: bytes | bytearray) -> Json | None:
    """Return the JSON object of a body; None if it is no JSON, or no object (`null`, a list, a number, a string)."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if type(document) is dict else None


def is_parsable(body: bytes | bytearray) -> bool:
    """Whether a body is JSON of any kind."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def is_verbatim(document: Json, raw: bytes | bytearray) -> bool:
    """Whether an object is written as it came, byte for byte: without white space and duplicates, as vendors do."""
    try:
        return orjson.dumps(document) == raw
    except TypeError:  # it nests too deep
        return False


def unwrap(document: Json) -> Json | None:
    """Return the object inside `{"detail": X}`: how FastAPI and Starlette apps pass an upstream's error on.

    Returns:
        X, or the object in the string X; None for any other body.
    """
    if len(document) != 1 or "detail" not in document:
        return None
    inner = document["detail"]
    if isinstance(inner, str) and inner.startswith("{"):
        return load_object(inner.encode("utf-8", "surrogatepass"))
    return inner if isinstance(inner, dict) else None
