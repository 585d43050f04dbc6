"""The events of both adapters, as apps with structlog, with standard logging and with broken logging see them."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from authproblem import Registry
from authproblem._middleware.events import _quoted
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters.asgi_host import answering, connect
from tests.adapters.hostile import BODIES
from tests.adapters.samples import ERRORS, FOREIGN, HEALTHY, JSON, LIMITED, MFA, OKTA, OKTA_BODY
from tests.adapters.support import ADAPTERS, assert_problem, assert_untouched, is_problem, through
from tests.adapters.wsgi_host import Gateway, eager
from tests.support.asgi_server import http_scope
from tests.support.events import Events
from tests.support.responses import Response, json_response
from tests.support.wsgi_server import http_environ

adapters = pytest.mark.parametrize("adapter", ADAPTERS)

KEYS = {
    "problem", "provider", "entry", "matched_by", "hint", "upstream_status", "upstream_code", "status", "owner",
    "remedy", "credential", "credential_kind", "retry_policy", "retry_after", "instance",
    "upstream_request_id", "method", "path", "registry", "applied",
}  # fmt: skip
"""The keys of an event, as the contract has them."""
UNKNOWN = json_response(401, {**OKTA_BODY, "errorCode": "E0009999", "errorSummary": "jane@corp.example"})
"""A code that the registry does not know, of a certain provider."""


def built(adapter: str, sent: Response, **options: Any) -> Any:
    """A function that sends one request to a middleware that is built now."""
    if adapter == "asgi":
        app = AsgiMiddleware(answering(sent), **options)
        return lambda: connect(app, http_scope("/oauth/token", "POST")).answer()
    wsgi = WsgiMiddleware(eager(sent), **options)
    return lambda: Gateway().serve(wsgi, http_environ("/oauth/token", "POST")).answer()


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """The records of an app that logs everything by the standard library."""
    kept: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record)

    handler, logger = Keep(), logging.getLogger("authproblem")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield kept
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


# ------------------------------------------------------------------------------------------------ what an event says


@adapters
def test_a_problem_has_exactly_one_event_with_exactly_these_keys(adapter: str, events: Events) -> None:
    """All keys have a value or None, and no other key is there."""
    response = through(adapter, MFA, path="/oauth/token", method="POST")
    event, document = events.only(), assert_problem(response)
    assert set(event) == KEYS | {"event", "log_level"}
    assert event == {
        "event": "authproblem.normalized",
        "log_level": "info",
        "problem": "mfa-required",
        "provider": "auth0",
        "entry": event["entry"],
        "matched_by": event["matched_by"],
        "hint": event["hint"],
        "upstream_status": 403,
        "upstream_code": "mfa_required",
        "status": 403,
        "owner": "user",
        "remedy": "provide_mfa",
        "credential": "step_up",
        "credential_kind": None,
        "retry_policy": "after_action",
        "retry_after": None,
        "instance": document["instance"],
        "upstream_request_id": "4ad55daa560e468bdfe1",
        "method": "POST",
        "path": "/oauth/token",
        "registry": Registry.builtin().version,
        "applied": True,
    }
    assert Registry.builtin().lookup(event["entry"]) is not None
    assert " " in event["hint"]


@adapters
def test_an_unknown_code_is_a_warning_with_a_fingerprint_and_no_text(adapter: str, events: Events) -> None:
    """The provider is certain, so somebody should look at it."""
    assert_problem(through(adapter, UNKNOWN))
    event = events.only()
    assert (event["event"], event["log_level"]) == ("authproblem.unclassified", "warning")
    assert set(event) == KEYS | {"event", "log_level", "fingerprint"}
    assert "jane" not in repr(event)


@adapters
def test_the_fingerprint_is_the_same_for_all_values(adapter: str, events: Events) -> None:
    """It is made of names and JSON types alone."""
    for summary in ("one", "two"):
        through(adapter, json_response(401, {**UNKNOWN.document(), "errorSummary": summary, "errorId": summary}))
    assert events[0]["fingerprint"] == events[1]["fingerprint"]


LEVELS = {
    "user": ("info", OKTA),
    "limit": ("warning", LIMITED),
    "client": ("warning", json_response(401, {"error": "invalid_client"}, ("x-auth0-requestid", "r"))),
    "upstream": (
        "error",
        json_response(500, {**OKTA_BODY, "errorCode": "E0000009", "errorSummary": "Internal Server Error"}),
    ),
}


@adapters
@pytest.mark.parametrize("owner", LEVELS)
def test_the_owner_decides_the_level(adapter: str, owner: str, events: Events) -> None:
    """Debug, info, warning or error."""
    level, sent = LEVELS[owner]
    through(adapter, sent)
    assert (events.only()["owner"], events.only()["log_level"]) == (owner, level)


@adapters
@pytest.mark.parametrize(
    "sent",
    [
        HEALTHY,
        FOREIGN,
        Response(404, [("content-type", "text/html")], b"<p>"),
        Response(404, [("content-type", "text/plain")], b"Not Found"),
        json_response(404, {"detail": "Not Found"}),
        json_response(405, {"detail": "Method Not Allowed"}),
        json_response(404, {"items": []}),
        Response(302, [("location", "/login")], b""),
    ],
)
def test_the_apps_own_responses_have_no_event(adapter: str, sent: Response, events: Events) -> None:
    """Neither its successes nor its errors."""
    through(adapter, sent)
    assert events == []


@adapters
def test_what_might_have_been_a_providers_error_has_an_event_at_debug(adapter: str, events: Events) -> None:
    """With the reason why it was left alone."""
    through(adapter, json_response(400, {"error": "invalid_grant"}))
    event = events.only()
    assert (event["event"], event["log_level"], event["why"]) == ("authproblem.passed", "debug", "no_evidence")
    assert event["applied"] is True


@adapters
def test_flow_control_has_an_event_at_debug(adapter: str, events: Events) -> None:
    """It is no error, and passes."""
    through(adapter, json_response(403, {"error": "slow_down"}, ("x-auth0-requestid", "r")))
    event = events.only()
    assert (event["event"], event["log_level"], event["why"]) == ("authproblem.passed", "debug", "flow_control")


@adapters
def test_a_dry_run_reports_what_it_would_have_done(adapter: str, events: Events) -> None:
    """The event says that nothing was applied."""
    assert_untouched(through(adapter, MFA, mode="observe"), MFA)
    assert (events.only()["event"], events.only()["applied"]) == ("authproblem.normalized", False)


@adapters
@pytest.mark.parametrize("marks", [False, True])
def test_a_redirect_with_an_error_has_an_event_that_is_not_applied(adapter: str, marks: bool, events: Events) -> None:
    """The redirect stays as it is."""
    location = "https://app.example/cb?error=login_required&error_description=x&state=1"
    through(adapter, Response(302, [("location", location)], b""), mark_redirects=marks)
    assert (events.only()["event"], events.only()["applied"]) == ("authproblem.normalized", False)


@adapters
def test_a_callback_has_an_event_at_info_whatever_the_owner(adapter: str, events: Events) -> None:
    """Anyone can send one: it must not raise an alarm."""
    query, options = "error=server_error&state=1", dict[str, Any](callback_paths=("/oauth/token",))
    if adapter == "asgi":
        connect(AsgiMiddleware(answering(HEALTHY), **options), http_scope("/oauth/token", query=query))
    else:
        Gateway().serve(WsgiMiddleware(eager(HEALTHY), **options), http_environ("/oauth/token", query=query))
    event = events.only()
    assert (event["owner"], event["log_level"], event["applied"]) == ("upstream", "info", False)


@adapters
@pytest.mark.parametrize("layers", [2, 3])
def test_several_instances_report_a_response_once(adapter: str, layers: int, events: Events) -> None:
    """The instance nearest to the app reports it."""
    for sent in (MFA, Response(302, [("location", "https://a.example/?error=login_required&state=1")], b"")):
        through(adapter, sent, layers=layers)
        assert len(events) == 1
        events.clear()


@adapters
def test_the_event_has_the_real_reason_where_the_response_is_folded(adapter: str, events: Events) -> None:
    """The client gets the general one, with the same instance."""
    locked = json_response(423, {**OKTA_BODY, "errorCode": "E0000069", "errorSummary": "User Locked"})
    document = assert_problem(through(adapter, locked, path="/api/v1/authn", disclosure="strict"))
    event = events.only()
    assert (event["problem"], event["upstream_code"]) == ("account-locked", "E0000069")
    assert (document["reason"], document["errorCode"], document["instance"]) == (
        "sign-in-failed",
        "E0000004",
        event["instance"],
    )


@adapters
@pytest.mark.parametrize("path", ["/oauth/token?code=secret", "/oauth/token%3Fcode=secret"])
def test_the_path_has_no_query(adapter: str, path: str, events: Events) -> None:
    """Not even a question mark that was encoded."""
    through(adapter, MFA, path=path.replace("?", "%3F"))
    assert events.only()["path"] == "/oauth/token"


@adapters
def test_secrets_are_in_no_event(adapter: str, events: Events) -> None:
    """Neither tokens, nor addresses, nor cookies."""
    token = "Fe26.2*1*SECRETSECRETSECRETSECRET*abcdefghijklmnopqrst*SECRETSECRETSECRETSECRET"
    sent = json_response(
        403,
        {"error": "mfa_required", "error_description": f"for jane@corp.example {token}", "mfa_token": token},
        ("x-auth0-requestid", "r"),
        ("set-cookie", f"a={token}"),
    )
    assert assert_problem(through(adapter, sent, log_upstream_text=True))["mfa_token"] == token
    assert "SECRET" not in repr(events)
    assert "jane" not in repr(events)


@adapters
def test_upstream_text_is_logged_only_on_request_and_masked(adapter: str, events: Events) -> None:
    """With `log_upstream_text=True`."""
    sent = json_response(401, {**OKTA_BODY, "errorSummary": "Wrong for jane@corp.example at 203.0.113.7"})
    through(adapter, sent)
    through(adapter, sent, log_upstream_text=True)
    assert "upstream_text" not in events[0]
    assert events[1]["upstream_text"] == "Wrong for [email] at [ip]"


@adapters
def test_applied_is_true_only_for_what_was_sent(adapter: str, events: Events) -> None:
    """For every kind of hostile body."""
    wrong = []
    for name, content in BODIES.items():
        sent = Response(401, [("content-type", JSON), ("x-okta-request-id", "r")], content)
        response = through(adapter, sent)
        reported = [event for event in events if event["event"] != "authproblem.passed"]
        if len(reported) > 1 or bool(reported) != is_problem(response):
            wrong.append((name, [event["event"] for event in reported]))
        events.clear()
    assert wrong == []


@adapters
@pytest.mark.parametrize("content", [b"", OKTA.body], ids=["no body", "body"])
def test_for_a_head_request_applied_is_true_only_if_it_was(adapter: str, content: bytes, events: Events) -> None:
    """Where headers alone do not decide, nothing is changed."""
    sent = Response(401, [*OKTA.headers, ("x-okta-request-id", "r")], content)
    response = through(adapter, sent, method="HEAD")
    assert [event["applied"] for event in events if event["event"] != "authproblem.passed"] == [True] * is_problem(
        response
    )


# ------------------------------------------------------------------------------------------------ apps with structlog


@adapters
def test_the_logger_is_the_one_that_is_configured_when_the_event_happens(adapter: str) -> None:
    """Not the one from when the middleware was built."""
    request = built(adapter, MFA)
    outputs = [io.StringIO(), io.StringIO()]
    for output in outputs:
        structlog.configure(
            processors=[structlog.processors.JSONRenderer()],
            logger_factory=structlog.PrintLoggerFactory(file=output),
            cache_logger_on_first_use=True,
        )
        request()
    assert [len(output.getvalue().splitlines()) for output in outputs] == [1, 1]


@adapters
def test_a_structlog_app_gets_its_own_keys_too(adapter: str) -> None:
    """Context variables and processors of the app apply."""
    output = io.StringIO()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=output),
    )
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        built(adapter, MFA)()
    event = json.loads(output.getvalue())
    assert (event["request_id"], event["level"], event["problem"]) == ("abc", "info", "mfa-required")


@adapters
@pytest.mark.parametrize(("level", "count"), [(logging.INFO, 1), (logging.WARNING, 0)])
def test_native_filtering_is_respected(adapter: str, level: int, count: int) -> None:
    """Of `make_filtering_bound_logger`."""
    output = io.StringIO()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(file=output),
    )
    built(adapter, MFA)()
    assert len(output.getvalue().splitlines()) == count


@adapters
@pytest.mark.parametrize(("level", "count"), [(logging.INFO, 1), (logging.WARNING, 0)])
def test_structlog_on_standard_logging_goes_by_the_loggers_level(
    adapter: str, level: int, count: int, records: list[logging.LogRecord]
) -> None:
    """That of `logging.getLogger("authproblem")`."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.getLogger("authproblem").setLevel(level)
    built(adapter, MFA)()
    assert [record.__dict__["problem"] for record in records] == ["mfa-required"] * count


