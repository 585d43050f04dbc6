"""The parts of an event that depend on nothing else: levels, fingerprints, frames, and faults reported once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from authproblem import Classification, Registry, UpstreamError, classify, normalize
from authproblem._middleware import events as _events
from authproblem._middleware.events import emit, report_fault, writer
from authproblem._middleware.options import make_options
from authproblem._middleware.report import _frames, _keys, fingerprint, is_unclassified
from tests.support.events import Events
from tests.support.responses import JSON_TYPE

LEVELS = {
    "user": "info",
    "flow": "debug",
    "policy": "info",
    "client": "warning",
    "limit": "warning",
    "tenant": "error",
    "upstream": "error",
}


@pytest.mark.parametrize(("owner", "level"), LEVELS.items())
def test_the_level_follows_the_owner(owner: str, level: str) -> None:
    """A wrong password is no alarm, a broken tenant is."""
    assert Registry.builtin().data["problem_types"]["levels"][owner] == level


def test_every_type_has_a_level() -> None:
    """No owner is left out."""
    assert {kind.owner for kind in Registry.builtin().types.values()} == set(LEVELS)


class TestFingerprint:
    @staticmethod
    def of(document: dict[str, Any], shape: str = "oauth") -> str:
        """Of an object in a shape."""
        return fingerprint(UpstreamError(shape, document=document))

    def test_is_the_same_for_all_values(self) -> None:
        """It holds none."""
        first, second = {"error": "a", "n": 1, "o": {"x": 1}}, {"n": 2, "error": "jane@example.com", "o": {}}

        assert self.of(first) == self.of(second)
        assert "jane" not in self.of(second)

    @pytest.mark.parametrize("other", [{"error": 1}, {"error": "a", "x": 1}, {}, {"errors": "a"}])
    def test_differs_with_names_and_types(self, other: dict[str, Any]) -> None:
        """A new member is a sign that a vendor has changed something."""
        assert self.of({"error": "a"}) != self.of(other)

    def test_differs_with_the_shape(self) -> None:
        """Which it names."""
        assert self.of({}, "empty").startswith("empty-")

    def test_needs_no_object(self) -> None:
        """A text has a shape, too."""
        assert fingerprint(UpstreamError("text", text="secret")) == self.of({}, "text")


@pytest.mark.parametrize(
    ("status", "body", "unclassified"),
    [
        (400, b'{"error":"unheard_of"}', True),
        (404, b'{"statusCode":404,"error":"Not Found","message":"x","errorCode":"inexistent_gadget"}', True),
        (400, b'{"x":1}', True),
        (400, b"", False),
        (400, b'{"error":"invalid_grant"}', False),
    ],
)
def test_an_unknown_code_or_shape_is_unclassified(status: int, body: bytes, unclassified: bool) -> None:
    """An empty body is known well enough."""
    found = classify(status, [JSON_TYPE], body, provider="auth0")

    assert isinstance(found, Classification)
    assert is_unclassified(found) is unclassified


def failure(text: str = "hunter2") -> BaseException:
    """An exception with a traceback."""
    with pytest.raises(RuntimeError) as caught:
        _fail(text)
    return caught.value


def _fail(text: str) -> None:
    raise RuntimeError(text)


class TestFaults:
    def test_are_reported_with_class_and_place_but_without_message(self, events: Events) -> None:
        """A message may hold anything."""
        report_fault(failure(), "something did not work")
        event = events.only()

        assert (event["event"], event["log_level"]) == ("authproblem.failed", "error")
        assert (event["what"], event["exception"]) == ("something did not work", "RuntimeError")
        assert "test_events.py:" in event["stack"][0]
        assert "hunter2" not in str(event)

    def test_are_reported_once_for_each_place(self, events: Events) -> None:
        """Not for each response."""
        for _ in range(3):
            report_fault(failure(), "x")
        report_fault(ValueError(), "no traceback")

        assert [event["exception"] for event in events] == ["RuntimeError", "ValueError"]

    def test_of_which_there_are_many_are_no_longer_reported(self, events: Events) -> None:
        """The list of places is bounded."""
        for number in range(200):
            report_fault(type(f"Error{number}", (Exception,), {})(), "x")

        assert len(events) == len(_events._faults) < 100

    def test_of_the_logging_itself_go_to_standard_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        """There is nowhere else."""

        def broken(*_: object) -> Any:
            raise RuntimeError("hunter2")

        structlog.configure(processors=[broken])
        emit("error", "authproblem.normalized", {"a": 1})
        emit("error", "authproblem.normalized", {"a": 1})
        shown = capsys.readouterr()

        assert shown.out == ""
        assert shown.err.count("\n") == 1
        assert shown.err.startswith("authproblem.failed: an event could not be written: RuntimeError at ")
        assert "hunter2" not in shown.err


class TestFrames:
    def test_are_file_line_and_function(self) -> None:
        """Never the message."""
        frames = _frames(failure())

        assert [frame.rpartition(" ")[2] for frame in frames] == ["failure", "_fail"]
        assert "hunter2" not in str(frames)

    def test_can_be_printed_after_a_text(self) -> None:
        """The console renderer of structlog takes every `stack` for a text."""
        assert "\n" + _frames(failure()) == "\n" + "\n".join(_frames(failure()))


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The library's logger of the standard library, restored afterwards."""
    log = logging.getLogger("authproblem")
    level = log.level
    yield log
    log.setLevel(level)


