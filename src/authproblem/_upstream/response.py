"""`UpstreamResponse`: status, headers and body of one response; codings are undone and JSON is parsed once."""

from __future__ import annotations

from authproblem._model import Json
from authproblem._upstream.headers import ResponseHeaders
from authproblem._upstream.json_values import is_verbatim, load_object
from authproblem._upstream.media_types import JSON
from authproblem._upstream.shapes import ParsedKey, Shapes


class UpstreamResponse:
    """One response of an upstream.

    Attributes:
        status: the HTTP status.
        headers: the headers.
        body: the body with its content codings undone; None if that cannot be done, or if it is too large.
    """

    __slots__ = ("_document", "_has_key", "_is_parsed", "_is_verbatim", "_key", "body", "headers", "status")

    def __init__(self, status: int, headers: ResponseHeaders, body: bytes | bytearray | None) -> None:
        """Wrap a response; nothing is parsed yet."""
        self.status = status
        self.headers = headers
        self.body = body
        self._document: Json | None = None
        self._is_parsed = False
        self._key: ParsedKey | None = None
        self._has_key = False
        self._is_verbatim: bool | None = None

    @property
    def document(self) -> Json | None:
        """The JSON object of the body; None if it is no JSON, or no object. Parsed when first asked for."""
        return self._document if self._is_parsed else self._parse()

    def key(self, shapes: Shapes) -> ParsedKey | None:
        """Return the parsed key of the object; None if it has no flat shape. Read when first asked for."""
        if not self._has_key:
            self._has_key = True
            document = self._document if self._is_parsed else self._parse()
            self._key = None if document is None else shapes.parse_key(document)
        return self._key

    def _parse(self) -> Json | None:
        self._is_parsed = True
        self._document = document = load_object(self.body) if self.body else None
        return document

    @property
    def is_verbatim(self) -> bool:
        """Whether the object would be written as it came, byte for byte. Compared when first asked for."""
        if self._is_verbatim is None:
            document = self.document
            self._is_verbatim = document is not None and is_verbatim(document, self.body or b"")
        return self._is_verbatim

    @property
    def has_plain_json_error(self) -> bool:
        """Whether it has an error status and the media type of plain JSON, and was not normalized before."""
        headers = self.headers
        return self.status >= 400 and (
            headers.is_usual_json or (headers.media_type == JSON and "auth-problem" not in headers)
        )


def undo_codings(headers: ResponseHeaders, body: bytes | bytearray, limit: int) -> bytes | bytearray | None:
    """Return the body with its content codings undone; None if that cannot be done, or if it is too large.

    Args:
        headers: the response's headers.
        body: the body as it came.
        limit: bytes that the body may have, coded and decoded.
    """
    if len(body) > limit:
        return None
    if not headers.layout.is_coded:
        return body
    codings = headers.all("content-encoding")
    if not codings:  # a line that is too long to be read
        return None
    from authproblem._upstream.codings import decode

    decoded = decode(bytes(body), codings, limit)
    return decoded if decoded is not None and len(decoded) <= limit else None
