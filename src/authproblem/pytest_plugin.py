"""The pytest plugin: fakes as fixtures, what the middleware sent and logged, tests over problem types.

pytest finds it by its entry point; nothing has to be imported or configured. It is loaded in every run of pytest, so it
imports the test kit only where a test uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from authproblem.testing import FakeAuth0, FakeOkta
    from authproblem.testing._capture import CapturedProblems

_MARKER = "auth_problems"
_CASE = "auth_problem"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f'{_MARKER}(*names): run the test once for each problem; names are "all", ids of entries, problem types, '
        f"remedies. The test takes it as `{_CASE}`.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize the tests that have the marker."""
    names = [name for mark in metafunc.definition.iter_markers(_MARKER) for name in mark.args]
    if not names or _CASE not in metafunc.fixturenames:
        return
    from authproblem.testing._cases import cases
    from authproblem.testing._catalog import UnknownEntryError

    try:
        found = cases(*names)
    except UnknownEntryError as error:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: @pytest.mark.{_MARKER}: {error}") from None
    single = len({case.reason for case in found}) == len(found)
    metafunc.parametrize(_CASE, found, ids=[case.reason if single else case.entry for case in found])


@pytest.fixture
def fake_auth0() -> FakeAuth0:
    """A fake Auth0 tenant, new for every test, in this process."""
    from authproblem.testing import FakeAuth0

    return FakeAuth0()


@pytest.fixture
def fake_okta() -> FakeOkta:
    """A fake Okta org, new for every test, in this process."""
    from authproblem.testing import FakeOkta

    return FakeOkta()


@pytest.fixture
def fake_auth0_url(fake_auth0: FakeAuth0) -> Iterator[str]:
    """The base URL at which `fake_auth0` listens on a real socket."""
    with fake_auth0.serve() as url:
        yield url


@pytest.fixture
def fake_okta_url(fake_okta: FakeOkta) -> Iterator[str]:
    """The base URL at which `fake_okta` listens on a real socket."""
    with fake_okta.serve() as url:
        yield url


@pytest.fixture
def captured_problems() -> Iterator[CapturedProblems]:
    """The problems that the middleware of the app under test has sent (`sent`, `reasons`) and logged (`events`)."""
    from authproblem.testing._capture import capturing

    with capturing() as seen:
        yield seen
