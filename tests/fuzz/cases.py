r"""Fuzzed bytes as a case, and back: an HTTP-like text, so that a finding can be read, and every byte string is one.

    POST /oauth/token 403 auth0 7
    content-type: application/json

    {"error": "mfa_required"}

The first line has method, path, status, provider and a number that chooses options and chunking; `-` is none. A line
break in a header's value is written `\\n`. No rule of the library lives here.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.support.vectors import FILES, Vector, load

CANARY = "c4nary s3cret!"
"""Stands for what a user typed. It has a blank and a mark, so it has not the form of a code, which may be sent on."""
PROVIDERS = ("auth0", "okta", "oauth")
_MAX_HEADERS = 64
_MAX_STATUS = 999
_SEED_VARIANTS = 48
"""The numbers that the seeds carry: enough for each option and each chunking to get vectors of every shape."""


class Case(NamedTuple):
    """One response and how it is looked at."""

    method: str | None
    path: str | None
    status: int
    provider: str | None
    variant: int
    headers: list[tuple[str, str]]
    body: bytes


def decode(data: bytes) -> Case:
    """The case that some bytes stand for."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    method, path, status, provider, variant = (*first.split(" "), "", "", "", "", "")[:5]
    return Case(
        method=None if method in {"", "-"} else method,
        path=path if path.startswith("/") else None,
        status=_number(status, 400),
        provider=provider if provider in PROVIDERS else None,
        variant=_number(variant, 0),
        headers=[_header(line) for line in lines[:_MAX_HEADERS]],
        body=body,
    )


def encode(case: Case) -> bytes:
    """The bytes that stand for a case."""
    first = f"{case.method or '-'} {case.path or '-'} {case.status} {case.provider or '-'} {case.variant}"
    lines = [f"{name}: {value}".replace("\n", "\\n") for name, value in case.headers]
    return "\n".join([first, *lines]).encode("latin-1") + b"\n\n" + case.body


def seeds() -> list[bytes]:
    """Every vector as a case; a second time with the canary for its texts."""
    found: list[bytes] = []
    for number, vector in enumerate(vector for stem in FILES for vector in load(stem)):
        case = _case(vector, number % _SEED_VARIANTS)
        found.append(encode(case))
        planted = _with_canary(case.body)
        if vector.known and planted != case.body:
            found.append(encode(case._replace(body=planted)))
    return found


def _case(vector: Vector, variant: int) -> Case:
    sent = vector.response
    return Case("POST", vector.endpoint, sent.status, vector.provider, variant, sent.headers, sent.body)


def _with_canary(body: bytes) -> bytes:
    """A body whose known text is followed by the canary, so that it is no longer known."""
    for mark in (b'."', b'"}', b'",'):
        head, found, rest = body.rpartition(mark)
        if found:
            return head + b" " + CANARY.encode() + found + rest
    return body


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text[:4]) <= _MAX_STATUS else default


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ").replace("\\n", "\n")
