"""Copies of JSON values: read-only for what a registry shows, writable for what is changed before a new one is made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


def read_only(value: Any) -> Any:
    """Return a copy in which objects are mappings that cannot be changed, and arrays are tuples."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: read_only(part) for name, part in value.items()})
    return tuple(map(read_only, value)) if isinstance(value, list) else value


def writable(value: Any) -> Any:
    """Return a copy of a read-only value in which objects are dictionaries and arrays are lists."""
    if isinstance(value, Mapping):
        return {name: writable(part) for name, part in value.items()}
    return list(map(writable, value)) if isinstance(value, tuple) else value
