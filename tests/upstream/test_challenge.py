"""`WWW-Authenticate`, read by the grammar of RFC 9110 sections 5.6 and 11."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.challenge import Challenge, parse_challenges, parse_line
from tests.support.vectors import rows

MAX_LINE = 8192
VECTORS = rows(Path(__file__).parents[1] / "data" / "challenges.jsonl")
TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
tokens = st.text(alphabet=TOKEN, min_size=1, max_size=10)
latin = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
quotable = st.text(alphabet=latin, max_size=20)
parameters = st.lists(st.tuples(tokens, quotable), max_size=4, unique_by=lambda pair: pair[0].lower())
token68 = st.from_regex(r"[A-Za-z0-9\-._~+/]{1,20}={0,2}", fullmatch=True)


def as_values(challenges: list[Challenge] | None) -> Any:
    """Challenges as the vectors write them."""
    return None if challenges is None else [list(challenge) for challenge in challenges]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda row: row["note"])
def test_reads_the_field_by_the_grammar(vector: dict[str, Any]) -> None:
    """Schemes, token68 and parameters in their order; None for a field that breaks the grammar."""
    assert as_values(parse_challenges(vector["lines"])) == vector["challenges"]


def printed(scheme: str, pairs: list[tuple[str, str]], quote: bool) -> str:
    """A challenge as a sender writes it."""
    values = []
    for name, value in pairs:
        bare = not quote and value and all(c in TOKEN for c in value)
        values.append(f"{name}={value}" if bare else name + '="' + re.sub(r'(["\\])', r"\\\1", value) + '"')
    return f"{scheme} {', '.join(values)}" if values else scheme


Written = list[tuple[str, list[tuple[str, str]], str | None]]
written_challenges: st.SearchStrategy[Written] = st.lists(
    st.one_of(
        st.tuples(tokens, parameters, st.none()),
        st.tuples(tokens, st.just([]), token68),
    ),
    max_size=4,
)


@given(written_challenges, st.booleans(), st.sampled_from([", ", ",", " , ", ",,  ,"]))
def test_reads_back_whatever_was_written(written: Written, quote: bool, comma: str) -> None:
    """Several challenges on one line, whatever their values hold."""
    line = comma.join(printed(s, pairs, quote) if t68 is None else f"{s} {t68}" for s, pairs, t68 in written)
    expected = [[s.lower(), t68, {name.lower(): value for name, value in pairs}] for s, pairs, t68 in written]

    assert as_values(parse_line(line)) == expected


PARTS = ["Bearer", "realm", "=", " ", ",", '"', "\\", "x", "YII==", "\t", "\n"]
fragments = st.lists(st.sampled_from(PARTS), max_size=30)


@given(st.one_of(st.text(max_size=200), fragments.map("".join)), st.booleans())
def test_gives_lower_case_names_for_any_line_that_it_reads(line: str, loose: bool) -> None:
    """Header values are foreign: no line raises, and schemes and names come out in one form."""
    found = parse_line(line, loose=loose) or []

    names = [name for challenge in found for name in (challenge.scheme, *challenge.parameters)]
    assert [name.lower() for name in names] == names


@given(fragments.map("".join), st.booleans())
def test_gives_values_without_control_characters(line: str, loose: bool) -> None:
    """What is read may become members of a document."""
    values = [value for challenge in parse_line(line, loose=loose) or [] for value in challenge.parameters.values()]

    assert [value for value in values if re.search(r"[\x00-\x08\x0a-\x1f]", value)] == []


def test_lines_are_one_list() -> None:
    """RFC 9110 section 5.3: several lines are the same as one."""
    assert parse_challenges(["Basic realm=x", "Bearer"]) == parse_challenges(["Basic realm=x, Bearer"])


def test_a_line_that_is_too_long_is_not_read() -> None:
    """A limit that no sender reaches, so that reading costs nothing."""
    line = 'Bearer realm="' + "a" * (MAX_LINE - 15) + '"'

    assert [len(line), parse_line(line) is not None, parse_line(line + " ")] == [MAX_LINE, True, None]


@pytest.mark.parametrize("element", ["a{}=b", "Bearer"])
def test_a_line_of_too_many_elements_is_not_read(element: str) -> None:
    """64 schemes and parameters are; a line of 4,000 schemes would take twenty times as long as any other."""
    line = ", ".join(["Bearer", *(element.format(number) for number in range(63))]).replace(
        ",", "", element != "Bearer"
    )

    assert [parse_line(line) is not None, parse_line(line + ", z=1")] == [True, None]


def test_loosely_read_values_need_no_quotes() -> None:
    """Okta has sent such values; the strict reading refuses them."""
    line = 'Bearer error="insufficient_user_authentication", acr_values=urn:okta:loa:1fa:any max_age=0'

    assert parse_line(line) is None
    assert as_values(parse_line(line, loose=True)) == [
        [
            "bearer",
            None,
            {"error": "insufficient_user_authentication", "acr_values": "urn:okta:loa:1fa:any", "max_age": "0"},
        ]
    ]


@pytest.mark.parametrize("unit", ['a="b', "a=b,", 'Bearer a="\\', "x " * 3, ",", "a=", '"'])
def test_costs_no_more_than_its_length(unit: str) -> None:
    """The longest line there may be, of the worst parts: no pattern backtracks without end."""
    line = ("Bearer " + unit * MAX_LINE)[:MAX_LINE]

    assert [len(parse_line(line, loose=loose) or []) <= MAX_LINE for loose in (False, True)] == [True, True]
