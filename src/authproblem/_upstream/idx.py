"""Okta's Identity Engine documents: which JSON objects they are, and the error messages in them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson

from authproblem._model import Cause, Json, UpstreamError

_E_KEY = re.compile(r"(?:errors\.)?(E\d{7})")
_MAX_MESSAGES = 32
_MAX_DEPTH = 12
"""Nesting of a remediation form that is searched for messages; real ones nest six deep."""


def is_idx(document: Json) -> bool:
    """Whether it is an Identity Engine document: `stateHandle`, or `version` with `messages` or `remediation`."""
    if isinstance(document.get("stateHandle"), str):
        return True
    return isinstance(document.get("version"), str) and bool(
        _values(document.get("messages")) or _values(document.get("remediation"))
    )


def read_idx(document: Json) -> UpstreamError | None:
    """Read the messages of class ERROR: those at the top level, or where there are none, those of the forms.

    Returns:
        The error; None for any other object, and for a document without an error, which is a step of a flow.
    """
    if not is_idx(document):
        return None
    errors = tuple(islice(_errors(document.get("messages")), _MAX_MESSAGES)) or tuple(form_errors(document))
    if not errors:
        return None
    text, key = errors[0]
    return UpstreamError("okta_idx", key, text, None, errors, document, protocol=True, vendor="okta", proof="shape")


def form_errors(document: Json) -> Iterator[Cause]:
    """Yield the errors at form fields, at any depth of a remediation; a field comes before the fields within it."""
    return islice(_nested(document.get("remediation")), _MAX_MESSAGES)


def _values(container: object) -> list[Any]:
    values = container.get("value") if isinstance(container, dict) else None
    return values if isinstance(values, list) else []


def _errors(container: object) -> Iterator[Cause]:
    """Yield text and key of the messages of class ERROR."""
    for message in _values(container):
        if not isinstance(message, dict) or message.get("class") != "ERROR":
            continue
        i18n, text = message.get("i18n"), message.get("message")
        key = i18n.get("key") if isinstance(i18n, dict) else None
        key = key if isinstance(key, str) and key else None
        e_code = _E_KEY.fullmatch(key) if key is not None else None
        yield text if isinstance(text, str) else None, e_code.group(1) if e_code is not None else key


def _count_messages(root: object) -> int:
    """Return how many objects of a tree have a member `messages`.

    They are counted in its text, for a sixth of what the walk costs: within a string its quotes would be escaped. The
    errors are usually in the first of the forms, so that most of the tree need not be walked through.
    """
    try:
        return orjson.dumps(root).count(b'"messages":')
    except TypeError:  # it nests deeper than orjson writes
        return sys.maxsize


def _nested(root: object) -> Iterator[Cause]:
    """Walk a tree without recursion, since these are the largest documents, as far as there may be messages."""
    left = _count_messages(root)
    stack: list[Iterator[Any]] = [iter((root,))]
    while stack and left:
        for node in stack[-1]:
            if type(node) is dict:
                if "messages" in node:
                    yield from _errors(node["messages"])
                    left -= 1
                    if not left:
                        return
                parts: Iterable[Any] = node.values()
            elif type(node) is list:
                parts = node
            else:
                continue
            if len(stack) <= _MAX_DEPTH:
                stack.append(iter(parts))
                break
        else:
            stack.pop()
