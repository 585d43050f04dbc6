"""Zstandard by whichever module this interpreter has: the standard library's from 3.14 on, the extra's before."""

from __future__ import annotations

import sys

__all__ = ["zstd_compress"]

if sys.version_info >= (3, 14):
    from compression.zstd import compress as zstd_compress
else:
    from zstandard import compress as zstd_compress
