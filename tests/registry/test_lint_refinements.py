"""The lint of the table of allowed refinements: each that could be worse than the general type is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from authproblem import Registry
from tools.registry_data import ROOT, Data, read
from tools.registry_refinements import refinements

Json = dict[str, Any]
REGISTRY = Registry.builtin()
DATA, _ = read(ROOT)


def changed(*plants: Callable[[Json], None]) -> Data:
    """The data with faults in a copy of the phrases."""
    table = copy.deepcopy(DATA.table("phrases"))
    for plant in plants:
        plant(table)
    return DATA._replace(tables={**DATA.tables, "phrases": table})


def to(general: str, chosen: str) -> Callable[[Json], None]:
    """Add a refinement."""

    def plant(table: Json) -> None:
        table["refinements"].setdefault(general, {"to": []})["to"].append(chosen)

    return plant


def at_sign_in(general: str, chosen: str) -> Callable[[Json], None]:
    """Add a refinement for interrupted sign-ins."""

    def plant(table: Json) -> None:
        table["refinements"].setdefault(general, {"to": []}).setdefault("at_sign_in", []).append(chosen)

    return plant


def status(slug: str, number: int) -> Callable[[Json], None]:
    """Add a status to a type."""

    def plant(table: Json) -> None:
        table["statuses"].setdefault(slug, []).append(number)

    return plant


MENDABLE = "from what he can fix himself"


@pytest.mark.parametrize(
    ("plants", "what"),
    [
        ([to("upstream-error", "invalid-credentials")], "moves a failure of the provider to the user"),
        ([to("upstream-error", "invalid-request")], "moves a failure of the provider to the client"),
        ([to("upstream-error", "access-denied")], "moves a failure of the provider to the policy"),
        ([to("mfa-delivery-failed", "invalid-input")], "moves a failure of the provider to the user"),
        ([to("resource-busy", "invalid-request")], "moves a failure of the provider to the client"),
        ([to("rate-limited", "invalid-credentials")], "moves a limit of the provider to the user"),
        ([to("rate-limited", "invalid-request")], "moves a limit of the provider to the client"),
        ([to("quota-exceeded", "permission-denied")], "moves a limit of the provider to the policy"),
        ([at_sign_in("rate-limited", "session-expired")], "moves a limit of the provider to the user"),
        ([status("invalid-credentials", 429)], "429: moves a limit of the provider to the user"),
        ([status("invalid-input", 502)], "502: moves a failure of the provider to the user"),
        ([status("access-denied", 505)], "505: moves a failure of the provider to the policy"),
        ([to("rate-limited", "invalid-credentials"), status("invalid-credentials", 429)], "moves a limit"),
        ([to("mfa-delivery-failed", "invalid-input"), status("invalid-input", 502)], "moves a failure"),
        ([to("invalid-request", "session-expired")], "sends the user away (session-expired: sign_in)"),
        ([to("access-denied", "password-expired")], "sends the user away (password-expired: reset_password)"),
        ([to("invalid-request", "password-expired")], "sends the user away"),
        ([to("conflict", "conflict")], "refines a type to itself"),
        ([to("session-expired", "password-expired")], "sends the user away (password-expired: reset_password)"),
        ([to("invalid-token", "password-expired")], "sends the user away (password-expired: reset_password)"),
        ([to("authentication-failed", "password-compromised")], "sends the user away"),
        ([at_sign_in("session-expired", "password-expired")], "sends the user away"),
        ([at_sign_in("invalid-credentials", "password-expired")], MENDABLE),
        ([at_sign_in("invalid-input", "password-expired")], MENDABLE),
        ([at_sign_in("mfa-method-unavailable", "session-expired")], MENDABLE),
        ([to("invalid-code", "session-expired")], MENDABLE),
        ([to("invalid-request", "rate-limited")], "lets a program wait for rate-limited"),
        ([to("invalid-request", "upstream-unavailable")], "lets a program wait for upstream-unavailable"),
        ([to("access-denied", "slow-down")], "lets a program wait for slow-down"),
        ([to("access-denied", "dpop-nonce-required")], "lets a program wait for dpop-nonce-required"),
    ],
)
def test_the_lint_of_refinements_finds(plants: list[Callable[[Json], None]], what: str) -> None:
    """A refinement that is worse than the general type is named."""
    found = list(refinements(changed(*plants), REGISTRY))

    assert [finding for finding in found if what in finding.what]


@pytest.mark.parametrize(
    "plant",
    [
        to("rate-limited", "mfa-factor-locked"),
        to("upstream-error", "quota-exceeded"),
        to("session-expired", "login-required"),
        at_sign_in("access-denied", "password-compromised"),
        to("access-denied", "resource-busy"),
        status("unsupported-grant-type", 501),
        status("account-locked", 429),
    ],
)
def test_the_lint_of_refinements_accepts(plant: Callable[[Json], None]) -> None:
    """What is no worse, and what ends a sign-in that was interrupted."""
    assert list(refinements(changed(plant), REGISTRY)) == []


def test_a_reset_is_allowed_where_the_code_carries_it() -> None:
    """The registered text of a password that has expired is why `invalid_grant` may mean that."""
    carrying = "okta:invalid_grant/expired-password-credentials"
    what = "sends the user away (password-expired: reset_password)"

    assert list(refinements(DATA, REGISTRY)) == []
    assert what in [finding.what for finding in refinements(DATA, REGISTRY.without(carrying))]
