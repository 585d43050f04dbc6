"""A wrong option given to `add_middleware`: the start fails on every server, instead of every request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.testclient import TestClient

from authproblem.asgi import AuthProblemMiddleware

ROOT = Path(__file__).parents[2]
APP = """
from {module} import {framework}
from authproblem.asgi import AuthProblemMiddleware
app = {framework}()
app.add_middleware(AuthProblemMiddleware, {option})
"""
SERVERS = {
    "uvicorn": ["uvicorn", "--port", "0", "wrong:app"],
    "hypercorn": ["hypercorn", "-b", "127.0.0.1:0", "wrong:app"],
    "granian": ["granian", "--interface", "asgi", "--port", "0", "wrong:app"],
    "gunicorn": ["gunicorn", "-b", "127.0.0.1:0", "-k", "asgi", "--no-control-socket", "wrong:app"],
}


def start(server: str, folder: Path, framework: type, option: str) -> str:
    """Start a server; what it said until it ended by itself. One that goes on is killed, and the test fails."""
    module, name = framework.__module__, framework.__name__
    (folder / "wrong.py").write_text(APP.format(module=module, framework=name, option=option))
    command = [sys.executable, "-m", *SERVERS[server]]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)
    return run.stdout + run.stderr


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_uvicorn_ends_with_the_mistake_in_its_last_lines(framework: type, tmp_path: Path) -> None:
    """With its default, `--lifespan auto`, which takes an exception for an app without lifespan."""
    said = start("uvicorn", tmp_path, framework, 'mode="dry-run"')
    assert "invalid mode: 'dry-run'" in said
    assert "Application startup failed. Exiting." in said
    assert "Uvicorn running" not in said


@pytest.mark.servers
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("option", ['mode="dry-run"', 'modus="observe"'], ids=["value", "name"])
def test_every_server_ends(server: str, option: str, tmp_path: Path) -> None:
    """A wrong value, or an option that does not exist; the message names it."""
    said = start(server, tmp_path, Starlette, option)
    assert option.partition("=")[0] in said


def test_a_test_client_gets_the_mistake() -> None:
    """In a test of the app, which has no server."""
    app = Starlette()
    app.add_middleware(AuthProblemMiddleware, mode="dry-run")  # type: ignore[arg-type,unused-ignore] # on purpose
    with pytest.raises(ValueError, match="dry-run"), TestClient(app):
        pass


def test_without_a_lifespan_every_request_gets_it() -> None:
    """A server without `lifespan`, or an app mounted in another one: there is no start that could fail."""
    app = Starlette()
    app.add_middleware(AuthProblemMiddleware, mode="dry-run")  # type: ignore[arg-type,unused-ignore] # on purpose
    with pytest.raises(ValueError, match="dry-run"):
        TestClient(app).get("/")


def test_the_mistake_does_not_grow_with_each_request() -> None:
    """It is one object: its traceback is that of the last request alone."""
    app = Starlette()
    app.add_middleware(AuthProblemMiddleware, mode="dry-run")  # type: ignore[arg-type,unused-ignore] # on purpose
    client = TestClient(app)
    depths = []
    for _ in range(3):
        with pytest.raises(ValueError, match="dry-run") as caught:
            client.get("/")
        depths.append(len(caught.traceback))

    assert depths[0] == depths[2]


def test_the_app_may_be_a_keyword_argument() -> None:
    """Litestar and older releases of Starlette pass it as one."""
    app = Starlette()
    assert AuthProblemMiddleware(app=app, mode="observe").app is app


@pytest.mark.parametrize("options", [{}, {"mode": "observe"}])
def test_without_an_app_python_names_what_is_missing(options: dict[str, str]) -> None:
    """As for any argument."""
    with pytest.raises(TypeError, match="'app'"):
        AuthProblemMiddleware(**options)  # type: ignore[arg-type]


def test_by_hand_it_is_raised_at_once() -> None:
    """Where a program calls the constructor."""
    with pytest.raises(ValueError, match="dry-run"):
        AuthProblemMiddleware(Starlette(), mode="dry-run")  # type: ignore[arg-type,unused-ignore] # on purpose
