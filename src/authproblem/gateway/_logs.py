"""The logs of the command's processes: one event a line, as JSON or as text, in the standard error.

An app that mounts the gateway configures its own logging; only `access_log` may be used there.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from authproblem._middleware import events
from authproblem._middleware.redact import safe_method, safe_path
from authproblem.gateway._config import GatewayConfig
from authproblem.gateway._record import Record

REQUEST = "authproblem.request"
STARTED = "authproblem.gateway_started"
ROUTE = "authproblem.gateway_route"


def configure(level: str, form: str) -> None:
    """Configure structlog and the standard library's logging to write the same lines.

    Args:
        level: the least level, by name.
        form: `json`, `text`, or `auto` for text on a terminal and JSON elsewhere.
    """
    stream = sys.stderr
    text = form == "text" or (form == "auto" and stream.isatty())
    timestamper = structlog.processors.TimeStamper(fmt="iso", utc=True)
    shared: list[Any] = [structlog.processors.add_log_level, timestamper, _named_first]
    renderer: Any = structlog.processors.JSONRenderer(_dumps)
    factory: Any = structlog.BytesLoggerFactory(stream.buffer)
    if text:
        renderer, factory = structlog.dev.ConsoleRenderer(colors=stream.isatty()), structlog.WriteLoggerFactory(stream)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    final = renderer if text else structlog.processors.JSONRenderer(lambda keys, **_: _dumps(keys).decode())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[strip, final], keep_exc_info=False)
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _named_first(_logger: object, _method: str, keys: Any) -> Any:
    """Time, level and event begin each line."""
    return {name: keys.pop(name) for name in ("timestamp", "level", "event")} | keys


def _dumps(keys: Any, **_: Any) -> bytes:
    import orjson

    return orjson.dumps(keys, default=str)


def banner(config: GatewayConfig) -> None:
    """Write where the gateway listens and which upstream is below which path."""
    settings = config.settings
    listening = {"url": f"http://{settings['host']}:{settings['port']}"}
    if settings["admin_port"] is not None:
        listening["admin"] = f"http://{settings['admin_host']}:{settings['admin_port']}"
    events.emit("info", STARTED, {**listening, "server": settings["server"], "workers": settings["workers"]})
    for route in config.routes:
        place = {"path": (route.prefix or "") + "/", "upstream": route.url, "provider": route.provider}
        events.emit("info", ROUTE, place)


def access_log(record: Record) -> None:
    """Write the event of one request; a response that was cut off is a warning."""
    level = "warning" if record.cut else "info"
    write = events.writer(level)
    if write is None:
        return
    keys: dict[str, Any] = {
        "method": safe_method(record.method),
        "path": safe_path(record.path.decode("latin-1")),
        "status": record.status,
        "duration_ms": round(record.seconds * 1000, 1),
        "upstream": record.upstream,
        "provider": record.provider,
    }
    if record.upstream_seconds is not None:
        keys["upstream_ms"] = round(record.upstream_seconds * 1000, 1)
    if record.problem is not None:
        keys["problem"] = record.problem
    if record.suppressed:
        keys["suppressed"] = True
    if record.failure is not None:
        keys["failure"] = record.failure
    if record.cut:
        keys["cut"] = True
    write(REQUEST, keys)
