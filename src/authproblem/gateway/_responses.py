"""Responses of the gateway itself, and ASGI messages for all responses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from authproblem._upstream.hop_by_hop import Lines

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

NO_ROUTE = "No upstream is configured for this path."
METHOD = "This method is not passed on."
LEAVES_BASE = "The path leaves the base path of its upstream."
TOO_SLOW = "The request did not arrive in time."
TOO_LARGE = "The header fields of the request are too large."
CODING = "The request has a transfer coding other than chunked."
FAULT = "The gateway failed."


def refusal(status: int, detail: str) -> tuple[int, Lines, bytes]:
    """Return an error of the gateway itself: a problem document of type `about:blank` (RFC 9457 section 4.2.1).

    Args:
        status: the status.
        detail: one sentence for the caller.
    """
    document = {"type": "about:blank", "title": phrase(status), "status": status, "detail": detail}
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == HTTPStatus.REQUEST_TIMEOUT:  # the rest of the request must not be read as another
        headers.append((b"connection", b"close"))
    return status, headers, body


def phrase(status: int) -> str:
    """Return the reason phrase of a status."""
    return HTTPStatus(status).phrase


def start(status: int, headers: Lines) -> dict[str, Any]:
    """Return the message that begins a response, with `Date` where it is missing (RFC 9110 section 6.6.1)."""
    return start_of_lower(status, [(name.lower(), value) for name, value in headers])


def start_of_lower(status: int, headers: Lines) -> dict[str, Any]:
    """Return the same for headers whose names are lower-case already."""
    if b"date" not in dict(headers):
        headers = [*headers, (b"date", formatdate(usegmt=True).encode("ascii"))]
    return {"type": "http.response.start", "status": status, "headers": headers}


def part(chunk: bytes, *, more: bool) -> dict[str, Any]:
    """Return the message with the next bytes of a response."""
    return {"type": "http.response.body", "body": chunk, "more_body": more}
