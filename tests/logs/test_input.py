"""How inputs are cut into lines: nothing is lost or doubled, wherever the reads end."""

from __future__ import annotations

import io
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem.logs._command import _input
from authproblem.logs._command._input import DocumentSplitter, blocks
from tests.logs.cases import Json

TEXT = st.text(alphabet='ab"\\{}[]\n, é', max_size=8)
OBJECTS = st.lists(st.dictionaries(TEXT, TEXT | st.dictionaries(TEXT, TEXT, max_size=2), max_size=3), max_size=4)


def parsed(lines: bytes) -> list[Json]:
    return [json.loads(line) for line in lines.splitlines()]


@settings(max_examples=80, deadline=None)
@given(OBJECTS, st.sampled_from([None, 1, 4]), st.integers(1, 30), st.booleans())
def test_objects_come_out_whole_wherever_a_read_ends(
    objects: list[Json], indent: int | None, size: int, as_array: bool
) -> None:
    """Strings contain braces, quotes and backslashes; a read may end within any of them."""
    texts = [json.dumps(item, indent=indent, ensure_ascii=False) for item in objects]
    whole = (json.dumps(objects, indent=indent) if as_array else "\n".join(texts)).encode()
    cutter = DocumentSplitter()

    cut = b"".join(cutter.feed(whole[start : start + size]) for start in range(0, len(whole), size))

    # a newline in a string would be one in a line: JSON escapes it, so the ones between are blanks
    assert parsed(cut) == objects


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab", max_size=12), max_size=12), st.integers(1, 9), st.booleans())
def test_lines_come_out_whole_wherever_a_read_ends(lines: list[str], size: int, ended: bool) -> None:
    """The last line counts with and without its end."""
    whole = "\n".join(lines).encode() + (b"\n" if ended and lines else b"")
    stream = io.BytesIO(whole)
    kept = _input.BLOCK
    _input.BLOCK = size
    try:
        found = list(blocks(stream, "-"))
    finally:
        _input.BLOCK = kept

    assert b"".join(block.data for block in found if isinstance(block.data, bytes)).rstrip(b"\n") == whole.rstrip(b"\n")
    assert not found or found[-1].offset == len(whole)


def test_what_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays flat where a file is neither lines nor JSON."""
    monkeypatch.setattr(_input, "MAX_LINE", 100)
    cutter = DocumentSplitter()
    for _ in range(10):
        assert cutter.feed(b'{"a": [' * 5) == b""

    assert len(cutter._buffer) <= 100
    assert _input._whole(b"x" * 150) == (b"x" * 100 + b"\n", b"")


@pytest.mark.parametrize("inside", [b'"' + b"x" * 3_000_000, b'"' + b'\\"' * 1_500_000, b"1" * 3_000_000])
def test_no_byte_of_a_long_value_is_looked_at_twice(inside: bytes) -> None:
    """A value that spans many reads: 4 MB in steps of 4 KB once took five seconds, and four times that for 8 MB."""
    cutter, whole = DocumentSplitter(), b'[{"a": ' + inside
    began = time.process_time()
    for start in range(0, len(whole), 4096):
        cutter.feed(whole[start : start + 4096])

    assert time.process_time() - began < 3
