"""The requests door, for apps that call a provider or a gateway: responses become problems, problems become exceptions.

```python
session.mount("https://", ProblemAdapter(retry=Retry()))
session.hooks["response"].append(raise_for_problem)
```
No rule lives here: what is held and what replaces it is `_intercept`'s business; whose host it is and what a cool-down
is `_reader`'s.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from authproblem._client.cooldown import CooldownStore, MemoryCooldown
from authproblem._client.reader import Asked, Call, Reader, hold, problem_of_reply, read
from authproblem._client.retries import Retry, attempts, check_retry
from authproblem._core.problem import Problem
from authproblem._middleware.interception import Reply
from authproblem._middleware.options import ClientOptions
from authproblem._upstream.headers import Pair
from authproblem.errors import AuthProblemError

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CooldownStore", "MemoryCooldown", "ProblemAdapter", "Retry", "problem_of", "raise_for_problem"]

OnNonce = Callable[[requests.PreparedRequest, str], "requests.PreparedRequest | None"]
"""Signs a request anew with a nonce of the provider (RFC 9449 section 8); None where it cannot."""

_CHUNK = 65_536


def problem_of(
    response: requests.Response, *, hosts: Mapping[str, str] | None = None, **options: Any
) -> Problem | None:
    """The problem of a response.

    Args:
        response: a response of this library's doors, or a raw one of a provider.
        hosts: custom domains and their providers, such as `{"login.example.com": "auth0"}`.
        **options: those of `normalize`, for raw responses.

    Returns:
        The problem; None if the response is no provider's error.
    """
    return read(response, response.content or b"", _asked(response.request), hosts=hosts, options=options)


def raise_for_problem(response: requests.Response, *_: Any, hosts: Mapping[str, str] | None = None, **__: Any) -> None:
    """Response hook for `session.hooks["response"].append(raise_for_problem)`; may be called on a response, too.

    Args:
        response: the response; an error's body is read.
        hosts: custom domains and their providers; `functools.partial` makes a hook of it.

    Raises:
        AuthProblemError: if the response is a provider's error; all else passes.
    """
    problem = problem_of(response, hosts=hosts) if response.status_code >= 400 else None
    if problem is not None:
        raise AuthProblemError(problem, response)


class _Answer(NamedTuple):
    """A response, the problem that it carries, and the nonce with which it asks to be repeated."""

    response: requests.Response
    problem: Problem | None = None
    nonce: str | None = None

    def settled(self) -> requests.Response:
        """The response; raises its problem, so that stamina may repeat."""
        if self.problem is not None:
            raise AuthProblemError(self.problem, self.response)
        return self.response


class ProblemAdapter(BaseAdapter):
    """Makes the errors of providers problem documents, before the session sees them.

    Requests to hosts that are no provider's pass straight through, and so do healthy responses. On request it waits and
    repeats as the retry hint allows (`retry`), and does not send while a provider has asked to wait (`cooldown`).

    Warning:
        It answers the app, no stranger, so nothing is folded. An app that hands its responses on to browsers sets
        `disclosure="safe"`.
    """

    def __init__(
        self,
        adapter: BaseAdapter | None = None,
        *,
        hosts: Mapping[str, str] | None = None,
        retry: Retry | None = None,
        cooldown: CooldownStore | None = None,
        on_nonce: OnNonce | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        """Wrap an adapter.

        Args:
            adapter: what sends the requests; None = `HTTPAdapter()`.
            hosts: custom domains and their providers.
            retry: how far the retry hint is obeyed; None = not at all.
            cooldown: where cool-downs are kept; None = no cool-down.
            on_nonce: signs a request anew; without it a nonce is left to the auth layer.
            **options: those of the middleware that concern a response.

        Raises:
            ValueError: for an option whose value does not hold.
            TypeError: for an unknown option.
            ModuleNotFoundError: for `retry` without stamina: install `authproblem[requests]`.
        """
        super().__init__()
        self._adapter = adapter or HTTPAdapter()
        self._reader = Reader(hosts, cooldown, options)
        self._retry = check_retry(retry)
        self._on_nonce = on_nonce

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        """Send a request, as `requests.adapters.BaseAdapter` has it.

        Args:
            request: the request.
            **how: what the session says of timeouts, certificates and proxies.
        """
        if self._retry is None:
            return self._answer(request, how).response
        retry = self._retry if _repeatable(request) else self._retry._replace(attempts=1)
        try:
            for attempt in attempts(retry):
                with attempt:
                    return self._answer(request, how).settled()
        except AuthProblemError as error:
            return error.response  # type: ignore[no-any-return]
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def close(self) -> None:
        """Close the adapter that is wrapped."""
        self._adapter.close()

    def _answer(self, request: requests.PreparedRequest, how: Mapping[str, Any]) -> _Answer:
        answer = self._once(request, how)
        if answer.nonce is None or self._on_nonce is None or not _repeatable(request):
            return answer
        again = self._on_nonce(request, answer.nonce)
        if again is None:
            return answer
        answer.response.close()
        return self._once(again, how)

    def _once(self, request: requests.PreparedRequest, how: Mapping[str, Any]) -> _Answer:
        call = self._reader.call(_asked(request))
        if call is None:
            return _Answer(self._adapter.send(request, **how))
        problem = self._reader.held_back(call)
        if problem is not None:
            response = _bare(request)
            _dress(response, self._reader.reply(call, problem), None)
            return _Answer(response, problem)
        return self._judged(call, self._adapter.send(request, **how))

    def _judged(self, call: Call, response: requests.Response) -> _Answer:
        raw = response.raw
        held = self._reader.begin(call, response.status_code, _pairs(response))
        if held is None:
            return _Answer(response)
        try:
            chunks: Iterator[bytes] = raw.stream(_CHUNK, decode_content=False)
            refused = hold(held, chunks)
            reply = held.finish() if held.buffering else None
        except ProtocolError as error:  # as requests has it where it reads a body itself
            raise requests.exceptions.ChunkedEncodingError(error, request=response.request) from error
        except ReadTimeoutError as error:
            raise requests.exceptions.ConnectionError(error, request=response.request) from error
        nonce = self._reader.nonce(call, held) if self._on_nonce is not None else None
        if reply is None:
            kept = bytes(held.body) + refused
            if kept or held.headers is not held.response_headers.pairs:
                _fill(response, held.headers, _Rest(kept, chunks, raw), raw)
            return _Answer(response, None, nonce)
        problem = problem_of_reply(reply)
        if problem is not None:
            self._reader.settle(call, held.response_headers.pairs, problem)
        _dress(response, reply, raw)
        return _Answer(response, problem, nonce)


class _Rest(io.RawIOBase):
    """What was held, then what is still to come, as a file that urllib3 can read."""

    def __init__(self, held: bytes, chunks: Iterator[bytes], raw: Any) -> None:
        super().__init__()
        self._left, self._chunks, self._raw = held, chunks, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
            self._raw.release_conn()
        super().close()


def _bare(request: requests.PreparedRequest) -> requests.Response:
    """A response of our own, for a request that was not sent."""
    response = requests.Response()
    response.request, response.url = request, request.url or ""
    return response


def _dress(response: requests.Response, reply: Reply, raw: Any) -> None:
    """Make a response say what a reply says."""
    if reply.status != response.status_code:
        response.status_code, response.reason = reply.status, ""
    _fill(response, reply.headers, io.BytesIO(reply.body), raw)
    response.encoding = "utf-8"  # as requests itself has it for JSON, whose other types it does not know


def _fill(response: requests.Response, headers: list[Pair], body: io.RawIOBase | io.BytesIO, raw: Any) -> None:
    """Give a response other headers and another body; the cookies that came with the first are read from `raw`."""
    lines = HTTPHeaderDict()
    for name, value in headers:
        lines.add(name, value)
    response.raw = HTTPResponse(
        body=body,
        headers=lines,
        status=response.status_code,
        reason=response.reason,
        preload_content=False,
        original_response=getattr(raw, "_original_response", None),
        request_method=response.request.method,
    )
    response.headers = CaseInsensitiveDict(lines)
    response.encoding = get_encoding_from_headers(response.headers)


def _pairs(response: requests.Response) -> list[Pair]:
    """The header lines, in order; only urllib3 still has those of one name apart."""
    lines = getattr(response.raw, "headers", None)
    return list((response.headers if lines is None else lines).items())


def _asked(request: requests.PreparedRequest) -> Asked:
    url = urlsplit(request.url or "")
    return Asked(
        host=url.hostname or "",
        path=unquote(url.path) or "/",
        method=(request.method or "").upper(),
        accept=_text(request.headers.get("accept")),
        authorization=_text(request.headers.get("authorization")),
        query=url.query,
        binary=False,
    )


def _text(value: Any) -> str | None:
    """A header of a request, which may have been set as bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _repeatable(request: requests.PreparedRequest) -> bool:
    """Whether the body can be sent again: bytes can, a stream cannot."""
    return request.body is None or isinstance(request.body, (bytes, str))
