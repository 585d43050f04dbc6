"""`WWW-Authenticate` for resource servers: challenges made from a problem, and read from a response.

RFC 6750 section 3 (Bearer), RFC 9470 section 3 (step-up: `acr_values`, `max_age`), RFC 9728 section 5.1
(`resource_metadata`). Only on request: no middleware of this package adds or changes the header.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypedDict

from authproblem._core.problem import Problem
from authproblem._upstream.challenge import parse_challenges
from authproblem._upstream.headers import Headers, decoded, lower, pairs_of
from authproblem.errors import invalid

ERRORS = {
    "invalid-token": "invalid_token",
    "token-expired": "invalid_token",
    "insufficient-scope": "insufficient_scope",
    "step-up-required": "insufficient_user_authentication",
    "invalid-request": "invalid_request",
    "missing-parameter": "invalid_request",
}
"""The `error` of a challenge by problem type (RFC 6750 section 3.1, RFC 9470 section 3)."""
STATUS = {
    "invalid_token": 401,
    "insufficient_scope": 403,
    "insufficient_user_authentication": 401,
    "invalid_request": 400,
}
"""The status with which those documents send each error; 401 for a challenge without one."""
_WITHOUT_ERROR = frozenset(("login-required", "authentication-failed", "session-expired"))
"""Problem types whose challenge names no error: the request had no usable token (RFC 6750 section 3.1)."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}")
_QUOTABLE = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]+")
"""What every parameter may contain without escapes (RFC 6750 section 3)."""
_SCHEMES = {"bearer": "Bearer", "dpop": "DPoP"}
"""How the RFCs spell the schemes, which are read in lower case."""
_MAX_VALUE = 1024
_MAX_DIGITS = 10


class ChallengeParameters(TypedDict, total=False):
    """The keyword arguments of `challenge`, for type checkers and editors."""

    scheme: str
    realm: str | None
    scope: str | None
    acr_values: str | None
    max_age: int | None
    resource_metadata: str | None


class Challenge(NamedTuple):
    """The requirements of a resource server for the token of a request.

    Attributes:
        scheme: the scheme, such as `bearer` or `dpop`; in lower case where it was read.
        error: the code, or None where the request had no token.
        error_description: a sentence for developers, or None. Untrusted: never show it to a user.
        scope: the scopes that are needed.
        acr_values: the authentication contexts that are accepted, the preferred one first (RFC 9470).
        max_age: the age in seconds that the user's authentication may have, or None (RFC 9470).
        realm: the protection space, or None.
        resource_metadata: the URL of the resource's metadata, or None (RFC 9728).
    """

    scheme: str
    error: str | None = None
    error_description: str | None = None
    scope: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    realm: str | None = None
    resource_metadata: str | None = None

    @property
    def is_step_up(self) -> bool:
        """Whether the token is alive, but this request needs more: other scopes, or a stronger sign-in."""
        return self.error in {"insufficient_scope", "insufficient_user_authentication"}

    def to_header(self) -> str:
        """Return the value of a `WWW-Authenticate` header.

        Raises:
            ConfigurationError: for a value that cannot be part of a header: each is printable ASCII without quotation
                marks and backslashes, of at most 1024 characters.
        """
        if not _SCHEME.fullmatch(self.scheme):
            invalid("scheme", self.scheme, "an HTTP authentication scheme such as 'Bearer'")
        if self.max_age is not None and _seconds(self.max_age) is None:
            invalid("max_age", self.max_age, "seconds, a whole number of at least 0")
        texts = {
            "realm": self.realm,
            "error": self.error,
            "error_description": self.error_description,
            "scope": " ".join(self.scope) or None,
            "acr_values": " ".join(self.acr_values) or None,
            "max_age": None if self.max_age is None else str(self.max_age),
            "resource_metadata": self.resource_metadata,
        }
        values = {name: value for name, value in texts.items() if value is not None}
        for name, value in values.items():
            if not _is_quotable(value):
                invalid(name, value, "printable ASCII without quotation marks and backslashes")
        scheme = _SCHEMES.get(self.scheme.lower(), self.scheme)
        return " ".join([scheme, ", ".join(f'{name}="{value}"' for name, value in values.items())]).rstrip()


