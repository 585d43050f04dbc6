"""The baseline: what an expert writes by hand to turn a provider's errors into problem+json, and nothing more.

It buffers an error, parses it, looks its code up in a dictionary and writes the document and its headers. It proves no
sender, masks no text, gives no retry hint, negotiates no media type, and folds nothing. With `logs=True` it logs one
event with as many keys as ours has, all of them constants: the least that such an event costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import orjson
import structlog

_REASONS = {
    "invalid_grant": ("invalid-credentials", "Invalid credentials"),
    "mfa_required": ("mfa-required", "Multi-factor authentication required"),
    "inexistent_user": ("account-not-found", "Account not found"),
    "invalid_password": ("password-too-weak", "Password too weak"),
    "E0000001": ("invalid-request", "Invalid request"),
    "E0000004": ("invalid-credentials", "Invalid credentials"),
    "E0000047": ("rate-limited", "Too many requests"),
}
_KEYS = {
    "provider": "auth0",
    "entry": "auth0:invalid_grant/wrong-credentials",
    "matched_by": "code_description",
    "hint": "check-credentials",
    "upstream_code": "invalid_grant",
    "owner": "user",
    "remedy": "retry_credentials",
    "credential": "unknown",
    "credential_kind": None,
    "retry_policy": "never",
    "retry_after": None,
    "upstream_request_id": "0123456789abcdef",
    "registry": "2026.11.0",
    "applied": True,
}
_log = structlog.get_logger("rewriter")
_DROPPED = frozenset((b"content-length", b"content-type", b"cache-control", b"etag", b"expires", b"pragma"))
_DROPPED_TEXT = frozenset(name.decode() for name in _DROPPED)


def document(status: int, body: bytes, logged: tuple[str, str] | None = None) -> bytes | None:
    """Return the problem document of an error; None for one that is not in the dictionary.

    Args:
        status: the HTTP status.
        body: the body.
        logged: method and path of the request, where an event is to be logged.
    """
    try:
        document = orjson.loads(body)
        code = document.get("errorCode") or document.get("error") or document.get("code")
        reason, title = _REASONS[code]
    except (ValueError, AttributeError, KeyError, TypeError):
        return None
    instance = f"urn:uuid:{uuid4()}"
    if logged is not None:
        method, path = logged
        seen = {"problem": reason, "upstream_status": status, "status": status, "instance": instance}
        _log.info("rewritten", **seen, method=method, path=path, **_KEYS)
    return orjson.dumps(
        {
            **document,
            "type": "urn:problem-type:auth:" + reason,
            "title": title,
            "status": status,
            "instance": instance,
            "reason": reason,
        }
    )


class AsgiRewriter:
    """The baseline as ASGI middleware."""

    def __init__(self, app: Any, *, logs: bool = False) -> None:
        self.app = app
        self.logs = logs

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: Any = None
        body = b""
        logged = (scope["method"], scope["path"]) if self.logs else None

        async def rewriting(message: Any) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and message["status"] >= 400:
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if message.get("more_body", False):
                    return
                content = document(start["status"], body, logged)
                if content is None:
                    content = body
                else:
                    kept = [pair for pair in start["headers"] if pair[0].lower() not in _DROPPED]
                    kept.append((b"content-type", b"application/problem+json"))
                    kept.append((b"content-length", b"%d" % len(content)))
                    kept.append((b"cache-control", b"no-store"))
                    start = {**start, "headers": kept}
                await send(start)
                await send({"type": "http.response.body", "body": content})

        await self.app(scope, receive, rewriting)


class WsgiRewriter:
    """The baseline as WSGI middleware."""

    def __init__(self, app: Any, *, logs: bool = False) -> None:
        self.app = app
        self.logs = logs

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        begun: Any = None

        def starting(status: str, headers: Any, exc_info: Any = None) -> Any:
            nonlocal begun
            if status < "4":
                return start_response(status, headers, exc_info)
            begun = status, headers, exc_info
            return None

        result: Iterable[bytes] = self.app(environ, starting)
        if begun is None:
            return result
        status, headers, exc_info = begun
        body = b"".join(result)
        if hasattr(result, "close"):
            result.close()
        logged = (environ["REQUEST_METHOD"], environ["PATH_INFO"]) if self.logs else None
        content = document(int(status[:3]), body, logged)
        if content is not None:
            headers = [pair for pair in headers if pair[0].lower() not in _DROPPED_TEXT]
            headers.append(("Content-Type", "application/problem+json"))
            headers.append(("Content-Length", str(len(content))))
            headers.append(("Cache-Control", "no-store"))
        start_response(status, headers, exc_info)
        return [body if content is None else content]