def test_an_asynchronous_structlog_logger_gets_the_event(records: list[logging.LogRecord]) -> None:
    """Its methods are coroutines, which are run."""
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.AsyncBoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    assert_problem(built("asgi", MFA)())
    assert len(records) == 1


@adapters
@pytest.mark.parametrize("configured", [False, True])
def test_capture_logs_sees_the_event(adapter: str, configured: bool) -> None:
    """Whether structlog is configured or not."""
    if configured:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with structlog.testing.capture_logs() as captured:
        built(adapter, MFA)()
    assert [(event["event"], event["log_level"]) for event in captured] == [("authproblem.normalized", "info")]


# ------------------------------------------------------------------------------------------------ without structlog


@adapters
def test_an_app_without_structlog_gets_a_record_with_the_keys(adapter: str, records: list[logging.LogRecord]) -> None:
    """As attributes, with a readable message."""
    response = built(adapter, MFA)()
    (record,) = records
    assert (record.name, record.levelname) == ("authproblem", "INFO")
    values = {key: record.__dict__[key] for key in KEYS}
    assert values["problem"] == "mfa-required"
    assert values["instance"] == response.document()["instance"]
    text = record.getMessage()
    assert text.startswith("authproblem.normalized ")
    assert [key for key, value in values.items() if value is not None and f"{key}={_quoted(value)}" not in text] == []


