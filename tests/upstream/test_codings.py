"""Content codings undone with a cap: round trips, damaged data, and bombs."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from types import ModuleType

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.codings import decode
from tests.support.codings import zstd_compress

LIMIT = 4_096
BODY = b'{"error":"invalid_grant"}'


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the zlib header: what some senders mean by the name."""
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def brotli_compress(data: bytes) -> bytes:
    """Brotli, fast."""
    coded: bytes = brotli.compress(data, quality=1)
    return coded


CODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli_compress),
    "zstd": ("zstd", zstd_compress),
}
by_coder = pytest.mark.parametrize("coder", CODERS)


@by_coder
@given(data=st.binary(max_size=LIMIT))
def test_undoes_what_a_sender_did(coder: str, data: bytes) -> None:
    """Any bytes, through every coding."""
    name, code = CODERS[coder]

    assert decode(code(data), [name], LIMIT) == data


@by_coder
def test_gives_up_beyond_the_limit(coder: str) -> None:
    """One byte more than may be is too much, the limit itself is not."""
    name, code = CODERS[coder]

    assert decode(code(b"a" * LIMIT), [name], LIMIT) == b"a" * LIMIT
    assert decode(code(b"a" * (LIMIT + 1)), [name], LIMIT) is None


@by_coder
def test_a_bomb_costs_no_memory(coder: str) -> None:
    """Sixteen megabytes of zeros, of which no more than a few times the limit is ever held."""
    name, code = CODERS[coder]
    bomb = code(bytes(1 << 24))
    tracemalloc.start()
    try:
        decoded = decode(bomb, [name], LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert decoded is None
    assert peak < 1 << 20


@by_coder
def test_data_of_another_coding_is_left_alone(coder: str) -> None:
    """The header lies."""
    name = CODERS[coder][0]
    others = [code for other, code in CODERS.values() if other.removeprefix("x-") != name.removeprefix("x-")]

    assert decode(b"\x00\xff" * 9, [name], LIMIT) is None
    assert [decode(code(BODY), [name], LIMIT) for code in others] == [None] * len(others)


@by_coder
def test_damage_is_never_raised(coder: str) -> None:
    """Each byte changed in turn: the decoder may notice or not, but what it raises is ours to keep."""
    name, code = CODERS[coder]
    data = code(BODY * 20)
    damaged = [data[:at] + bytes([byte ^ 0x55]) + data[at + 1 :] for at, byte in enumerate(data)]

    assert all(len(decode(body, [name], LIMIT) or b"") <= LIMIT for body in damaged)


@by_coder
def test_data_that_is_cut_short_is_left_alone(coder: str) -> None:
    """Half a response, or an empty one, would be taken for the whole."""
    name, code = CODERS[coder]
    data = code(BODY * 20)

    assert [decode(data[:end], [name], LIMIT) for end in range(1, len(data))] == [None] * (len(data) - 1)


@by_coder
def test_data_after_the_end_is_left_alone(coder: str) -> None:
    """What follows belongs to no member: the body is damaged, or longer than it says."""
    name, code = CODERS[coder]

    assert decode(code(BODY) + b"and more", [name], LIMIT) is None


@by_coder
def test_json_that_is_not_coded_at_all_is_read_as_it_is(coder: str) -> None:
    """A client library has undone the coding and left the header: proxies that are made of one do that."""
    assert decode(BODY, [CODERS[coder][0]], LIMIT) == BODY


@given(st.text(max_size=30), st.binary(max_size=100))
def test_an_unknown_coding_is_left_alone(name: str, body: bytes) -> None:
    """Only what is undone for certain is read."""
    known = {"", "identity", *(row[0] for row in CODERS.values())}
    unknown = any(part.strip().lower() not in known for part in name.split(","))

    assert not unknown or decode(body, [name], LIMIT) is None


@pytest.mark.parametrize("codings", [[], ["identity"], ["Identity, identity"], [""], [" , "]])
def test_no_coding_is_no_work(codings: list[str]) -> None:
    """The body as it is, whatever its length: the limit for coded bodies is the caller's."""
    assert decode(b"a" * (LIMIT + 1), codings, LIMIT) == b"a" * (LIMIT + 1)


@pytest.mark.parametrize(
    "codings",
    [["gzip, deflate"], ["gzip", "deflate"], ["GZIP", "Deflate"], ["identity, gzip", "deflate"], ["gzip , deflate "]],
)
def test_undoes_two_codings_in_their_order(codings: list[str]) -> None:
    """The last one listed was applied last (RFC 9110 section 8.4)."""
    assert decode(zlib.compress(gzip.compress(BODY)), codings, LIMIT) == BODY


def test_does_not_undo_more_codings_than_happen() -> None:
    """Three on top of each other are no accident."""
    body = gzip.compress(gzip.compress(gzip.compress(BODY)))

    assert decode(body, ["gzip, gzip, gzip"], LIMIT) is None


def test_a_gzip_body_may_have_several_members() -> None:
    """RFC 1952 section 2.2; the limit counts for all of them together."""
    assert decode(gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), ["gzip"], LIMIT) == BODY
    assert decode(gzip.compress(b"a" * LIMIT) + gzip.compress(b"a"), ["gzip"], LIMIT) is None


@pytest.mark.parametrize(("members", "read"), [(16, True), (17, False), (1_000, False)])
def test_does_not_read_gzip_members_without_end(members: int, read: bool) -> None:
    """A body of empty members costs a copy of the rest for each."""
    body = gzip.compress(BODY) + gzip.compress(b"") * (members - 1)

    assert decode(body, ["gzip"], LIMIT) == (BODY if read else None)


@pytest.mark.parametrize(
    ("coder", "modules"), [("br", ["brotli"]), ("zstd", ["zstandard", "compression", "compression.zstd"])]
)
def test_without_its_extra_a_coding_is_left_alone(
    coder: str, modules: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wants it read installs the extra."""
    name, code = CODERS[coder]
    data = code(BODY)
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)

    assert decode(data, [name], LIMIT) is None


def test_a_brotli_that_cannot_bound_its_output_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases before 1.2: a bomb would have its way."""

    class Decompressor:
        def process(self, data: bytes) -> bytes:
            return data

    old = ModuleType("brotli")
    old.Decompressor, old.error = Decompressor, RuntimeError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "brotli", old)

    assert decode(b"\x00" + BODY, ["br"], LIMIT) is None


def test_a_zstd_body_without_its_size_is_read_as_well() -> None:
    """Servers that stream do not know it beforehand."""
    if sys.version_info >= (3, 14):
        from compression.zstd import CompressionParameter, compress

        data = compress(BODY, options={CompressionParameter.content_size_flag: 0})
    else:
        import zstandard

        data = zstandard.ZstdCompressor(write_content_size=False).compress(BODY)

    assert decode(data, ["zstd"], LIMIT) == BODY
    assert decode(data, ["zstd"], len(BODY) - 1) is None
