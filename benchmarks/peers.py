"""What others do for the same body: a mapper written by hand, and the build step of another package."""

from __future__ import annotations

import json
from typing import Any

import orjson
from starlette.responses import JSONResponse
from starlette_problem.error import Problem as StarletteProblem


def by_hand(body: bytes) -> dict[str, Any] | None:
    """A mapper as apps write it: the standard library's parser and a chain of comparisons, common codes first."""
    document = json.loads(body)
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
    return {**document, "type": "urn:problem-type:auth:" + kind, "reason": kind, "code": code, "detail": text}


def by_hand_bytes(body: bytes) -> bytes:
    """The same, written out."""
    return json.dumps(by_hand(body)).encode()


def starlette_problem_bytes(body: bytes) -> bytes:
    """The build step of starlette-problem alone: an exception, its dictionary, a response. It does not classify."""
    document = orjson.loads(body)
    problem = StarletteProblem(
        "Invalid credentials", type_="invalid-credentials", detail="", status=403, extras=document
    )
    content = problem.marshal(uri="", strict=False)
    response = JSONResponse(content, problem.status, {"content-type": "application/problem+json"})
    return bytes(response.body)
