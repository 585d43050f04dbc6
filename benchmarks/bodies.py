"""The error bodies that are measured: every shape and size, and no two alike, so that no cache can flatter any case.

A template has a place for an identifier, or places for white space where the real body has no identifier. All texts are
the vendors' public constants; identifiers and Identity Engine documents are made up here.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from benchmarks.vendor_headers import vendor_headers

if TYPE_CHECKING:
    from authproblem._model import Provider

_ID = b"IDIDIDIDIDIDIDIDIDIDID"
_GAPS = (b"", b" ", b"  ", b"\n", b"\t", b" \n", b"\n ", b"\r\n")
_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_numbers = count(1)


class Body(NamedTuple):
    """One kind of error response.

    Attributes:
        name: provider, shape and size.
        status: its HTTP status.
        member: the member that the limit looks up: `orjson.loads` and one dictionary access need no more.
        template: the body, with `_ID` or `~` where it varies.
        provider: the caller's declaration, where the body alone is no evidence.
    """

    name: str
    status: int
    member: str
    template: bytes
    provider: Provider | None = None

    @property
    def vendor(self) -> str:
        """Whose headers come with it."""
        first = self.name.partition(" ")[0]
        return first if first in {"auth0", "okta"} else "app" if first == "an" else "auth0"

    def headers(self, length: int, more: int = 0) -> list[tuple[bytes, bytes]]:
        """Return the headers of one response, new for each."""
        return vendor_headers(self.vendor, length, more)

    def fresh(self, number: int) -> list[bytes]:
        """Bodies that no call has seen."""
        return [self._one(next(_numbers)) for _ in range(number)]

    def _one(self, serial: int) -> bytes:
        if _ID in self.template:
            return self.template.replace(_ID, _identifier(serial))
        parts = self.template.split(b"~")
        out = [parts[0]]
        for part in parts[1:]:
            serial, digit = divmod(serial, len(_GAPS))
            out += (_GAPS[digit], part)
        return b"".join(out)


def _identifier(serial: int) -> bytes:
    """22 characters, the form of the vendors' ids; the varying ones come first."""
    digits = bytearray()
    while serial:
        serial, digit = divmod(serial, 62)
        digits.append(_DIGITS[digit])
    return bytes(digits).ljust(22, b"x")


def _okta(code: str, summary: str, *causes: dict[str, str]) -> bytes:
    return orjson.dumps(
        {
            "errorCode": code,
            "errorSummary": summary,
            "errorLink": code,
            "errorId": "oae" + _ID.decode(),
            "errorCauses": list(causes),
        }
    )


def _message(text: str, key: str) -> dict[str, Any]:
    return {"type": "array", "value": [{"message": text, "i18n": {"key": key}, "class": "ERROR"}]}


def _option(number: int) -> dict[str, Any]:
    """One choice of a remediation form; about 600 bytes."""
    return {
        "label": f"Security method {number}",
        "value": {
            "form": {
                "value": [
                    {"name": "id", "required": True, "value": f"aut{number:017d}", "mutable": False},
                    {"name": "methodType", "required": False, "value": "email", "mutable": False},
                    {"name": "channel", "label": "Channel", "type": "string", "required": False, "visible": True},
                ]
            }
        },
        "relatesTo": f"$.authenticatorEnrollments.value[{number}]",
        "enrollment": {"profile": {"email": "o***e@example.com"}, "type": "email", "methods": [{"type": "email"}]},
    }


def identity_engine(size: int, *, nested: bool = False) -> bytes:
    """An Identity Engine document of about `size` bytes.

    Args:
        size: bytes.
        nested: whether the error stands at a form field, and not among the messages at the top.
    """
    error = _message("Authentication failed", "errors.E0000004")
    field = {"name": "identifier", "label": "Username", "required": True}
    passcode = {"name": "passcode", "label": "Password", "secret": True}
    form = {"type": "object", "form": {"value": [passcode]}, "name": "credentials", "required": True}
    handle = {"name": "stateHandle", "required": True, "value": "02" + _ID.decode(), "visible": False, "mutable": False}
    options: list[dict[str, Any]] = []
    login: dict[str, Any] = {
        "rel": ["create-form"],
        "name": "identify",
        "href": "https://example.okta.com/idp/idx/identify",
        "method": "POST",
        "produces": "application/ion+json; okta-version=1.0.0",
        "value": [{**field, "messages": error} if nested else field, form, handle],
        "accepts": "application/json; okta-version=1.0.0",
    }
    select = {
        **login,
        "name": "select-authenticator-authenticate",
        "value": [{"name": "authenticator", "options": options}],
    }
    document: dict[str, Any] = {
        "version": "1.0.0",
        "stateHandle": "02" + _ID.decode(),
        "expiresAt": "2026-11-22T17:30:00.000Z",
        "intent": "LOGIN",
        "remediation": {"type": "array", "value": [login, select]},
        "app": {"type": "object", "value": {"name": "oidc_client", "label": "App", "id": "0oa00000000000000000"}},
    }
    if not nested:
        document["messages"] = error
    while len(orjson.dumps(document)) < size:
        options.append(_option(len(options)))
    return orjson.dumps(document)


