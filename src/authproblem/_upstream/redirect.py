"""Errors in the parameters of a redirect or a callback (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from authproblem._model import UpstreamError
from authproblem._upstream.headers import MAX_VALUE
from authproblem._upstream.json_values import CODE

_MAX_PARAMETERS = 64
_CONTINUATION = ("state", "iss", "session_state")


class ParameterError(NamedTuple):
    """The error in the parameters of a redirect or callback.

    Attributes:
        error: the provider's error.
        is_authorization_response: whether `state` or `error_description` came with it, as in an authorization response.
    """

    error: UpstreamError
    is_authorization_response: bool


def read_location(location: str) -> ParameterError | None:
    """Read the error of a `Location`, in its query or its fragment; `+` and `%20` are both blanks.

    Returns:
        The error, or None if there is none, or if the value is longer than `MAX_VALUE` or has too many parameters.
    """
    if "error=" not in location or len(location) > MAX_VALUE:
        return None
    from urllib.parse import parse_qsl, urlsplit

    try:
        parts = urlsplit(location)
        pairs = [
            pair
            for part in (parts.query, parts.fragment.lstrip("?"))
            for pair in parse_qsl(part, max_num_fields=_MAX_PARAMETERS)
        ]
    except ValueError:
        return None
    return read_parameters(dict(reversed(pairs)), "redirect")


def read_query(query: str) -> ParameterError | None:
    """Read the error of a request's query string."""
    return read_location("/?" + query)


def read_parameters(parameters: Mapping[str, Any], shape: str) -> ParameterError | None:
    """Read the error of parameters that are already parsed; of a repeated one (a list) the first counts."""
    values = {key: _first(value) for key, value in parameters.items()}
    code, text = values.get("error"), values.get("error_description")
    if code is None or not CODE.fullmatch(code):
        return None
    document: dict[str, Any] = {"error": code}
    if text is not None:
        document["error_description"] = text
    for name in (*_CONTINUATION, "error_uri"):
        if (value := values.get(name)) is not None:
            document[name] = value
    error = UpstreamError(shape, code, text, None, (), document)
    return ParameterError(error, "state" in values or text is not None)


def _first(value: object) -> str | None:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return value if isinstance(value, str) else None
