"""Exceptions of aiohttp and of the operating system, as failures whose cause is safe to log."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from typing import Any

import aiohttp
from aiohttp.http import HttpProcessingError

from authproblem.gateway._upstream import FailureKind, UpstreamFailure

_RULES: tuple[tuple[tuple[type[BaseException], ...], FailureKind, str], ...] = (
    ((aiohttp.ConnectionTimeoutError,), "unreachable", "no connection in time"),
    ((aiohttp.ClientConnectorError,), "unreachable", ""),
    ((asyncio.TimeoutError, TimeoutError), "timeout", "no bytes in time"),
    ((aiohttp.ServerDisconnectedError,), "closed", "the connection was closed before the response"),
    ((aiohttp.ClientPayloadError,), "broken", "the response ended too early"),
    ((aiohttp.ClientResponseError, HttpProcessingError), "broken", "the response is not valid HTTP"),
    ((OSError,), "closed", ""),
    ((ValueError,), "unsendable", "the request cannot be written as HTTP"),  # a control character in a header
    ((aiohttp.ClientError,), "broken", "the connection failed"),
)
"""The first that matches decides; an empty text is replaced by the system's own for the error."""


def failure_of(error: BaseException) -> UpstreamFailure | None:
    """Return the failure that an exception means; None for one that is no failure of a request."""
    if isinstance(error, UpstreamFailure):
        return error
    for classes, kind, why in _RULES:
        if isinstance(error, classes):
            return UpstreamFailure(kind, why or _system_text(error), type(error).__name__)
    return None


def _system_text(error: BaseException) -> str:
    """The text of the operating system or of OpenSSL, without host, address or path."""
    cause: Any = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate cannot be verified: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {cause.reason or 'unknown reason'}"
    if isinstance(cause, socket.gaierror) or isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name cannot be resolved"
    number = getattr(cause, "errno", None)
    return os.strerror(number).lower() if isinstance(number, int) and number > 0 else "the connection failed"
