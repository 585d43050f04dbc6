"""Registries of any size: the built-in one cut or padded with made-up codes."""

from __future__ import annotations

from itertools import count
from typing import Any

from authproblem import Registry
from authproblem._registry.copies import writable

_BUILTIN = 200
"""Entries of the built-in registry: more of them would also bring more sentences without a code."""
_tokens = count(10**9)


def padded(size: int) -> Registry:
    """Return the built-in registry cut or padded to a size; each padding entry has a code and a text."""
    builtin = Registry.builtin()
    chosen: dict[str, Any] = {entry.id: builtin.row(entry.id) for entry in list(builtin)[: min(size // 2, _BUILTIN)]}
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
    return Registry(
        writable(builtin.data), chosen, writable(builtin.families), writable(builtin.known), builtin.version
    )


def coded(code: str) -> bytes:
    """A body with a made-up code, its own text, and a token that no other body has."""
    text = f"Padding text {code[-6:]} of a made-up code."
    return f'{{"error":"{code}","error_description":"{text}","mfa_token":"{next(_tokens)}"}}'.encode()
