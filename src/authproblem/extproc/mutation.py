"""The difference between two lists of headers, as Envoy's `HeaderMutation`. No rule on what to change lives here."""

# pyright: reportAttributeAccessIssue=false
# Modules that protoc generates define their names when they are imported; they ship no stubs.
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from envoy.config.core.v3.base_pb2 import HeaderValue, HeaderValueOption

if TYPE_CHECKING:
    from envoy.service.ext_proc.v3.external_processor_pb2 import HeaderMutation

Pairs = Iterable[tuple[bytes, bytes]]

_OVERWRITE = HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
_APPEND = HeaderValueOption.APPEND_IF_EXISTS_OR_ADD


def set_header(mutation: HeaderMutation, name: str, value: bytes, *, append: bool = False) -> None:
    """Add one header to a mutation.

    Args:
        mutation: changed in place.
        name: the name, lower case; `:status` for the status.
        value: the value.
        append: keep the lines of this name that are there; False replaces them.
    """
    option = mutation.set_headers.add()
    option.header.CopyFrom(HeaderValue(key=name, raw_value=value))
    option.append_action = _APPEND if append else _OVERWRITE


def mutate(mutation: HeaderMutation, before: Pairs, after: Pairs) -> None:
    """Describe how one list of headers becomes another; names with the same lines in both stay untouched.

    Envoy removes first and sets afterwards, and keeps the order of the lines that it does not touch.

    Args:
        mutation: changed in place.
        before: the headers that Envoy has.
        after: the headers that are to be sent.
    """
    old, new = _by_name(before), _by_name(after)
    mutation.remove_headers.extend(name for name in old if name not in new)
    for name, values in new.items():
        if old.get(name) != values:
            for number, value in enumerate(values):
                set_header(mutation, name, value, append=number > 0)


def _by_name(pairs: Pairs) -> dict[str, list[bytes]]:
    lines: dict[str, list[bytes]] = defaultdict(list)
    for name, value in pairs:
        lines[name.decode("latin-1").lower()].append(value)
    return dict(lines)
