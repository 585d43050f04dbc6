"""Each SDK has an order in which it looks for the code, and finds the same in every vector, before and after.

The orders are those of the SDKs' sources, of SDKs for phones and other languages too; the vectors are the rows of
`tests/vectors`. Nothing here does HTTP: the other files of this folder do.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from authproblem import normalize
from tests.support.vectors import FILES, Vector, load

ORDERS = {
    "auth0-python, auth0-java": ("errorCode", "error", "code"),
    "auth0 for Node": ("error", "code"),
    "Auth0.swift, Auth0.Android": ("error", "code"),
    "go-auth0, auth0.js": ("code", "error"),
    "guardian.js": ("errorCode",),
    "okta for Python": ("errorCode",),
    "terraform-provider-okta": ("error", "errorCode"),
    "OAuth": ("error",),
    "password policies": ("name",),
}
CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def first(body: dict[str, Any], order: tuple[str, ...]) -> Any:
    return next((body[name] for name in order if name in body), None)


def is_sentence(value: Any) -> bool:
    """Whether it is no code but a text, which only a row of the registry may vouch for."""
    return isinstance(value, str) and CODE.fullmatch(value) is None


Rows = list[tuple[Vector, dict[str, Any], dict[str, Any]]]


@pytest.fixture(scope="module", params=FILES)
def normalized(request: pytest.FixtureRequest) -> Rows:
    """Of the vectors of a file that become problems and are JSON objects: the row, its body, and what it becomes."""
    found = []
    for vector in load(request.param):
        status, headers, content = vector.response
        body = json.loads(content) if content.startswith(b"{") else None
        problem = normalize(status, headers, content, provider=vector.provider, endpoint=vector.endpoint)
        if body and problem is not None:  # an empty one has no code to lose: it gains that of the challenge
            found.append((vector, body, problem.to_dict()))
    return found


@pytest.mark.parametrize("order", list(ORDERS.values()), ids=list(ORDERS))
def test_finds_the_same_code(order: tuple[str, ...], normalized: Rows) -> None:
    """In each order in which SDKs read members."""
    codes = {vector.place: first(body, order) for vector, body, _ in normalized}
    expected = {place: code for place, code in codes.items() if not is_sentence(code)}
    assert expected == {
        vector.place: first(document, order) for vector, _, document in normalized if vector.place in expected
    }


def test_finds_what_a_second_factor_needs(normalized: Rows) -> None:
    """These members stay whatever they contain."""
    members = ("mfa_token", "mfa_requirements", "interaction_uri", "stateToken", "stateHandle")
    expected = {(vector.place, name): body[name] for vector, body, _ in normalized for name in members if name in body}
    assert expected == {
        (vector.place, name): document.get(name)
        for vector, body, document in normalized
        for name in members
        if name in body
    }
