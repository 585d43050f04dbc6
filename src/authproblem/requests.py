"""The requests adapter, for apps that call a provider or a gateway: responses become problems, problems exceptions.

```python
session.mount("https://", ProblemAdapter(retry=Retry()))
session.hooks["response"].append(raise_for_problem)
```
Only what requests itself needs belongs here; what happens to a request is decided in `_client`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from authproblem.errors import AuthProblemError, MissingExtraError

try:
    import requests
    from requests.adapters import BaseAdapter, HTTPAdapter
    from requests.structures import CaseInsensitiveDict
    from requests.utils import get_encoding_from_headers
    from urllib3 import HTTPHeaderDict, HTTPResponse
    from urllib3.exceptions import ProtocolError, ReadTimeoutError
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.requests", "requests") from error

from authproblem._client.exchange import Close, ExchangeResult, Read, Rules, Send, Step, drive, exchange, read
from authproblem._client.reader import ProviderRequest, Reader, read_response
from authproblem._client.retries import Retry, attempts, check_retry
from authproblem._client.stores import CooldownStore, MemoryCooldown
from authproblem._core.problem import Problem
from authproblem._middleware.messages import Reply
from authproblem._middleware.options import ClientOptions
from authproblem._upstream.headers import Pair

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CooldownStore", "MemoryCooldown", "ProblemAdapter", "Retry", "problem_of", "raise_for_problem"]

OnNonce = Callable[[requests.PreparedRequest, str], "requests.PreparedRequest | None"]
"""Signs a request again with a nonce of the provider (RFC 9449 section 8); None where it cannot."""

_CHUNK = 65_536


def problem_of(
    response: requests.Response, *, hosts: Mapping[str, str] | None = None, **options: Any
) -> Problem | None:
    """Return the problem of a response.

    Args:
        response: a response of this library's adapters, or a raw one of a provider.
        hosts: custom domains and their providers, such as `{"login.example.com": "auth0"}`.
        **options: those of `normalize`, for raw responses.

    Returns:
        The problem; None if the response is no provider's error.
    """
    return read_response(
        response, response.content or b"", _LIBRARY.provider_request(response.request), hosts=hosts, options=options
    )


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


class ProblemAdapter(BaseAdapter):
    """Makes the errors of providers problem documents, before the session sees them.

    Requests to hosts that are no provider's pass straight through, and so do healthy responses. On request it waits and
    repeats as the retry hint allows (`retry`), and sends nothing while a provider has asked to wait (`cooldown`).

    Warning:
        Its responses go to the app, not to an unauthenticated caller, so nothing is folded. An app that sends them on
        to browsers sets `disclosure="safe"`.
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
            retry: how far the retry hint is followed; None = not at all.
            cooldown: where cool-downs are kept; None = no cool-down.
            on_nonce: signs a request again; without it a nonce is left to the auth layer.
            **options: those of the middleware that concern a response.

        Raises:
            ValueError: for an option with an invalid value.
            TypeError: for an unknown option.
            ModuleNotFoundError: for `retry` without stamina: install `authproblem[requests]`.
        """
        super().__init__()
        self._adapter = adapter or HTTPAdapter()
        self._given = {"hosts": hosts, "retry": retry, "cooldown": cooldown, "on_nonce": on_nonce, **options}
        self._rules = Rules(Reader(hosts, cooldown, options), on_nonce)
        self._retry = check_retry(retry)

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        """Send a request, as `requests.adapters.BaseAdapter` has it.

        Args:
            request: the request.
            **how: the session's timeouts, certificates and proxies.
        """
        if self._retry is None:
            return _of(self._exchange(request, how).response, request)
        can_repeat = _LIBRARY.is_repeatable(request) and _LIBRARY.provider_request(request).proof is None
        try:
            for attempt in attempts(self._retry if can_repeat else self._retry._replace(attempts=1)):
                with attempt:
                    return _of(self._exchange(request, how).response_or_raise(), request)
        except AuthProblemError as error:
            return _of(error.response, request)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def close(self) -> None:
        """Close the adapter that is wrapped."""
        self._adapter.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments: a session with this adapter is copied and pickled as requests' own sessions are."""
        return _made_anew, (type(self), self._adapter, self._given)

    def _exchange(self, request: requests.PreparedRequest, how: Mapping[str, Any]) -> ExchangeResult:
        def perform(step: Step) -> Any:
            if isinstance(step, Send):
                return self._adapter.send(step.request, **how)
            if isinstance(step, Close):
                return step.response.close()
            return _read(step, request)

        return drive(exchange(self._rules, _LIBRARY, request), perform)


