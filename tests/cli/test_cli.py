"""`python -m authproblem`: what is printed, where, and with which exit status."""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Callable
from importlib.resources import files
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from authproblem import Registry
from authproblem.__main__ import COMMANDS, main

LIMITED = {
    "errorCode": "E0000047",
    "errorSummary": "API call exceeded rate limit due to too many requests.",
    "errorLink": "E0000047",
    "errorId": "oaeVectorExample00000000",
    "errorCauses": [],
}
GENERIC = {"error": "invalid_grant"}


class Result(NamedTuple):
    """What a run left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments: str, stdin: bytes | None = None) -> Result:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin)))
        try:
            status = main(list(arguments))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return command


def joined(text: str) -> str:
    """A text without its line breaks and indents."""
    return " ".join(text.split())


def response(status_line: str, headers: list[str], body: object, end: str = "\r\n") -> bytes:
    """A response as it stands in a file."""
    content = body if isinstance(body, str) else json.dumps(body)
    return end.join([status_line, *headers, "", content]).encode()


def schema(name: str) -> Any:
    """A JSON Schema of the package."""
    return json.loads(files("authproblem").joinpath(f"_registry/data/{name}.json").read_bytes())


# --- explain


def test_explain_tells_meaning_owner_remedy_retry_and_sources(run: Run) -> None:
    """Everything that a developer has to know of an entry, from the registry."""
    entry = Registry.builtin().lookup("okta:E0000047")
    assert entry is not None

    got = run("explain", "okta:E0000047")

    text = joined(got.out)
    wanted = [
        "okta:E0000047",
        "rate-limited: Rate limit exceeded",
        entry.hint,
        "limit:",
        "wait:",
        "after_delay:",
        f"{entry.default_wait} seconds",
        entry.detail,
        "429",
        "yes: a match proves",
        "okta:E0000047/concurrency",
        *(f"{source.at} ({source.strength})" for source in entry.sources),
    ]
    assert (got.status, got.err, [part for part in wanted if part not in text]) == (0, "", [])


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("E0000047", "okta:E0000047"),
        ("e0000047", "okta:E0000047"),
        ("okta:e0000047", "okta:E0000047"),
        ("errors.E0000004", "okta:E0000004"),
        ("too_many_attempts", "auth0:too_many_attempts"),
        ("idx.invalid.device.code", "okta:idx.invalid.device.code"),
        ("okta:LOCKED_OUT", "okta:LOCKED_OUT"),
        ("auth0:invalid_grant/wrong-credentials", "auth0:invalid_grant/wrong-credentials"),
        ("invalid_grant", "oauth:invalid_grant"),
        ("failed to verify code verifier", "auth0:invalid_grant/pkce"),
        ("mfa-required", "mfa-required  a problem type"),
        ("urn:problem-type:auth:mfa-required", "mfa-required  a problem type"),
        ("https://docs.example.com/errors#mfa-required", "mfa-required  a problem type"),
        ("inexistent_widget", "inexistent_widget  no entry, but a code of the family inexistent_*"),
    ],
)
def test_explain_finds_whatever_people_have_at_hand(run: Run, name: str, heading: str) -> None:
    """Ids, codes in any case, IDX keys, sentences, slugs, type URIs, and unknown codes of a family."""
    got = run("explain", name)

    assert (got.status, got.out.splitlines()[0].rstrip()) == (0, heading)


def test_explain_takes_a_sentence_in_several_words(run: Run) -> None:
    """Nobody has to think of quotes."""
    assert run("explain", *["Wrong", "email", "or", "password."]).out == run("explain", "Wrong email or password.").out


def test_explain_of_a_problem_type_tells_the_front_end_what_to_do(run: Run) -> None:
    """A type page in short: title, status, disclosure, and the entries that lead to it."""
    got = run("explain", "account-not-found")

    text = joined(got.out)
    wanted = ["404 (canonical)", "front end", "safe disclosure", "strangers are told invalid-credentials", "log level"]
    assert [part for part in wanted if part not in text] == []


def test_explain_shows_internal_names_aliases_and_some_of_many_texts(run: Run) -> None:
    """What only some entries have; of many sentences the first eight."""
    entries = list(Registry.builtin())
    aliased = next(entry for entry in entries if entry.aliases)
    wordy = next(entry for entry in entries if len(entry.texts) > 8)

    assert f"also called {', '.join(aliased.aliases)}" in joined(run("explain", aliased.id).out)
    assert f"and {len(wordy.texts) - 8} more" in run("explain", wordy.id).out
    assert "known there as invalid_password_credentials" in joined(
        run("explain", "okta:invalid_grant/invalid-password-credentials").out
    )


def test_explain_marks_a_retired_entry(run: Run) -> None:
    """Who meets it in old logs has to know that it is not sent any more."""
    retired = next(entry for entry in Registry.builtin() if entry.retired)

    assert "retired" in run("explain", retired.id).out.splitlines()[0]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("E000047", "E0000047"), ("mfa-requird", "mfa-required"), ("usr_exists", "user_exists")],
)
def test_explain_offers_what_an_unknown_name_may_mean(run: Run, name: str, meant: str) -> None:
    """The closest spelling comes first."""
    got = run("explain", name)

    lines = [line.strip() for line in got.out.splitlines()]
    assert (got.status, lines[lines.index("did you mean") + 1]) == (1, meant)


def test_explain_doubts_a_code_of_a_family_that_is_nearly_a_registered_one(run: Run) -> None:
    """`too_many_*` holds a typing error as well as a new code."""
    lines = [line.strip() for line in run("explain", "too_many_atempts").out.splitlines()]

    assert lines[lines.index("did you mean") + 1] == "too_many_attempts"


def test_explain_of_nonsense_says_where_to_look(run: Run) -> None:
    """Nothing is near: then not even a guess."""
    got = run("explain", "xqzzwv")

    assert (got.status, "did you mean" in got.out, "list" in got.out) == (1, False, True)


def test_output_is_wrapped_at_the_width_of_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what cannot be broken (an address) is longer."""
    monkeypatch.setenv("COLUMNS", "60")

    lines = run("explain", "too_many_attempts").out.splitlines()

    assert [line for line in lines if len(line) > 60 and " " in line.strip()] == []


