"""A fake as an adapter of requests, and as the callback of the `responses` library."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from authproblem.testing._http import Response

if TYPE_CHECKING:
    import requests
    import responses

    from authproblem.testing._transports import Transports

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class Adapter(HTTPAdapter):
    """Calls a fake instead of opening a connection."""

    def __init__(self, fake: Transports) -> None:
        """Make an adapter for `Session.mount`."""
        super().__init__()
        self._fake = fake

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Return the response to a prepared request; time-outs, proxies and certificates have no meaning here."""
        response = _send(self._fake, request)
        raw = HTTPResponse(
            body=io.BytesIO(response.body),
            headers=HTTPHeaderDict(response.headers),
            status=response.status,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


def register(fake: Transports, mock: responses.RequestsMock, url: str) -> None:
    """Give a `responses` mock a callback for every method below a URL."""

    def respond(request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        made = _send(fake, request)
        return made.status, dict(made.headers), made.body

    for method in _METHODS:
        mock.add_callback(method, re.compile(re.escape(url) + ".*"), callback=respond, content_type=None)


def _send(fake: Transports, request: requests.PreparedRequest) -> Response:
    body: Any = request.body or b""  # streams are iterables of bytes
    content = body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes) else b"".join(body)
    return fake.send(request.method or "GET", request.url or "", dict(request.headers), content)
