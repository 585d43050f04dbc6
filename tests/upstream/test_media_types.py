"""Which media type the client gets (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.media_types import JSON, PROBLEM, media_type

ION = "application/ion+json"
UPSTREAM = "application/json"
ranges = st.sampled_from([PROBLEM, JSON, "application/*", "*/*", "text/html", ION, "APPLICATION/JSON"])
weights = st.sampled_from(["", ";q=0", ";q=0.1", "; q=0.5", ";Q=1", ";q=1.000", ";q=x", ";v=b3;q=0.9"])
accepts = st.lists(st.builds(str.__add__, ranges, weights), max_size=5).map(", ".join)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/*",
        PROBLEM,
        f"{JSON}, {PROBLEM}",
        f"{PROBLEM} , {JSON};q=0.9",
        f"{PROBLEM};q=1, {JSON}",
        "text/html, */*;q=0.1",
    ],
)
def test_is_a_problem_wherever_that_is_accepted(accept: str | None) -> None:
    """No `Accept` means everything; of two types liked equally, ours."""
    assert media_type(accept, UPSTREAM) == PROBLEM


@pytest.mark.parametrize(
    "accept",
    [
        JSON,
        "Application/JSON",
        f"{JSON};charset=utf-8",
        f"{JSON}, text/plain, */*;q=0.9",
        f"{JSON}, {PROBLEM};q=0.9",
        f"{PROBLEM};q=0, */*",
        f"{JSON};q=0.2, application/*;q=0.1",
        f"application/*;q=0.1, {JSON};q=0.2",
        f"{PROBLEM};q=0.000, {JSON};q=0.001",
        f"{JSON} ; q = 1 , {PROBLEM} ; q = 0.5 ",
        f" {JSON};q=1, {PROBLEM};q=0.5",
        f"{JSON};q=0.5, {PROBLEM};q=0.4;x=a=b",
        f"{JSON};q=0.4, {JSON};q=0.9, {PROBLEM};q=0.5",
    ],
)
def test_is_plain_json_where_that_is_liked_better(accept: str) -> None:
    """SDKs that refuse any other type ask for it by name; the q of the most specific range decides."""
    assert media_type(accept, UPSTREAM) == JSON


@pytest.mark.parametrize("accept", [f"{ION}; okta-version=1.0.0", "text/html", f"{PROBLEM};q=0, {JSON};q=0", "*/*;q=0"])
def test_is_the_type_of_the_upstream_where_neither_is_accepted(accept: str) -> None:
    """An Identity Engine client accepts ion+json and nothing else."""
    assert [media_type(accept, ION), media_type(accept, UPSTREAM)] == [ION, UPSTREAM]


@pytest.mark.parametrize("upstream", ["", "text/html", "text/plain", "application/jsonp", "application/xml"])
def test_is_a_problem_where_nothing_fits(upstream: str) -> None:
    """An error may be sent in a type that was not accepted (RFC 9457 section 3)."""
    assert media_type("image/png", upstream) == PROBLEM


@pytest.mark.parametrize("accept", [f"{JSON};q=0.5, */*", f"{JSON};q=0.3, {PROBLEM};q=0.4", f"{JSON};q=0, */*;q=0.1"])
def test_a_more_specific_range_counts_even_if_it_is_worse(accept: str) -> None:
    """Whoever writes `application/json;q=0.5, */*` likes everything else better."""
    assert media_type(accept, UPSTREAM) == PROBLEM


@pytest.mark.parametrize("q", ["q=2", "q=one", "q=", "q", "q=-1", "q=0.5.5", "q=\u0661", "q=1e-3", "q=0.0009"])
def test_a_malformed_weight_counts_as_absent(q: str) -> None:
    """Then the range counts in full."""
    assert media_type(f"{JSON};{q}, {PROBLEM};q=0.9", UPSTREAM) == JSON


def test_reads_no_more_ranges_than_anybody_sends() -> None:
    """Reading costs nothing, however long the header is."""
    assert media_type(", ".join(["text/html"] * 100_000 + [JSON]), "") == PROBLEM


@pytest.mark.parametrize(
    "accept", [f"{PROBLEM}, {JSON};q=2", f"{PROBLEM}, {JSON};q=x", f"{PROBLEM};q=1.0, {JSON};q=1.5"]
)
def test_no_weight_counts_more_than_one(accept: str) -> None:
    """Of two types liked equally, ours."""
    assert media_type(accept, UPSTREAM) == PROBLEM


@pytest.mark.parametrize(("position", "chosen"), [(64, JSON), (65, PROBLEM)])
def test_reads_64_ranges(position: int, chosen: str) -> None:
    """Browsers send fewer than ten."""
    accept = "text/x," * (position - 2) + f"{PROBLEM};q=0.1,{JSON}"

    assert media_type(accept, UPSTREAM) == chosen


@given(accepts)
def test_the_order_of_ranges_does_not_matter(accept: str) -> None:
    """RFC 9110: it is the weights that count."""
    assert media_type(accept, UPSTREAM) == media_type(", ".join(reversed(accept.split(", "))), UPSTREAM)


@given(st.one_of(accepts, st.text(max_size=60)), st.one_of(st.text(max_size=40), st.sampled_from([JSON, ION])))
def test_gives_one_of_three_types_for_any_header(accept: str, upstream: str) -> None:
    """Ours, plain JSON, or the upstream's own where that is JSON: nothing that a client made up."""
    found = media_type(accept, upstream)

    assert found in {PROBLEM, JSON} or (found == upstream and upstream.endswith(("/json", "+json")))
