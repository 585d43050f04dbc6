"""Whatever a client sends, a fake responds: hostile bodies, headers and paths at every endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem.testing import FakeAuth0, FakeOAuth, FakeOkta, FakeProvider
from authproblem.testing._templates import fill, sample

FAKES: tuple[type[FakeProvider], ...] = (FakeAuth0, FakeOkta, FakeOAuth)
NAMES = (
    *("grant_type", "client_id", "username", "password", "code", "refresh_token", "mfa_token", "otp", "device_code"),
    *("email", "credentials", "identifier", "stateHandle", "stateToken", "passCode", "profile", "connection", "scope"),
    *("redirect_uri", "request_uri", "login_hint", "token", "client_assertion", "authenticator_types", "organization"),
)
GRANTS = ("password", "authorization_code", "refresh_token", "client_credentials")
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.sampled_from(GRANTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6).map(lambda d: json.dumps(d).encode()) | st.binary(
    max_size=40
)
HEADERS = st.fixed_dictionaries(
    {"content-type": st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain"])},
    optional={
        "authorization": st.sampled_from(["Basic !!", "Basic YTpi", "Bearer x", "SSWSx", "DPoP a.b.c", "Bearer"]),
        "dpop": st.sampled_from(["", "a.b.c", "e30.e30.e30", "e30.W10.x"]),
        "cookie": st.sampled_from(["a", "a=b; c", ";;"]),
        "accept-encoding": st.just("gzip"),
    },
)


@pytest.mark.parametrize("kind", FAKES)
@settings(max_examples=60)
@given(data=st.data())
def test_every_request_gets_a_response(kind: type[FakeProvider], data: st.DataObject) -> None:
    """Any body and headers at any endpoint."""
    fake = kind()
    fake.add_user()  # type: ignore[attr-defined]
    method, path, _ = data.draw(st.sampled_from(kind.routes))
    path = path.replace("{id}", "ada@example.com").replace("{server}", "default")
    query = data.draw(
        st.sampled_from(["", "?page=x", "?per_page=-1&page=2", "?scope=openid&request_uri=x&prompt=none"])
    )
    response = fake.send(method, f"https://example.com{path}{query}", data.draw(HEADERS), data.draw(BODIES))
    assert 200 <= response.status < 500


@given(st.text(max_size=60))
def test_any_path_gets_a_response(path: str) -> None:
    """With a status that the vendor sends."""
    assert FakeOkta().send("GET", "https://example.com/" + path.replace("#", "")).status in {
        200,
        302,
        400,
        401,
        404,
        405,
    }


@given(JSON, st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), JSON, max_size=3))
def test_templates_without_names_stay_as_they_are(template: Any, values: dict[str, Any]) -> None:
    """A filled template differs from its source only where a name stands; members that are null are left out."""

    def without_null(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_null(item) for name, item in value.items() if item is not None}
        return [without_null(item) for item in value if item is not None] if isinstance(value, list) else value

    text = json.dumps(template)
    if "$" not in text:
        assert fill(template, values) == without_null(template)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wait {integer} s", "Wait 3 s"),
        ("{{x}} {enum:a|b} {any}", "{x} a example"),
        ("pattern: ^\\+[0-9]{{1,15}}$", "pattern: ^\\+[0-9]{1,15}$"),
    ],
)
def test_samples_of_texts(text: str, expected: str) -> None:
    """Slots are filled, doubled braces become single."""
    assert sample(text) == expected
