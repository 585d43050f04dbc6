"""Registries of any size: the built-in one cut or padded with made-up codes."""

from __future__ import annotations

from itertools import count
from typing import Any

from authproblem import Registry

_tokens = count(10**9)


def padded(size: int) -> Registry:
    """The built-in registry cut or padded to a number of entries; the padding are made-up codes with a text each."""
    builtin = Registry.builtin()
    inside = vars(builtin)
    rows: dict[str, Any] = inside["_rows"]
    chosen = dict(item for item, _ in zip(rows.items(), range(size // 2), strict=False))
    for number in range(size - len(chosen)):
        chosen[f"auth0:padding_{number:06d}"] = {
            "id": f"auth0:padding_{number:06d}",
            "code": f"padding_{number:06d}",
            "type": "access-denied",
            "texts": [f"Padding text {number:06d} of a made-up code."],
            "evidence": True,
            "sources": [],
            "since": "0.0.0",
        }
    return Registry(builtin.data, chosen, inside["_families"], inside["_known"], builtin.version)


def coded(code: str) -> bytes:
    """A body with a made-up code, its own text, and a token that no other body has."""
    text = f"Padding text {code[-6:]} of a made-up code."
    return f'{{"error":"{code}","error_description":"{text}","mfa_token":"{next(_tokens)}"}}'.encode()