def _cause(text: str) -> dict[str, str]:
    return {"errorSummary": text}


_WRONG = b'{~"error":~"invalid_grant",~"error_description":~"Wrong email or password."~}'
_MFA = (
    b'{"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"Fe26.2**'
    + _ID * 3
    + b'"}'
)
_MANAGEMENT = (
    b'{~"statusCode":~404,~"error":~"Not Found","message":"The user does not exist.","errorCode":~"inexistent_user"~}'
)
_PASSWORD = (
    b'{~"name":~"PasswordStrengthError",~"message":~"Password is too weak","code":"invalid_password",'
    b'"description":{"rules":[{"message":"At least %d characters in length","format":[8],"code":"lengthAtLeast",'
    b'"verified":true},{"message":"Contain at least %d of the following %d types of characters:",'
    b'"code":"containsAtLeast","format":[3,4],'
    b'"items":[{"message":"lower case letters (a-z)","code":"lowerCase","verified":true},'
    b'{"message":"upper case letters (A-Z)","code":"upperCase","verified":false}],"verified":false}],"verified":false},'
    b'"policy":"* At least 8 characters in length\\n* Contain at least 3 of the following 4 types of characters",'
    b'"statusCode":~400~}'
)
_TAKEN = "login: An object with this field already exists in the current organization"
_OVERALL = "API call exceeded rate limit due to too many requests."

_SHAPES = (
    Body("auth0 oauth", 403, "error", _WRONG),
    Body("auth0 mfa", 403, "error", _MFA),
    Body("auth0 management", 404, "errorCode", _MANAGEMENT),
    Body("auth0 password", 400, "code", _PASSWORD),
    Body("okta sign-in", 401, "errorCode", _okta("E0000004", "Authentication failed")),
    Body("okta rate limit", 429, "errorCode", _okta("E0000047", _OVERALL)),
    Body("okta one cause", 400, "errorCode", _okta("E0000001", "Api validation failed: login", _cause(_TAKEN))),
    Body("okta 16 causes", 400, "errorCode", _okta("E0000001", "Api validation failed: login", *[_cause(_TAKEN)] * 16)),
    Body("okta idx top", 400, "version", identity_engine(4_000)),
    Body("okta idx top", 400, "version", identity_engine(15_000)),
    Body("okta idx nested", 400, "version", identity_engine(30_000, nested=True)),
)
SHAPES = tuple(body._replace(name=f"{body.name} {len(body.fresh(1)[0])} B") for body in _SHAPES)
"""The shapes over which the geometric means go."""

_LONG = "x" + "y" * 900
MISSES = (
    Body(
        "unknown code", 400, "error", b'{"error":"not_a_code","error_description":"No such text ' + _ID + b'"}', "auth0"
    ),
    Body("unknown text", 400, "errorCode", _okta("E0000001", "No such text " + _ID.decode())),
    Body("unknown long text", 400, "errorCode", _okta("E0000001", _LONG + _ID.decode())),
    Body(
        "32 unknown causes",
        400,
        "errorCode",
        _okta("E0000001", "No such text", *[_cause(f"{number} {_ID.decode()}") for number in range(32)]),
    ),
    Body(
        "unknown sentence",
        400,
        "errorCode",
        _okta("E0000001", f"The security answer of user {_ID.decode()} must have at least 4 characters."),
    ),
)
"""What no table has, so that every look-up costs the most."""

VARYING_NAMES = (
    Body(
        "new code",
        403,
        "error",
        b'{"error":"code_' + _ID + b'","error_description":"Text ' + _ID + b'"}',
        "auth0",
    ),
    Body("new okta code", 403, "errorCode", _okta("E" + _ID.decode(), "Text")),
    Body(
        "new member",
        403,
        "error",
        b'{"error":"access_denied","error_description":"Text ' + _ID + b'","member_' + _ID + b'":"' + _ID + b'"}',
    ),
)
"""What differs in codes and in the names of members from body to body: an attacker's way to fill a cache."""


def _filled(name: str, start: bytes, provider: Provider | None = None) -> tuple[Body, ...]:
    """Two bodies that differ only in a member that no entry has: any difference in time is the parser's."""
    fillers = ((size, orjson.dumps([[number] for number in range(size)])) for size in (1, 2_000))
    return tuple(
        Body(f"{size} {name}", 403, "error", start[:-1] + b',"filler":' + filler + b"}", provider)
        for size, filler in fillers
    )


FILLED = _filled("fillers", _MFA)
"""A registered error, classified by three look-ups."""

FILLED_UNKNOWN = _filled("fillers, unknown code", MISSES[0].template, "auth0")
"""The same with a code that no entry has, so that every rule is tried."""

ALIEN = Body("an app's own 422", 422, "detail", b'{"detail":[{"loc":["body","' + _ID + b'"],"msg":"field required"}]}')
"""An error that is no provider's: looked at, and left alone."""

JSON_HEADER = [(b"content-type", b"application/json")]
"""The least that a JSON response has."""

PROVIDER_HEADERS = [*JSON_HEADER, (b"x-auth0-requestid", b"4ad55daa560e468bdfe1")]
"""The least that a response of Auth0 has."""
