"""`explain`: what a name stands for, as text and as JSON."""

from __future__ import annotations

import json
import sys
from io import BytesIO, TextIOWrapper

import pytest

from authproblem import Registry
from authproblem.__main__ import main
from tests.cli.support import Run, joined


def test_explain_shows_meaning_owner_remedy_retry_and_sources(run: Run) -> None:
    """The output holds everything that the registry says about an entry."""
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
        ("https://docs.example.com/problems/mfa-required/", "mfa-required  a problem type"),
        ("Wrong email or password.", "auth0:invalid_grant/wrong-credentials"),
        ("inexistent_widget", "inexistent_widget  not registered, but a code of the family inexistent_*"),
        ("auth0:invalid_resource", "auth0:invalid_resource  not registered, but a code of the family invalid_*"),
    ],
)
def test_explain_accepts_every_kind_of_name(run: Run, name: str, heading: str) -> None:
    """Ids, codes in any case, IDX keys, messages, slugs, type URIs, and unregistered codes of a family."""
    got = run("explain", name)

    assert (got.status, got.out.splitlines()[0].rstrip()) == (0, heading)


def test_explain_takes_a_sentence_in_several_words(run: Run) -> None:
    """A message needs no quotes in the shell."""
    assert run("explain", *["Wrong", "email", "or", "password."]).out == run("explain", "Wrong email or password.").out


def test_explain_of_a_problem_type_shows_what_a_front_end_does(run: Run) -> None:
    """A type page in short: title, status, disclosure, and the entries that lead to it."""
    got = run("explain", "account-not-found")

    text = joined(got.out)
    wanted = ["404 (canonical)", "front end", "safe disclosure", "sent as invalid-credentials", "log level"]
    assert [part for part in wanted if part not in text] == []


def test_explain_shows_internal_names_aliases_and_some_of_many_texts(run: Run) -> None:
    """What only some entries have; of many sentences the first eight."""
    entries = list(Registry.builtin())
    aliased = next(entry for entry in entries if entry.aliases)
    wordy = next(entry for entry in entries if len(entry.texts) > 8)

    assert f"aliases {', '.join(aliased.aliases)}" in joined(run("explain", aliased.id).out)
    assert f"and {len(wordy.texts) - 8} more" in run("explain", wordy.id).out
    assert "internal name invalid_password_credentials" in joined(
        run("explain", "okta:invalid_grant/invalid-password-credentials").out
    )


def test_explain_marks_a_retired_entry(run: Run) -> None:
    """Who finds it in old logs has to know that it is not sent any more."""
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


def test_explain_suggests_a_registered_code_that_is_nearly_a_code_of_a_family(run: Run) -> None:
    """`too_many_*` covers a misspelled code as well as a new one."""
    lines = [line.strip() for line in run("explain", "too_many_atempts").out.splitlines()]

    assert lines[lines.index("did you mean") + 1] == "too_many_attempts"


def test_explain_of_an_unknown_name_shows_where_to_look(run: Run) -> None:
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


def test_explain_takes_several_names(run: Run) -> None:
    """Each name is explained on its own; one unknown name makes the exit status 1."""
    got = run("explain", "E0000047", "mfa-required")
    partly = run("explain", "E0000047", "xqzzwv")

    headings = [line for line in got.out.splitlines() if line.startswith(("okta:E0000047", "mfa-required"))]
    assert (got.status, headings) == (0, ["okta:E0000047", "mfa-required  a problem type"])
    assert (partly.status, "'xqzzwv' is not in the registry" in partly.out) == (1, True)


def test_explain_prefers_the_exact_spelling_and_the_best_source(run: Run) -> None:
    """Three entries have this message; the one that was recorded comes first, the others are listed below it."""
    text = run("explain", "Wrong email or password.").out

    assert text.startswith("auth0:invalid_grant/wrong-credentials")
    assert text.index("auth0:access_denied/wrong-credentials") < text.index("auth0:invalid_user_password")


def test_explain_suggests_similar_messages(run: Run) -> None:
    """A sentence that is nearly a registered message is compared with the messages."""
    got = run("explain", "Wrong email or passwort")

    lines = [line.strip() for line in got.out.splitlines()]
    assert (got.status, lines[lines.index("did you mean") + 1]) == (1, "Wrong email or password.")


@pytest.mark.parametrize(
    ("name", "kind", "member"),
    [
        ("okta:E0000047", "entry", "entry"),
        ("mfa-required", "type", "entries"),
        ("inexistent_widget", "family", "family"),
        ("mfa-requird", "unknown", "similar"),
    ],
)
def test_explain_prints_json(run: Run, name: str, kind: str, member: str) -> None:
    """One object for each name; `kind` says which members it has."""
    got = run("explain", "--json", name)

    (row,) = json.loads(got.out)
    assert (row["name"], row["kind"], bool(row[member]), got.status) == (name, kind, True, int(kind == "unknown"))


def test_json_of_an_entry_has_what_the_text_has(run: Run) -> None:
    """Entry, meaning of owner, remedy and retry, and the related entries."""
    (row,) = json.loads(run("explain", "--json", "E0000047").out)

    assert (row["entry"]["type"], row["related"]) == ("rate-limited", ["okta:E0000047/concurrency"])
    assert sorted(row["meaning"]) == ["front_end", "owner", "remedy", "retry"]
