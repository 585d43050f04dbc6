"""Response headers as the core reads them: any container, any spelling, bytes or str; only the names that decide."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import MutableHeaders
from werkzeug.datastructures import Headers as WerkzeugHeaders

from authproblem import normalize
from authproblem._upstream.headers import MAX_LINES, MAX_VALUE, HeaderReader, lower
from tests.support.core import REGISTRY
from tests.support.core import read_headers as scan
from tests.support.responses import Pairs

E4 = b'{"errorCode":"E0000004","errorSummary":"Authentication failed"}'
PAIRS: Pairs = [
    ("Content-Type", "application/json; charset=UTF-8"),
    ("WWW-Authenticate", "Basic realm=x"),
    ("WWW-Authenticate", "Bearer"),
    ("X-Rate-Limit-Reset", "9"),
    ("X-Other", "y"),
]


def as_bytes(pairs: Pairs) -> list[tuple[bytes, bytes]]:
    """As ASGI hands them over."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs]


CONTAINERS: dict[str, Callable[[Pairs], Any]] = {
    "list of str": list,
    "tuple of str": tuple,
    "list of bytes": as_bytes,
    "list of lists": lambda pairs: [list(pair) for pair in pairs],
    "generator": lambda pairs: (pair for pair in pairs),
    "httpx": httpx.Headers,
    "starlette": lambda pairs: MutableHeaders(raw=as_bytes(pairs)),
    "werkzeug": WerkzeugHeaders,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_reads_any_container(container: str) -> None:
    """Lists of pairs, and the mappings of clients and frameworks with their duplicates."""
    fields = scan(CONTAINERS[container](PAIRS))

    assert fields.all("www-authenticate") == ["Basic realm=x", "Bearer"]
    assert (fields.get("x-rate-limit-reset"), fields.media_type) == ("9", "application/json")


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, {b"retry-after": b"7"}])
def test_reads_a_plain_mapping(headers: Any) -> None:
    """`str` or `bytes`."""
    assert scan(headers).all("retry-after") == ["7"]


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title, str.swapcase])
@pytest.mark.parametrize(
    "name",
    [
        *("retry-after", "x-okta-request-id", "x-auth0-requestid", "dpop-nonce", "ratelimit"),
        *("auth-problem-upstream", "x-rate-limit-reset", "www-authenticate", "access-control-allow-origin"),
    ],
)
@pytest.mark.parametrize("kind", [str, bytes])
def test_names_are_case_insensitive(kind: type, name: str, spell: Callable[[str], str]) -> None:
    """Beside headers that decide nothing, and beside such that do."""
    for further in ("x-other", "vary", "location"):
        pairs = [(further, "x"), (spell(name), " 7\t"), ("Content-Type", "application/json")]
        fields = scan(as_bytes([]) + [(n.encode(), v.encode()) for n, v in pairs] if kind is bytes else pairs)

        assert (fields.all(name), fields.media_type) == (["7"], "application/json")


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_a_date_is_read_beside_what_it_dates(spell: Callable[[str], str]) -> None:
    """By itself it decides nothing."""
    fields = scan([(spell("date"), "x"), ("Retry-After", "y"), ("Content-Type", "application/json")])

    assert [fields.get("date"), fields.get("retry-after"), fields.media_type] == ["x", "y", "application/json"]


@pytest.mark.parametrize("headers", [[], {}, (), iter(())])
def test_no_headers_are_no_headers(headers: Any) -> None:
    """Whatever holds them."""
    fields = scan(headers)

    assert (fields.media_type, fields.get("date"), fields.all("date"), "date" in fields) == ("", None, [], False)


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        ("Application/JSON", "application/json"),
        (" text/html ; charset=x", "text/html"),
        ("", ""),
        (";charset=x", ""),
        ("application/problem+json", "application/problem+json"),
    ],
)
def test_gives_the_media_type_without_parameters(value: str, media_type: str) -> None:
    """In lower case."""
    assert scan([("content-type", value)]).media_type == media_type


def test_values_are_latin_1() -> None:
    """RFC 9110 section 5.5: no byte is an error."""
    assert scan([(b"retry-after", bytes(range(0x20, 0x100)))]).get("retry-after") == bytes(range(0x21, 0x100)).decode(
        "latin-1"
    )