def challenge(
    problem: Problem,
    *,
    scheme: str = "Bearer",
    realm: str | None = None,
    scope: str | None = None,
    acr_values: str | None = None,
    max_age: int | None = None,
    resource_metadata: str | None = None,
) -> str | None:
    """Return the value of the `WWW-Authenticate` header that a resource server sends for a problem.

    What the problem itself carries (`scope`, `acr_values`, `max_age` of the upstream's challenge) is taken over where
    its form is valid; arguments come before it.

    Args:
        problem: the problem.
        scheme: `Bearer` or `DPoP`.
        realm: the protection space.
        scope: the scopes that the request needs, separated by spaces.
        acr_values: the authentication contexts that are accepted, separated by spaces.
        max_age: the age in seconds that the user's authentication may have.
        resource_metadata: the URL of the resource's metadata (RFC 9728).

    Returns:
        The value, or None where no challenge fits: the caller's token is not what is wrong.

    Raises:
        ConfigurationError: for an argument that no header can contain.
    """
    error = ERRORS.get(problem.reason)
    if error is None and problem.reason not in _WITHOUT_ERROR:
        return None
    return Challenge(
        scheme,
        error,
        problem.title if error is not None and _is_quotable(problem.title) else None,
        _words("scope", scope) or _carried(problem, "scope"),
        _words("acr_values", acr_values) or _carried(problem, "acr_values"),
        _seconds(problem.extensions.get("max_age") if max_age is None else max_age),
        realm,
        resource_metadata,
    ).to_header()


def challenge_status(problem: Problem) -> int | None:
    """Return the status that goes with `challenge(problem)`; None where there is none."""
    error = ERRORS.get(problem.reason)
    if error is None:
        return 401 if problem.reason in _WITHOUT_ERROR else None
    return STATUS[error]


def read_challenges(headers: Headers) -> list[Challenge]:
    """Return the challenges of a response, in order; none where the header is absent or does not follow the grammar.

    Args:
        headers: a mapping or a list of pairs, `str` or `bytes`.
    """
    lines = [decoded(value) for name, value in pairs_of(headers) if lower(name) == "www-authenticate"]
    return [_read(each.scheme, each.parameters) for each in parse_challenges(lines) or ()]


def _read(scheme: str, parameters: dict[str, str]) -> Challenge:
    age = parameters.get("max_age", "")
    return Challenge(
        scheme=scheme,
        error=parameters.get("error"),
        error_description=parameters.get("error_description"),
        scope=tuple(parameters.get("scope", "").split()),
        acr_values=tuple(parameters.get("acr_values", "").split()),
        max_age=int(age) if age.isascii() and age.isdigit() and len(age) < _MAX_DIGITS else None,
        realm=parameters.get("realm"),
        resource_metadata=parameters.get("resource_metadata"),
    )


def _words(name: str, value: str | None) -> tuple[str, ...]:
    """The words of an argument."""
    if value is not None and not _is_quotable(value):
        invalid(name, value, "printable ASCII without quotation marks and backslashes")
    return tuple((value or "").split())


def _carried(problem: Problem, name: str) -> tuple[str, ...]:
    """Return the parameters in a problem, which may come from anywhere: a value of another form is left out."""
    value = problem.extensions.get(name)
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        value = " ".join(value)
    return tuple(value.split()) if isinstance(value, str) and _is_quotable(value) else ()


def _is_quotable(value: str) -> bool:
    return len(value) <= _MAX_VALUE and _QUOTABLE.fullmatch(value) is not None


def _seconds(value: object) -> int | None:
    """A number of seconds; a text of digits counts, since challenges and documents carry it either way."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _MAX_DIGITS:
        return int(value)
    return value if type(value) is int and 0 <= value < 10**_MAX_DIGITS else None
