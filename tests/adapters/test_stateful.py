"""Random apps against one oracle: with the middleware a client is never worse off than without.

ASGI: a state machine whose rules are what an app, a client and a server can do, in any order. WSGI: random scripts of
`start_response`, `write`, chunks and exceptions. Both record what the app sends, and check what the client gets of it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Generator, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters.asgi_host import BODY, START, TRAILERS, Connection, body, start
from tests.adapters.samples import FOREIGN, HEALTHY, JSON, LIMITED, MFA, OKTA, bytewise, coded
from tests.adapters.support import ADAPTERS, assert_problem, is_problem, through
from tests.adapters.wsgi_host import Gateway, line
from tests.support.asgi_server import drive, http_scope
from tests.support.responses import Response
from tests.support.wsgi_server import http_environ

RESPONSES = [
    HEALTHY,
    OKTA,
    LIMITED,
    MFA,
    FOREIGN,
    coded(OKTA, "gzip"),
    Response(404, [("content-type", "text/plain")], b"Not Found"),
    Response(401, [("x-okta-request-id", "r")], b""),
    Response(401, [("content-type", JSON), ("auth-problem-upstream", "auth0")], b'{"error":"invalid_grant"}'),
    Response(302, [("location", "https://a.example/?error=access_denied&state=1"), ("content-type", JSON)], b"{}"),
    Response(200, [("content-type", JSON)], b'{"status":"LOCKED_OUT","_embedded":{}}'),
    Response(500, [("content-type", "text/html"), ("auth-problem-upstream", "okta")], b"<h1>no</h1>"),
    Response(401, OKTA.headers, OKTA.body.ljust(400)),
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"provider": "okta"},
    {"mode": "observe"},
    {"max_body": 200},
    {"exceptions": True, "callback_paths": ("/oauth/token",)},
    {"transaction_states": ("/oauth",), "mark_redirects": True},
]
PROBLEM_HEADERS = {"auth-problem", "auth-problem-owner", "auth-problem-retry"}


class AppError(Exception):
    """What the app raises."""


def plain(headers: list[tuple[Any, Any]]) -> list[tuple[str, str]]:
    """Headers as text, without what never leaves the app, and without the problem headers that a redirect may get."""
    pairs = [tuple(part.decode("latin-1") if isinstance(part, bytes) else part for part in pair) for pair in headers]
    return [(name, value) for name, value in pairs if name.lower() not in {"auth-problem-upstream", *PROBLEM_HEADERS}]


# ------------------------------------------------------------------------------------------------ ASGI


class Next:
    """What the app waits for: the next command of the machine."""

    def __await__(self) -> Generator[None, Any, Any]:
        return (yield)


class AsgiApps(RuleBasedStateMachine):
    """An app that does anything, a client that may leave, a server that may cancel."""

    def __init__(self) -> None:
        super().__init__()
        self.running: Coroutine[Any, Any, None] | None = None

    @initialize(options=st.sampled_from(OPTIONS))
    def build(self, options: dict[str, Any]) -> None:
        """One instance serves all requests of a run."""
        self.options = options
        self.middleware = AsgiMiddleware(self.app, **options)
        self.begin(method="GET")

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Do what the machine says."""
        while True:
            command, argument = await Next()
            if command == "return":
                return
            if command == "raise":
                raise argument
            try:
                await send(argument)
            except OSError:
                self.refused = True
                if command == "send":
                    raise
            else:
                self.produced.append(argument)

    @precondition(lambda self: self.running is None)
    @rule(method=st.sampled_from(["GET", "POST", "HEAD"]))
    def begin(self, method: str) -> None:
        """A request arrives."""
        self.produced: list[Any] = []
        self.sent = Response(0, [], b"")
        self.rest = b""
        self.refused = False
        self.method = method
        self.connection = Connection()
        scope = http_scope("/oauth/token", method, query="error=access_denied&state=1")
        self.running = self.middleware(scope, self.connection.receive, self.connection.send)
        self.running.send(None)

    def command(self, command: str, argument: Any = None) -> str:
        """Give the app a command; how the request ended, if it did."""
        assert self.running is not None
        try:
            self.running.send((command, argument))
        except StopIteration:
            ended = "returned"
        except AppError as error:
            ended = "raised" if error is argument else "raised something else"
        except OSError:
            assert self.connection.refused  # what is held back may be refused when the app has ended
            ended = "refused"
        else:
            return ""
        assert ended != "raised something else"
        self.check(ended)
        return ended

    alive = precondition(lambda self: self.running is not None)

    @alive
    @rule(sent=st.sampled_from(RESPONSES), trailers=st.booleans(), once=st.booleans())
    def app_starts(self, sent: Response, trailers: bool, once: bool) -> None:
        """A response begins, perhaps a second one."""
        if self.sent.status and once:  # mostly, apps start once
            return
        self.sent, self.rest = sent, sent.body
        self.command("send", start(sent, trailers=True) if trailers else start(sent))

    @alive
    @rule(size=st.integers(0, 300), kind=st.sampled_from([bytes, bytearray, memoryview]), patient=st.booleans())
    def app_sends_a_part(self, size: int, kind: Any, patient: bool) -> None:
        """Some bytes of the body."""
        chunk, self.rest = self.rest[:size], self.rest[size:]
        self.command("send" if patient else "try", body(kind(chunk), more=True))

    @alive
    @rule()
    def app_sends_the_rest(self) -> None:
        """The end of the body."""
        chunk, self.rest = self.rest, b""
        self.command("send", body(chunk))

    @alive
    @rule(chunk=st.binary(max_size=300), more=st.booleans())
    def app_sends_anything(self, chunk: bytes, more: bool) -> None:
        """Unexpected bytes."""
        self.command("send", body(chunk, more=more))

    @alive
    @rule(kind=st.sampled_from(["early_hint", "debug", "invented", "zerocopysend", "pathsend"]), more=st.booleans())
    def app_sends_another_message(self, kind: str, more: bool) -> None:
        """A message that is no body."""
        self.command("send", {"type": f"http.response.{kind}", "more_body": more})

    @alive
    @rule(more=st.booleans())
    def app_sends_trailers(self, more: bool) -> None:
        """Trailers, announced or not."""
        self.command("send", {"type": TRAILERS, "headers": [(b"x", b"1")], "more_trailers": more})

    @alive
    @rule()
    def app_returns(self) -> None:
        """The app ends, whether it is done or not."""
        self.command("return")

    @alive
    @rule()
    def app_raises(self) -> None:
        """The app fails."""
        self.command("raise", AppError("secret"))

    @alive
    @rule()
    def server_cancels(self) -> None:
        """The server gives up."""
        assert self.running is not None
        with pytest.raises(asyncio.CancelledError):
            self.running.throw(asyncio.CancelledError())
        self.check("cancelled")

    @alive
    @rule()
    def client_leaves(self) -> None:
        """From now on the server refuses what is sent."""
        self.connection._gone_after = len(self.connection.messages)

    @invariant()
    def what_is_none_of_our_business_is_out_at_once(self) -> None:
        """And never is more held back than may be."""
        if self.running is None or not self.produced:
            return
        statuses = [message["status"] for message in self.produced if message["type"] == START]
        if max(statuses, default=0) < 300 and "transaction_states" not in self.options:
            assert len(self.connection.messages) == len(self.produced)
        lag = sum(map(length, self.produced)) - sum(map(length, self.connection.messages))
        assert is_problem_sent(self.connection) or lag <= self.options.get("max_body", 262_144)

    def check(self, ended: str) -> None:
        """The client is no worse off."""
        self.running = None
        bare = Connection()
        for message in self.produced:
            drive(bare.send(message))
        if bare.faults:  # the app broke the protocol: its server handles that
            return
        assert self.connection.faults == []
        if is_problem_sent(self.connection):
            self.check_problem()
        else:
            self.check_passed(bare, ended)

    def check_problem(self) -> None:
        """A problem is whole, and comes only when the app has sent all of its error."""
        parts = [message for message in self.produced if message["type"] == BODY]
        assert not parts[-1]["more_body"]
        own = {START, BODY, TRAILERS}
        assert [message["type"] for message in self.connection.messages if message["type"] in own] == [START, BODY]
        others = [
            [one for one in messages if one["type"] not in own]
            for messages in (self.connection.messages, self.produced)
        ]
        assert others[0] == others[1]
        assert_problem(self.connection.answer(), method=self.method)

    def check_passed(self, bare: Connection, ended: str) -> None:
        """What is not rewritten is as the app sent it: all of it, or its beginning where the request broke off."""
        got, expected = described(self.connection), described(bare)
        if ended == "returned" and not self.refused:
            assert got == expected
            assert self.connection.complete == bare.complete
        else:
            assert got[0] == expected[0][: len(got[0])]
            assert expected[1].startswith(got[1])
            assert bare.complete or not self.connection.complete

    def teardown(self) -> None:
        """What is still running, ends."""
        if self.running is not None:
            self.command("return")