def test_no_color_without_a_terminal(run: Run) -> None:
    """A pipe gets plain text."""
    assert "\033[" not in run("explain", "E0000047").out


@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_color_on_a_terminal_unless_no_color(monkeypatch: pytest.MonkeyPatch, no_color: str, colored: bool) -> None:
    """https://no-color.org: set and not empty means none."""

    class Terminal(TextIOWrapper):
        def isatty(self) -> bool:
            return True

    raw = BytesIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Terminal(raw, encoding="utf-8", write_through=True))
        patched.setenv("NO_COLOR", no_color)
        patched.setenv("TERM", "xterm")
        main(["explain", "E0000047"])
        printed = raw.getvalue()

    assert (b"\033[" in printed) is colored


# --- classify


def test_classify_prints_the_problem_and_what_matched(run: Run, tmp_path: Path) -> None:
    """The document alone on standard output, so that a pipe can read it; the rest beside it."""
    path = tmp_path / "response.txt"
    headers = ["Content-Type: application/json", "X-Okta-Request-Id: abc", "X-Rate-Limit-Reset: 1770000030"]
    path.write_bytes(
        response("HTTP/1.1 429 Too Many Requests", [*headers, "Date: Mon, 02 Feb 2026 02:40:00 GMT"], LIMITED)
    )

    got = run("classify", str(path))

    document = json.loads(got.out)
    problem = (document["reason"], document["retry"]["after"], document["upstream"]["request_id"])
    assert (got.status, problem) == (0, ("rate-limited", 31, "abc"))
    assert "okta:E0000047, told by its code" in joined(got.err)
    Draft202012Validator(schema("wire.schema")).validate(document)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    "status_line", ["HTTP/1.1 429 Too Many Requests", "HTTP/2 429 ", "HTTP/2 429", "HTTP/1.0 429 x"]
)
def test_classify_reads_every_kind_of_status_line(run: Run, status_line: str, end: str) -> None:
    """HTTP/1 and HTTP/2 as curl prints them, with CRLF or LF."""
    got = run("classify", "-", stdin=response(status_line, ["content-type: application/json"], LIMITED, end))

    assert json.loads(got.out)["upstream"] == {"status": 429, "code": "E0000047"}


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 Connection established\r\nVia: proxy\r\n\r\n",
        b"HTTP/2 302 \r\nlocation: /there\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        b"\r\n",
        b"\xef\xbb\xbf",
    ],
)
def test_classify_takes_the_last_of_several_header_blocks(run: Run, before: bytes) -> None:
    """`curl -i` prints interim responses, the proxy's answer and followed redirects as well."""
    data = before + response("HTTP/2 429 ", ["content-type: application/json"], LIMITED)

    assert json.loads(run("classify", "-", stdin=data).out)["status"] == 429


