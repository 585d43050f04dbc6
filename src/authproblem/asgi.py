"""The ASGI door: messages in, messages out. No rule lives here: `_intercept` decides what is held and what is sent.

```python
app.add_middleware(AuthProblemMiddleware)  # Starlette, FastAPI
app = AuthProblemMiddleware(app)           # any ASGI 3 app
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from authproblem._middleware.interception import Gate, Reply, Request
from authproblem._middleware.options import OptionsDict, make_options
from authproblem._middleware.scopes import below

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AuthProblemMiddleware"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame
_REDIRECT = 300  # the first status that is looked at: redirects may carry errors
_START, _BODY, _TRAILERS = "http.response.start", "http.response.body", "http.response.trailers"


class AuthProblemMiddleware:
    """Turns the errors of Auth0 and Okta that the app sends into problem documents (RFC 9457), in place.

    Pure ASGI 3: the app runs in the caller's task, `receive` is never touched, and a healthy response costs one closure
    and one comparison. Put it inside CORS and GZip middleware, and outside of what makes the error responses.

    With `exceptions=True` it also answers for a provider's exceptions that nobody in the app has caught. Starlette runs
    user middleware between its ServerErrorMiddleware, outermost, and its ExceptionMiddleware, innermost. So the app's
    handlers for certain classes come before us and keep their say; its handler for `Exception` or 500 and the debug
    page come after us and see only what is no provider's. Likewise Sentry's middleware outside of us: what is answered
    here is no failure of the app, and our event alone tells it.

    Warning:
        `provider=` and `whole=True` say that *every* error below is the provider's. Use them only where the app does
        nothing but proxy; otherwise its own 404s would be taken for the provider's.
    """

    def __init__(self, app: ASGIApp, **options: Unpack[OptionsDict]) -> None:
        """Wrap an app.

        Args:
            app: an ASGI 3 app.
            **options: see the README's table; all have defaults.

        Raises:
            ValueError: for an option whose value does not hold; the message names it and what would be right.
            TypeError: for an unknown option.
        """
        self.app = app
        self._gate = Gate(make_options(options))
        given = self._gate.options
        self._escaped: Callable[[Gate, Request, Exception], Reply | None] | None = None
        if given.exceptions:
            from authproblem._middleware.exceptions.respond import escaped

            self._escaped = escaped
        special = given.callback_paths or given.exceptions or given.state_paths or given.scopes.by_path
        self._usual = "" if special else "http"  # the scopes that take the short way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; everything but `http` passes straight through."""
        if scope["type"] != self._usual:
            await self._serve(scope, receive, send)
            return
        held: _Held | None = None

        def passing(message: Message, gate: Gate = self._gate, scope: Scope = scope) -> Awaitable[None]:
            # Not a coroutine function: a healthy response costs one call and one comparison a message. Defaults, for
            # what an error alone needs: a cell for each would cost every request more than the comparison does.
            nonlocal held
            if held is None:
                if "status" not in message or message["status"] < _REDIRECT or message["type"] != _START:
                    return send(message)
                held = _Held(gate, _request(scope, ""), message, send)
                return held.start()
            return held.send(message)

        await self.app(scope, receive, passing)
        if held is not None:
            await held.release()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same where paths, callbacks, exceptions or successes have a say, and for what is not HTTP."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        gate = self._gate
        # The root path as it is now, for routers change the scope's while they look for the route.
        root = scope.get("root_path", "")
        floor = 200 if gate.wants_success(_path(scope, root)) else _REDIRECT
        noted = _Noted(send)
        held: _Held | None = None

        def passing(message: Message) -> Awaitable[None]:
            nonlocal held
            if held is None:
                if "status" not in message or message["status"] < floor or message["type"] != _START:
                    return noted(message)
                held = _Held(gate, _request(scope, root), message, noted)
                return held.start()
            return held.send(message)

        self._read_callback(scope, root)
        if not await self._guarded(scope, receive, passing, root, noted) and held is not None:
            await held.release()

    async def _guarded(self, scope: Scope, receive: Receive, passing: Send, root: str, noted: _Noted) -> bool:
        """Run the app; whether an exception of it was answered, in place of what may have been held by then."""
        if self._escaped is None:
            await self.app(scope, receive, passing)
            return False
        try:
            await self.app(scope, receive, passing)
        except Exception as error:
            reply = None if noted.started else self._escaped(self._gate, _request(scope, root), error)
            if reply is None:
                raise
            await noted.reply(reply)
            return True
        return False

    def _read_callback(self, scope: Scope, root: str) -> None:
        """Requests that are looked at themselves: callbacks."""
        if not self._gate.options.callback_paths:
            return
        problem = self._gate.callback(_request(scope, root), scope.get("query_string", b"").decode("latin-1"))
        if problem is not None:
            scope.setdefault("state", {})["authproblem.problem"] = problem


