"""Hostile input through both adapters: byte-identical or a full valid problem, never an exception or a mixture."""

from __future__ import annotations

import gzip
import json
import logging
import tracemalloc
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import brotli
import pytest
import structlog

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters.asgi_host import Connection, answering
from tests.adapters.hostile import BODIES, FORGERIES, SECRETS, forged
from tests.adapters.samples import CODINGS, ERRORS, JSON, OKTA, OKTA_BODY, bytewise
from tests.adapters.support import ADAPTERS, assert_problem, assert_sound, assert_untouched, is_problem, through
from tests.adapters.wsgi_host import Gateway, eager
from tests.support.asgi_server import drive, http_scope
from tests.support.codings import zstd_compress
from tests.support.events import Events
from tests.support.responses import Pairs, Response
from tests.support.wsgi_server import http_environ

adapters = pytest.mark.parametrize("adapter", ADAPTERS)
SENDERS: dict[str, Pairs] = {
    "no evidence": [],
    "Okta by its header": [("x-okta-request-id", "req")],
    "Auth0 by its header": [("x-auth0-requestid", "req")],
}
MOST = 65_536
"""Bytes of a problem: more would be a flood. Protocol documents, whole by contract, are as long as they came."""
MEBIBYTE = 1_048_576


@adapters
@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    "status", [401, pytest.param(400, marks=pytest.mark.slow), pytest.param(503, marks=pytest.mark.slow)]
)
def test_any_body_is_untouched_or_a_problem(adapter: str, sender: str, status: int) -> None:
    """Nothing in between, and no exception."""
    for name, content in BODIES.items():
        sent = Response(status, [("content-type", JSON), *SENDERS[sender]], content)
        try:
            response = through(adapter, sent)
            document = assert_sound(response, sent)
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}") from error
        assert document is None or len(response.body) < max(MOST, 2 * len(content)), name


@adapters
@pytest.mark.slow
@pytest.mark.parametrize(
    "media", ["text/plain", "text/html", "application/problem+json", "text/event-stream", "", "json"]
)
def test_any_body_of_any_other_type_is_untouched_or_a_problem(adapter: str, media: str) -> None:
    """Pages, plain text and types that do not exist."""
    for name, content in BODIES.items():
        sent = Response(500, [("content-type", media), ("x-okta-request-id", "req")], content)
        try:
            assert_sound(through(adapter, sent), sent)
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}") from error


@adapters
@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{"texts": "all"}, {"disclosure": "strict"}, {"status": "canonical"}, {"flow_control": True}], ids=str
)
def test_no_option_lets_any_body_through_half_changed(adapter: str, options: dict[str, Any]) -> None:
    """With each option on its own."""
    for name, content in BODIES.items():
        sent = Response(401, [("content-type", JSON), ("x-okta-request-id", "req")], content)
        try:
            assert_sound(through(adapter, sent, **options), sent)
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}") from error


@adapters
def test_success_with_any_body_on_a_path_of_transactions_is_untouched_or_a_problem(adapter: str) -> None:
    """Successes are parsed there."""
    for name, content in BODIES.items():
        sent = Response(200, [("content-type", JSON)], content)
        try:
            assert_sound(through(adapter, sent, transaction_states=("/oauth",)), sent)
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}") from error


@adapters
def test_of_duplicate_members_the_last_counts_and_is_sent_once(adapter: str) -> None:
    """As most parsers do."""
    content = (
        b'{"errorCode":"E0000047","errorCode":"E0000004","errorSummary":"x","errorSummary":"Authentication failed"}'
    )
    response = through(adapter, Response(401, OKTA.headers, content))
    assert assert_problem(response)["reason"] == "invalid-credentials"
    assert (response.body.count(b'"errorCode"'), response.body.count(b'"errorSummary"')) == (1, 1)


@adapters
def test_a_number_beyond_64_bits_is_dropped(adapter: str) -> None:
    """The parser would return it as a float."""
    content = b'{"errorCode":"E0000004","errorSummary":"Authentication failed","statusCode":18446744073709551616}'
    document = assert_problem(through(adapter, Response(401, OKTA.headers, content)))
    assert "statusCode" not in document


@adapters
def test_a_protocol_document_with_a_number_beyond_64_bits_passes(adapter: str) -> None:
    """It must stay whole."""
    content = b'{"status":"LOCKED_OUT","_embedded":{"n":18446744073709551616}}'
    sent = Response(401, OKTA.headers, content)
    assert_untouched(through(adapter, sent), sent)


# ------------------------------------------------------------------------------------------------ codings