def length(message: Any) -> int:
    """Bytes of the body that a message carries."""
    return len(message.get("body", b"")) if message["type"] == BODY else 0


def is_problem_sent(connection: Connection) -> bool:
    """Whether an error was rewritten; a redirect that is marked stays what it was."""
    starts = [message for message in connection.messages if message["type"] == START]
    return any(
        name == b"auth-problem" and message["status"] >= 400 for message in starts for name, _ in message["headers"]
    )


def described(connection: Connection) -> tuple[list[Any], bytes]:
    """The messages but for the body, each with the place where it stands, and the body."""
    others, place = [], 0
    for message in connection.messages:
        if message["type"] == BODY:
            place += len(message.get("body", b""))
        elif message["type"] == START:
            others.append((place, {**message, "headers": plain(message["headers"])}))
        else:
            others.append((place, message))
    return others, connection.content


class ManyAsgiApps(AsgiApps):
    """The same, at length."""


ODD = list(HealthCheck)
TestAsgiApps = AsgiApps.TestCase
TestAsgiApps.settings = settings(max_examples=150, stateful_step_count=25, deadline=None, suppress_health_check=ODD)
TestManyAsgiApps = pytest.mark.timeout(900)(pytest.mark.slow(ManyAsgiApps.TestCase))
TestManyAsgiApps.settings = settings(
    max_examples=3000, stateful_step_count=40, deadline=None, suppress_health_check=ODD
)


