"""Pass a provider's response on to the client, and a client's request headers on to the provider.

The parts that depend on no framework. `authproblem.starlette.forward` and its counterparts for other frameworks make a
response of the framework from what `response_parts` returns.

```python
response = await client.post(f"{TENANT}/oauth/token", data=form, headers=request_headers(request.headers))
return forward(response)
```
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from authproblem._upstream.hop_by_hop import decodable_codings, end_to_end, filter_accept_encoding

__all__ = ["accept_encoding", "request_headers", "response_parts"]

Lines = list[tuple[bytes, bytes]]
AnyHeaders = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[Any, Any]]

_ALWAYS_UNDONE = frozenset(("gzip", "deflate"))
"""Content codings that httpx and requests undo with the standard library alone."""
_OF_CODED_BODY = frozenset((b"content-encoding", b"content-md5", b"digest", b"content-digest", b"repr-digest"))
"""Headers that describe the body before its content coding was undone."""
_NOT_FORWARDED = frozenset((b"accept-encoding", b"content-length", b"expect", b"host"))
"""Request headers that the client library writes itself."""


def accept_encoding(value: str | None) -> str:
    """Reduce a client's `Accept-Encoding` to what the middleware can decode.

    An app that forwards the header as it came lets the client choose a coding that nothing in the app can undo. The
    provider's error then passes through unread, and `disclosure` has no effect on it.

    Args:
        value: the header of the client's request, or None where it has none.

    Returns:
        The value to send to the provider. `br` and `zstd` stay where `authproblem[br]` and `authproblem[zstd]` are
        installed; `identity` where no known coding is left.
    """
    lines = [] if value is None else [value.encode("latin-1", "replace")]
    return filter_accept_encoding(lines, decodable_codings()).decode("latin-1")


def request_headers(headers: AnyHeaders) -> list[tuple[str, str]]:
    """The headers of a client's request as they may be sent to the provider with httpx or requests.

    Hop-by-hop headers, `Host`, `Content-Length` and `Expect` are removed, and `Accept-Encoding` is reduced as by
    `accept_encoding`. Everything else stays, `Authorization` and `Cookie` too: remove what the provider must not see.

    Args:
        headers: a mapping or pairs, `str` or `bytes`: `request.headers` of Starlette, Flask, Quart, Django, Litestar.

    Returns:
        Pairs for `httpx.request(headers=...)`; for requests, `dict(...)` of them.
    """
    lines = end_to_end(_lines(headers))
    accepted = [value for name, value in lines if name == b"accept-encoding"]
    kept = [(name, value) for name, value in lines if name not in _NOT_FORWARDED]
    kept.append((b"accept-encoding", filter_accept_encoding(accepted, decodable_codings())))
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in kept]


def response_parts(response: Any) -> tuple[int, Lines, bytes]:
    """The parts of a response as they may be sent to the app's own client.

    Every header line is kept, repeated ones (`Set-Cookie`) too, but the hop-by-hop ones. `Content-Encoding` goes where
    the client library has undone the coding, and `Content-Length` is that of the body. A response to HEAD and a 304
    keep both: they describe a body that is not there.

    Args:
        response: a response of httpx, httpx2 or requests that has been read.

    Returns:
        Status, header lines with lower-case names, and body.

    Raises:
        TypeError: if it is no such response.
        httpx.ResponseNotRead: for a streamed response whose `read()` or `aread()` was not called.
    """
    lines, undone = _raw_headers(response)
    status, body = int(response.status_code), bytes(response.content)
    lines = end_to_end(lines)
    if status == 304 or (_method(response) == "HEAD" and not body):
        return status, lines, b""
    lines = [(name, value) for name, value in _without_codings(lines, undone) if name != b"content-length"]
    if status >= 200 and status != 204:
        lines.append((b"content-length", b"%d" % len(body)))
    return status, lines, body


def _method(response: Any) -> str:
    """The method of the request, as far as the response has it."""
    try:
        return str(response.request.method).upper()
    except (AttributeError, RuntimeError):  # httpx raises RuntimeError for a response that was made by hand
        return ""


def _raw_headers(response: Any) -> tuple[Lines, frozenset[str]]:
    """The header lines as they came, and the content codings that the client library undoes."""
    headers = getattr(response, "headers", None)
    if headers is None or not hasattr(response, "status_code") or not hasattr(response, "content"):
        raise TypeError(f"cannot forward {type(response).__name__!r}; expected a response of httpx or requests")
    raw = getattr(headers, "raw", None)
    if isinstance(raw, list):
        decoders = sys.modules.get(f"{type(response).__module__.partition('.')[0]}._decoders")
        return raw, _names(getattr(decoders, "SUPPORTED_DECODERS", None), {"br", "zstd"})
    received = getattr(response, "raw", None)  # of requests: a response of urllib3, which keeps every line
    lines = getattr(getattr(received, "headers", None), "iteritems", None)
    pairs: Any = lines() if callable(lines) else headers
    return _lines(pairs), _names(getattr(received, "CONTENT_DECODERS", None), {"x-gzip"})


def _names(decoders: Any, otherwise: set[str]) -> frozenset[str]:
    """The names in a client library's table of decoders, or those of its documentation where there is no table."""
    return _ALWAYS_UNDONE | (frozenset(decoders) if isinstance(decoders, (dict, list)) else otherwise)


def _without_codings(lines: Lines, undone: frozenset[str]) -> Lines:
    """The headers of a body whose codings the client library has undone, as far as it supports them."""
    coded = [item.strip() for name, value in lines if name == b"content-encoding" for item in value.split(b",")]
    if not coded:
        return lines
    left = [item for item in coded if item and item.decode("latin-1").lower() not in undone]
    kept = [(name, value) for name, value in lines if name not in _OF_CODED_BODY]
    return [*kept, (b"content-encoding", b", ".join(left))] if left else kept


def _lines(headers: AnyHeaders) -> Lines:
    items: Any = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
    pairs: Any = items() if callable(items) else headers
    return [(_as_bytes(name), _as_bytes(value)) for name, value in pairs]


def _as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")