class _Noted:
    """The server's `send`, noting whether the response has begun: then no exception can become another one."""

    __slots__ = ("_send", "started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    def __call__(self, message: Message) -> Awaitable[None]:
        self.started = self.started or message["type"] == _START
        return self._send(message)

    async def reply(self, reply: Reply) -> None:
        """Send a whole response."""
        await self._send({"type": _START, "status": reply.status, "headers": reply.headers})
        await self._send({"type": _BODY, "body": reply.body, "more_body": False})


class _Held:
    """A response that the gate looks at: kept back, passed on, or replaced, message by message."""

    __slots__ = ("_interception", "_send", "_start", "_swallow")

    def __init__(self, gate: Gate, request: Request, start: Message, send: Send) -> None:
        interception = gate.begin(request, start["status"], start.get("headers", ()))
        self._interception = interception
        self._send = send
        self._start: Message | None = {**start, "headers": interception.headers}
        self._swallow = False

    def start(self) -> Awaitable[None]:
        """The start message: sent at once if nothing is to be held."""
        return _nothing() if self._interception.holding else self._pass()

    def send(self, message: Message) -> Awaitable[None]:
        """Any later message."""
        interception = self._interception
        if not interception.holding:
            return _nothing() if self._swallow and message["type"] == _TRAILERS else self._send(message)
        if message["type"] != _BODY or not interception.feed(message.get("body", b"")):
            return self._give_up(message)
        return _nothing() if message.get("more_body", False) else self._finish(interception.finish())

    async def _give_up(self, message: Message) -> None:
        """Pathsend, zerocopysend, trailers, unknown, or too large: not ours to judge."""
        await self.release()
        await self._send(message)

    async def release(self) -> None:
        """Send what is kept as it came: the app has ended, or sent what cannot be held."""
        if self._start is None:
            return
        self._interception.holding = False
        await self._pass()
        if self._interception.body:
            await self._send_body(more=True)

    async def _pass(self) -> None:
        start, self._start = self._start, None
        if start is not None:
            await self._send(start)

    async def _send_body(self, *, more: bool) -> None:
        await self._send({"type": _BODY, "body": bytes(self._interception.body), "more_body": more})

    async def _finish(self, reply: Reply | None) -> None:
        if reply is None:
            await self._pass()
            await self._send_body(more=False)
            return
        status, headers, body, _ = reply
        start = {**(self._start or {}), "status": status, "headers": headers}
        # Trailers described the old body; a start that announces them would make the server wait for them.
        self._swallow = bool(start.pop("trailers", False))
        self._start = None
        await self._send(start)
        await self._send({"type": _BODY, "body": body, "more_body": False})


async def _nothing() -> None:
    """What a message that is kept back gives to await."""


def _path(scope: Scope, root: str) -> str:
    """The path below the app that is wrapped (ASGI: `path` includes `root_path`)."""
    path: str = scope.get("path", "")
    return path[len(root) :] or "/" if root and below(path, root) else path


def _request(scope: Scope, root: str) -> Request:
    lines = [value for name, value in scope.get("headers", ()) if name == b"accept"]
    accept = b",".join(lines).decode("latin-1") if lines else None
    path = _path(scope, root) if root else scope.get("path", "")
    return _new(Request, (path, scope.get("method", ""), accept, scope, True))
