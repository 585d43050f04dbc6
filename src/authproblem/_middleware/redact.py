"""Cleaning for events: masked upstream text (`log_upstream_text=True`), and the path and method of a request."""

from __future__ import annotations

import re

_LENGTH = 200
"""Characters of an upstream text in an event."""
_MAX_PATH = 256
_MAX_MASKED = 8 * _LENGTH
"""Characters that are searched for secrets; each expression below is bounded, so that the cost is too."""
_USUAL_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_RULES = (
    (r"\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*", "[jwt]"),
    (r"(?i)\b(bearer|basic|dpop)\s+[A-Za-z0-9._~+/=-]+", r"\1 [credential]"),
    (r"\b([a-z][a-z0-9+.-]{1,12}://)[^\s/@]{1,512}@", r"\1[credential]@"),
    (r"\b([a-z][a-z0-9+.-]{1,12}://[^\s?#]{1,512})[?#]\S*", r"\1?[query]"),
    (
        r"(?i)\b((?:client_)?secret|password|passwd|pwd|token|code|otp|api_?key|assertion)([=:]\s*)\S+",
        r"\1\2[secret]",
    ),
    (r"[^\s@<>\"'(),;:]{1,128}@[^\s@<>\"'(),;:]{1,255}", "[email]"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "[ip]"),
    (r"(?i)(?<![0-9a-f:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![0-9a-f:])", "[ip]"),
    (r"(?<!\w)\+?\d[\d\s().-]{5,18}\d(?!\w)", "[phone]"),
    (r"[A-Za-z0-9_+/=-]{20,}", "[token]"),
)
"""Patterns and their replacements. Not compiled at import: most apps log no text."""


def mask(text: str) -> str:
    """Mask an upstream text: no control characters, nothing that looks like a secret or identifies a person.

    E-mail addresses, JWTs, bearer values, credentials and queries of URLs, phone numbers, IP addresses and long
    strings that look like tokens are replaced. The text is cut after that, so that no part of a secret is left over.

    Args:
        text: the text as the provider sent it.

    Returns:
        At most 200 characters.
    """
    if len(text) > _MAX_MASKED:  # cut between words: the patterns do not recognize half of an address
        text = text[:_MAX_MASKED].rpartition(" ")[0]
    text = printable(text)
    for pattern, replacement in _RULES:
        text = re.sub(pattern, replacement, text)
    return text[:_LENGTH]


def printable(text: str) -> str:
    """Replace what could forge a log line by spaces: line breaks of any kind, escape sequences, C1 controls."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def safe_path(path: str) -> str:
    """Return a request's path for an event: without its query, at most 256 characters."""
    return printable(path.partition("?")[0][:_MAX_PATH])


def safe_method(method: str | None) -> str | None:
    """Return a request's method for an event; `OTHER` for one that is not at most 16 letters."""
    if method is None or method in _USUAL_METHODS:
        return method
    return method if method.isascii() and method.isalpha() and len(method) <= 16 else "OTHER"
