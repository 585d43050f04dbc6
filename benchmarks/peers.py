"""What others do for the same body: a mapper written by hand, and the build step of another package."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import orjson
from fastapi_problem.error import Problem as FastAPIProblem
from fastapi_problem.handler import ExceptionHandler as FastAPIHandler
from starlette.responses import JSONResponse
from starlette_problem.error import Problem as StarletteProblem
from starlette_problem.handler import ExceptionHandler as StarletteHandler


class Found(NamedTuple):
    """What the mapper makes out."""

    kind: str
    code: str
    text: str


def classify_by_hand(body: bytes) -> Found:
    """What `classify` is to us: parse, and find the kind."""
    return _kind(json.loads(body))


def _kind(document: dict[str, Any]) -> Found:
    """A mapper as apps write it: a chain of comparisons, common codes first."""
    if "errorCode" in document and "errorSummary" in document:
        code, text = document["errorCode"], document["errorSummary"]
        if code == "E0000004":
            kind = "invalid-credentials"
        elif code == "E0000047":
            kind = "rate-limited"
        elif code == "E0000001":
            causes = document.get("errorCauses") or [{}]
            kind = "account-exists" if "already exists" in causes[0].get("errorSummary", "") else "invalid-request"
        else:
            kind = "upstream-rejected"
    elif "error" in document and "error_description" in document:
        code, text = document["error"], document["error_description"]
        if code == "invalid_grant":
            kind = "invalid-credentials" if "Wrong email or password" in text else "invalid-grant"
        elif code == "mfa_required":
            kind = "mfa-required"
        else:
            kind = "upstream-rejected"
    elif "code" in document:
        code, text = document["code"], document.get("message", "")
        kind = "password-too-weak" if code == "invalid_password" else "upstream-rejected"
    elif "messages" in document or "remediation" in document:
        code, text, kind = "idx", "", "invalid-credentials"
    else:
        code, text = document.get("errorCode", ""), document.get("message", "")
        kind = "account-not-found" if code == "inexistent_user" else "upstream-rejected"
    return Found(kind, code, text)


def by_hand(body: bytes) -> bytes:
    """The same, and the response written out by the standard library."""
    document = json.loads(body)
    kind, code, text = _kind(document)
    answer = {**document, "type": "urn:problem-type:auth:" + kind, "reason": kind, "code": code, "detail": text}
    return json.dumps(answer).encode()


def starlette_problem(body: bytes) -> bytes:
    """The build step of starlette-problem: an exception, its dictionary, a response. No classification."""
    document = orjson.loads(body)
    problem = StarletteProblem(
        "Invalid credentials", type_="invalid-credentials", detail="", status=403, extras=document
    )
    content = problem.marshal(uri="", strict=False)
    response = JSONResponse(content, problem.status, {"content-type": "application/problem+json"})
    return bytes(response.body)


STARLETTE_HANDLER = StarletteHandler()
FASTAPI_HANDLER = FastAPIHandler()


async def starlette_app(scope: Any, _receive: Any, _send: Any) -> None:
    """An app that raises a problem of starlette-problem for the provider's error, as its documentation shows."""
    document = orjson.loads(scope["bench.body"])
    raise StarletteProblem("Invalid credentials", status=scope["bench.status"], extras=document)


async def fastapi_app(scope: Any, _receive: Any, _send: Any) -> None:
    """The same for fastapi-problem."""
    document = orjson.loads(scope["bench.body"])
    raise FastAPIProblem("Invalid credentials", status=scope["bench.status"], extras=document)
