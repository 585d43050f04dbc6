"""`UpstreamResponse`: status, headers and body of one response; codings are undone and JSON is parsed once."""

from __future__ import annotations

from typing import Literal

from authproblem._model import Json
from authproblem._upstream.flat_shapes import ParsedKey
from authproblem._upstream.headers import ResponseHeaders
from authproblem._upstream.json_values import is_verbatim, load_object
from authproblem._upstream.media_types import HTML_TYPES, JSON, PROBLEM, is_json
from authproblem._upstream.shapes import Shapes

MAX_TEXT_BODY = 512
"""Bytes of a plain-text body that is read as an error message; a longer one is a page."""
_BEFORE_MARKUP = b"\xef\xbb\xbf \t\r\n"
"""What may come before the first tag: a byte order mark and white space."""


class UpstreamResponse:
    """One response of an upstream.

    A document or key that was not needed yet is False.

    Attributes:
        status: the HTTP status.
        headers: the headers.
        body: the body with its content codings undone; None if that cannot be done, or if it is too large.
    """

    __slots__ = ("_document", "_is_verbatim", "_key", "body", "headers", "status")

    def __init__(self, status: int, headers: ResponseHeaders, body: bytes | bytearray | None) -> None:
        """Wrap a response; nothing is parsed yet."""
        self.status = status
        self.headers = headers
        self.body = body
        self._document: Json | Literal[False] | None = False
        self._key: ParsedKey | Literal[False] | None = False
        self._is_verbatim: bool | None = None

    @property
    def document(self) -> Json | None:
        """The JSON object of the body; None if it is no JSON, or no object. Parsed when first used."""
        return self.load()

    def load(self) -> Json | None:
        """Return `document`: for the paths on which a property would cost three times a method."""
        document = self._document
        if document is False:
            self._document = document = load_object(self.body) if self.body else None
        return document

    def key(self, shapes: Shapes) -> ParsedKey | None:
        """Return the parsed key of the object; None if it has no flat shape. Read when first used."""
        key = self._key
        if key is False:
            document = self.load()
            self._key = key = None if document is None else shapes.parse_key(document)
        return key

    @property
    def is_verbatim(self) -> bool:
        """Whether the object would be written as it came, byte for byte. Compared when first used."""
        if self._is_verbatim is None:
            document = self.document
            self._is_verbatim = document is not None and is_verbatim(document, self.body or b"")
        return self._is_verbatim

    @property
    def is_html(self) -> bool:
        """Whether the body is HTML: by its media type, or by how it begins where that is JSON or not given."""
        media = self.headers.media_type
        if media in HTML_TYPES:
            return True
        is_mislabeled = media == "" or (media != PROBLEM and is_json(media))
        return is_mislabeled and (self.body or b"").lstrip(_BEFORE_MARKUP).startswith(b"<")

    @property
    def is_page(self) -> bool:
        """Whether a browser shows the body as a page: HTML, or a plain text that is longer than an error message."""
        if self.is_html:
            return True
        return self.headers.media_type in {"text/plain", ""} and len(self.body or b"") > MAX_TEXT_BODY

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
