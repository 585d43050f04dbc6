"""Read recorded responses in the forms that people have: `curl` output, HAR, JSON Lines, a bare body.

This module recognizes the form; `raw_response` reads HTTP as text, `json_recordings` reads HAR and JSON objects. For
the command line and the explorer only.
"""

from __future__ import annotations

import json
from typing import Any

from authproblem._cli.json_recordings import recordings_in
from authproblem._cli.raw_response import is_raw, read_raw
from authproblem._cli.recording import Recording

_BOM = b"\xef\xbb\xbf"


def read_recordings(data: bytes) -> list[Recording]:
    """Read all responses of a file or a pasted text.

    Args:
        data: `curl -i` or `curl -v` output, a raw HTTP response, a HAR file or one of its entries, a JSON record with
            `status`, `headers` and `body`, such records as an array or one a line, or the body of a response alone.

    Returns:
        At least one recording. Input of no known form is one recording of a body alone.

    Raises:
        ValueError: If a recording has an invalid status or invalid headers; the message names it.
    """
    data = data.removeprefix(_BOM)
    if is_raw(data):
        return [read_raw(data)]
    try:
        document: Any = json.loads(data)
    except ValueError:
        return _read_lines(data) or [Recording(None, [], data, form="body")]
    except RecursionError:
        return [Recording(None, [], data, form="body")]
    return recordings_in(document) or [Recording(None, [], data, form="body")]


def _read_lines(data: bytes) -> list[Recording]:
    """Read JSON Lines: records, HAR entries or bodies, one a line; an empty list for anything else."""
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if len(lines) < 2:
        return []
    found = []
    for number, line in lines:
        try:
            document: Any = json.loads(line)
        except (ValueError, RecursionError):
            return []
        if not isinstance(document, dict):
            return []
        recordings = recordings_in(document) or [Recording(None, [], line, form="body")]
        found += [recording._replace(where=f"line {number}") for recording in recordings]
    return found