@pytest.mark.parametrize("further", [[], [("Date", "x")], [("Server", "x"), ("Set-Cookie", "a=1")]])
@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
def test_an_ordinary_error_is_plain(media: str, further: Pairs) -> None:
    """Nothing but a JSON type decides: no header is read."""
    for given_ in ([("Content-Type", media), *further], as_bytes([*further, ("Content-Type", media)])):
        fields = scan(given_)

        assert (fields.is_plain, fields.media_type) == (True, "application/json")


@pytest.mark.parametrize("further", [("Auth-Problem", "x"), ("Content-Type", "text/html"), ("Retry-After", "7")])
def test_an_error_with_a_header_that_decides_is_not_plain(further: tuple[str, str]) -> None:
    """Whatever the type is."""
    assert not scan([("Content-Type", "application/json"), further]).is_plain


def test_the_cache_of_layouts_is_bounded_in_number_and_in_bytes() -> None:
    """Names of headers are the upstream's choice."""
    reader = HeaderReader(REGISTRY.provider_headers)
    sizes = []
    for number in range(1200):
        reader.read([("Content-Type", "application/json"), (f"X-{number}", "x")])
        sizes.append(len(reader._layouts))
    assert max(sizes) == 512

    reader = HeaderReader(REGISTRY.provider_headers)
    for names in ([f"X-{number}" for number in range(64)], [f"X-{number}" for number in range(65)], ["X" * 3000]):
        reader.read([(name, "x") for name in names])
    assert [len(names) for names in reader._layouts] == [64]


def test_at_most_sixteen_lines_of_a_header_are_read() -> None:
    """An upstream may send any number."""
    assert scan([("Retry-After", str(number)) for number in range(99)]).all("retry-after") == [
        str(number) for number in range(MAX_LINES)
    ]


@pytest.mark.parametrize(("length", "lines"), [(MAX_VALUE, 1), (MAX_VALUE + 1, 0)])
def test_a_line_that_is_too_long_is_ignored(length: int, lines: int) -> None:
    """As if it were absent."""
    headers = scan([("Location", "x" * length)])

    assert [len(headers.all("location")), int(headers.get("location") is not None)] == [lines, lines]


@pytest.mark.parametrize("headers", [None, 7])
def test_refuses_what_are_no_headers(headers: Any) -> None:
    """A mistake of the caller's."""
    with pytest.raises(TypeError):
        normalize(400, headers, b"{}")


def test_reads_a_one_shot_iterable_once() -> None:
    """A WSGI app may hand over a generator."""

    def pairs() -> Iterator[tuple[str, str]]:
        yield "content-type", "application/json"
        yield "retry-after", "7"

    found = normalize(429, pairs(), b'{"errorCode":"E0000047","errorSummary":"x"}')

    assert found is not None
    assert found.retry.after == 7


decisive = st.sampled_from(["content-type", "date", "retry-after", "vary", "cache-control", "location", "dpop-nonce"])
names = st.one_of(decisive, decisive.map(str.title), st.text(string.ascii_letters + "-", min_size=1, max_size=9))
values = st.one_of(
    st.sampled_from(["application/json", "text/html", "7"]), st.text(st.characters(max_codepoint=0xFF), max_size=9)
)


@given(st.lists(st.tuples(names, values), max_size=6), st.booleans())
def test_reads_each_value_of_each_name_in_order(pairs: Pairs, binary: bool) -> None:
    """Whatever the other headers are."""
    given_: Any = [(n.encode(), v.encode("latin-1")) for n, v in pairs] if binary else pairs
    read = scan(given_)

    for name in ("content-type", "date", "retry-after", "location", "dpop-nonce"):
        expected = [value.strip(" \t") for given_name, value in pairs if lower(given_name) == name]
        assert (read.all(name), read.get(name), name in read) == (
            expected,
            expected[0] if expected else None,
            bool(expected),
        )


def test_an_error_is_read_the_same_with_any_headers() -> None:
    """The same problem, whatever the spelling and the container."""
    expected = normalize(401, [("content-type", "application/json"), ("retry-after", "7")], E4)
    pairs = [("Content-Type", "application/json"), ("RETRY-AFTER", "7"), ("Server", "x"), ("X-Other", "y")]

    assert {normalize(401, make(pairs), E4) == expected for make in CONTAINERS.values()} == {True}
