"""The pytest plugin, in a run of pytest of its own, as a team has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = ("no:authproblem", "authproblem.pytest_plugin", "no:randomly", "no:cacheprovider")
"""Ours by its name alone, whether the environment has its entry point or not."""
RUN = ["-m", "pytest", "-q", *(part for plugin in PLUGINS for part in ("-p", plugin))]


def run(folder: Path, source: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output of a run over one file."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    (folder / "test_app.py").write_text(source)
    done = subprocess.run(
        [sys.executable, *RUN, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


FIXTURES = """
import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from authproblem.asgi import AuthProblemMiddleware
from authproblem.testing import assert_problem
from authproblem.wsgi import AuthProblemMiddleware as WSGIMiddleware


def build(transport):
    async def me(request):
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.get("https://example.okta.com/api/v1/users/me", headers={"authorization": "SSWS t"})
        headers = {k: v for k, v in answer.headers.items() if k not in ("content-length", "content-encoding")}
        return Response(answer.content, answer.status_code, headers)

    app = Starlette(routes=[Route("/me", me)])
    app.add_middleware(AuthProblemMiddleware)
    return TestClient(app)


def test_in_process(fake_okta, captured_problems):
    client = build(fake_okta.transport())
    fake_okta.add_user()
    assert client.get("/me").status_code == 200
    fake_okta.fail("okta:E0000047", retry_after=17)
    assert_problem(client.get("/me"), "rate-limited", status=429, after=17)
    assert captured_problems.reasons == ["rate-limited"]
    (event,) = captured_problems.events
    assert (event["event"], event["entry"], event["retry_after"]) == ("authproblem.normalized", "okta:E0000047", 17)


def test_wsgi(fake_okta, captured_problems):
    fake_okta.fail("okta:E0000006")
    with httpx.Client(transport=httpx.WSGITransport(WSGIMiddleware(fake_okta.wsgi))) as client:
        assert_problem(client.get("https://app.example.com/api/v1/users"), "permission-denied")
    assert captured_problems.reasons == ["permission-denied"]


def test_over_a_socket(fake_okta_url, fake_okta, fake_auth0_url, fake_auth0):
    fake_okta.fail("okta:E0000006")
    fake_auth0.fail("auth0:mfa_required")
    assert httpx.get(fake_okta_url + "/api/v1/users", trust_env=False).status_code == 403
    assert httpx.post(fake_auth0_url + "/oauth/token", trust_env=False).json()["error"] == "mfa_required"


def test_each_test_has_fakes_of_its_own(fake_okta):
    assert (fake_okta.failures, fake_okta.exchanges) == ((), [])


@pytest.fixture
def seen():
    names = []

    def keep(logger, method, keys):
        names.append(keys["event"])
        raise structlog.DropEvent

    structlog.configure(processors=[keep])
    yield names
    structlog.reset_defaults()


def test_where_the_app_has_configured_structlog(seen, fake_okta, captured_problems):
    fake_okta.fail("okta:E0000047")
    TestClient(AuthProblemMiddleware(fake_okta.asgi)).get("/api/v1/users")
    assert [event["problem"] for event in captured_problems.events] == ["rate-limited"]
    assert seen == ["authproblem.normalized"]


HANDLED = {"wait", "provide_mfa"}


@pytest.mark.auth_problems("provide_mfa", "rate-limited", "okta:E0000004")
def test_every_remedy(auth_problem):
    assert auth_problem.remedy in HANDLED, auth_problem.document["detail"]


@pytest.mark.auth_problems("all")
def test_front_end(auth_problem):
    assert auth_problem.document["reason"] == auth_problem.reason
"""


@pytest.mark.slow  # the guide, which runs by default, uses the same fixtures
def test_fixtures_and_marker(tmp_path: Path) -> None:
    """Fakes in process and over sockets, what was sent and logged, one test for each problem."""
    status, output = run(tmp_path, FIXTURES, "-rpf")
    assert (status, "1 failed" in output) == (1, True), output
    assert "PASSED test_app.py::test_every_remedy[mfa-required]" in output
    assert "FAILED test_app.py::test_every_remedy[invalid-credentials]" in output
    assert output.count("PASSED test_app.py::test_front_end[") >= 60  # one for each problem type


@pytest.mark.slow
def test_a_name_that_does_not_exist_stops_the_run(tmp_path: Path) -> None:
    """Otherwise the test would check nothing."""
    source = """
import pytest

@pytest.mark.auth_problems("mfa-requierd")
def test_front_end(auth_problem):
    pass
"""
    status, output = run(tmp_path, source)
    assert status != 0
    assert "unknown error 'mfa-requierd'" in output


def test_loading_the_plugin_does_not_import_the_kit() -> None:
    """Every run of pytest in the environment pays for it."""
    names = ("authproblem.testing", "httpx", "structlog", "cryptography", "requests")
    code = f"import authproblem.pytest_plugin, sys; print(*[name for name in {names} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.stdout.strip() == ""


def test_the_entry_point_names_the_plugin() -> None:
    """It is found without a line of configuration."""
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"authproblem": "authproblem.pytest_plugin"}
