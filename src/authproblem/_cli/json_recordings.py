"""Read responses from parsed JSON: HAR files, HAR entries, and records with `status`, `headers` and `body`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from authproblem._cli.recording import Recording, check_status, path_of, without_undone_codings

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")


def recordings_in(document: Any) -> list[Recording]:
    """Return the responses that a JSON document records; an empty list if it is something else, such as a body.

    Raises:
        ValueError: If a recording has an invalid status or invalid headers.
    """
    if isinstance(document, list):
        rows = [row for row in document if _is_recording(row)]
        return (
            [_read(row, f"item {number}") for number, row in enumerate(rows, 1)] if len(rows) == len(document) else []
        )
    if not isinstance(document, dict):
        return []
    log = document.get("log")
    if isinstance(log, dict) and isinstance(log.get("entries"), list):
        entries = enumerate(log["entries"], 1)
        return [_read(row, f"entry {number}") for number, row in entries if _is_recording(row) and _has_response(row)]
    return [_read(document, "")] if _is_recording(document) else []


def _is_recording(row: Any) -> bool:
    if not isinstance(row, dict):
        return False
    response = row.get("response", row)
    return (
        isinstance(response, dict)
        and isinstance(response.get("status"), int)
        and bool({"headers", "body"} & {*response})
    )


def _has_response(row: dict[str, Any]) -> bool:
    """Return whether a HAR entry has a response: browsers write status 0 for a request that was blocked or failed."""
    return bool(row.get("response", row)["status"])


def _read(row: dict[str, Any], where: str) -> Recording:
    response, request = row.get("response", row), row.get("request")
    request = request if isinstance(request, dict) else row
    prefix = f"{where}: " if where else ""
    status = check_status(response["status"], f"{prefix}status")
    is_har = isinstance(response.get("content"), dict)
    body = _har_body(response["content"]) if is_har else _body(response.get("body"))
    headers = list(_headers(response.get("headers"), prefix))
    method = request.get("method")
    path = path_of(request.get("url") or request.get("endpoint") or request.get("path"))
    return Recording(
        status,
        without_undone_codings(headers, body),
        body,
        form="har" if is_har else "record",
        method=method if isinstance(method, str) else None,
        path=path,
        where=where,
    )


def _har_body(content: dict[str, Any]) -> bytes:
    text = content.get("text")
    if not isinstance(text, str):
        return b""
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return b""
    return text.encode("utf-8", "replace")


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    return (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace")


def _headers(headers: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the headers of an object, of pairs, or of HAR's objects with `name` and `value`."""
    rows = list(headers.items()) if isinstance(headers, dict) else headers or []
    if not isinstance(rows, list):
        msg = f"{prefix}invalid headers: {type(headers).__name__}; expected an object or an array"
        raise ValueError(msg)  # noqa: TRY004 - wrong input of the user, as every other mistake in it
    for row in rows:
        pair = (
            (row.get("name"), row.get("value"))
            if isinstance(row, dict)
            else tuple(row)
            if isinstance(row, list | tuple)
            else ()
        )
        if len(pair) != 2 or not isinstance(pair[0], str):
            msg = f"{prefix}invalid header: {row!r}; expected a name and a value"
            raise ValueError(msg)
        if _NAME.fullmatch(pair[0]):  # HTTP/2 pseudo headers, such as :status, are none
            yield pair[0], " ".join(str(pair[1]).split())
