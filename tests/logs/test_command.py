"""`python -m authproblem logs`: what it reads, what it writes, and what it says of lines that are none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.logs.cases import BRIDGE, OKTA
from tests.logs.commands import EVENTS, FAILED, REASONS, REUSED, SUCCESS, Run, Write, ndjson


def test_every_line_comes_back_with_the_meaning_of_failures_added(run: Run) -> None:
    """What a line held before stays byte for byte."""
    result = run(stdin=ndjson(EVENTS))

    written = result.out.splitlines()
    assert result.reasons == REASONS
    assert written[1] == json.dumps(SUCCESS)
    assert all(line.startswith(json.dumps(event)[:-1]) for line, event in zip(written, EVENTS, strict=True))
    assert (
        result.lines[4]["authproblem"].items()
        >= {
            "provider": "auth0",
            "event_type": "ferrt",
            "reason": "invalid-refresh-token",
            "owner": "user",
            "remedy": "sign_in",
            "attack": "refresh_token_reuse",
            "severity": "high",
        }.items()
    )


@pytest.mark.parametrize(
    "written",
    [
        lambda: gzip.compress(ndjson(EVENTS)),
        lambda: gzip.compress(ndjson(EVENTS[:2])) + gzip.compress(ndjson(EVENTS[2:])),
        lambda: pytest.importorskip("zstandard").ZstdCompressor().compress(ndjson(EVENTS)),
        lambda: json.dumps(EVENTS).encode(),
        lambda: json.dumps(EVENTS, indent=2).encode(),
        lambda: b"\n".join(json.dumps(event, indent=2).encode() for event in EVENTS),
        lambda: ndjson(EVENTS).replace(b"\n", b"\r\n"),
        lambda: ndjson(EVENTS)[:-1],
        lambda: b"\xef\xbb\xbf" + json.dumps(EVENTS).encode(),
        lambda: b"".join(b"<14>Feb 14 20:18:57 host okta: " + line + b"\n" for line in ndjson(EVENTS).splitlines()),
        lambda: ndjson(EVENTS).replace(b"\n", b"\n\n"),
        lambda: gzip.compress(json.dumps(EVENTS, indent=1).encode()),
        lambda: ndjson([{"eventType": "com.okta.event_hook", "data": {"events": EVENTS}}]),
        lambda: ndjson([{"logEvents": [{"message": json.dumps(event)} for event in EVENTS]}]),
        lambda: json.dumps(EVENTS).encode() + b"\n" + json.dumps([]).encode(),
    ],
    ids=[
        *("gzip", "gzip in two members", "zstd", "array", "pretty array", "pretty objects", "CRLF", "no last newline"),
        *("array with a byte order mark", "syslog", "empty lines", "pretty array in gzip", "event hook", "CloudWatch"),
        "two arrays",
    ],
)
@pytest.mark.parametrize("source", ["file", "standard input"])
def test_every_layout_and_compression_is_read(run: Run, tmp_path: Path, written: Write, source: str) -> None:
    """From files and from standard input alike."""
    file = tmp_path / "events"
    file.write_bytes(written())

    result = run(file) if source == "file" else run(stdin=file.read_bytes())

    assert result.reasons == REASONS
    assert result.err == ""


def test_only_failures_are_written_on_request(run: Run) -> None:
    """The rest is left out."""
    assert run("--only-failures", stdin=ndjson(EVENTS)).reasons == FAILED


def test_an_envelope_is_written_as_it_came(run: Run) -> None:
    """The meaning is added beside what EventBridge wrote."""
    result = run(stdin=ndjson([BRIDGE]))

    assert result.lines == [{**BRIDGE, "authproblem": result.lines[0]["authproblem"]}]


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        (["--where", "reason=access-denied"], ["access-denied"]),
        (["--where", "owner=policy,client"], ["access-denied"]),
        (["--where", "attack=any"], ["invalid-refresh-token"]),
        (["--where", "provider=auth0", "--where", "reason=invalid-credentials"], ["invalid-credentials"]),
        (["--where", "client=Default App"], ["invalid-credentials", "invalid-refresh-token"]),
        (["--where", "event_type=fp"], ["invalid-credentials"]),
        (["--since", "2026-02-14T20:18:58Z"], [None]),
        (["--since", "2026-02-14T21:18:00+01:00", "--until", "2026-02-14T20:18:58"], FAILED),
        (["--until", "2026-02-14"], []),
        (["--since", "1h"], []),
    ],
)
def test_conditions_choose_lines(run: Run, arguments: list[str], reasons: list[str | None]) -> None:
    """`--where` chooses failures, `--since` and `--until` lines of any kind."""
    assert run(*arguments, stdin=ndjson(EVENTS)).reasons == reasons


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--where", "reason=invalid-credential"], "did you mean 'invalid-credentials'?"),
        (["--where", "ownr=user"], "did you mean 'owner'?"),
        (["--where", "reason"], "expected FIELD=VALUE"),
        (["--since", "yesterday"], "invalid time: 'yesterday'"),
        (["--jobs", "0"], "invalid number of processes"),
        (["--names", "made-up"], "invalid value"),
    ],
)
def test_wrong_arguments_are_named_before_anything_is_read(run: Run, arguments: list[str], message: str) -> None:
    """With what would be right."""
    result = run(*arguments, stdin=ndjson(EVENTS))

    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_a_bad_line_is_counted_and_named_by_number_never_by_content(run: Run, tmp_path: Path) -> None:
    """Log lines contain names, addresses and tokens."""
    file = tmp_path / "events"
    file.write_bytes(ndjson([OKTA]) + b'{"secret": "Zx9\n' + b"42\n" + ndjson([SUCCESS]) + b"hello Zx9\n")

    result = run(file)

    assert (result.status, result.reasons) == (0, ["invalid-credentials", None])
    assert result.err.splitlines() == [
        f"{file}:2: not JSON",
        f"{file}:3: no JSON object",
        f"{file}:5: not JSON",
        "authproblem logs: 3 of 5 lines could not be read",
    ]


def test_only_the_first_bad_lines_are_named(run: Run) -> None:
    """A file of another format does not flood the screen."""
    result = run(stdin=b"x\n" * 1000)

    assert len(result.err.splitlines()) == 21
    assert "1000 of 1000 lines could not be read (980 of them not named above)" in result.err


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_cannot_be_read_does_not_stop_the_rest(run: Run, tmp_path: Path, jobs: int) -> None:
    """It is named, and the exit status is not 0."""
    good, broken = tmp_path / "good", tmp_path / "broken.gz"
    good.write_bytes(ndjson([OKTA]))
    broken.write_bytes(gzip.compress(ndjson(EVENTS) * 50)[:-20])

    result = run(tmp_path / "missing", broken, good, tmp_path, jobs=jobs)

    assert result.status == 2
    assert result.reasons[-1] == "invalid-credentials"
    assert f"cannot read {tmp_path / 'missing'}: No such file or directory" in result.err
    assert f"cannot read {broken}: it is broken" in result.err


def test_names_of_the_elastic_common_schema(run: Run) -> None:
    """Dots in the names, since a line may already have the objects."""
    added = run("--names", "ecs", stdin=ndjson([REUSED])).lines[0]

    assert {
        "event.outcome": "failure",
        "error.type": "invalid-refresh-token",
        "labels.problem_owner": "user",
        "labels.problem_remedy": "sign_in",
        "labels.attack": "refresh_token_reuse",
        "event.severity": 73,
    }.items() <= added.items()


def test_names_of_opentelemetry(run: Run) -> None:
    """`error.type` is of the conventions; the rest stands below our own name."""
    added = run("--names", "otel", stdin=ndjson([REUSED])).lines[0]

    assert {
        "error.type": "invalid-refresh-token",
        "authproblem.owner": "user",
        "authproblem.attack": "refresh_token_reuse",
        "authproblem.severity": "high",
    }.items() <= added.items()


def test_several_processes_write_the_same_bytes_in_the_same_order(run: Run, tmp_path: Path) -> None:
    """Over several blocks, from a file and from a stream."""
    events = [{**event, "uuid": str(number)} for number in range(3000) for event in EVENTS]
    file = tmp_path / "events"
    file.write_bytes(ndjson(events))

    alone = run(file)

    assert alone.out == run(file, jobs=2).out
    assert alone.out == run(stdin=file.read_bytes(), jobs=2).out
    assert len(events) == len(alone.lines)


def test_a_summary_counts_by_reason_owner_client_and_hour(run: Run, tmp_path: Path) -> None:
    """Nothing else is written, and the drawing shows the same counts."""
    pytest.importorskip("rich")
    drawing = tmp_path / "failures.svg"

    result = run("--summary", "--plot", drawing, stdin=ndjson(EVENTS) + ndjson([BRIDGE]))

    shown = result.out.split()
    assert result.out.startswith("5 failures in 6 lines\n")
    assert {"invalid-credentials", "access-denied", "refresh_token_reuse", "2026-02-14T20:00", "Default"} <= set(shown)
    text = drawing.read_text("utf-8")
    assert text.startswith("<svg ")
    assert "5 failures" in text
    assert "invalid-credentials" in text


def test_a_summary_of_nothing_reports_that(run: Run, tmp_path: Path) -> None:
    """No failure: exit status 0."""
    pytest.importorskip("rich")

    assert run("--plot", tmp_path / "x.svg", stdin=ndjson([SUCCESS])).out.strip() == "0 failures in 1 lines"
