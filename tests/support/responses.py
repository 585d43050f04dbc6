"""Responses as values, and stub apps of both kinds that send them: what the tests put behind the adapters."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, NamedTuple

Pairs = list[tuple[str, str]]
JSON_TYPE = ("content-type", "application/json")


class Response(NamedTuple):
    """One HTTP response: status, header lines in order, body."""

    status: int
    headers: Pairs
    body: bytes

    def lines(self, name: str) -> list[str]:
        """The values of all lines of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The value of a header that must not stand twice."""
        lines = self.lines(name)
        assert len(lines) <= 1, f"{name} stands {len(lines)} times: {lines}"
        return lines[0] if lines else None

    def document(self) -> dict[str, Any]:
        """The JSON object of the body."""
        document = json.loads(self.body)
        assert type(document) is dict
        return document


def json_response(status: int, document: object, *headers: tuple[str, str]) -> Response:
    """A response as a provider sends it: JSON, with further headers."""
    return Response(status, [JSON_TYPE, *headers], json.dumps(document).encode())


def text_response(status: int, text: str, *headers: tuple[str, str]) -> Response:
    """A plain-text response."""
    return Response(status, [("content-type", "text/plain; charset=utf-8"), *headers], text.encode())


def asgi_app(response: Response) -> Any:
    """An ASGI app that responds to every request with this response."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": response.status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": response.body})

    return app


def wsgi_app(response: Response) -> Any:
    """A WSGI app that responds to every request with this response."""
    line = f"{response.status} {_phrase(response.status)}"

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(line, list(response.headers))
        return [response.body]

    return app


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
