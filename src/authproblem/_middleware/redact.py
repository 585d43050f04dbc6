"""Masking for the one place where upstream text may be logged (`log_upstream_text=True`), and safe request data."""

from __future__ import annotations

import re

_LENGTH = 200
_MAX_PATH = 256
_MAX_MASKED = 8 * _LENGTH
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
"""Patterns, and what takes their place. Not compiled at import, which stays cheap so: most apps log no text."""


def mask(text: str) -> str:
    """An upstream text for the log: 200 characters, no controls, nothing that looks like a secret or a person.

    E-mail addresses, JWTs, bearer values, credentials and queries of URLs, phone numbers, IP addresses and long
    strings that look like tokens are masked. Masking comes first, so that cutting never leaves half a secret
    unrecognized.
    """
    if len(text) > _MAX_MASKED:  # cut between words, for half of an address is no address to the rules below
        text = text[:_MAX_MASKED].rpartition(" ")[0]
    text = printable(text)
    for pattern, replacement in _RULES:
        text = re.sub(pattern, replacement, text)
    return text[:_LENGTH]


def printable(text: str) -> str:
    """A text that cannot forge a log line: no line breaks of any kind, no escape sequences, no C1 controls."""
    return "".join(c if c.isprintable() else " " for c in text)


def safe_path(path: str) -> str:
    """A request's path for the log, never with its query."""
    return printable(path.partition("?")[0][:_MAX_PATH])


def safe_method(method: str | None) -> str | None:
    """A request's method for the log; a made-up one is `OTHER`."""
    if method is None:
        return None
    return method if method.isascii() and method.isalpha() and len(method) <= 16 else "OTHER"
