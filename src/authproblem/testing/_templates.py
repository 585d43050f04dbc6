"""Templates as data: `$name` in a JSON value is replaced by a value of the response, `{slot}` in a text by a sample."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from authproblem._registry.texts import is_constant, unescape

Json = dict[str, Any]

_NAME = re.compile(r"\$(\$|[a-z_]+)")
_SLOT = re.compile(r"\{\{|\}\}|\{enum:([^{}|]*)[^{}]*\}|\{([a-z]+)\}")
_FOLDER = os.path.join(os.path.dirname(__file__), "data")


@cache
def read_data(name: str) -> Json:
    """One of the data files of this package; shared, so callers do not change it."""
    with open(os.path.join(_FOLDER, name + ".json"), "rb") as file:
        document: Json = orjson.loads(file.read())
    return document


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Fill a template.

    Args:
        template: a JSON value. A string that is one `$name` becomes the value as it is; in longer strings and in names
            of members its text is put in; `$$` is a dollar sign.
        values: the values by name.

    Returns:
        The filled value; members and items whose `$name` has no value, or None, are left out.
    """
    if isinstance(template, str):
        whole = _NAME.fullmatch(template)
        if whole is not None and whole.group(1) != "$":
            return values.get(whole.group(1))
        return _NAME.sub(lambda found: _text(found.group(1), values), template)
    if isinstance(template, dict):
        filled = {fill(name, values): fill(value, values) for name, value in template.items()}
        return {name: value for name, value in filled.items() if value is not None}
    if isinstance(template, list):
        return [value for value in (fill(item, values) for item in template) if value is not None]
    return template


def sample(text: str) -> str:
    """A sentence as the vendor would send it: each slot of a registered text filled with a harmless sample."""
    if is_constant(text):
        return unescape(text)
    slots: dict[str, str] = read_data("templates")["slots"]

    def value(found: re.Match[str]) -> str:
        if found.group(2) is not None:
            return slots[found.group(2)]
        return found.group(1) if found.group(1) is not None else found.group()[0]

    return _SLOT.sub(value, text)


def _text(name: str, values: Mapping[str, Any]) -> str:
    if name == "$":
        return "$"
    value = values.get(name)
    return "" if value is None else str(value)
