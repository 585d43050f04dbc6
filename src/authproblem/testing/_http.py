"""Requests and responses as plain values: what every adapter translates to and from. No I/O, no framework."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, unquote_plus

import orjson

Pairs = tuple[tuple[str, str], ...]


class Request(NamedTuple):
    """One request to a fake provider.

    Attributes:
        method: the method, in upper case.
        path: the path, percent-decoded, without the query.
        query: the query string as sent, without the question mark.
        headers: field lines in order, names in lower case.
        body: the body.
        origin: scheme, host and port under which the client reached the fake, such as `http://127.0.0.1:8081`.
        address: the client's address; `X-Forwarded-For`, `Auth0-Forwarded-For` win over it.
    """

    method: str
    path: str
    query: str = ""
    headers: Pairs = ()
    body: bytes = b""
    origin: str = "http://localhost"
    address: str = "127.0.0.1"

    def header(self, name: str, default: str = "") -> str:
        """The first value of a header, by its name in lower case."""
        return next((value for each, value in self.headers if each == name), default)

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the query; of repeated ones the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, Any]:
        """The members of a JSON body, or the fields of a form (vendors accept both); empty if it is neither."""
        if "json" in self.header("content-type"):
            try:
                document = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                return {}
            return document if isinstance(document, dict) else {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def values(self) -> dict[str, Any]:
        """Query and body together; the body wins."""
        return {**self.params, **self.form}

    def text(self, *names: str) -> str:
        """The first of these parameters that is a scalar and not empty, as a string; empty if there is none."""
        values = self.values
        found = (str(values[name]) for name in names if isinstance(values.get(name), (str, int, float)))
        return next((value for value in found if value), "")

    def nested(self, *path: str) -> str:
        """A string inside the JSON body, such as `credentials`, `passcode`; empty if there is none."""
        value: Any = self.form
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, str) else ""

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies of the request."""
        parts = (part.strip().partition("=") for part in self.header("cookie").split(";"))
        return {name: value for name, _, value in parts if name}

    @property
    def basic(self) -> tuple[str, str] | None:
        """Client id and secret of HTTP Basic (RFC 6749 section 2.3.1), or None."""
        scheme, _, value = self.header("authorization").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, secret = base64.b64decode(value.strip()).decode().partition(":")
        except ValueError:
            return None
        return unquote_plus(name), unquote_plus(secret)

    @property
    def bearer(self) -> str | None:
        """The credential of `Bearer`, `DPoP` or Okta's `SSWS` (which its SDK writes without a blank), or None."""
        value = self.header("authorization")
        for scheme in ("Bearer", "DPoP", "SSWS"):
            if value[: len(scheme)].lower() == scheme.lower():
                return value[len(scheme) :].strip() or None
        return None

    @property
    def client_address(self) -> str:
        """The end user's address: forwarded by the app, or the connection's."""
        for name in ("auth0-forwarded-for", "x-forwarded-for"):
            if value := self.header(name):
                return value.partition(",")[0].strip()
        return self.address


class Response(NamedTuple):
    """One response of a fake provider.

    Attributes:
        status: the HTTP status.
        headers: field lines in order.
        body: the body.
        delay: seconds that an adapter waits before it sends the response.
    """

    status: int
    headers: Pairs = ()
    body: bytes = b""
    delay: float = 0.0

    def header(self, name: str, default: str = "") -> str:
        """The first value of a header; case does not count."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), default)

    def json(self) -> Any:
        """The JSON value of the body.

        Raises:
            ValueError: if the body is not JSON.
        """
        return orjson.loads(self.body)

    def with_headers(self, *pairs: tuple[str, str]) -> Response:
        """The same response with further headers; those that it already has stay."""
        present = {name.lower() for name, _ in self.headers}
        return self._replace(headers=(*self.headers, *(pair for pair in pairs if pair[0].lower() not in present)))


def request_of(
    method: str,
    url: str,
    headers: Iterable[tuple[str | bytes, str | bytes]] | Mapping[str, str],
    body: bytes = b"",
    address: str = "127.0.0.1",
) -> Request:
    """Build a request from a whole URL, as HTTP clients have it."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    pairs: Any = headers.items() if isinstance(headers, Mapping) else headers
    lines = tuple((_text(name).lower(), _text(value)) for name, value in pairs)
    origin = f"{parts.scheme}://{parts.netloc}"
    return Request(method.upper(), unquote(parts.path) or "/", parts.query, lines, body, origin, address)


def json_response(status: int, document: Any, *headers: tuple[str, str], media_type: str = "") -> Response:
    """A response with a JSON body; `application/json` unless another type is given."""
    pairs = (("content-type", media_type or "application/json"), *headers)
    return Response(status, pairs, orjson.dumps(document))


def redirect(location: str, *headers: tuple[str, str]) -> Response:
    """A redirect that turns any method into GET."""
    return Response(302, (("location", location), *headers))


def html(status: int, page: str, *headers: tuple[str, str]) -> Response:
    """An HTML page."""
    return Response(status, (("content-type", "text/html; charset=utf-8"), *headers), page.encode())


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
