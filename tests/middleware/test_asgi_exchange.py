"""Messages of one ASGI response: buffered until it is decided, then replaced or released as they came."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import normalize
from authproblem._middleware.asgi_exchange import BODY, START, TRAILERS, Message, RecordingSend, ResponseBuffer, path_of
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options
from tests.support.asgi_server import drive

INTERCEPTOR = Interceptor(make_options({"provider": "auth0", "max_body": 100}))
ERROR = b'{"error":"invalid_grant"}'


class Sent(list[Message]):
    """A server's `send` that keeps the messages."""

    async def send(self, message: Message) -> None:
        """Keep one."""
        self.append(message)

    @property
    def body(self) -> bytes:
        """All bytes of the body."""
        return b"".join(message.get("body", b"") for message in self)


def begin(sent: Sent, status: int = 403, **start: Any) -> ResponseBuffer:
    """Begin a JSON response."""
    message = {"type": START, "status": status, "headers": [(b"content-type", b"application/json")], **start}
    buffer = ResponseBuffer(INTERCEPTOR, Request("/", "POST", None, {}, binary=True), message, sent.send)
    drive(buffer.start())  # type: ignore[arg-type] # coroutines, all of them
    return buffer


def test_nothing_is_sent_before_the_body_is_whole() -> None:
    """Then a problem takes the place of all messages."""
    sent = Sent()
    buffer = begin(sent)
    drive(buffer.send({"type": BODY, "body": ERROR[:9], "more_body": True}))  # type: ignore[arg-type]
    assert sent == []

    drive(buffer.send({"type": BODY, "body": ERROR[9:]}))  # type: ignore[arg-type]

    assert [message["type"] for message in sent] == [START, BODY]
    assert b'"reason":"' in sent.body


def test_a_body_that_grows_too_large_is_released() -> None:
    """In order: the start, what was buffered, the chunk, and everything later at once."""
    sent = Sent()
    buffer = begin(sent)
    for chunk in (b"a" * 60, b"b" * 60, b"c"):
        drive(buffer.send({"type": BODY, "body": chunk, "more_body": True}))  # type: ignore[arg-type]

    assert sent.body == b"a" * 60 + b"b" * 60 + b"c"
    assert sent[0]["status"] == 403


def test_what_is_buffered_when_the_app_ends_is_released() -> None:
    """An app that stops early: the server sees what it would have seen."""
    sent = Sent()
    buffer = begin(sent)
    drive(buffer.send({"type": BODY, "body": b"half", "more_body": True}))  # type: ignore[arg-type]
    drive(buffer.release())
    drive(buffer.release())

    assert [(message["type"], message.get("more_body")) for message in sent] == [(START, None), (BODY, True)]


def test_trailers_of_a_replaced_body_are_dropped() -> None:
    """They described the old body; the start does not announce them either."""
    sent = Sent()
    buffer = begin(sent, trailers=True)
    drive(buffer.send({"type": BODY, "body": ERROR}))  # type: ignore[arg-type]
    drive(buffer.send({"type": TRAILERS, "headers": []}))  # type: ignore[arg-type]

    assert [message["type"] for message in sent] == [START, BODY]
    assert "trailers" not in sent[0]


def test_noting_send_knows_whether_the_response_has_started() -> None:
    """After that no exception can be answered."""
    sent = Sent()
    recorder = RecordingSend(sent.send)
    problem = normalize(403, {"content-type": "application/json"}, ERROR, provider="auth0")
    assert problem is not None
    assert not recorder.started

    drive(recorder.reply(Reply(403, [], b"{}", problem)))
    drive(recorder({"type": START, "status": 200}))  # type: ignore[arg-type]

    assert recorder.started
    assert [message.get("status") for message in sent] == [403, None, 200]


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [("/a/b", "", "/a/b"), ("/a/b", "/a", "/b"), ("/a", "/a", "/"), ("/ab", "/a", "/ab"), ("/b", "/a", "/b")],
)
def test_the_path_is_that_below_the_root_path(path: str, root: str, expected: str) -> None:
    """By whole segments; servers that do not put the root path before the path are understood as well."""
    assert expected == path_of({"path": path}, root)