class TestGuard:
    @pytest.mark.parametrize(
        ("level", "is_enabled"), [("debug", False), ("info", False), ("warning", True), ("error", True)]
    )
    def test_uses_the_standard_logger_without_structlog(
        self, level: str, is_enabled: bool, logger: logging.Logger
    ) -> None:
        """An app that has not configured structlog."""
        logger.setLevel(logging.WARNING)

        assert (writer(level) is not None) is is_enabled

    @pytest.mark.parametrize(("level", "is_enabled"), [("debug", False), ("info", True), ("error", True)])
    def test_uses_structlogs_own_filter(self, level: str, is_enabled: bool) -> None:
        """An app with such a level; before 25.1 structlog has no guard to ask, and drops the event itself."""
        wrapper = structlog.make_filtering_bound_logger(logging.INFO)
        structlog.configure(wrapper_class=wrapper)

        assert (writer(level) is not None) is (is_enabled or not hasattr(wrapper, "is_enabled_for"))

    def test_lets_everything_through_where_the_logger_has_none(self) -> None:
        """Its processors decide."""
        structlog.configure(wrapper_class=structlog.BoundLogger, logger_factory=structlog.ReturnLoggerFactory())

        assert (writer("debug") is not None) is True

    def test_that_cannot_be_called_lets_nothing_through(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A logger that cannot be made is a fault, reported once."""

        def broken(*_: object) -> Any:
            raise RuntimeError("hunter2")

        structlog.configure(logger_factory=broken)

        assert [writer("error"), writer("error")] == [None, None]
        assert capsys.readouterr().err.count("a logger could not be made") == 1


def test_keys_of_an_event_are_those_of_the_contract() -> None:
    """All of them, whatever is known."""
    problem = normalize(401, [JSON_TYPE], b'{"errorCode":"E0000004","errorSummary":"x"}')
    assert problem is not None

    assert set(_keys(make_options({}), problem, 401, "POST", "/login")) == {
        *("problem", "provider", "entry", "matched_by", "hint", "upstream_status", "upstream_code", "status", "owner"),
        *("remedy", "credential", "credential_kind", "retry_policy", "retry_after", "instance", "upstream_request_id"),
        *("method", "path", "registry"),
    }


class TestACachedLogger:
    """`cache_logger_on_first_use`: one logger serves until the app configures another."""

    @staticmethod
    def configured(seen: list[Any], *, cached: bool = True) -> None:
        """Configure structlog with a processor that notes the names of events."""

        def recording(_logger: Any, _method: str, event: Any) -> Any:
            seen.append(event["event"])
            raise structlog.DropEvent

        structlog.configure(processors=[recording], cache_logger_on_first_use=cached)

    def test_is_made_again_for_another_configuration(self) -> None:
        """Also where the new one equals the last."""
        first: list[Any] = []
        second: list[Any] = []
        self.configured(first)
        emit("error", "one", {})
        emit("error", "two", {})
        self.configured(second)
        emit("error", "three", {})

        assert (first, second) == (["one", "two"], ["three"])

    def test_is_made_once_for_a_configuration(self) -> None:
        """As structlog does for the app's own loggers; without the option, for each event."""
        made: list[int] = []

        def factory(*_arguments: object) -> Any:
            made.append(1)
            return structlog.ReturnLogger()

        for cached in (True, False):
            structlog.configure(logger_factory=factory, cache_logger_on_first_use=cached)
            emit("error", "one", {})
            emit("error", "two", {})

        assert len(made) == 3

    def test_is_seen_by_capture_logs(self) -> None:
        """Which changes the list of processors in place."""
        self.configured([])
        emit("error", "one", {})
        with structlog.testing.capture_logs() as captured:
            emit("error", "two", {})

        assert [entry["event"] for entry in captured] == ["two"]