def test_classify_reads_a_body_in_chunks(run: Run) -> None:
    """A recording off the wire; curl has taken the chunks off and left the header, which is read as well."""
    body = json.dumps(LIMITED)
    head = ["Content-Type: application/json", "Transfer-Encoding: chunked"]
    chunked = f"10;x=y\r\n{body[:16]}\r\n{len(body) - 16:x}\r\n{body[16:]}\r\n0\r\n\r\n"

    documents = [
        run("classify", "-", stdin=response("HTTP/1.1 429 x", head, content)).out for content in (chunked, body)
    ]

    assert [json.loads(text)["reason"] for text in documents] == ["rate-limited", "rate-limited"]


@pytest.mark.parametrize("body", ["5\r\n{}", "2\r\n{}", "7 of 9", ""])
def test_classify_takes_a_body_as_it_is_where_the_chunks_are_damaged(run: Run, body: str) -> None:
    """Half a recording: what is left is no JSON, so that the status tells."""
    head = ["Transfer-Encoding: chunked", "X-Okta-Request-Id: abc", "Content-Type: text/plain"]

    got = run("classify", "-", stdin=response("HTTP/1.1 503 x", head, body))

    assert json.loads(got.out)["reason"] == "upstream-unavailable"


def test_classify_reads_folded_headers_and_skips_what_is_none(run: Run) -> None:
    """A header of two lines counts as one; a line that is no field does not stop anything."""
    head = ["this is no header", 'WWW-Authenticate: Bearer realm="x",', ' error="invalid_token"']

    got = run("classify", "-", "--provider", "okta", stdin=response("HTTP/1.1 401 Unauthorized", head, ""))

    assert json.loads(got.out)["reason"] == "invalid-token"


def test_classify_takes_a_body_alone(run: Run) -> None:
    """With the status that the argument, or Auth0's own member, tells."""
    mgmt = {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The user does not exist.",
        "errorCode": "inexistent_user",
    }

    given = run("classify", "-", "--status", "429", stdin=json.dumps(LIMITED).encode())
    told = run("classify", "-", stdin=json.dumps(mgmt).encode())
    guessed = run("classify", "-", stdin=json.dumps(LIMITED).encode())

    assert [json.loads(got.out)["status"] for got in (given, told, guessed)] == [429, 404, 400]
    assert [("--status" in got.err) for got in (given, told, guessed)] == [False, False, True]


def test_classify_uses_provider_endpoint_and_method(run: Run) -> None:
    """The app's word counts as in `normalize`."""
    body = {**LIMITED, "errorCode": "E0000011", "errorSummary": "Invalid token provided"}
    data = response("HTTP/1.1 401 Unauthorized", ["content-type: application/json"], body)
    limited = response("HTTP/1.1 429 x", ["content-type: application/json", "retry-after: 7"], LIMITED)

    there = json.loads(run("classify", "-", "--endpoint", "/api/v1/authn", stdin=data).out)
    elsewhere = json.loads(run("classify", "-", stdin=data).out)
    read = json.loads(run("classify", "-", "--method", "get", stdin=limited).out)

    assert there["reason"] != elsewhere["reason"]
    assert read["retry"] == {"policy": "after_delay", "after": 7, "automatic": True, "source": "retry-after"}


def test_classify_says_why_a_response_is_left_alone_and_what_would_change_it(run: Run) -> None:
    """A generic code proves no sender; with the app's word it would be something."""
    got = run("classify", "-", "--status", "400", stdin=json.dumps(GENERIC).encode())

    text = joined(got.err)
    assert (got.status, got.out) == (1, "")
    assert "Nothing in it proves that an identity provider sent it." in text
    assert "--provider auth0 it would be invalid-grant" in text


