"""The command: its flags and the messages for invalid ones. `test_processes` runs it."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from authproblem.gateway import add_arguments, run
from authproblem.gateway._settings import CHOICES, SETTINGS


def parsed(*words: str) -> argparse.Namespace:
    """The arguments of a command line."""
    parser = argparse.ArgumentParser(prog="gateway")
    add_arguments(parser)
    return parser.parse_args(words)


def test_a_prefix_belongs_to_the_upstream_before_it() -> None:
    """As many upstreams as one likes."""
    args = parsed("--upstream", "https://tenant.auth0.com", "--okta", "https://org.okta.com", "--prefix", "/okta")

    assert args.routes == [("upstream", "https://tenant.auth0.com", ""), ("okta", "https://org.okta.com", "/okta")]


def test_a_prefix_without_an_upstream_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says where it has to be."""
    with pytest.raises(SystemExit):
        parsed("--prefix", "/okta")

    assert "has to follow the upstream" in capsys.readouterr().err


def test_every_setting_has_a_flag() -> None:
    """None has a value by default, so that environment and file are read."""
    args = vars(parsed())

    assert {row.name: args[row.name] for row in (*SETTINGS, *CHOICES)} == dict.fromkeys(
        row.name for row in (*SETTINGS, *CHOICES)
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["--cooldown"], "true"), (["--cooldown", "off"], "off"), (["--respect-no-transform"], "true")],
)
def test_a_switch_needs_no_value(words: list[str], expected: Any) -> None:
    """It is on."""
    assert vars(parsed(*words))[words[0].removeprefix("--").replace("-", "_")] == expected


def test_help_names_defaults() -> None:
    """`--help` is the reference."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    text = " ".join(parser.format_help().split())
    assert "wait for a connection to a provider (default: 5)" in text
    assert "do not send while a provider has asked to wait (default: true)" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no upstream is configured"),
        (["--upstream", "https://login.example.com"], "expected --auth0, --okta or --oauth"),
        (
            ["--upstream", "https://tenant.auth0.com", "--port", "http"],
            "invalid --port: 'http'; expected a whole number from 0 to 65535",
        ),
        (["--config", "/no/such.toml"], "cannot be read"),
    ],
)
def test_an_invalid_setting_ends_the_command(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2 and one line, no traceback."""
    monkeypatch.delenv("AUTHPROBLEM_CONFIG", raising=False)

    status = run(parsed(*words))

    error = capsys.readouterr().err
    assert (status, error.count("\n")) == (2, 1)
    assert message in error
