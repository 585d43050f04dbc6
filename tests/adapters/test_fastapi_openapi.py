"""FastAPI: the OpenAPI that an app generates shows the problem documents that it sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from authproblem import normalize
from authproblem.fastapi import add_problem_schema, problem_components, problem_responses
from tests.client import samples
from tests.support.vectors import FILES, load
from tests.support.wire import strings


def app_with(responses: dict[int | str, dict[str, Any]]) -> FastAPI:
    """An app with one route."""
    app = FastAPI()

    @app.post("/login", responses=responses)
    def login() -> dict[str, str]:
        return {}

    add_problem_schema(app)
    return app


def answers_nothing() -> dict[str, str]:
    """A route."""
    return {}


def answers(app: FastAPI) -> dict[str, Any]:
    """The documented responses of the route."""
    found: dict[str, Any] = app.openapi()["paths"]["/login"]["post"]["responses"]
    return found


def test_documents_the_media_types_and_the_schema() -> None:
    """Both types that the middleware sends, one schema."""
    content = answers(app_with(problem_responses(401)))["401"]["content"]

    reference = {"schema": {"$ref": "#/components/schemas/AuthProblem"}}
    assert content == {"application/problem+json": reference, "application/json": reference}


def test_documents_the_problem_headers() -> None:
    """What gateways read, and when to come back."""
    headers = answers(app_with(problem_responses(429)))["429"]["headers"]

    assert set(headers) == {"Auth-Problem", "Auth-Problem-Owner", "Auth-Problem-Retry", "Retry-After"}


def test_without_an_argument_all_errors_are_meant() -> None:
    """Ranges, as OpenAPI has them."""
    assert {"4XX", "5XX"} < set(answers(app_with(problem_responses())))


def test_works_for_a_whole_app() -> None:
    """`FastAPI(responses=...)`."""
    app = FastAPI(responses=problem_responses(403))
    app.add_api_route("/login", answers_nothing, methods=["POST"])
    add_problem_schema(app)

    assert "application/problem+json" in answers(app)["403"]["content"]


def test_every_reference_leads_somewhere() -> None:
    """Generators of clients follow them."""
    document = app_with(problem_responses(401)).openapi()
    targets = {text for text in strings(document) if text.startswith("#/components/schemas/")}

    assert targets
    assert {target.rpartition("/")[2] for target in targets} <= set(document["components"]["schemas"])
    assert "$defs" not in json.dumps(document)


def test_keeps_the_app_s_own_schemas() -> None:
    """A custom `openapi` function that was there before is called."""
    app = FastAPI()
    app.openapi = lambda: {"openapi": "3.1.0", "components": {"schemas": {"Own": {}}}}  # type: ignore[method-assign]

    add_problem_schema(app)

    assert {"Own", "AuthProblem"} <= set(app.openapi()["components"]["schemas"])


def test_may_be_generated_many_times() -> None:
    """FastAPI caches its document."""
    app = app_with(problem_responses(401))

    assert app.openapi() == app.openapi()


def test_two_calls_share_nothing() -> None:
    """FastAPI merges dictionaries of responses in place."""
    problem_responses(401)[401]["content"].clear()

    assert problem_responses(401)[401]["content"]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """The component as JSON Schema, with its references resolved in place."""
    components = problem_components()
    Draft202012Validator.check_schema(components["AuthProblem"])
    return Draft202012Validator({"components": {"schemas": components}, "$ref": "#/components/schemas/AuthProblem"})


@pytest.mark.parametrize("stem", FILES)
def test_the_schema_accepts_what_is_sent(stem: str, validator: Draft202012Validator) -> None:
    """A part of the vectors of each file; the wire schema itself is held against all elsewhere."""
    problems = [
        normalize(*vector.response, provider=vector.provider, endpoint=vector.endpoint) for vector in load(stem)[::5]
    ]

    assert [problem for problem in problems if problem and not validator.is_valid(problem.to_dict())] == []


def test_the_schema_accepts_a_type_of_a_later_release(validator: Draft202012Validator) -> None:
    """A client that was generated today must not refuse the problem types of tomorrow."""
    problem = normalize(*samples.DENIED, provider="okta")
    assert problem is not None
    later = {**problem.to_dict(), "reason": "from-the-future", "owner": "regulator", "remedy": "ask_notary"}
    later["retry"] = {**later["retry"], "hint": "new"}

    assert validator.is_valid(later)


def test_the_schema_refuses_what_is_no_problem(validator: Draft202012Validator) -> None:
    """It is not so open that everything fits."""
    assert not validator.is_valid(json.loads(samples.DENIED.body))