@pytest.mark.parametrize(
    ("body", "arguments", "why", "wish"),
    [
        (
            {"error": "authorization_pending"},
            ("--provider", "okta", "--status", "400"),
            "flow control",
            "--flow-control",
        ),
        ({"status": "LOCKED_OUT", "_embedded": {}}, ("--status", "200"), "no error response", "--transaction-states"),
        ("{broken", ("--status", "400"), "cannot be read", ""),
        ("<!doctype html><p>busy", ("--status", "503"), "no error response", "--provider okta"),
    ],
)
def test_classify_names_the_wish_that_would_change_it(
    run: Run, body: object, arguments: tuple[str, ...], why: str, wish: str
) -> None:
    """Every reason has its sentence, and its option where there is one."""
    data = body if isinstance(body, str) else json.dumps(body)

    got = run("classify", "-", *arguments, stdin=data.encode())

    assert (got.status, why in joined(got.err), wish in got.err) == (1, True, True)
    wishes = wish.split()
    assert not wishes or run("classify", "-", *arguments, *wishes, stdin=data.encode()).status == 0


@pytest.mark.parametrize(("level", "told"), [("off", "account-not-assigned"), ("safe", "invalid-credentials")])
def test_classify_tells_of_folding(run: Run, level: str, told: str) -> None:
    """With `--disclosure` the document is what a stranger gets; beside it stands the truth."""
    body = {"error": "access_denied", "error_description": "User is not assigned to the client application."}
    arguments = ("--status", "400", "--provider", "okta", "--endpoint", "/oauth2/v1/token", "--disclosure", level)

    got = run("classify", "-", *arguments, stdin=json.dumps(body).encode())

    assert (json.loads(got.out)["reason"], "folded" in got.err, "not-assigned" in got.err) == (
        told,
        level == "safe",
        True,
    )


def test_classify_says_that_a_file_is_missing(run: Run, tmp_path: Path) -> None:
    """A message, no traceback."""
    got = run("classify", str(tmp_path / "none.txt"))

    assert (got.status, got.out, "none.txt" in got.err) == (2, "", True)


def test_classify_refuses_an_endpoint_that_is_no_path(run: Run) -> None:
    """As `normalize` does."""
    got = run("classify", "-", "--endpoint", "oauth/token", stdin=b"{}")

    assert (got.status, "--endpoint" in got.err) == (2, True)


# --- list and registry


def test_list_has_every_entry_on_a_line(run: Run) -> None:
    """Id first, in order."""
    lines = run("list").out.splitlines()

    starts = [line.startswith(entry.id) for line, entry in zip(lines, Registry.builtin(), strict=True)]
    assert all(starts)


def test_list_narrows_by_provider_and_type(run: Run) -> None:
    """Both filters hold at once."""
    wanted = [e.id for e in Registry.builtin() if e.provider == "okta" and e.reason == "mfa-required"]

    rows = json.loads(run("list", "--provider", "okta", "--type", "mfa-required", "--json").out)

    assert [row["id"] for row in rows] == wanted


def test_list_of_nothing_is_status_1(run: Run) -> None:
    """As grep does."""
    assert run("list", "--provider", "oauth", "--type", "upstream-unreachable") == Result(1, "", "")


def test_list_of_an_unknown_type_offers_the_near_ones(run: Run) -> None:
    """A slug is easily misspelled."""
    got = run("list", "--type", "mfa-requird")

    assert (got.status, "mfa-required" in got.err) == (1, True)


def test_registry_prints_one_document_that_fits_its_schema(run: Run) -> None:
    """Every entry, resolved, under a schema id and a version."""
    registry = Registry.builtin()

    document = json.loads(run("registry").out)

    Draft202012Validator(schema("document.schema")).validate(document)
    first = next(iter(registry))
    resolved = document["entries"][0]
    assert [row["id"] for row in document["entries"]] == [entry.id for entry in registry]
    assert (resolved["owner"], resolved["remedy"], resolved["detail"]) == (first.owner, first.remedy, first.detail)
    assert (document["$schema"], document["version"]) == (schema("document.schema")["$id"], registry.version)


