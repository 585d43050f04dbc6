"""Error pages: the code and the sentence that a vendor's own page shows.

Pages of web servers and CDNs in front of a vendor have neither; they are classified by their status.
"""

from __future__ import annotations

import re
from html import unescape

from authproblem._model import UpstreamError

_BOLD_CODE = re.compile(rb"<strong>([A-Za-z0-9_.-]{1,64})</strong>\s{0,64}:([^<]{0,512})")
"""Auth0's page: the code in bold, a colon, the description."""

_LABELED_CODE = re.compile(r"Error Code: ([A-Za-z0-9_.-]{1,64}) Description: (.{1,512})")
"""Okta's page, without its tags."""

_PROGRAM = re.compile(rb"<(?:script|style)\b", re.IGNORECASE)
_PROGRAM_END = re.compile(rb"</(?:script|style)\b", re.IGNORECASE)
_TAG = re.compile(rb"<[^<>]*>")
"""A tag has no `<` in it, so that the work is linear."""

_MAX_TEXT = 1024
"""Characters of a page's text that are read; error pages have fewer."""


def read_page(body: bytes | bytearray) -> UpstreamError:
    """Return the code and the sentence that a page shows; of a page in no known form, its text.

    Args:
        body: the HTML.
    """
    shown = _BOLD_CODE.search(body)
    if shown is not None:
        return UpstreamError("html", shown.group(1).decode(), _plain(shown.group(2)) or None)
    text = _plain(_visible(body))
    labeled = _LABELED_CODE.search(text)
    if labeled is not None:
        return UpstreamError("html", labeled.group(1), labeled.group(2))
    return UpstreamError("html", text=text or None)


def _visible(body: bytes | bytearray) -> bytes:
    """The text of a page, without its head, programs, styles and tags."""
    _, found, rest = body.partition(b"<body")
    first, *others = _PROGRAM.split(found + rest if found else body)
    return b" ".join([_TAG.sub(b" ", first), *(_TAG.sub(b" ", _after_program(part)) for part in others)])


def _after_program(part: bytes) -> bytes:
    end = _PROGRAM_END.search(part)
    return part[end.start() :] if end else b""


def _plain(text: bytes) -> str:
    return " ".join(unescape(text.decode("utf-8", "replace")).split())[:_MAX_TEXT]
