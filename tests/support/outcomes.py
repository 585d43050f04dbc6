"""Classified responses for short tests: an error of Okta's API, and the reason and `matched_by` of a response."""

from __future__ import annotations

import json
from typing import Any

from authproblem import Problem, normalize

JSON_TYPE = ("content-type", "application/json")


def okta(code: str, summary: str, *causes: str) -> dict[str, Any]:
    """An error of Okta's API."""
    return {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": "oaeAbCdEfGhIjKlMnOpQrStUv",
        "errorCauses": [{"errorSummary": text} for text in causes],
    }


def problem(status: int, body: object, *headers: tuple[str, str], **options: Any) -> Problem:
    """The problem of a response that is one."""
    found = normalize(status, [JSON_TYPE, *headers], json.dumps(body).encode(), **options)
    assert found is not None
    return found


def classified(status: int, body: object, *headers: tuple[str, str], **options: Any) -> tuple[str, str]:
    """Reason and `matched_by` of a response."""
    found = problem(status, body, *headers, **options)
    return found.reason, found.matched_by
