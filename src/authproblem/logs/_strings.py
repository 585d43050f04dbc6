"""Strings that contain JSON inside an event's envelope: base64, gzip, text before the object; bounded per document.

No rule about which members contain one belongs here.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import orjson

_MAX_JSON = 1 << 20
"""Bytes of a string that is read as JSON; an event of Okta has at most 256 KiB."""
_MAX_UNPACKED = 8 << 20
"""Bytes that such a string may decompress to; CloudWatch sends at most 6 MiB at once."""
_MAX_TOTAL = 32 << 20
"""Bytes of JSON in strings that are read for one document: strings within strings would multiply without it."""
_LEAST = 1024
"""Bytes that each of them counts as, however short it is."""
_BASE64 = ("ey", "ew", "H4sI")
"""How base64 of an object of JSON, and of gzip, begins: Pub/Sub, Kinesis, and CloudWatch's messages to Lambda."""


class Strings:
    """The strings of one document that are read as JSON: as many as their bytes allow, all together."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MAX_TOTAL

    def document(self, value: str) -> Mapping[str, Any] | None:
        """The mapping in a string: a JSON array, or an object with anything before it, such as syslog's header."""
        if len(value) > min(_MAX_JSON, self._left):
            return None
        self._left -= max(len(value), _LEAST)
        text = self._decoded(value) if value.startswith(_BASE64) else value
        start = text.find("{")
        batch = text[: max(start, 0)].strip() == "["
        try:
            found = orjson.loads(text if batch else text[start:]) if start >= 0 else None
        except orjson.JSONDecodeError:
            return None
        return {"events": found} if batch else found if isinstance(found, dict) else None

    def _decoded(self, value: str) -> str:
        """The text of base64, decompressed where it is gzip; empty where it is neither."""
        try:
            data = base64.b64decode(value, validate=True)
            if data.startswith(b"\x1f\x8b"):
                data = zlib.decompressobj(wbits=31).decompress(data, max(1, min(_MAX_UNPACKED, self._left)))
        except (ValueError, zlib.error):
            return ""
        self._left -= len(data)
        return data.decode(errors="replace")
