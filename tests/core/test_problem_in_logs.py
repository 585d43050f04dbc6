"""A problem ends up in logs: renderers, pickles and copies show its safe fields only."""

from __future__ import annotations

import copy
import io
import json
import pickle
from typing import Any

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Problem, normalize
from authproblem.errors import AuthProblemError

SECRET = "Fe26.secret-mfa-token"


def problem() -> Problem:
    """Return a problem that carries a token."""
    body = json.dumps({"error": "mfa_required", "error_description": "x", "mfa_token": SECRET}).encode()
    found = normalize(403, [("content-type", "application/json")], body, provider="auth0", instance="urn:uuid:1")
    assert found is not None
    assert found.to_dict()["mfa_token"] == SECRET
    return found


def rendered(renderer: Any) -> str:
    """Return what a structlog app with a renderer writes for an event that carries the problem."""
    out = io.StringIO()
    logger = structlog.wrap_logger(structlog.PrintLogger(out), processors=[renderer])
    logger.warning("x", problem=problem())
    return out.getvalue()


@pytest.mark.parametrize(
    "renderer",
    [
        structlog.processors.JSONRenderer(),
        structlog.processors.JSONRenderer(serializer=lambda value, **kw: orjson.dumps(value, **kw).decode()),
        structlog.processors.KeyValueRenderer(),
        structlog.processors.LogfmtRenderer(),
        structlog.dev.ConsoleRenderer(colors=False),
    ],
    ids=["json", "orjson", "key-value", "logfmt", "console"],
)
def test_no_renderer_writes_a_member(renderer: Any) -> None:
    """Whatever it does with objects."""
    text = rendered(renderer)

    assert "mfa-required" in text
    assert SECRET not in text


def test_the_json_module_refuses_it() -> None:
    """It is no tuple and no mapping."""
    with pytest.raises(TypeError):
        json.dumps(problem())
    assert SECRET not in json.dumps(problem(), default=repr)


def test_a_pickle_contains_the_safe_fields_only() -> None:
    """What the registry says of them is filled in again."""
    data = pickle.dumps(problem())
    again = pickle.loads(data)

    assert SECRET.encode() not in data
    assert (again.reason, again.status, again.provider, again.entry) == (
        problem().reason,
        403,
        "auth0",
        problem().entry,
    )
    assert (again.owner, again.remedy, again.needs_user) == ("user", "provide_mfa", True)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_the_problem_itself(copied: Any) -> None:
    """It cannot be changed, so there is nothing to copy, and nothing more to be shown."""
    original = problem()

    assert copied(original) is original
    assert SECRET not in repr(copied(original))


def test_a_pickled_error_leaves_the_response_behind() -> None:
    """It holds the request, with its credentials."""
    error = AuthProblemError(problem(), response={"Authorization": SECRET})
    again = pickle.loads(pickle.dumps(error))

    assert SECRET.encode() not in pickle.dumps(error)
    assert (again.response, again.problem.reason) == (None, "mfa-required")


values = (
    st.text(max_size=40)
    | st.integers(-(2**63), 2**63 - 1)
    | st.none()
    | st.sampled_from(["user\r\nSet-Cookie: a=1", "a b", "", "x" * 500, "\u00e9", "after_delay", "user", "-1"])
)


@given(st.sampled_from(["mfa-required", "new-type"]) | values, values, values, values, values)
def test_a_problem_that_was_read_writes_no_header_but_tokens(
    reason: object, owner: object, policy: object, after: object, automatic: object
) -> None:
    """Whoever made the document, and whatever stands beside a reason in the form of one."""
    document = {
        "type": "urn:x",
        "reason": reason,
        "owner": owner,
        "retry": {"policy": policy, "after": after, "automatic": automatic or True},
    }
    read = Problem.from_bytes(orjson.dumps(document))
    assert read is not None or reason not in {"mfa-required", "new-type"}
    for name, value in read.headers() if read is not None else ():
        assert value.isascii(), name
        assert value.isprintable(), name
        assert " " not in value or name == "Content-Type", name


@given(
    st.dictionaries(st.sampled_from(["Auth-Problem-Owner", "Auth-Problem-Retry", "Retry-After"]), st.text()),
    st.just("mfa-required") | st.text(),
)
def test_problem_headers_that_were_read_are_written_as_tokens_or_not_at_all(
    headers: dict[str, str], reason: str
) -> None:
    """A gateway may pass on what it read."""
    read = Problem.from_headers({"Auth-Problem": reason, **headers})
    assert read is not None or reason != "mfa-required"
    for _, value in read.headers() if read is not None else ():
        assert value.isascii()
        assert value.isprintable()


def test_a_problem_is_immutable_and_equal_by_value() -> None:
    """An ordinary class: no tuple, no index."""
    first, second = problem(), problem()

    assert first == second
    assert hash(first) == hash(second)
    assert first != first.replace(status=400)
    assert not isinstance(first, tuple)
    with pytest.raises(TypeError):
        first[0]  # type: ignore[index]
    with pytest.raises(AttributeError, match="immutable"):
        first.status = 1  # type: ignore[misc]
    with pytest.raises(TypeError, match="no field 'statuz'"):
        first.replace(statuz=1)


@pytest.mark.parametrize("status", [0, 99, 600, 99_999, -1, True, "401", 10**30])
def test_a_status_that_no_response_can_have_counts_as_absent(status: object) -> None:
    """A server would drop the connection."""
    read = Problem.from_bytes(json.dumps({"type": "urn:x", "reason": "rate-limited", "status": status}).encode())

    assert read is not None
    assert read.status == 0


@pytest.mark.parametrize("depth", [10, 260, 1000])
def test_what_was_read_can_be_written(depth: int) -> None:
    """JSON is read deeper than it is written."""
    body = b'{"type":"urn:x","reason":"rate-limited","x":' + b"[" * depth + b"]" * depth + b"}"
    read = Problem.from_bytes(body)

    assert read is None or b"rate-limited" in read.to_bytes()
    assert (read is None) == (depth > 250)