# ------------------------------------------------------------------------------------------------ WSGI


class Script(NamedTuple):
    """What a WSGI app does when it is called and when it is iterated, and when its client leaves."""

    call: list[tuple[str, Any]]
    iteration: list[tuple[str, Any]]
    kind: str
    leaves_after: int | None


_starts = st.tuples(st.sampled_from(["start", "restart", "restart"]), st.sampled_from(RESPONSES))
_chunks = st.tuples(
    st.just("chunk"), st.one_of(st.just(b""), st.binary(max_size=250), st.sampled_from(["part", "rest"]))
)
_raises = st.tuples(st.just("raise"), st.none())
_first = st.sampled_from(RESPONSES).map(lambda sent: ("start", sent))


@st.composite
def scripts(draw: Any) -> Script:
    """Mostly apps that start once and send their body; often ones that do something odd besides."""
    call = draw(st.lists(st.one_of(_chunks, _chunks, _starts, _raises), max_size=3))
    iteration = draw(st.lists(st.one_of(_chunks, _chunks, _chunks, _starts, _raises), max_size=5))
    lazily = draw(st.booleans())
    if draw(st.integers(0, 9)):
        (iteration if lazily else call).insert(0, draw(_first))
    if draw(st.booleans()):
        iteration.append(("chunk", "rest"))
    kind = draw(st.sampled_from(["generator", "iterable"]))
    return Script(call, iteration, kind, draw(st.sampled_from([None, None, None, 1, 2])))


