"""`Normalizer`: its options, and the cache that its methods share."""

from __future__ import annotations

import inspect
import typing
from typing import Any

import pytest

from authproblem import Normalizer, Registry
from authproblem.errors import ConfigurationError, UnknownOptionError

LOCKED = (403, [("content-type", "application/json")], b'{"error":"too_many_attempts","error_description":"x"}')


def test_an_unknown_option_is_refused_with_the_nearest_one() -> None:
    """By the same class as an unknown option of a middleware."""
    unknown: dict[str, Any] = {"max_weight": 1}

    with pytest.raises(UnknownOptionError, match=r"unknown option 'max_weight'.*did you mean 'max_wait'"):
        Normalizer(**unknown)


def test_an_invalid_value_is_refused() -> None:
    """When the normalizer is made, not at the first response."""
    with pytest.raises(ConfigurationError, match="invalid max_wait: -1; expected"):
        Normalizer(max_wait=-1)


def test_every_option_is_shown_with_its_type_and_default() -> None:
    """By `help()`, editors and type checkers: a decorator hides nothing."""
    options = inspect.signature(Normalizer).parameters

    assert options["type_base"].default == "urn:problem-type:auth:"
    assert typing.get_type_hints(Normalizer.__init__).keys() == {*options, "return"}


def test_both_methods_agree() -> None:
    """What `classify` returns is what the problem is built from."""
    normalizer = Normalizer()
    problem, found = normalizer.normalize(*LOCKED, provider="auth0"), normalizer.classify(*LOCKED, provider="auth0")

    assert problem is not None
    assert found is not None
    assert (problem.reason, problem.entry) == (found.reason, found.entry)


def test_normalizers_do_not_share_a_cache() -> None:
    """A team's own entry counts in one normalizer, whatever another has cached."""
    row = {"id": "auth0:too_many_attempts", "type": "access-denied"}
    usual, own = Normalizer(), Normalizer(registry=Registry.builtin().extend({"entries": [row]}))
    found = [each.classify(403, LOCKED[1], LOCKED[2], provider="auth0") for each in (usual, own, usual, own)]

    assert [each and each.reason for each in found[:2]] == [each and each.reason for each in found[2:]]
    assert found[0] != found[1]