def bombs() -> dict[str, tuple[str, bytes]]:
    """32 MiB of an error in a few kilobytes."""
    plain = OKTA.body + b" " * (32 * MEBIBYTE)
    inner = gzip.compress(plain, 9)
    return {
        "gzip": ("gzip", inner),
        "deflate": ("deflate", zlib.compress(plain, 9)),
        "br": ("br", brotli.compress(plain, quality=5)),
        "zstd": ("zstd", zstd_compress(plain)),
        "gzip twice": ("gzip, gzip", gzip.compress(inner, 9)),
        "empty members": ("gzip", gzip.compress(b"") * 12_000),
    }


BOMBS = bombs()


@adapters
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_passes_in_bounded_memory(adapter: str, name: str) -> None:
    """A small body that decompresses to gigabytes."""
    coding, content = BOMBS[name]
    sent = Response(401, [*OKTA.headers, ("content-encoding", coding)], content)
    through(adapter, sent)  # what is imported on the way does not count
    tracemalloc.start()
    try:
        response = through(adapter, sent)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_untouched(response, sent)
    assert peak < 4 * MEBIBYTE + 4 * len(content)


@adapters
def test_ten_megabytes_in_one_chunk_are_not_copied(adapter: str) -> None:
    """Beyond the limit the app's own object is sent."""
    sent = Response(401, OKTA.headers, OKTA.body.ljust(10 * MEBIBYTE))
    asgi, wsgi = AsgiMiddleware(answering(sent)), WsgiMiddleware(eager(sent))
    lengths = []

    async def send(message: Any) -> None:
        lengths.append(len(message.get("body", b"")))

    tracemalloc.start()
    try:
        if adapter == "asgi":
            drive(asgi(http_scope(), Connection().receive, send))
        else:
            Gateway(took=lambda chunk: lengths.append(len(chunk))).serve(wsgi, http_environ())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(lengths) == len(sent.body)
    assert peak < 2 * MEBIBYTE


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "one byte": lambda content: content[:1],
    "half": lambda content: content[: len(content) // 2],
    "all but one byte": lambda content: content[:-1],
    "a byte more": lambda content: content + b"\x00",
    "garbage behind": lambda content: content + b"garbage" * 9,
    "a flipped byte": lambda content: content[:20] + bytes([content[20] ^ 0x55]) + content[21:],
    "plain": lambda _: OKTA.body,
    "zeros": lambda _: bytes(100),
    "html": lambda _: b"<html>bad gateway</html>",
}


@adapters
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("coding", CODINGS)
def test_a_damaged_or_mislabeled_coding_is_untouched_or_a_problem(adapter: str, coding: str, damage: str) -> None:
    """Cut off, with garbage, or in no coding at all."""
    name, encode = CODINGS[coding]
    content = DAMAGES[damage](encode(OKTA.body))
    sent = Response(401, [*OKTA.headers, ("content-encoding", name)], content)
    assert_sound(through(adapter, sent, bytewise(content, 9)), sent)


