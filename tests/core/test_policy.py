"""The options that concern one response: defaults, checks, and the messages of refusals."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Registry
from authproblem._core.policy import CHECKS, Policy, make_policy
from authproblem.errors import ConfigurationError, UnknownOptionError


async def coroutine(*_: object) -> None:
    """Do nothing, later."""


def test_without_options_everything_has_its_default() -> None:
    """The built-in registry, and the defaults of `normalize`."""
    assert Policy(Registry.builtin()) == make_policy({})


def test_every_field_has_a_check() -> None:
    """An option without a check could be given any value."""
    assert set(Policy._fields) == set(CHECKS)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("registry", {}),
        ("type_base", "no-colon#"),
        ("type_base", "https://example.com/errors"),
        ("type_base", "https://example.com/a b/"),
        ("status", "other"),
        ("disclosure", None),
        ("texts", ["all"]),
        ("pass_text", "a name"),
        ("pass_text", coroutine),
        ("flow_control", 1),
        ("max_body", 0),
        ("max_body", True),
        ("max_wait", -1),
    ],
)
def test_an_invalid_value_is_refused_with_its_option(option: str, value: Any) -> None:
    """The message names option and value, and what is expected."""
    with pytest.raises(ConfigurationError) as caught:
        make_policy({option: value})

    assert str(caught.value).startswith(f"invalid {option}: {value!r}"[:60])
    assert "; expected " in str(caught.value)


def test_an_unknown_option_is_refused_with_the_nearest_one() -> None:
    """As an unknown keyword argument, with a suggestion."""
    with pytest.raises(UnknownOptionError, match="did you mean 'max_wait'"):
        make_policy({"max_weight": 1})
