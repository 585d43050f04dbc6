"""Recognizes a provider's exceptions by the name of their class and the host of the request, importing no library.

Messages are never passed on, streams are never read, and causes are followed only to find what failed on the socket.
The classes of the vendors' SDKs are in `sdks`; what the client gets is decided in `respond`.
"""

from __future__ import annotations

from collections.abc import Iterator

from authproblem._core.sender import Sender
from authproblem._middleware.exceptions.sdks import (
    BROKEN,
    SDKS,
    ProviderFailure,
    attribute,
    comparable,
    response,
    split,
)
from authproblem._registry.domains import VendorDomains
from authproblem._upstream.json_values import CODE

TIMEOUT, UNREACHABLE = "upstream-timeout", "upstream-unreachable"
_OWN, _STATUS, _WRAPPED, _CODE = "own", "status", "wrapped", "code"
_MAX_CHAIN = 8
"""Causes that are followed: httpx, httpcore, anyio and the socket make four."""

_CLASSES: dict[str, dict[str, str]] = {
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
    # Generic OAuth errors, of any provider: an `error` that it sent, or what the library made of its response.
    "authlib.integrations.base_client.errors": {"OAuthError": _CODE},
    "authlib.oauth2.base": {"OAuth2Error": _CODE},
    "oauthlib.oauth2.rfc6749.errors": {
        "MismatchingStateError": _OWN,
        "MissingCodeError": _OWN,
        "InsecureTransportError": _OWN,
        "TokenExpiredError": _OWN,
        "OAuth2Error": _CODE,
    },
}
_CLASSES["httpx2"] = _CLASSES["httpx"]  # its successor, with the same names
_KINDS = {f"{module}.{name}": kind for module, names in _CLASSES.items() for name, kind in names.items()}
"""What the classes of HTTP and OAuth libraries mean. The first listed one among a class and its bases counts, so that
a class of a later release is known by its base. `_OWN` is a mistake of the app, made before anything was sent."""


def recognize(
    error: BaseException, scope: Sender, domains: VendorDomains, hosts: tuple[str, ...]
) -> ProviderFailure | None:
    """Read a provider's exception.

    Args:
        error: the exception itself; what it wraps counts only where its class belongs to a vendor's SDK.
        scope: the provider that the app declares for the path (`provider`, `providers`).
        domains: the domains of each vendor.
        hosts: further hosts of providers (`upstream_hosts`).

    Returns:
        What is known of it; None for an exception that is no provider's, which propagates.
    """
    read = next((SDKS[name] for name in _names(error) if name in SDKS), None)
    if read is not None:
        return read(error)
    kind = _kind(error)
    if kind is None or kind == _OWN:
        return None
    if kind == _CODE:
        return _of_code(error, scope)
    host, path = _address(error)
    sender = _sender(host, path, scope, domains, hosts)
    if sender is None:
        return None
    return _of_status(error, sender) if kind == _STATUS else _of_transport(error, kind, sender)


def _names(error: BaseException) -> Iterator[str]:
    return (f"{cls.__module__}.{cls.__qualname__}" for cls in type(error).__mro__)


def _kind(error: BaseException, depth: int = 0) -> str | None:
    for name in _names(error):
        kind = _KINDS.get(name)
        if kind == _WRAPPED:
            inner = _inner(error)
            within = _kind(inner, depth + 1) if inner is not None and depth < _MAX_CHAIN else None
            return within if within in {TIMEOUT, UNREACHABLE} else BROKEN
        # Authlib's other classes are its own findings: no state, no token, an unknown token type.
        if kind is not None or name.startswith("authlib."):
            return kind
    return None


def _sender(
    host: str | None, path: str | None, scope: Sender, domains: VendorDomains, hosts: tuple[str, ...]
) -> Sender | None:
    """The provider at a host: a vendor by its domain, or the declared one at a host that the app names; else None."""
    if host is None:
        return None
    vendor = domains.owner(host)
    if vendor is not None:
        return Sender(vendor, certain=True, endpoint=path)
    return Sender(scope.provider, certain=scope.provider is not None, endpoint=path) if host in hosts else None


def _address(error: BaseException) -> tuple[str | None, str | None]:
    """Host and path of the request: each library keeps them elsewhere."""
    for name in ("request", "request_info", "response"):
        url = attribute(attribute(error, name), "url")
        if url is not None:
            return split(str(url))
    url = attribute(error, "url")  # urllib3 has the path alone here
    path = split(url)[1] if isinstance(url, str) else None
    first = error.args[0] if error.args else None
    for holder in (attribute(error, "pool"), attribute(error, "conn"), error, first):
        host = attribute(holder, "host")
        if isinstance(host, str):
            return comparable(host), path
    if isinstance(first, str) and first.startswith("Connection timeout to host "):  # aiohttp has it nowhere else
        return split(first.rpartition(" ")[2])
    return None, None


def _of_transport(error: BaseException, reason: str, sender: Sender) -> ProviderFailure:
    """No response. Only a refused connection and an unknown name prove that the provider saw nothing."""
    if reason != UNREACHABLE:
        return ProviderFailure(sender, reason)
    ends = list(_ends(error))
    if any(isinstance(end, TimeoutError) for end in ends):
        return ProviderFailure(sender, TIMEOUT)
    refused = all(isinstance(end, ConnectionRefusedError) or type(end).__name__ == "gaierror" for end in ends)
    return ProviderFailure(sender, reason, refused=bool(ends) and refused)


def _ends(error: BaseException, depth: int = 0) -> Iterator[BaseException]:
    """The exceptions at the end of the chain of causes; several where several addresses were tried."""
    several = attribute(error, "exceptions")
    below = several if isinstance(several, tuple) else (error.__cause__ or _inner(error),)
    below = tuple(each for each in below if isinstance(each, BaseException))
    if not below or depth >= _MAX_CHAIN:
        yield error
        return
    for each in below:
        yield from _ends(each, depth + 1)


def _inner(error: BaseException) -> BaseException | None:
    """The exception that requests and urllib3 keep in their own: as `reason`, or as the only argument."""
    reason = attribute(error, "reason") or (error.args[0] if error.args else None)
    return reason if isinstance(reason, BaseException) else None


def _of_status(error: BaseException, sender: Sender) -> ProviderFailure:
    """A response that the app did not expect, from httpx, requests or aiohttp (which keeps no body)."""
    received = attribute(error, "response")
    holder = error if received is None else received
    status = attribute(holder, "status" if received is None else "status_code")
    if not isinstance(status, int) or status < 400:
        return ProviderFailure(sender, BROKEN)
    # Not `content`: there requests would read a stream that has not been read yet.
    return response(sender, status, attribute(holder, "headers"), attribute(holder, "_content"))


def _of_code(error: BaseException, scope: Sender) -> ProviderFailure | None:
    """An OAuth error of Authlib or oauthlib: only a declared provider identifies the sender."""
    code, text = attribute(error, "error"), attribute(error, "description")
    if scope.provider is None or not isinstance(code, str) or not CODE.fullmatch(code):
        return None
    sender = scope.replace(certain=True)
    if code in {"missing_token", "missing_token_type"}:  # how oauthlib reports a response that it cannot use
        return ProviderFailure(sender, BROKEN)
    return response(sender, None, None, {"error": code, "error_description": text if isinstance(text, str) else ""})
