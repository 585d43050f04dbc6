"""Scenarios: users, clients, limits and armed errors of the fakes, as a TOML file or a mapping."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from authproblem.errors import ConfigurationError
from authproblem.testing._oauth import OAuthProvider

_TABLES = ("users", "clients", "auth0", "okta", "oauth")
_SETTINGS = ("concurrency", "latency", "rotate", "dpop_nonce", "interval", "max_attempts")


class ScenarioError(ConfigurationError):
    """A scenario that cannot be played; the message names the table, the value and what is expected."""


def read_scenario(path: str) -> dict[str, Any]:
    """Read a scenario.

    Raises:
        ScenarioError: if the file is no TOML.
        OSError: if it cannot be read.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    with open(path, "rb") as file:
        try:
            return dict(tomllib.load(file))
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(f"{path}: no TOML: {error}") from None


def play(scenario: Mapping[str, Any], fakes: Mapping[str, OAuthProvider]) -> None:
    """Prepare fakes according to a scenario.

    Args:
        scenario: `users` and `clients` for all fakes; below `auth0`, `okta` and `oauth` settings of one fake, and its
            lists `fail` and `limit`, whose members are the arguments of `FakeProvider.fail` and `limit`.
        fakes: the fakes by provider; tables of others are checked all the same.

    Raises:
        ScenarioError: at the first thing that makes no sense.
    """
    _known("the scenario", scenario, _TABLES)
    for fake in fakes.values():
        for row in _rows("users", scenario.get("users", ())):
            _call("users", fake.add_user, {**row, **_tuples(row)})
        for row in _rows("clients", scenario.get("clients", ())):
            _call(
                "clients",
                fake.add_client,
                {("client_id" if n == "id" else n): v for n, v in row.items()} | _tuples(row),
            )
    for provider, fake in fakes.items():
        table = scenario.get(provider, {})
        _known(provider, table, (*_SETTINGS, "fail", "limit"))
        for name in _SETTINGS:
            if name in table:
                setattr(fake, name, table[name])
        for row in _rows(f"{provider}.fail", table.get("fail", ())):
            _call(f"{provider}.fail", fake.fail, {("entry" if name == "error" else name): v for name, v in row.items()})
        for row in _rows(f"{provider}.limit", table.get("limit", ())):
            _call(f"{provider}.limit", fake.limit, row)


def _rows(where: str, rows: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        raise ScenarioError(f"{where}: expected a list of tables ([[{where}]])")
    return rows


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) for name, value in row.items() if isinstance(value, list)}


def _known(where: str, table: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in table:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else f"; expected one of {', '.join(names)}"
            raise ScenarioError(f"{where}: unknown name {name!r}{meant}")


def _call(where: str, function: Any, arguments: Mapping[str, Any]) -> None:
    try:
        function(**arguments)
    except (LookupError, TypeError, ValueError) as error:
        raise ScenarioError(f"{where}: {error}") from None
