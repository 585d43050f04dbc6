"""Content negotiation: which media type the client gets (RFC 9110 section 12.5.1)."""

from __future__ import annotations

from functools import lru_cache

PROBLEM = "application/problem+json"
JSON = "application/json"
HTML = "text/html"
HTML_TYPES = frozenset((HTML, "application/xhtml+xml"))
"""The media types of pages."""

MAX_VALUE = 8192
"""Characters of `Accept` that are read; most servers accept no longer header line."""
_MAX_RANGES = 64
"""Media ranges that are read; browsers send fewer than ten."""
_MAX_CACHED = 256
"""Characters of an `Accept` whose result is cached; browsers send about 140."""


def media_type(accept: str | None, upstream: str) -> str:
    """Choose the media type of a problem.

    Args:
        accept: the request's `Accept` (several lines joined by commas), or None; None and empty mean `*/*`.
        upstream: the upstream's own media type, without parameters.

    Returns:
        `application/json` if the client prefers it to `application/problem+json`; else that, if it is accepted
        at all; else the upstream's own type where it is a JSON type (an IDX client accepts `application/ion+json`).
    """
    if not accept:
        return PROBLEM
    if len(accept) > _MAX_CACHED or len(upstream) > _MAX_CACHED:
        return _choose(accept[:MAX_VALUE], upstream)
    return _cached_choice(accept, upstream)


def _choose(accept: str, upstream: str) -> str:
    ranges = _ranges(accept)
    problem, json = _quality(ranges, PROBLEM), _quality(ranges, JSON)
    if json > problem:
        return JSON
    return PROBLEM if problem > 0 or not is_json(upstream) else upstream


_cached_choice = lru_cache(maxsize=256)(_choose)


def prefers_html(accept: str | None) -> bool:
    """Whether a request prefers a page to any JSON, as a browser's navigation does; one without `Accept` does not."""
    if not accept:
        return False
    ranges = _ranges(accept[:MAX_VALUE])
    return _quality(ranges, HTML) > max(_quality(ranges, PROBLEM), _quality(ranges, JSON))


def is_json(media: str) -> bool:
    """Whether a media type (lower case, without parameters) is a JSON one (RFC 6839 section 3.1)."""
    return media.endswith(("/json", "+json"))


def _ranges(accept: str) -> list[tuple[str, float]]:
    ranges = []
    for part in accept.split(",")[:_MAX_RANGES]:
        name, *parameters = part.split(";")
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                quality = _weight(value.strip())
        ranges.append((name.strip().lower(), quality))
    return ranges


def _weight(text: str) -> float:
    """Return a q-value; a malformed one counts as 1, as if it were absent."""
    if len(text) <= 5 and text.replace(".", "", 1).isdigit() and text.isascii():
        return min(float(text), 1.0)
    return 1.0


def _quality(ranges: list[tuple[str, float]], name: str) -> float:
    """The q of the most specific range that matches; 0 where none does."""
    for wanted in (name, name.partition("/")[0] + "/*", "*/*"):
        found = [quality for given, quality in ranges if given == wanted]
        if found:
            return max(found)
    return 0.0
