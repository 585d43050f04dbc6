"""The fuzz targets, briefly: every vector, and what a fixed seed makes of them; what was found before; and the oracle.

`make fuzz` runs the same targets for as long as one likes, guided by coverage where atheris is installed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from authproblem import normalize
from tests.fuzz.cases import CANARY, Case, decode, encode, seeds
from tests.fuzz.mutation import loop, mutations
from tests.fuzz.oracle import Finding, check_events, check_problem, check_reply
from tests.fuzz.targets import TARGETS
from tests.support.events import Events
from tests.support.vectors import FILES, load
from tests.support.wire import schema_faults

EVERY = [pytest.param(10, id="some_seeds"), pytest.param(1, id="all_seeds", marks=pytest.mark.slow)]
"""Which of the seeds are taken: each tenth, or each."""
FINDINGS = sorted((Path(__file__).parent / "findings").glob("*.http"))
JSON = [("content-type", "application/json")]
by_target = pytest.mark.parametrize("target", TARGETS)


def depth(text: str, levels: int) -> bytes:
    """A body whose object nests."""
    return text.replace("DEEP", '{"a":' * levels + "1" + "}" * levels).encode()


DEEP = {
    "IDX": '{"stateHandle":"x","messages":{"value":[{"message":"no","class":"ERROR"}]},"x":DEEP}',
    "transaction": '{"status":"LOCKED_OUT","stateToken":"x","_embedded":DEEP}',
    "kept member": '{"error":"mfa_required","mfa_token":"x","mfa_requirements":DEEP}',
}


@by_target
@pytest.mark.parametrize("every", EVERY)
def test_finds_nothing_in_vectors_and_their_mutations(target: str, every: int, events: Events) -> None:
    """Each vector, and as many mutations twice over; a fixed seed, so the same inputs each time."""
    pool = seeds()[::every]
    times = 3 * len(pool)

    tried = loop(lambda data: TARGETS[target].run(data, events), pool, seed=9457, seconds=None, times=times)

    assert tried == times


@by_target
@pytest.mark.parametrize("finding", FINDINGS, ids=[path.stem for path in FINDINGS])
def test_finds_nothing_in_what_was_found_before(target: str, finding: Path, events: Events) -> None:
    """Every input that once broke something stays in `findings/`."""
    assert TARGETS[target].run(finding.read_bytes(), events) is None


@by_target
@pytest.mark.parametrize("levels", [200, 254, 500, 1000, 1020])
@pytest.mark.parametrize("kind", DEEP)
def test_a_body_may_nest_as_deep_as_json_goes(target: str, kind: str, levels: int, events: Events) -> None:
    """The parser takes 1024 levels and the writer 254; what lies between passes untouched, and nothing raises."""
    body = depth(DEEP[kind], levels)

    for provider in ("auth0", "okta"):
        for variant in (0, 6):
            TARGETS[target].run(encode(Case("POST", None, 403, provider, variant, JSON, body)), events)


def test_a_known_text_in_a_cause_is_of_the_wire_format_under_any_name() -> None:
    """Known texts stay at any depth, under known and unknown names; the schema has to allow that."""
    body = (
        b'{"errorCode":"E0000014","errorSummary":"Update of credentials failed",'
        b'"errorCauses":[{"reasonText":"Old password is not correct"}]}'
    )
    problem = normalize(403, JSON, body)

    assert problem is not None
    assert schema_faults(problem.to_dict()) == []


def test_seeds_are_the_vectors() -> None:
    """Nothing is lost on the way into bytes and back."""
    vectors = [vector for stem in FILES for vector in load(stem)]
    plain = [case for case in map(decode, seeds()) if CANARY.encode() not in case.body]

    assert [(v.response.status, v.response.headers, v.response.body) for v in vectors] == [
        (case.status, case.headers, case.body) for case in plain
    ]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\n", b"POST", b"\xff\xfe\n\x00:\n\n{", b"a b c d e f\n:\n:\n\n"])
def test_any_bytes_are_a_case(data: bytes) -> None:
    """The decoder has no input that it refuses, and what it made of one is a case of its own."""
    case = decode(data)

    assert case == decode(encode(case))


def test_mutations_are_the_same_for_the_same_seed() -> None:
    """So that a failure of the default tests can be run again."""
    pool = seeds()[:3]
    first, second = (mutations(pool, 7) for _ in range(2))

    assert [next(first) for _ in range(200)] == [next(second) for _ in range(200)]


class TestOracle:
    """An oracle that finds nothing in anything would let everything pass."""

    def test_sees_a_document_that_is_not_of_the_wire_format(self) -> None:
        """Checked by the schema of the document."""
        problem = normalize(403, JSON, b'{"error":"invalid_grant"}', provider="auth0")
        assert problem is not None

        with pytest.raises(Finding, match="wire format"):
            check_problem(problem.replace(owner="nobody"), 403, 25, texts_pass=False)

    def test_sees_a_leak(self) -> None:
        """The canary is in a text that the registry does not have."""
        problem = normalize(403, JSON, b'{"error":"invalid_grant"}', provider="auth0")
        assert problem is not None
        leaking = problem.replace(extensions={"error": "invalid_grant", "error_description": f"no: {CANARY}"})

        with pytest.raises(Finding, match="error_description"):
            check_problem(leaking, 403, 25, texts_pass=False)

    def test_sees_growth_without_bound(self) -> None:
        """A document that is many times longer than the body."""
        problem = normalize(403, JSON, b'{"error":"invalid_grant"}', provider="auth0")
        assert problem is not None

        with pytest.raises(Finding, match="bytes of 25"):
            check_problem(problem.replace(extensions={"error": "x" * 50_000}), 403, 25, texts_pass=False)

    @pytest.mark.parametrize(
        "added",
        [
            [("X-New", "1")],
            [("Content-Length", "3")],
            [("Retry-After", "1\r\nX: 1")],
            [("Auth-Problem-Upstream", "okta")],
        ],
        ids=lambda added: added[0][0],
    )
    def test_sees_a_header_that_is_unexpected_or_not_clean(self, added: list[tuple[str, str]]) -> None:
        """The right headers pass, and one more is a finding."""
        problem = normalize(403, JSON, b'{"error":"invalid_grant"}', provider="auth0")
        assert problem is not None
        content = problem.to_bytes()
        right = [*problem.headers(), ("Content-Length", str(len(content)))]
        check_reply(JSON, right, content, 403)

        with pytest.raises(Finding):
            check_reply(JSON, [*right, *added], content, 403)

    @pytest.mark.parametrize(
        "events",
        [
            [{"event": "authproblem.failed"}],
            [{"event": "authproblem.passed"}, {"event": "authproblem.passed"}],
            [{"event": "authproblem.normalized", "upstream_code": CANARY}],
            [{"event": "authproblem.normalized", "method": "a\nb"}],
        ],
        ids=["a failure of ours", "two", "a leak", "a forged line"],
    )
    def test_sees_a_wrong_event(self, events: list[dict[str, str]]) -> None:
        """A failure of ours, a second event, a leak, or a forged line."""
        with pytest.raises(Finding):
            check_events(Events(events), texts_pass=False)
