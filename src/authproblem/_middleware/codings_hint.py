"""A hint, when a middleware is built, that bodies in some content codings could not be read.

An error whose body cannot be read is classified by its status and headers; at sign-in it becomes the folded response.
An app that forwards a browser's `Accept-Encoding` as it is requests such bodies of the provider.
"""

from __future__ import annotations

from authproblem._middleware import events
from authproblem._upstream.hop_by_hop import decodable_codings

UNREADABLE = "authproblem.codings_not_readable"
"""The event of the hint."""

_EXTRAS = {b"br": "authproblem[br]", b"zstd": "authproblem[zstd]"}
_FILTER = "authproblem.forwarding.accept_encoding"

_reported = False


def hint_unreadable_codings() -> None:
    """Emit one event of level info a process, if a coding that browsers accept cannot be decoded here."""
    global _reported  # noqa: PLW0603 - once a process
    missing = sorted(_EXTRAS.keys() - decodable_codings())
    if _reported or not missing:
        return
    _reported = True
    fields = {
        "codings": ",".join(name.decode() for name in missing),
        "install": ",".join(_EXTRAS[name] for name in missing),
        "filter": _FILTER,
    }
    events.emit("info", UNREADABLE, fields)
