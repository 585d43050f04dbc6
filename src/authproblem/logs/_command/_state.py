"""Remembers how far each file was read, so that the next run continues from there.

A file is known by its path and its first bytes: one that was rotated or cut is read from its start. Written by
replacing the file, so that a crash leaves the old state; lines after the last save are read again.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

import orjson

from authproblem.logs._command._input import InputError, head_of

_HEAD = 1024
"""Bytes at the start of a (decompressed) file that distinguish it from another of the same name."""


class State:
    """The state file; without a name nothing is kept."""

    def __init__(self, name: str | None) -> None:
        """Read it.

        Raises:
            InputError: if it exists and is no state file.
        """
        self._name = name
        self._files: dict[str, dict[str, Any]] = {}
        if name is None or not os.path.exists(name):
            return
        try:
            with open(name, "rb") as file:
                document = orjson.loads(file.read())
            self._files = dict(document["files"])
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{name} is no state file of this command; remove it, or name another") from None

    @property
    def kept(self) -> bool:
        """Whether anything is kept."""
        return self._name is not None

    def position(self, name: str) -> tuple[int, int]:
        """How many bytes and lines of a file were read before.

        Raises:
            InputError: if the file cannot be read.
        """
        if self._name is None or name == "-":
            return 0, 0
        known = self._files.get(os.path.abspath(name))
        head = head_of(name, _HEAD)
        digest = hashlib.sha256(head[: known["head_size"]] if known else head).hexdigest()
        if known is None or known["head"] != digest or len(head) < known["head_size"]:
            self._files[os.path.abspath(name)] = {"head": digest, "head_size": len(head), "offset": 0, "lines": 0}
            return 0, 0
        return int(known["offset"]), int(known["lines"])

    def advance(self, name: str, offset: int, lines: int) -> None:
        """Remember that a file was read up to an offset."""
        if self._name is not None and name != "-":
            self._files[os.path.abspath(name)].update(offset=offset, lines=lines)

    def save(self) -> None:
        """Write the state file."""
        if self._name is None:
            return
        temporary = f"{self._name}.{os.getpid()}.tmp"
        with open(temporary, "wb") as file:
            file.write(orjson.dumps({"version": 1, "files": self._files}, option=orjson.OPT_INDENT_2) + b"\n")
        os.replace(temporary, self._name)
