"""The public names: which there are, that importing them costs nothing, and where each comes from."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Iterable

import pytest

import authproblem
from authproblem import asgi, wsgi

CONTRACT = ("Classification", "Problem", "Registry", "RetryHint", "classify", "mark_upstream", "normalize", "upstream")
FOREIGN = (
    *("structlog", "starlette", "fastapi", "flask", "werkzeug", "httpx", "requests", "aiohttp", "urllib3", "asyncio"),
    *("auth0", "okta", "authlib", "oauthlib", "jsonschema", "brotli", "zstandard", "http_sf", "email", "logging"),
)


def imported_by(statement: str, names: Iterable[str]) -> list[str]:
    """Which of some modules a fresh interpreter has after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps([n for n in {list(names)!r} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = json.loads(done.stdout)
    assert isinstance(loaded, list)
    return loaded


def test_the_names_are_those_of_the_contract() -> None:
    """And those that they are made of."""
    assert set(CONTRACT) <= set(authproblem.__all__)
    assert [name for name in authproblem.__all__ if not hasattr(authproblem, name)] == []


def test_the_list_of_names_is_complete_and_sorted() -> None:
    """Whatever is public is listed."""
    public = [
        name
        for name, value in vars(authproblem).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    ]

    assert sorted(public) == authproblem.__all__


@pytest.mark.parametrize("name", authproblem.__all__)
def test_every_name_is_documented(name: str) -> None:
    """By a docstring of its own."""
    assert (getattr(authproblem, name).__doc__ or "").strip()


@pytest.mark.parametrize("adapter", [asgi, wsgi])
def test_each_adapter_has_the_middleware(adapter: object) -> None:
    """Under the same name."""
    assert adapter.__all__ == ["AuthProblemMiddleware"]  # type: ignore[attr-defined]


def test_the_version_is_that_of_the_distribution() -> None:
    """No second look-up is needed."""
    from importlib.metadata import version

    assert authproblem.__version__ == version("authproblem")


@pytest.mark.parametrize("statement", ["import authproblem", "import authproblem.asgi, authproblem.wsgi"])
def test_importing_imports_no_framework_and_no_client(statement: str) -> None:
    """Nor structlog: an app that never builds a middleware needs none of it."""
    assert imported_by(statement, FOREIGN) == []


@pytest.mark.parametrize("statement", ["import authproblem", "import authproblem.asgi, authproblem.wsgi"])
def test_importing_reads_no_registry(statement: str) -> None:
    """It is read when it is needed first."""
    code = f"{statement}; import authproblem._registry.registry as r; assert not r._builtin"

    assert imported_by(code, ["authproblem"]) == ["authproblem"]


@pytest.mark.parametrize("adapter", ["asgi", "wsgi"])
def test_building_a_middleware_imports_neither_structlog_nor_a_framework(adapter: str) -> None:
    """No code can have configured a structlog that was never imported."""
    statement = (
        f"from authproblem.{adapter} import AuthProblemMiddleware\nAuthProblemMiddleware(lambda *arguments: None)"
    )

    assert imported_by(statement, ("structlog", "starlette", "flask", "werkzeug", "httpx")) == []


def test_normalizing_imports_no_structlog() -> None:
    """The functions emit no event."""
    statement = 'import authproblem; authproblem.normalize(401, [], b\'{"errorCode":"E0000004","errorSummary":"x"}\')'

    assert imported_by(statement, ("structlog", "logging", "starlette")) == []
