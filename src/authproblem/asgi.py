"""The ASGI adapter: it translates messages. What is buffered and what is sent is decided by `_middleware.interception`.

```python
app.add_middleware(AuthProblemMiddleware)  # Starlette, FastAPI
app = AuthProblemMiddleware(app)           # any ASGI 3 app
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from authproblem._core.members import PassText
from authproblem._core.policy import DEFAULT_MAX_BODY, DEFAULT_MAX_WAIT, DEFAULT_TYPE_BASE
from authproblem._middleware.asgi_exchange import (
    REDIRECT,
    START,
    ASGIApp,
    Message,
    Receive,
    RecordingSend,
    ResponseBuffer,
    Scope,
    Send,
    path_of,
    request_of,
)
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import (
    Disclosure,
    MediaType,
    Mode,
    OnProblem,
    StatusOption,
    TextsOption,
    check_app,
    make_options,
)
from authproblem._middleware.parameters import read_callback_request
from authproblem._middleware.scopes import Providers
from authproblem._middleware.startup import checks_options, fail
from authproblem._model import Provider
from authproblem._registry.registry import Registry

__all__ = ["AuthProblemMiddleware"]


class AuthProblemMiddleware:
    """Turns the errors of Auth0 and Okta that the app sends into problem documents (RFC 9457), in place.

    Pure ASGI 3: the app runs in the caller's task, `receive` is never touched, and a healthy response costs one closure
    and one comparison. Put it inside CORS and GZip middleware, and outside of what makes the error responses.

    With `exceptions=True` it also responds to a provider's exceptions that the app has not caught. Starlette runs
    user middleware between its ServerErrorMiddleware, outermost, and its ExceptionMiddleware, innermost. So the app's
    handlers for certain classes run first. Its handler for `Exception` or 500, the debug page, and a Sentry middleware
    outside of this one see only exceptions that are no provider's: what is handled here is no failure of the app, and
    the event reports it.

    Warning:
        `provider=` and `whole=True` mean that *every* error below is the provider's. Use them only where the app does
        nothing but proxy; otherwise its own 404s would be taken for the provider's.
    """

    _fault: Exception | None = None  # a mistake in the options: the app must not start
    _is_simple = False  # whether only the response matters

    @checks_options
    def __init__(
        self,
        app: ASGIApp,
        *,
        provider: Provider | None = None,
        providers: Providers = None,
        registry: Registry | None = None,
        mode: Mode = "rewrite",
        type_base: str = DEFAULT_TYPE_BASE,
        status: StatusOption = "upstream",
        media_type: MediaType = "auto",
        disclosure: Disclosure = "safe",
        texts: TextsOption = "known",
        pass_text: PassText | None = None,
        flow_control: bool = False,
        transaction_states: Iterable[str] = (),
        mark_redirects: bool = False,
        callback_paths: Iterable[str] = (),
        exceptions: bool = False,
        upstream_hosts: Iterable[str] = (),
        exclude: Iterable[str] = (),
        max_body: int = DEFAULT_MAX_BODY,
        max_wait: int = DEFAULT_MAX_WAIT,
        respect_no_transform: bool = False,
        expose_headers: bool = True,
        log_upstream_text: bool = False,
        on_problem: OnProblem | None = None,
    ) -> None:
        """Wrap an app.

        Args:
            app: an ASGI 3 app.
            provider: the provider of every error response: for apps that do nothing but proxy.
            providers: the provider below each path prefix, or a callable that takes the ASGI scope and returns one.
            registry: the error registry; None is `Registry.builtin()`.
            mode: `observe` classifies and emits events, and changes nothing.
            type_base: what precedes the slug in `type`; ends with `/`, `#`, `:` or `=`.
            status: `upstream` keeps the upstream's HTTP status, `canonical` sends the problem type's.
            media_type: `auto` negotiates by `Accept`; `problem` and `json` force one.
            disclosure: which errors an unauthenticated caller cannot distinguish at sign-in.
            texts: `known` sends registered texts on, `all` every text.
            pass_text: called with problem, member and text for each unknown text; returns what is sent, or None.
            flow_control: whether polling, nonces and the like are normalized too.
            transaction_states: paths whose Okta failures with status 200 are normalized.
            mark_redirects: whether redirects that carry an error get the problem headers.
            callback_paths: paths at which `error=` in the query is read, as `authproblem.problem` in the scope's state.
            exceptions: whether a provider's exceptions that leave the app become responses.
            upstream_hosts: hosts of the provider besides the vendors' domains, for exceptions.
            exclude: path prefixes that are left alone.
            max_body: bytes of a body, coded and decoded; larger ones are left alone.
            max_wait: seconds above which a wait is not valid.
            respect_no_transform: whether `Cache-Control: no-transform` stops the rewrite.
            expose_headers: whether browsers of other origins may read the problem headers.
            log_upstream_text: whether events carry the upstream's text, masked.
            on_problem: called with each problem, inline, for metrics.

        Raises:
            ConfigurationError: for an invalid option; the message names it and what is expected.
            UnknownOptionError: for an unknown option.
        """
        options = make_options({name: value for name, value in locals().items() if name not in {"self", "app"}})
        check_app(app, 3, "an ASGI 3 app, which takes scope, receive and send")
        self.app = app
        self._interceptor = Interceptor(options)
        self._reply_to: Callable[[Interceptor, Request, Exception], Reply | None] | None = None
        if options.exceptions:
            from authproblem._middleware.exceptions.respond import reply_to_exception

            self._reply_to = reply_to_exception
        special = options.callback_paths or options.exceptions or options.state_paths or options.scopes.by_path
        self._is_simple = not special

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection; everything but responses over HTTP passes straight through."""
        if not self._is_simple:
            await self._serve(scope, receive, send)
            return
        response: Any = None  # a ResponseBuffer, once there is an error

        def send_or_buffer(message, self=self, scope=scope, send=send):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            # Not a coroutine function: a healthy response costs one call and one comparison a message. Defaults, since
            # a cell for each would cost every request more than the comparison does; annotations would be attached
            # for each request, too.
            nonlocal response
            if response is None:
                if "status" not in message or message["status"] < REDIRECT or message["type"] != START:
                    return send(message)
                response = ResponseBuffer(self._interceptor, request_of(scope, ""), message, send)
                return response.start()
            return response.send(message)

        await self.app(scope, receive, send_or_buffer)
        if response is not None and response.unsent is not None:
            await response.release()

    def reply_to(self, scope: Any, error: Exception) -> Reply | None:
        """Classify an exception of the app: for frameworks that catch it before ASGI sees it.

        Args:
            scope: the request.
            error: the exception.

        Returns:
            The whole response to send, or None: the exception is no provider's and has to propagate as usual.
        """
        from authproblem._middleware.exceptions.respond import reply_to_exception

        return reply_to_exception(self._interceptor, request_of(scope, scope.get("root_path", "")), error)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve where paths, callbacks, exceptions or successes matter, and what is not HTTP."""
        if self._fault is not None:
            await fail(self._fault, scope, receive, send)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        interceptor = self._interceptor
        # The root path as it is now, for routers change the scope's while they look for the route.
        root = scope.get("root_path", "")
        floor = 200 if interceptor.wants_success(path_of(scope, root)) else REDIRECT
        recorder = RecordingSend(send)
        response: ResponseBuffer | None = None

        def send_or_buffer(message: Message) -> Awaitable[None]:
            nonlocal response
            if response is None:
                if "status" not in message or message["status"] < floor or message["type"] != START:
                    return recorder(message)
                response = ResponseBuffer(interceptor, request_of(scope, root), message, recorder)
                return response.start()
            return response.send(message)

        self._read_callback(scope, root)
        if not await self._run(scope, receive, send_or_buffer, root, recorder) and response is not None:
            await response.release()

    async def _run(self, scope: Scope, receive: Receive, send: Send, root: str, recorder: RecordingSend) -> bool:
        """Run the app; return whether a response was sent for an exception: then what was buffered is dropped."""
        if self._reply_to is None:
            await self.app(scope, receive, send)
            return False
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            reply = None if recorder.started else self._reply_to(self._interceptor, request_of(scope, root), error)
            if reply is None:
                raise
            await recorder.reply(reply)
            return True
        return False

    def _read_callback(self, scope: Scope, root: str) -> None:
        """Read a request to one of the callback paths."""
        if not self._interceptor.options.callback_paths:
            return
        request = request_of(scope, root)
        problem = read_callback_request(self._interceptor.options, request, request.query)
        if problem is not None:
            scope.setdefault("state", {})["authproblem.problem"] = problem