@adapters
@pytest.mark.parametrize("claimed", ["gzip", "deflate", "br", "zstd", "x-gzip", "identity"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_coding_under_another_name_is_untouched_or_a_problem(adapter: str, coding: str, claimed: str) -> None:
    """Gzip that claims to be br, and the reverse."""
    content = CODINGS[coding][1](OKTA.body)
    sent = Response(401, [*OKTA.headers, ("content-encoding", claimed)], content)
    assert_sound(through(adapter, sent), sent)


@adapters
@pytest.mark.parametrize(
    "value", ["compress", "aes128gcm", "gzip, sdch", "gzip;q=1", "\x00", "gzip gzip", "deflate, " * 99]
)
def test_an_unknown_coding_passes(adapter: str, value: str) -> None:
    """It cannot be undone."""
    sent = Response(401, [*OKTA.headers, ("content-encoding", value)], OKTA.body)
    if "\x00" in value:
        sent = Response(401, [*OKTA.headers, ("content-encoding", "\x01")], OKTA.body)
    assert_untouched(through(adapter, sent), sent)


# ------------------------------------------------------------------------------------------------ chunking


@adapters
def test_a_body_in_sixty_thousand_chunks_is_kept_in_linear_memory(adapter: str) -> None:
    """Byte by byte."""
    content = OKTA.body.ljust(61_440)
    chunks: Sequence[bytes] = bytewise(content)
    tracemalloc.start()
    try:
        response = through(adapter, Response(401, OKTA.headers, content), chunks)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_problem(response)
    assert peak < 2 * MEBIBYTE + (600 * len(content) if adapter == "asgi" else 0)  # the app's own messages


@adapters
def test_a_flood_of_empty_chunks_is_no_body(adapter: str) -> None:
    """They cost nothing."""
    chunks = [b""] * 50_000 + [OKTA.body]
    assert_problem(through(adapter, OKTA, chunks))


# ------------------------------------------------------------------------------------------------ headers


@adapters
@pytest.mark.parametrize("name", FORGERIES)
def test_nothing_of_a_body_gets_into_a_header(adapter: str, name: str) -> None:
    """Line breaks in codes and texts."""
    for content in forged(FORGERIES[name]):
        for sender in SENDERS.values():
            sent = Response(401, [("content-type", JSON), *sender], content)
            response = through(adapter, sent)
            assert_sound(response, sent)
            text = "\n".join(f"{key}: {value}" for key, value in response.headers)
            assert "X-Injected" not in text
            assert "evil" not in text
            assert "root" not in text


HEADERS: dict[str, Pairs] = {
    "thousands": [(f"x-{number}", "v" * 50) for number in range(5000)],
    "thousands of one name": [("set-cookie", f"a={number}") for number in range(5000)],
    "thousands of challenges": [("www-authenticate", f'Bearer realm="{number}"') for number in range(2000)],
    "a long challenge": [("www-authenticate", "Bearer " + ",".join(f'a{n}="{n}"' for n in range(20_000)))],
    "a challenge of commas": [("www-authenticate", "," * 60_000)],
    "a challenge of quotes": [("www-authenticate", 'Bearer realm="' + '\\"' * 30_000)],
    "a challenge of blanks": [("www-authenticate", "Bearer" + " " * 60_000 + "x")],
    "a challenge with everything": [
        ("www-authenticate", 'Bearer error="mfa_required\\"", scope="\xff", max_age="9e9"')
    ],
    "long rate limits": [
        ("ratelimit", '"x";r=0;t=1, ' * 5000),
        ("auth0-client-quota-limit", "b=x;q=1;r=0;t=1," * 5000),
    ],
    "odd rate limits": [("ratelimit", '"x";r=0;t=99999999999999999'), ("x-rate-limit-reset", "9" * 400)],
    "odd waits": [("retry-after", "-1"), ("retry-after", "9" * 5000), ("date", "x" * 5000)],
    "contradicting types": [("content-type", "text/html"), ("content-type", JSON), ("content-type", "")],
    "contradicting lengths": [("content-length", "1"), ("content-length", "2"), ("transfer-encoding", "chunked")],
    "contradicting codings": [
        ("content-encoding", "gzip"),
        ("content-encoding", "identity"),
        ("content-encoding", "br"),
    ],
    "contradicting senders": [
        ("x-okta-request-id", "a"),
        ("x-auth0-requestid", "b"),
        ("auth-problem-upstream", "oauth"),
    ],
    "a request id that is none": [("x-okta-request-id", "\xff" * 5000)],
    "caching both ways": [
        ("cache-control", "no-store"),
        ("cache-control", "public"),
        ("vary", "*"),
        ("vary", "a" * 9000),
    ],
    "an old problem": [("auth-problem", "forged"), ("auth-problem", "twice")],
    "empty": [("content-type", ""), ("content-encoding", ""), ("retry-after", ""), ("www-authenticate", "")],
    "blank values": [("content-type", "   "), ("content-encoding", ","), ("vary", ", ,"), ("date", " ")],
    "high bytes": [("x-odd", "".join(map(chr, range(128, 256)))), ("content-type", "application/j\xe9son")],
    "a long type": [("content-type", "application/" + "a" * 60_000 + "+json")],
}


@adapters
@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("content", [OKTA.body, b"", b"Unauthorized"], ids=["okta", "empty", "text"])
def test_any_headers_leave_it_untouched_or_a_problem(adapter: str, name: str, first: bool, content: bytes) -> None:
    """Malformed, doubled and very long ones, before and after the usual ones."""
    headers = [*HEADERS[name], *OKTA.headers] if first else [*OKTA.headers, *HEADERS[name]]
    sent = Response(429, headers, content)
    response = through(adapter, sent)
    if is_problem(response) and not is_problem(sent):
        assert_problem(response)
    else:
        kept = [pair for pair in headers if pair[0] != "auth-problem-upstream"]
        assert_untouched(response, Response(429, kept, content))


@adapters
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_any_headers_of_a_request_leave_it_a_problem(adapter: str, headers: Pairs) -> None:
    """`Accept` with thousands of ranges."""
    asked = [*headers, ("accept", "a/b;q=0.5," * 5000), ("accept", "\xff" * 500), ("accept", ";" * 9000)]
    options: dict[str, Any] = {"callback_paths": ("/oauth/token",), "provider": "okta"}
    response = through(adapter, OKTA, headers=asked, **options)
    assert_problem(response, media_type=response.lines("content-type")[0])


@adapters
@pytest.mark.parametrize(
    "location", ["https://[x?error=access_denied&state=1", "?error=" * 9000, "http://\xff\xfe?error=x&state=1"]
)
def test_any_location_passes(adapter: str, location: str) -> None:
    """Redirects are read, and stay as they are."""
    sent = Response(302, [("location", location)], b"")
    assert_untouched(through(adapter, sent, mark_redirects=True), sent)


@adapters
@pytest.mark.parametrize(
    "path", ["/" + "x" * 60_000, "/%00%0a%ff", "/%E2%80%A8/..", "//evil.example/", "/%25s%25n", "/;x?y#z"]
)
@pytest.mark.parametrize("method", ["GET", "post", "X" * 5000, "A\xe9"])
def test_any_path_and_method_leave_it_a_problem(adapter: str, path: str, method: str) -> None:
    """Control characters, dots and invalid encodings."""
    response = through(adapter, OKTA, path=path, method=method, providers={"/x": "okta"}, exclude=("/y",))
    assert_problem(response)


# ------------------------------------------------------------------------------------------------ secrets


@adapters
@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("options", [{}, {"log_upstream_text": True}, {"disclosure": "strict"}], ids=str)
def test_what_an_unknown_text_reflects_reaches_neither_client_nor_log(
    adapter: str, name: str, options: dict[str, Any], events: Events
) -> None:
    """In every member of every shape."""
    sentence, secret = SECRETS[name]
    rewritten = 0
    for content in (*forged(sentence), json.dumps({**OKTA_BODY, "x": {"y": [sentence]}, sentence: 1}).encode()):
        for sender in SENDERS.values():
            sent = Response(401, [("content-type", JSON), *sender], content)
            response = through(adapter, sent, **options)
            if is_problem(response) and b"stateHandle" not in content:  # whole by contract: it carries the next step
                rewritten += 1
                assert secret not in response.body.decode() + repr(response.headers)
    assert rewritten >= 15
    if name != "password" or "log_upstream_text" not in options:  # no mask can recognize a password
        assert secret not in repr(events)


# ------------------------------------------------------------------------------------------------ log forging


class Lines(logging.Handler):
    """What a formatter makes of each record."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(self.format(record))


def forge(adapter: str, text: str) -> None:
    """Send the text everywhere an upstream or a client can put it."""
    for content in forged(text):
        for sender in SENDERS.values():
            headers = [("content-type", JSON), *sender]
            through(adapter, Response(401, headers, content), log_upstream_text=True, flow_control=True)
    path = "/" + "".join(f"%{byte:02x}" for byte in text.encode())
    for path_, method in ((path, "GET"), ("/", "GET" + text)):
        through(adapter, OKTA, path=path_, method=method)


@adapters
@pytest.mark.parametrize("name", FORGERIES)
def test_an_app_without_structlog_gets_one_clean_line_an_event(adapter: str, name: str) -> None:
    """Upstream strings cannot forge a line."""
    logger, handler = logging.getLogger("authproblem"), Lines()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        forge(adapter, FORGERIES[name])
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert len(handler.lines) >= len(SENDERS)
    assert [line for line in handler.lines if not line.isprintable()] == []
    assert [line for line in handler.lines if not line.partition(" ")[2].startswith("authproblem.")] == []


@adapters
@pytest.mark.parametrize("name", FORGERIES)
def test_a_json_log_gets_one_object_an_event(adapter: str, name: str) -> None:
    """Upstream strings cannot forge an object."""
    lines: list[str] = []
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=lambda *_: structlog.testing.CapturingLogger(),
        cache_logger_on_first_use=False,
    )
    captured = structlog.testing.CapturingLogger()
    structlog.configure(logger_factory=lambda *_: captured)
    forge(adapter, FORGERIES[name])
    lines = [call.args[0] for call in captured.calls]
    events = [json.loads(line) for line in lines]
    assert len(events) >= len(SENDERS)
    assert [line for line in lines if not line.isprintable()] == []
    assert [event for event in events if "injected" in event or event.get("level") == "critical"] == []


# ------------------------------------------------------------------------------------------------ samples stay samples


@pytest.mark.parametrize("name", ERRORS)
def test_the_samples_are_problems_in_both_adapters(name: str) -> None:
    """Otherwise the tests of this file would show nothing."""
    for adapter in ADAPTERS:
        assert assert_problem(through(adapter, ERRORS[name]))["reason"] == name
    assert OKTA.document() == {**OKTA_BODY}
