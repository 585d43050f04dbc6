"""Which exceptions are a provider's, told without importing any library: by class names, and by the request's host.

What lives here is what each class means (tables) and where its attributes are. Messages are never read, streams never
touched, and chained exceptions only asked for what went wrong on the socket. What the client is told of it is `_escape`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from authproblem._fields import Pair, pairs_of
from authproblem._parse import CODE
from authproblem._scope import Sender

TIMEOUT, UNREACHABLE, BROKEN = "upstream-timeout", "upstream-unreachable", "upstream-error"
_OWN, _STATUS, _WRAPPED = "", "status", "wrapped"
_MAX_CHAIN = 8
"""Causes that are followed: httpx, httpcore, anyio and the socket make four."""

_CLIENTS: dict[str, dict[str, str]] = {
    "httpx": {
        "HTTPStatusError": _STATUS,
        "ConnectError": UNREACHABLE,
        "ProxyError": UNREACHABLE,
        "TimeoutException": TIMEOUT,
        "LocalProtocolError": _OWN,
        "UnsupportedProtocol": _OWN,
        "RequestError": BROKEN,
    },
    "requests.exceptions": {
        "HTTPError": _STATUS,
        "ProxyError": UNREACHABLE,
        "SSLError": UNREACHABLE,
        "ConnectTimeout": TIMEOUT,
        "Timeout": TIMEOUT,
        "ConnectionError": _WRAPPED,
        "ChunkedEncodingError": BROKEN,
        "ContentDecodingError": BROKEN,
        "RetryError": BROKEN,
        "TooManyRedirects": BROKEN,
    },
    "urllib3.exceptions": {
        "MaxRetryError": _WRAPPED,
        "NewConnectionError": UNREACHABLE,
        "ProxyError": UNREACHABLE,
        "SSLError": UNREACHABLE,
        "TimeoutError": TIMEOUT,
        "ProtocolError": BROKEN,
        "PoolError": BROKEN,
    },
    "aiohttp.client_exceptions": {
        "ClientHttpProxyError": UNREACHABLE,
        "TooManyRedirects": BROKEN,
        "ClientResponseError": _STATUS,
        "ClientConnectorError": UNREACHABLE,
        "ServerFingerprintMismatch": UNREACHABLE,
        "ServerTimeoutError": TIMEOUT,
        "ClientConnectionError": BROKEN,
    },
}
_CLIENTS["httpx2"] = _CLIENTS["httpx"]  # its successor, by the same names
_KINDS = {f"{module}.{name}": kind for module, names in _CLIENTS.items() for name, kind in names.items()}
"""What each class of the HTTP clients means. The first one listed among a class and its bases counts, so that subclasses of
later releases are known by their base; `_OWN` is a mistake of the app's, which never left it."""


class Escape(NamedTuple):
    """An exception that is a provider's.

    Attributes:
        sender: the provider, None where neither the class nor the host tells the vendor; and the endpoint, if known.
        reason: the problem type that the class stands for; None: the response tells.
        status: the HTTP status of the response, or None.
        headers: the response's headers.
        bodies: its body, as far as it has been read; where an SDK has taken it apart, what it may have been, best first.
        refused: whether the provider is known not to have seen the request at all.
    """

    sender: Sender
    reason: str | None = None
    status: int | None = None
    headers: list[Pair] = []  # noqa: RUF012 - never changed
    bodies: tuple[bytes, ...] = ()
    refused: bool = False


def recognize(
    error: BaseException, scope: Sender, domains: Mapping[str, list[str]], hosts: tuple[str, ...]
) -> Escape | None:
    """Tell whether an exception is a provider's.

    Args:
        error: the exception itself; what it wraps counts only where its class is an SDK's own.
        scope: what the app says of the path (`provider`, `providers`).
        domains: the vendors' domains.
        hosts: further hosts (`upstream_hosts`), whoever answers there.

    Returns:
        What it says; None: it is the app's own business and goes on up.
    """
    for name in _names(error):
        kind = _KINDS.get(name)
        if kind is not None:
            sender = _sender(error, scope, domains, hosts) if kind else None
            return _of_client(error, kind, sender) if sender is not None else None
        read = _SDKS.get(name)
        if read is not None:
            return read(error)
        root = name.partition(".")[0]
        if root in _GENERIC:
            told = _GENERIC[root].get(name, BROKEN if root == "authlib" else None)
            if root == "authlib" or told is not None:
                return _of_oauth(error, told, scope)
    return None


def _names(error: BaseException) -> Iterator[str]:
    return (f"{cls.__module__}.{cls.__qualname__}" for cls in type(error).__mro__)