def _made_anew(
    kind: type[ProblemAdapter], adapter: BaseAdapter, given: dict[str, Any]
) -> ProblemAdapter:  # what pickle calls
    return kind(adapter, **given)


def _read(step: Read, request: requests.PreparedRequest) -> bytes:
    """Perform a `Read` step, with the exceptions that requests has where it reads a body itself."""
    try:
        return read(step.interception, step.chunks)
    except ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error, request=request) from error
    except ReadTimeoutError as error:
        raise requests.exceptions.ConnectionError(error, request=request) from error


class _Requests:
    """The requests library, as `exchange` needs it."""

    def provider_request(self, request: requests.PreparedRequest) -> ProviderRequest:
        url = urlsplit(request.url or "")
        return ProviderRequest(
            host=url.hostname or "",
            path=unquote(url.path) or "/",
            method=(request.method or "").upper(),
            accept=_text(request.headers.get("accept")),
            authorization=_text(request.headers.get("authorization")),
            binary=False,
            proof=_text(request.headers.get("dpop")),
        )

    def status_and_headers(self, response: requests.Response) -> tuple[int, list[Pair]]:
        """Only urllib3 still has the header lines of one name apart."""
        lines = getattr(response.raw, "headers", None)
        return response.status_code, list((response.headers if lines is None else lines).items())

    def chunks(self, response: requests.Response) -> Iterator[bytes]:
        chunks: Iterator[bytes] = response.raw.stream(_CHUNK, decode_content=False)
        return chunks

    def to_response(self, reply: Reply, response: Any) -> requests.Response:
        """Return a reply as a response; an existing one is changed in place: the application may have it already."""
        made = requests.Response() if response is None else response
        if reply.status != made.status_code:
            made.status_code, made.reason = reply.status, ""
        _fill(made, reply.headers, io.BytesIO(reply.body))
        made.encoding = "utf-8"  # as requests itself has it for JSON, whose other types it does not know
        return made

    def with_rest(
        self, response: requests.Response, headers: list[Pair], kept: list[bytes], chunks: Any
    ) -> requests.Response:
        _fill(response, headers, _Rest(b"".join(kept), chunks, response.raw))
        return response

    def is_repeatable(self, request: requests.PreparedRequest) -> bool:
        return request.body is None or isinstance(request.body, (bytes, str))


_LIBRARY = _Requests()


def _of(response: Any, request: requests.PreparedRequest) -> requests.Response:
    """Return a response; one that was made here, for a request that was not sent, is given its request."""
    made: requests.Response = response
    if made.request is None:
        made.request, made.url = request, request.url or ""
    return made


class _Rest(io.RawIOBase):
    """What was read already, then the rest of the stream, as a file that urllib3 can read."""

    def __init__(self, read: bytes, chunks: Iterator[bytes], raw: Any) -> None:
        super().__init__()
        self._left, self._chunks, self._raw = read, chunks, raw

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


def _fill(response: requests.Response, headers: list[Pair], body: io.RawIOBase | io.BytesIO) -> None:
    """Give a response other headers and another body; the cookies that came with the first stay readable."""
    raw, lines = response.raw, HTTPHeaderDict()
    for name, value in headers:
        lines.add(name, value)
    response.raw = HTTPResponse(
        body=body,
        headers=lines,
        status=response.status_code,
        reason=response.reason,
        preload_content=False,
        original_response=getattr(raw, "_original_response", None),
        request_method=getattr(response.request, "method", None),
    )
    response.headers = CaseInsensitiveDict(lines)
    response.encoding = get_encoding_from_headers(response.headers)


def _text(value: Any) -> str | None:
    """A header of a request, which may have been set as bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else value