def test_registry_document_is_the_same_without_line_breaks(run: Run) -> None:
    """`--compact` for machines."""
    assert json.loads(run("registry", "--compact").out) == json.loads(run("registry").out)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((), "document.schema"), (("document",), "document.schema"), (("wire",), "wire.schema"), (("entries",), "schema")],
)
def test_registry_prints_its_schemas(run: Run, arguments: tuple[str, ...], name: str) -> None:
    """Other languages get the forms from the same place."""
    assert json.loads(run("registry", "--schema", *arguments).out) == schema(name)


# --- a team's own entries


def own(tmp_path: Path, row: dict[str, object]) -> str:
    """A file with one entry of a team's own."""
    path = tmp_path / "ours.json"
    path.write_text(json.dumps({"entries": [row]}))
    return str(path)


def test_own_entries_are_part_of_every_subcommand(run: Run, tmp_path: Path) -> None:
    """`--registry FILE` tries an extension out before it goes into the app."""
    path = own(tmp_path, {"id": "auth0:acme_denied", "code": "acme_denied", "type": "access-denied", "text": "pass"})
    body = json.dumps({"error": "acme_denied", "error_description": "Contract 7 has ended."}).encode()

    explained = run("explain", "acme_denied", "--registry", path)
    classified = json.loads(
        run("classify", "-", "--provider", "auth0", "--status", "403", "--registry", path, stdin=body).out
    )
    listed = json.loads(run("list", "--json", "--type", "access-denied", "--registry", path).out)
    exported = json.loads(run("registry", "--registry", path).out)

    assert explained.out.startswith("auth0:acme_denied")
    assert classified["error_description"] == "Contract 7 has ended."
    assert "auth0:acme_denied" in {row["id"] for row in listed}
    Draft202012Validator(schema("document.schema")).validate(exported)


def test_a_mistake_in_own_entries_is_told_and_ends_the_run(run: Run, tmp_path: Path) -> None:
    """The message of `Registry.extend`, no traceback."""
    path = own(tmp_path, {"id": "auth0:acme_denied", "code": "acme_denied", "type": "access-denyed"})

    got = run("list", "--registry", path)

    assert (got.status, got.out, "auth0:acme_denied" in got.err, "access-denied" in got.err) == (2, "", True, True)


# --- the dispatch


def test_without_a_subcommand_there_is_an_overview(run: Run) -> None:
    """All subcommands, each with its sentence; usage errors are status 2."""
    got = run()

    assert (got.status, [name for name in COMMANDS if name not in got.out]) == (2, [])


def test_help_and_version_end_well(run: Run) -> None:
    """Status 0, on standard output."""
    from authproblem import __version__

    assert [run("--help").status, run("--version").out.strip()] == [0, f"authproblem {__version__}"]


def test_an_unknown_subcommand_is_a_usage_error(run: Run) -> None:
    """It is named, and those that exist too."""
    got = run("explian")

    assert (got.status, "explian" in got.err, "explain" in got.err) == (2, True, True)


@pytest.mark.parametrize("name", ["explain", "classify", "list", "registry"])
def test_every_subcommand_tells_about_itself(run: Run, name: str) -> None:
    """`-h` prints its options."""
    got = run(name, "-h")

    assert (got.status, f"authproblem {name}" in got.out, "--registry" in got.out) == (0, True, True)


def test_a_missing_dependency_of_a_subcommand_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each subcommand is imported when it is asked for; an extra may not be installed."""
    monkeypatch.setitem(COMMANDS, "gateway", ("no_such_package", "x"))

    assert run("gateway") == Result(2, "", "authproblem gateway: no_such_package is not installed\n")


def test_a_reader_that_has_seen_enough_ends_the_run_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m authproblem registry | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "w", encoding="utf-8") as pipe, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", pipe)
        status = main(["registry"])

    assert status == 0


def test_runs_as_a_module(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m authproblem`."""
    monkeypatch.delitem(sys.modules, "authproblem.__main__")
    monkeypatch.setattr(sys, "argv", ["authproblem", "explain", "E0000047"])

    with pytest.raises(SystemExit) as end:
        runpy.run_module("authproblem", run_name="__main__")

    assert (end.value.code, capsys.readouterr().out.splitlines()[0].rstrip()) == (0, "okta:E0000047")
