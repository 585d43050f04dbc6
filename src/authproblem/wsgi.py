"""The WSGI adapter (PEP 3333). What is buffered and what is sent is decided by `_middleware.interception`.

```python
app.wsgi_app = AuthProblemMiddleware(app.wsgi_app)  # Flask
app = AuthProblemMiddleware(app)                    # any WSGI app
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from authproblem._core.members import PassText
from authproblem._core.policy import DEFAULT_MAX_BODY, DEFAULT_MAX_WAIT, DEFAULT_TYPE_BASE
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Reply
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
from authproblem._middleware.startup import checks_options
from authproblem._middleware.wsgi_exchange import (
    ERROR,
    REDIRECT,
    Environ,
    ExceptionGuard,
    Exchange,
    Lines,
    StartResponse,
    State,
    WSGIApp,
    body_of,
    request_of,
)
from authproblem._model import Provider
from authproblem._registry.registry import Registry

__all__ = ["AuthProblemMiddleware"]


class AuthProblemMiddleware:
    """Turns the errors of Auth0 and Okta that the app sends into problem documents (RFC 9457), in place.

    A healthy response is returned as the app's own iterable, so that `wsgi.file_wrapper` and `sendfile` work. The app's
    iterable is closed exactly once, whatever happens.

    With `exceptions=True` it also responds to a provider's exceptions that leave the app before anything was sent.
    Flask catches all of them earlier: use `authproblem.flask` there.

    Warning:
        `provider=` and `whole=True` mean that *every* error below is the provider's. Use them only where the app does
        nothing but proxy; otherwise its own 404s would be taken for the provider's.
    """

    @checks_options
    def __init__(
        self,
        app: WSGIApp,
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
            app: a WSGI app.
            provider: the provider of every error response: for apps that do nothing but proxy.
            providers: the provider below each path prefix, or a callable that takes the WSGI environ and returns one.
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
            callback_paths: paths at which `error=` in the query is read, as `authproblem.problem` in the environ.
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
        check_app(app, 2, "a WSGI app, which takes environ and start_response")
        self.app = app
        self._interceptor = Interceptor(options)
        self._is_special = bool(options.callback_paths or options.exceptions or options.state_paths)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if self._is_special:
            return self._serve(environ, start_response)
        exchange: State = None

        def starting(  # type: ignore[no-untyped-def] # noqa: ANN202, PLR0917
            status,  # noqa: ANN001
            headers,  # noqa: ANN001
            exc_info=None,  # noqa: ANN001
            self=self,  # noqa: ANN001
            environ=environ,  # noqa: ANN001
            start_response=start_response,  # noqa: ANN001
        ):
            # Defaults, since a cell for each would cost every request more than the comparison does; annotations are
            # attached anew for each request, too.
            nonlocal exchange
            if exchange is None and status < REDIRECT:
                exchange = False
                return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)
            exchange, write = self._start(exchange, environ, start_response, (status, headers, exc_info))
            return write

        result = self.app(environ, starting)
        return result if exchange is False else body_of(result, lambda: exchange)

    def reply_to(self, environ: Environ, error: Exception) -> Reply | None:
        """Classify an exception of the app: for frameworks that catch it before WSGI sees it.

        Args:
            environ: the request.
            error: the exception.

        Returns:
            The whole response to send, or None: the exception is no provider's and has to propagate as usual.
        """
        from authproblem._middleware.exceptions.respond import reply_to_exception

        return reply_to_exception(self._interceptor, request_of(environ), error)

    def _serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve where callbacks, exceptions or successes matter."""
        interceptor = self._interceptor
        floor = "2" if interceptor.wants_success(environ.get("PATH_INFO", "")) else REDIRECT
        exchange: State = None

        def starting(status: str, headers: Lines, exc_info: Any = None) -> Callable[[bytes], object]:
            nonlocal exchange
            exchange = False if exchange is None and status < floor else exchange
            exchange, write = self._start(exchange, environ, start_response, (status, headers, exc_info))
            return write

        self._read_callback(environ)
        if interceptor.options.exceptions:
            guard = ExceptionGuard(self.reply_to, environ, start_response)
            start_response = guard.start  # `starting` uses this variable
            return guard.run(self.app, starting, lambda: exchange)
        result = self.app(environ, starting)
        return result if exchange is False else body_of(result, lambda: exchange)

    def _start(
        self,
        exchange: State,
        environ: Environ,
        start_response: StartResponse,
        given: tuple[str, Lines, Any],
    ) -> tuple[State, Callable[[bytes], object]]:
        """Start a response that is looked at, or one more after a healthy one (PEP 3333, error handling)."""
        status, headers, exc_info = given
        if exchange is not False:
            exchange = exchange or Exchange(self._interceptor, environ, start_response)
            return exchange, exchange.start(status, headers, exc_info)
        if status >= ERROR:  # too late to classify it, but the mark never leaves the app
            headers = self._interceptor.unmarked(headers)
        return False, start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

    def _read_callback(self, environ: Environ) -> None:
        """Read a request to one of the callback paths."""
        if not self._interceptor.options.callback_paths:
            return
        request = request_of(environ)
        problem = read_callback_request(self._interceptor.options, request, request.query)
        if problem is not None:
            environ["authproblem.problem"] = problem