@adapters
@pytest.mark.parametrize(
    "path", ["/x problem=forged", '/x" problem="forged', '/x\\" problem=forged', "/x\tproblem=forged"]
)
def test_no_value_forges_a_pair(adapter: str, path: str, records: list[logging.LogRecord]) -> None:
    """A path is whatever the client sends; a reader that splits like a shell finds each key once."""
    through(adapter, OKTA, path=path)
    keys = [word.partition("=")[0] for word in shlex.split(records[0].getMessage())[1:]]

    assert [key for key in keys if keys.count(key) != 1] == []
    assert "forged" not in keys


@adapters
def test_a_percent_sign_stays_one(adapter: str, records: list[logging.LogRecord]) -> None:
    """Messages of standard logging are not formatted twice."""
    through(adapter, MFA, path="/100%25d/%25s")
    assert records[0].__dict__["path"] == "/100%d/%s"
    assert 'path="/100%d/%s" ' in records[0].getMessage()


@adapters
def test_a_root_logger_at_warning_keeps_out_what_is_below(adapter: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The app's level decides."""
    handler = logging.StreamHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        assert root.level == logging.WARNING
        built(adapter, MFA)()
        quiet = capfd.readouterr()
        built(adapter, LIMITED)()
        loud = capfd.readouterr()
    finally:
        root.removeHandler(handler)
    assert quiet == ("", "")
    assert loud.out == ""
    assert loud.err.count("authproblem.normalized") == len(loud.err.splitlines()) == 1


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_app_without_any_logging_prints_no_info_events_and_says_so_once(adapter: str) -> None:
    """In a process of its own: logging is not configured there. Nothing goes to stdout."""
    found = python(
        f"""
        from tests.adapters.samples import LIMITED, MFA
        from tests.adapters.support import through
        through({adapter!r}, MFA)
        """
    )
    assert found.stdout == ""
    assert [line.split()[0] for line in found.stderr.splitlines()] == ["authproblem.events_not_visible"]
    found = python(
        "from tests.adapters.samples import *\nfrom tests.adapters.support import through\n"
        f"through({adapter!r}, LIMITED)"
    )
    assert found.stdout == ""
    assert [line.split()[0] for line in found.stderr.splitlines()] == [
        "authproblem.events_not_visible",
        "authproblem.normalized",
    ]


def test_importing_imports_neither_structlog_nor_logging_configuration() -> None:
    """In a process of its own."""
    found = python(
        """
        import sys, logging
        before = list(logging.root.handlers)
        import authproblem, authproblem.asgi, authproblem.wsgi
        print([name for name in ("structlog", "starlette", "werkzeug", "flask", "asyncio") if name in sys.modules])
        print(before == logging.root.handlers, logging.getLogger("authproblem").handlers)
        """
    )
    assert found.stdout.splitlines() == ["[]", "True []"]


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter."""
    lines = [line.strip() for line in code.strip().splitlines()]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(lines)],
        capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ what may break


class BrokenError(Exception):
    """What the app's own code raises here."""


def break_down(*_: Any, **__: Any) -> Any:
    """Raise, from one and the same place."""
    raise BrokenError("with a secret in it")


@adapters
def test_a_broken_processor_costs_no_response_and_is_reported_once(
    adapter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error."""
    structlog.configure(processors=[break_down])
    request = built(adapter, MFA)
    for _ in range(3):
        assert_problem(request())
    assert reported_once(capsys)


@adapters
def test_a_broken_handler_costs_no_response_and_is_reported_once(
    adapter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error."""
    handler, logger = logging.Handler(), logging.getLogger("authproblem")
    handler.emit = break_down  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        request = built(adapter, MFA)
        for _ in range(3):
            assert_problem(request())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert reported_once(capsys)


BROKEN_LOGGERS: dict[str, dict[str, Any]] = {
    "factory": {"logger_factory": break_down},
    "a factory that takes no name": {"logger_factory": structlog.testing.CapturingLogger},
    "wrapper": {"wrapper_class": break_down},
    "context": {"context_class": break_down},
}


@adapters
@pytest.mark.parametrize("part", BROKEN_LOGGERS)
def test_a_logger_that_cannot_be_made_costs_no_response(
    adapter: str, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever part of the configuration is broken."""
    structlog.configure(**BROKEN_LOGGERS[part])
    request = built(adapter, MFA)
    for _ in range(3):
        assert_problem(request())
    assert len(capsys.readouterr().err.splitlines()) <= 2


def reported_once(capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether standard error has one line, and no message of the exception."""
    found = capsys.readouterr()
    assert (found.out, len(found.err.splitlines())) == ("", 1)
    assert "BrokenError" in found.err
    assert "secret" not in found.err
    return True


CALLABLES: dict[str, dict[str, Any]] = {
    "on_problem": {"on_problem": break_down},
    "pass_text": {"pass_text": break_down},
}


@adapters
@pytest.mark.parametrize("option", CALLABLES)
def test_a_callable_of_the_app_that_raises_costs_no_response_and_is_reported_once(
    adapter: str, option: str, events: Events
) -> None:
    """`pass_text` and `on_problem`."""
    sent = json_response(401, {**OKTA_BODY, "errorSummary": "unknown text"})
    request = built(adapter, sent, **CALLABLES[option])
    for _ in range(3):
        assert assert_problem(request())["errorSummary"] != "unknown text"
    faults = [event for event in events if event["event"] == "authproblem.failed"]
    assert len(faults) == 1
    assert (faults[0]["exception"], faults[0]["log_level"]) == ("BrokenError", "error")
    assert "secret" not in repr(faults)
    assert len(events) == 4


@adapters
def test_providers_that_raise_leave_the_response_untouched_and_are_reported_once(adapter: str, events: Events) -> None:
    """Without a sender nothing can be classified."""
    request = built(adapter, MFA, providers=break_down)
    for _ in range(3):
        assert_untouched(request(), MFA)
    assert [event["event"] for event in events] == ["authproblem.failed"]


@adapters
def test_providers_that_raise_for_a_callback_cost_the_app_no_request(adapter: str, events: Events) -> None:
    """The request reaches the app, without a problem."""
    query, options = "error=access_denied&state=1", dict[str, Any](callback_paths=("/cb",), providers=break_down)
    for _ in range(3):
        if adapter == "asgi":
            response = connect(AsgiMiddleware(answering(HEALTHY), **options), http_scope("/cb", query=query)).answer()
        else:
            environ = http_environ("/cb", query=query)
            response = Gateway().serve(WsgiMiddleware(eager(HEALTHY), **options), environ).answer()
        assert_untouched(response, HEALTHY)
    assert [event["event"] for event in events] == ["authproblem.failed"]


@adapters
def test_an_internal_failure_leaves_the_response_untouched_and_is_reported_once(
    adapter: str, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here: a system that has no random numbers for the problem's instance."""
    request = built(adapter, MFA)
    monkeypatch.setattr(os, "urandom", break_down)
    responses = [request() for _ in range(3)]
    monkeypatch.undo()
    for response in responses:
        assert_untouched(response, MFA)
    assert [(event["event"], event["exception"]) for event in events] == [("authproblem.failed", "BrokenError")]


@adapters
@pytest.mark.parametrize(
    "answer",
    [
        None,
        5,
        b"x",
        "",
        "x" * 1_000_000,
        "\ud800",
    ],
    ids=["None", "a number", "bytes", "empty", "long", "a surrogate"],
)
def test_pass_text_may_return_anything(adapter: str, answer: Any) -> None:
    """The response stays a valid problem."""
    sent = json_response(401, {**OKTA_BODY, "errorSummary": "unknown text"})
    assert_problem(through(adapter, sent, pass_text=lambda problem, member, text: answer))


@adapters
def test_pass_text_decides_about_an_unknown_text(adapter: str) -> None:
    """It gets the problem, the member and the text."""
    calls = []

    def pass_text(problem: Any, member: str, text: str) -> str:
        calls.append((problem.reason, member, text))
        return "as the app says"

    sent = json_response(401, {**OKTA_BODY, "errorSummary": "unknown text"})
    assert assert_problem(through(adapter, sent, pass_text=pass_text))["errorSummary"] == "as the app says"
    assert calls == [("invalid-credentials", "errorSummary", "unknown text")]


@adapters
def test_on_problem_is_called_once_a_problem_with_the_real_reason(adapter: str) -> None:
    """Before folding."""
    seen: list[Any] = []
    for sent in (*ERRORS.values(), FOREIGN, HEALTHY):
        through(adapter, sent, on_problem=seen.append)
    assert [problem.reason for problem in seen] == list(ERRORS)


class FullDisk(io.StringIO):
    """A file on a disk that is full."""

    def write(self, _text: str) -> int:
        """Fail as the system does."""
        raise OSError(errno.ENOSPC, "No space left on device")


@adapters
@pytest.mark.parametrize("logs", ["structlog", "logging"])
@pytest.mark.parametrize("stderr", ["writable", "full", "none"])
def test_a_full_disk_under_the_log_costs_no_response(
    adapter: str, logs: str, stderr: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With structlog and with standard logging."""
    full = FullDisk()
    handler, logger = logging.StreamHandler(full), logging.getLogger("authproblem")
    if logs == "structlog":
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=full))
    else:
        logger.addHandler(handler)
        monkeypatch.setattr(logging, "raiseExceptions", False)  # its own report, for developers
        monkeypatch.setattr(handler, "handleError", break_down)
    if stderr != "writable":
        monkeypatch.setattr(sys, "stderr", full if stderr == "full" else None)
    try:
        request = built(adapter, LIMITED)
        responses = [request() for _ in range(3)]
    finally:
        logger.removeHandler(handler)
    for response in responses:
        assert_problem(response)


@adapters
def test_a_full_disk_and_a_broken_callable_cost_no_response(adapter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even standard error can be written."""
    full = FullDisk()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=full))
    monkeypatch.setattr(sys, "stderr", full)
    request = built(adapter, MFA, providers=break_down)
    for _ in range(3):
        assert_untouched(request(), MFA)
