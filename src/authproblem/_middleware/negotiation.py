"""How a problem is sent in place of one response: its media type, and which headers of the response stay with it."""

from __future__ import annotations

from authproblem._core.retry import keeps_retry_after
from authproblem._middleware.messages import Request
from authproblem._middleware.options import Options
from authproblem._middleware.response_headers import RewriteOptions
from authproblem._upstream.headers import ResponseHeaders
from authproblem._upstream.media_types import JSON, PROBLEM, media_type

_MAX_USUAL, _MAX_ACCEPT = 256, 256
"""Values of `Accept` for which the choice is cached, and their length; browsers send about 140."""
_OURS = (PROBLEM, JSON)


class Negotiator:
    """Chooses by the options, the request's `Accept` and the response's headers."""

    __slots__ = ("_options", "_usual")

    def __init__(self, options: Options) -> None:
        """Keep the options."""
        self._options = options
        self._usual: dict[tuple[str | None, bool], RewriteOptions] = {}

    def choose(
        self, request: Request, headers: ResponseHeaders, now: float, *, is_folded: bool, keep_challenge: bool
    ) -> RewriteOptions:
        """Return how a problem is sent.

        Args:
            request: the request.
            headers: the headers of the response that it replaces.
            now: the local clock, as epoch seconds.
            is_folded: whether it differs from what the response means.
            keep_challenge: whether `WWW-Authenticate` stays.
        """
        # Of most responses, `Accept` alone decides.
        if is_folded or not headers.is_usual_json or headers.layout.has_retry_after:
            return self._choose(request, headers, now, is_folded=is_folded, keep_challenge=keep_challenge)
        accept = request.accept
        found = self._usual.get((accept, request.binary))
        if found is None:
            found = self._choose(request, headers, now, is_folded=False, keep_challenge=True)
            if accept is None or len(accept) <= _MAX_ACCEPT:
                if len(self._usual) >= _MAX_USUAL:
                    self._usual.clear()
                self._usual[accept, request.binary] = found
        return found

    def _choose(
        self, request: Request, headers: ResponseHeaders, now: float, *, is_folded: bool, keep_challenge: bool
    ) -> RewriteOptions:
        options = self._options
        # A folded response has the media type that the genuine one would have, which is always plain JSON.
        upstream = JSON if is_folded or headers.is_usual_json else headers.media_type
        kind = options.media_type or media_type(request.accept, upstream)
        if kind not in _OURS:
            kind = headers.get("content-type") or PROBLEM
        return RewriteOptions(
            kind,
            request.binary,
            keep_retry_after=not is_folded and keeps_retry_after(headers, now, options.policy.max_wait),
            drop_retry_after=is_folded,
            keep_challenge=keep_challenge,
            negotiated=options.media_type is None,
            expose=options.expose_headers,
        )
