"""Exceptions of the vendors' own SDKs, read without importing them: where each class keeps what is left of a response.

Only attributes are read: no message, no stream, no traceback. The class alone identifies the vendor. Exceptions of
all other libraries are read in `recognize`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from authproblem._core.sender import Sender
from authproblem._upstream.headers import Pair, pairs_of

BROKEN = "upstream-error"
"""The problem type of a response that the library could not use."""
_AUTH0, _OKTA = Sender("auth0", certain=True), Sender("okta", certain=True)


class ProviderFailure(NamedTuple):
    """The facts that are known of a provider's exception.

    Attributes:
        sender: the provider, None where neither class nor host identify the vendor; and the endpoint, if it is known.
        reason: the problem type of the class; None where it has to be read from the response.
        status: the HTTP status of the response, or None.
        headers: the response's headers.
        bodies: its body, as far as it has been read; the bodies that it may have had where an SDK keeps parts of it.
        refused: whether the provider is known not to have seen the request at all.
    """

    sender: Sender
    reason: str | None = None
    status: int | None = None
    headers: tuple[Pair, ...] = ()
    bodies: tuple[bytes, ...] = ()
    refused: bool = False


def _auth0_error(error: BaseException) -> ProviderFailure:
    """Parts of a response of the Authentication API; before release 5 of the Management API as well."""
    status, code, text = (attribute(error, name) for name in ("status_code", "error_code", "message"))
    headers, reset, content = (attribute(error, name) for name in ("headers", "reset_at", "content"))
    if headers is None and isinstance(reset, int) and reset > 0:
        headers = {"x-ratelimit-reset": str(reset)}
    if code == "a0.sdk.internal.unknown":
        return response(_AUTH0, status, headers, text)
    message = {} if text == code else {"message": text}
    return response(
        _AUTH0,
        status,
        headers,
        content,
        {"error": code, "error_description": text},
        {"statusCode": status, "error": code, **message},
        {"statusCode": status, "error": code, "errorCode": code, **message},
        {"name": "Error", "code": code, "description": text},
    )


def _auth0_api_error(error: BaseException) -> ProviderFailure:
    """A response of the Management API, from release 5 on."""
    return response(_AUTH0, *(attribute(error, name) for name in ("status_code", "headers", "body")))


def _okta_error(error: BaseException) -> ProviderFailure:
    """Parts of a response of the API (`OktaAPIError`), or of one that was none of the API (`HTTPError`)."""
    members = {"error_code": "errorCode", "error_summary": "errorSummary", "error_causes": "errorCauses"}
    body = {member: attribute(error, name) for name, member in members.items()}
    headers = attribute(error, "headers") or attribute(error, "response_headers")
    url = attribute(error, "url")
    endpoint = split(url)[1] if isinstance(url, str) else None
    known = body if body["errorCode"] is not None else None
    return response(_OKTA.replace(endpoint=endpoint), attribute(error, "status"), headers, known)


def _okta_exception(error: BaseException) -> ProviderFailure:
    """With `raiseException` only the body is kept, as the only argument."""
    return response(_OKTA, None, None, error.args[0] if error.args else None)


def _okta_api_exception(error: BaseException) -> ProviderFailure:
    """A response to the generated part of the SDK."""
    return response(_OKTA, *(attribute(error, name) for name in ("status", "headers", "body")))


def _auth0_broken(_error: BaseException) -> ProviderFailure:
    return ProviderFailure(_AUTH0, BROKEN)


def _auth0_token(_error: BaseException) -> ProviderFailure:
    return ProviderFailure(_AUTH0, "invalid-token")


SDKS: dict[str, Callable[[BaseException], ProviderFailure]] = {
    "auth0.v3.exceptions.Auth0Error": _auth0_error,  # release 3
    "auth0.v3.exceptions.TokenValidationError": _auth0_token,
    "auth0.exceptions.Auth0Error": _auth0_error,  # release 4
    "auth0.exceptions.TokenValidationError": _auth0_token,
    "auth0.authentication.exceptions.Auth0Error": _auth0_error,  # releases 5 and 6
    "auth0.authentication.exceptions.TokenValidationError": _auth0_token,
    "auth0.management.core.api_error.ApiError": _auth0_api_error,
    "auth0.management.core.parse_error.ParsingError": _auth0_broken,
    "auth0.management.core.http_sse._exceptions.SSEError": _auth0_broken,
    "okta.errors.error.Error": _okta_error,
    "okta.exceptions.exceptions.OktaBaseException": _okta_exception,
    "okta.exceptions.exceptions.ApiException": _okta_api_exception,
}
"""The reader of each exception class and of its subclasses."""


def response(sender: Sender, status: object, headers: Any, *bodies: object) -> ProviderFailure:
    """Read attributes that may contain anything; a response of which nothing is usable is a broken one."""
    known = status if isinstance(status, int) and status >= 400 else None
    try:
        pairs = tuple((name, value) for name, value in pairs_of(headers or ()) if _is_text(name) and _is_text(value))
    except Exception:  # noqa: BLE001 - foreign objects; without headers the response is still right
        pairs = ()
    read = tuple(body for each in bodies if (body := _as_bytes(each)))
    return ProviderFailure(sender, None if known or read else BROKEN, known, pairs, read)


def _is_text(value: object) -> bool:
    return isinstance(value, (str, bytes))


def _as_bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    try:
        return orjson.dumps(body) if isinstance(body, (dict, list)) else b""
    except (TypeError, ValueError):
        return b""


def attribute(holder: object, name: str) -> Any:
    """An attribute, or None where reading it fails: httpx raises where it has no request."""
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001 - no failure of a foreign object propagates
        return None


def split(url: str) -> tuple[str | None, str | None]:
    """Host and path of a URL, as far as it has them."""
    try:
        parts = urlsplit(url)
        return (None if parts.hostname is None else comparable(parts.hostname)), parts.path or None
    except ValueError:
        return None, None


def comparable(host: str) -> str:
    """A host name in lower case, without the final dot."""
    return host.lower().rstrip(".")