class WsgiApp:
    """An app that follows a script and records what it has sent.

    Attributes:
        produced: the response that it started last, with all that it has sent since.
        closed: how often its iterable was closed.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.produced = Response(0, [], b"")
        self.rest = b""
        self.closed = 0
        self.returned = False

    def __call__(self, environ: Any, start_response: Any) -> Any:
        write: Any = None
        for command, argument in self.script.call:
            if command == "chunk" and write is None:
                continue
            chunk = self.act(command, argument, start_response)
            if callable(chunk):
                write = chunk
            elif chunk is not None:
                write(chunk)
                self.produced = self.produced._replace(body=self.produced.body + chunk)
        self.returned = True
        return self.generate(start_response) if self.script.kind == "generator" else _Iterable(self, start_response)

    def act(self, command: str, argument: Any, start_response: Any) -> Any:
        """Do one thing: the chunk that it makes, or the `write` that it gets."""
        if command == "raise":
            raise AppError
        if command == "chunk":
            size = {"part": 40, "rest": len(self.rest)}.get(argument) if isinstance(argument, str) else None
            if size is None:
                return argument
            chunk, self.rest = self.rest[:size], self.rest[size:]
            return chunk
        write = start_response(line(argument), list(argument.headers), *(failure() if command == "restart" else ()))
        self.produced, self.rest = argument._replace(body=b""), argument.body
        return write

    def generate(self, start_response: Any) -> Iterator[bytes]:
        """The chunks of the script."""
        try:
            for command, argument in self.script.iteration:
                chunk = self.act(command, argument, start_response)
                if isinstance(chunk, bytes):
                    self.produced = self.produced._replace(body=self.produced.body + chunk)
                    yield chunk
        finally:
            if self.script.kind == "generator":
                self.closed += 1


class _Iterable:
    """An iterable that is not its own iterator, and counts how often it is closed."""

    def __init__(self, app: WsgiApp, start_response: Any) -> None:
        self._app, self._start_response = app, start_response

    def __iter__(self) -> Iterator[bytes]:
        return self._app.generate(self._start_response)

    def close(self) -> None:
        self._app.closed += 1


def failure() -> tuple[Any]:
    """The `exc_info` of an exception that the app has caught."""
    try:
        raise AppError  # noqa: TRY301 - so that there is a traceback
    except AppError:
        return (sys.exc_info(),)


def outcome(app: Any, script: Script, method: str) -> tuple[Response | None, type[BaseException] | None]:
    """What the client gets, and what the server has to report."""
    gateway = Gateway(stops_after=script.leaves_after)
    raised = None
    try:
        gateway.serve(app, http_environ("/oauth/token", method, query="error=access_denied&state=1"))
    except (AppError, AssertionError) as error:
        raised = type(error)
    return gateway.answer() if gateway.starts else None, raised


_anything = given(script=scripts(), options=st.sampled_from(OPTIONS), method=st.sampled_from(["GET", "POST", "HEAD"]))


@settings(max_examples=400, deadline=None, suppress_health_check=ODD)
@_anything
def test_wsgi_apps(script: Script, options: dict[str, Any], method: str) -> None:
    """Any order of calls that an app may make."""
    check_wsgi(script, options, method)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=10_000, deadline=None, suppress_health_check=ODD)
@_anything
def test_many_wsgi_apps(script: Script, options: dict[str, Any], method: str) -> None:
    """The same, with many more examples."""
    check_wsgi(script, options, method)


def check_wsgi(script: Script, options: dict[str, Any], method: str) -> None:
    """Run an app bare and behind the middleware: the client is no worse off."""
    bare, app = WsgiApp(script), WsgiApp(script)
    _, bare_raised = outcome(bare, script, method)
    response, raised = outcome(WsgiMiddleware(app, **options), script, method)
    if bare_raised is None and script.leaves_after is None:  # what is held is pulled further than the client would
        assert raised is None
    if app.returned and (app.script.kind == "iterable" or app.closed):
        assert app.closed == 1
    if response is None or raised is not None:
        return
    if is_problem(response) and response.status >= 400:
        assert_problem(response, method=method)
        return
    expected = app.produced._replace(headers=plain(app.produced.headers))
    assert (response.status, plain(response.headers)) == (expected.status, expected.headers)
    if script.leaves_after is None:
        assert response.body == expected.body
    else:
        assert expected.body.startswith(response.body)


_headers = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "content-encoding", "retry-after", "www-authenticate", "date", "vary", "x-a"]),
        st.one_of(
            st.sampled_from([JSON, "text/plain", "gzip", "deflate", "", 'Bearer error="invalid_token"']),
            st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40),
        ),
    ),
    max_size=6,
)
_bodies = st.one_of(st.binary(max_size=400), st.sampled_from([OKTA.body, MFA.body, b"{}", b"Not Found"]))
_sent = st.builds(Response, st.integers(200, 599), _headers, _bodies)


@pytest.mark.parametrize("adapter", ADAPTERS)
@settings(max_examples=300, deadline=None, suppress_health_check=ODD)
@given(sent=_sent, cut=st.integers(1, 50), options=st.sampled_from(OPTIONS))
def test_any_response(adapter: str, sent: Response, cut: int, options: dict[str, Any]) -> None:
    """Any status, headers and body, cut anywhere."""
    response = through(adapter, sent, bytewise(sent.body, cut) or [b""], **options)
    if is_problem(response) and response.status >= 400:
        assert_problem(response, media_type=response.lines("content-type")[0])
    else:
        assert (response.status, plain(response.headers), response.body) == (
            sent.status,
            plain(sent.headers),
            sent.body,
        )
