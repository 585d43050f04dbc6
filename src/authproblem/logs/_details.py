"""Reads the codes and texts of a failure from `details` and `description` of an Auth0 event.

No rule about meaning belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from authproblem.logs._data import MAX_TEXT, Json, as_object

_ERRORS = ("error", "failure_details", "provider_error", "action_error")
"""Members of `details` that describe the error; the first that is there counts."""
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


class Details(NamedTuple):
    """The texts of an event, up to a sane length.

    Attributes:
        code: an error code, such as `invalid_grant`, or empty.
        texts: the error's message and the description, as far as they are there and differ.
        name: the name of an error class, or empty.
        status: the HTTP status of the API's response, or 0.
        prompt: the last prompt of Universal Login that was shown, or empty.
    """

    code: str = ""
    texts: tuple[str, ...] = ()
    name: str = ""
    status: int = 0
    prompt: str = ""


def details_of(event: Mapping[str, Any]) -> Details:
    """Read an event; members of unexpected JSON types count as absent."""
    details = as_object(event.get("details"))
    description = _string(event.get("description"))
    code, message, name = _error(next((details[name] for name in _ERRORS if details.get(name)), None))
    response = details.get("response")
    status: object = None
    if isinstance(response, dict):
        status = response.get("statusCode")
        if not code:
            code, message, name = _response(response, message, name)
    if not code and "_" in description and description.islower() and _CODE.match(description):
        code = description
    texts = [text for text in (message, description) if text]
    if description and description in message:
        texts.pop()
    return Details(
        code,
        tuple(texts),
        name,
        status if isinstance(status, int) and 400 <= status <= 599 else 0,
        _last_prompt(details.get("prompts")),
    )


def _last_prompt(prompts: object) -> str:
    last = prompts[-1] if isinstance(prompts, list) and prompts else None
    return _string(last.get("name")) if isinstance(last, dict) else ""


def _error(error: object) -> tuple[str, str, str]:
    """Code, text and name of `details.error`, which is a sentence or an object of several forms."""
    if isinstance(error, str) and not error.startswith("{"):
        return (error, "", "") if _CODE.match(error) and "_" in error else ("", error[:MAX_TEXT], "")
    error = as_object(error)
    payload = as_object(error.get("payload"))
    code = ""
    for value in (
        error.get("oauthError"),
        error.get("error"),
        error.get("errorCode"),
        error.get("code"),
        payload.get("code"),
    ):
        if isinstance(value, str) and _CODE.match(value):
            code = value
            break
    text = error.get("message") or error.get("error_description") or error.get("description") or payload.get("message")
    name = payload.get("name") or error.get("name") or error.get("type")
    return code, _string(text), _string(name)


def _response(response: Json, text: str, name: str) -> tuple[str, str, str]:
    """The same of the body of an API's response that an event quotes."""
    body = response.get("body")
    if not isinstance(body, dict):
        return "", text, name
    code = body.get("errorCode") or body.get("error")
    sentence = body.get("message") or body.get("error_description")
    code = code if isinstance(code, str) and _CODE.match(code) else ""
    return code, _string(sentence) or text, name


def _string(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""
