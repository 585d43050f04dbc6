"""Nothing here opens a connection, at import or while it runs: every module, in a process whose sockets are broken."""

from __future__ import annotations

import json
import subprocess
import sys

_SCRIPT = """
import asyncio, pkgutil, socket, sys

asked = []
before = set(sys.modules)


def watch(event, arguments):
    # By the interpreter's own audit events, which no import order gets around. urllib3 binds [::1] to see if it can.
    if event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}:
        asked.append((event, repr(arguments[1:])))
        raise OSError("no network here")
    if event in {"urllib.Request", "http.client.connect", "subprocess.Popen", "os.system"}:
        asked.append((event, ""))
        raise OSError("no network here")


sys.modules["trio"] = None  # older ones ask ldconfig at import, and httpcore imports any that is there
sys.addaudithook(watch)
import authproblem

modules = [info.name for info in pkgutil.walk_packages(authproblem.__path__, "authproblem.")]
imported = []
for name in modules:
    if not name.endswith("__main__"):
        __import__(name)
        imported.append(name)

from authproblem import asgi, wsgi

BODY = b'{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}'
JSON = "application/json"
statuses = [authproblem.normalize(429, [("content-type", JSON)], BODY).reason]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 429, "headers": [(b"content-type", JSON.encode())]})
    await send({"type": "http.response.body", "body": BODY})


async def send(message):
    statuses.extend(v.decode() for n, v in message.get("headers", ()) if n == b"auth-problem")


scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
coroutine = asgi.AuthProblemMiddleware(app)(scope, None, send)
try:
    coroutine.send(None)
except StopIteration:
    pass


def wsgi_app(environ, start_response):
    start_response("429 Too Many Requests", [("Content-Type", JSON)])
    return [BODY]


def start_response(status, headers, exc_info=None):
    statuses.extend(v for n, v in headers if n == "Auth-Problem")


list(wsgi.AuthProblemMiddleware(wsgi_app)({"REQUEST_METHOD": "POST", "PATH_INFO": "/"}, start_response))
import json
print(json.dumps({"asked": asked, "imported": len(imported), "statuses": statuses}))
"""


def test_no_module_opens_a_connection_at_import_or_while_it_works() -> None:
    """All modules are imported, and `normalize` and both adapters run, while every network call raises."""
    run = subprocess.run([sys.executable, "-c", _SCRIPT], check=False, capture_output=True, text=True, timeout=60)

    assert run.returncode == 0, run.stderr[-2000:]
    report = json.loads(run.stdout.splitlines()[-1])
    assert report["asked"] == []
    assert report["statuses"] == ["rate-limited"] * 3
    assert report["imported"] > 30
