"""The lint of the tables beside the entries: each rule finds what it is for."""

from __future__ import annotations

from typing import Any

import pytest

from tools.registry_data import ROOT, Data, Finding, read
from tools.registry_tables import credentials, limits

DATA: Data = read(ROOT)[0]


def with_table(name: str, **members: Any) -> Data:
    """The data with other members of one table."""
    return DATA._replace(tables={**DATA.tables, name: {**DATA.table(name), **members}})


def entries(**verdicts: list[str]) -> Data:
    """The data with more verdicts of entries."""
    return with_table("credentials", entries={**DATA.table("credentials")["entries"], **verdicts})


def types(**verdicts: list[str]) -> Data:
    """The data with other verdicts of types."""
    return with_table("credentials", types={**DATA.table("credentials")["types"], **verdicts})


def test_the_tables_are_valid() -> None:
    """As they stand."""
    assert [*limits(DATA), *credentials(DATA)] == []


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (entries(**{"okta:E9999999": ["keep"]}), "'okta:E9999999' does not exist"),
        (entries(**{"oauth:invalid_grant": ["dead"]}), "says what its type says"),
        (types(**{"a-new-type": ["keep"]}), "'a-new-type' is missing or no problem type"),
        (types(**{"rate-limited": ["dead"]}), "'rate-limited' says dead, but its owner is 'limit'"),
        (types(conflict=["keep", "cookie"]), "unknown kind 'cookie'"),
        (entries(**{"okta:E0000047": ["dead"]}), "'okta:E0000047' says dead"),
    ],
)
def test_a_wrong_verdict_is_found(data: Data, found: str) -> None:
    """With its name."""
    [finding] = credentials(data)

    assert found in finding.what


@pytest.mark.parametrize(("row", "found"), [("auth0.nothing", "does not exist"), ("auth0.register", "is listed twice")])
def test_a_wrong_limit_is_found(row: str, found: str) -> None:
    """With its surface."""
    shared = [*DATA.table("limits")["shared"], {"surface": row, "sources": []}]
    findings: list[Finding] = list(limits(with_table("limits", shared=shared)))

    assert [row in finding.what and found in finding.what for finding in findings] == [True]
