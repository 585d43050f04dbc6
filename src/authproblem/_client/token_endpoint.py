"""What `do_refresh` returned or raised, read as a response of a token endpoint: a value, or a problem.

An application may return the response itself, the token that its library made of it, or raise what its library raises.
No HTTP or OAuth library is imported; exceptions are recognized as for `exceptions=True`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from authproblem._client.verdicts import Outcome, outcome_of, problem_without_response
from authproblem._core.normalizer import Normalizer
from authproblem._core.problem import Problem
from authproblem._core.sender import Sender
from authproblem._middleware.exceptions.recognize import recognize
from authproblem._middleware.options import Options, make_options
from authproblem._model import Provider
from authproblem._registry.domains import VendorDomains
from authproblem._registry.registry import Registry
from authproblem._upstream.json_values import is_code
from authproblem.errors import AuthProblemError

ENDPOINTS = {"auth0": "/oauth/token", "okta": "/oauth2/v1/token", "oauth": "/token"}
"""The path of the token endpoint, where the response does not name it."""
_BUILTIN: dict[type[Exception], str] = {
    TimeoutError: "upstream-timeout",
    ConnectionError: "upstream-unreachable",
    json.JSONDecodeError: "upstream-error",
}
"""What exceptions of Python itself mean: no response, no connection, a page in place of JSON."""
_REFUSED_WAIT = 2
"""Seconds to wait where nothing listens: a restart takes about that long."""
_PRESUMED = 400
"""The status of an error whose library kept none (RFC 6749 section 5.2)."""


class Endpoint(NamedTuple):
    """The token endpoint of a guard: whose it is, and what its errors mean."""

    options: Options
    normalizer: Normalizer
    provider: Provider

    @classmethod
    def of(cls, provider: Provider, registry: Registry | None) -> Endpoint:
        """Compile what responses are read by."""
        options = make_options({"provider": provider, "disclosure": "off", "flow_control": True, "registry": registry})
        return cls(options, Normalizer.of(options.policy), provider)

    @property
    def registry(self) -> Registry:
        """The registry that responses are read by."""
        return self.options.policy.registry

    def of_value(self, value: Any) -> Outcome:
        """Return how a refresh ended that returned a value: an error must not be taken for a token."""
        if isinstance(value, Mapping):
            return self._of_mapping(value)
        status = getattr(value, "status_code", None)
        if not isinstance(status, int) or getattr(value, "headers", None) is None:
            return Outcome(value=value)
        if status >= 400:
            return outcome_of(self.registry, self._of_response(value, status))
        return self._of_mapping(_json(_content(value)))._replace(value=value)

    def _of_mapping(self, token: Mapping[str, Any]) -> Outcome:
        """A token; or the members of an error, which some libraries return as one (and some servers with 200)."""
        if "access_token" in token or not (isinstance(token.get("error"), str) or "errorCode" in token):
            return Outcome(value=token)
        given = token.get("statusCode")
        status = given if isinstance(given, int) and 400 <= given < 600 else None
        problem = self._normalized(status or _PRESUMED, {}, _dumped(token), ENDPOINTS[self.provider])
        return outcome_of(self.registry, problem, status_known=status is not None)

    def of_error(self, error: Exception) -> Outcome:
        """Return how a refresh ended that raised: by the provider's error, or by the application's own exception."""
        if isinstance(error, AuthProblemError):
            return outcome_of(self.registry, error.problem)
        response = getattr(error, "response", None)
        status = getattr(response, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return outcome_of(self.registry, self._of_response(response, status))
        return self._of_exception(error)

    def _of_exception(self, error: Exception) -> Outcome:
        """No response is left: the class of the exception decides, and the code that an OAuth library kept."""
        sender = Sender(self.provider, certain=True, endpoint=ENDPOINTS[self.provider])
        seen = recognize(error, sender, VendorDomains({}), tuple(host for host in (_host(error),) if host))
        if seen is None:
            reason = next((reason for kind, reason in _BUILTIN.items() if isinstance(error, kind)), None)
            return Outcome(error=error) if reason is None else self.own(reason)
        if seen.reason is not None or not seen.bodies:
            return self.own(seen.reason or "upstream-error", _REFUSED_WAIT if seen.refused else None)
        status = seen.status or _PRESUMED
        found = [self._normalized(status, seen.headers, body, sender.endpoint) for body in seen.bodies]
        best = next((problem for problem in found if problem.entry is not None), found[0])
        return outcome_of(self.registry, best, status_known=seen.status is not None)

    def own(self, reason: str, after: float | None = None) -> Outcome:
        """Return a `TryLater` from the registry alone, for a request that was not sent or got no response."""
        problem = problem_without_response(self.registry, reason, self.provider, after)
        return outcome_of(self.registry, problem)

    def _of_response(self, response: Any, status: int) -> Problem:
        problem = Problem.from_response(response)
        if problem is not None and problem.owner:  # normalized already, by a transport or a gateway
            return problem
        items = getattr(response.headers, "multi_items", None) or response.headers.items
        coded = {"content-encoding", "content-length", "transfer-encoding"}  # the library has undone it
        headers = [(name, value) for name, value in items() if name.lower() not in coded]
        path = urlsplit(str(_get(response, "url") or "")).path
        endpoint = path if path.startswith("/") else ENDPOINTS[self.provider]
        return self._normalized(status, headers, _content(response), endpoint)

    def _normalized(self, status: int, headers: Any, body: bytes, endpoint: str | None) -> Problem:
        """Return the problem of an error response; of one that is not understood, what its status means."""
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        for content in (body, b""):
            problem = self.normalizer.normalize(
                status, pairs, content, provider=self.provider, endpoint=endpoint, method="POST", now=time.time()
            )
            if problem is not None:
                return problem
            pairs = [(name, value) for name, value in pairs if _name(name) != "content-type"]
        return problem_without_response(self.registry, "upstream-error", self.provider, None)


def _name(name: str | bytes) -> str:
    return (name.decode("latin-1") if isinstance(name, bytes) else name).lower()


def _content(response: Any) -> bytes:
    """The body of a response that has been read; empty where it has not."""
    content = _get(response, "content")
    return content if isinstance(content, bytes) else b""


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _dumped(token: Mapping[str, Any]) -> bytes:
    """The members of an error as JSON; what JSON cannot represent, or nests too deep, is left out."""
    members = {str(name): value for name, value in token.items()}
    try:
        return orjson.dumps(members, default=str)
    except TypeError:
        return orjson.dumps({name: value for name, value in members.items() if is_code(value)})


def _host(error: Exception) -> str | None:
    """The host of the request that an exception of httpx, httpx2 or requests carries."""
    try:
        return urlsplit(str(_get(_get(error, "request"), "url"))).hostname
    except ValueError:
        return None


def _get(holder: object, name: str) -> Any:
    """An attribute, or None: httpx raises where a response has not been read, or has no request."""
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001 - whatever a library raises there
        return None
