"""What the tests of log events share."""

from __future__ import annotations

from tests.logs.commands import run

__all__ = ["run"]
