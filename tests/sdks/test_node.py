"""The Node clients show the same behind the middleware: each runs in Node, requests every case, and prints what it saw.

npm installs them below `build/` the first time, in the exact versions of `node/package.json`; `node/<client>.mjs` sends
the requests.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.sdks.cases import API, AUTHN, IDX, PASSWORDLESS, SIGNUP, TOKEN, USERINFO, Case, by_id
from tests.sdks.servers import Site
from tests.support.node import INSTALL_SECONDS, RUN_SECONDS, node_clients

pytestmark = [pytest.mark.slow, pytest.mark.timeout(INSTALL_SECONDS + 4 * RUN_SECONDS)]

SURFACES: dict[str, tuple[Case, ...]] = {
    "token": TOKEN,
    "api": API,
    "signup": SIGNUP,
    "passwordless": PASSWORDLESS,
    "authn": AUTHN,
    "idx": IDX,
    "userinfo": USERINFO,
}
CLIENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "openid-client": (("auth0", "okta"), ("token", "userinfo")),
    "oauth4webapi": (("auth0", "okta"), ("token", "userinfo")),
    "auth0": (("auth0",), ("token", "api", "signup", "passwordless", "userinfo")),
    "auth0-spa-js": (("auth0",), ("token",)),
    "okta-auth-js": (("okta",), ("token", "authn", "idx", "userinfo")),
}
FLOWS = {
    "openid-client": {"dpop": "granted-DPoP", "device": "granted-Bearer"},
    "oauth4webapi": {"dpop": "granted-DPoP"},
    "auth0-spa-js": {"dpop": "granted-DPoP"},
}
"""Flows of several requests that lead to a token, by the `client_id` that starts them."""

_CHALLENGED = {f"{vendor}-{name}" for vendor in ("auth0", "okta") for name in ("invalid_client_challenge", "userinfo")}
_NO_OAUTH = {"auth0-unavailable", "okta-unavailable", "okta-rate_limited", "okta-hybrid"}
UNREAD = {
    "openid-client": _CHALLENGED | _NO_OAUTH,
    "oauth4webapi": _CHALLENGED | _NO_OAUTH,
    "auth0": {"auth0-userinfo"},
}
"""Where a client finds no code, with the middleware or without: at a challenge, at 5xx, in a body without `error`."""

GAINED: dict[tuple[str, str], dict[str, Any]] = {
    ("auth0", "auth0-userinfo"): {
        "kind": "UserInfoError",
        "error": "invalid_token",
        "text": "The token has expired",
    },
    ("okta-auth-js", "okta-userinfo"): {"status": 401},
}
"""What a client shows only behind the middleware: the error that stood in a header is in the body as well."""


def cases_of(client: str) -> list[tuple[str, Case]]:
    vendors, surfaces = CLIENTS[client]
    return [(surface, case) for surface in surfaces for case in SURFACES[surface] if case.vendor in vendors]


CASES = [pytest.param(client, case, id=f"{client}-{by_id(case)}") for client in CLIENTS for _, case in cases_of(client)]


@pytest.fixture(scope="session")
def folder() -> Path:
    """Where the runners and the clients are; installed by the first run."""
    return node_clients()


class Run(NamedTuple):
    """What one client saw behind one site.

    Attributes:
        seen: by case, what its runner printed.
        problems: every `Auth-Problem` that went to it.
    """

    seen: dict[str, dict[str, Any]]
    problems: list[str]


@pytest.fixture(scope="session")
def surfaced(folder: Path, sites: dict[str, Site], bundle: Path) -> Callable[[str, str], Run]:
    """The run of a client behind a site; each client runs once, behind all sites at the same time."""
    runs: dict[str, dict[str, Run]] = {}

    def look(client: str, site: str) -> Run:
        if client not in runs:
            for opened in sites.values():
                opened.exchanges.clear()
            with ThreadPoolExecutor(len(sites)) as pool:
                responses = pool.map(lambda opened: ask(client, folder, opened.origin, bundle), sites.values())
            problems = ([each.problem for each in opened.exchanges if each.problem] for opened in sites.values())
            runs[client] = dict(zip(sites, map(Run, responses, problems), strict=True))
        return runs[client][site]

    return look


def ask(client: str, folder: Path, origin: str, bundle: Path) -> dict[str, dict[str, Any]]:
    cases = [
        {"id": by_id(case), "vendor": case.vendor, "name": case.name, "surface": surface}
        for surface, case in cases_of(client)
    ]
    for name in FLOWS.get(client, ()):
        cases += [{"id": f"{v}-{name}-flow", "vendor": v, "name": name, "surface": name} for v in CLIENTS[client][0]]
    done = subprocess.run(
        ["node", f"{client}.mjs"],
        cwd=folder,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(bundle)},
        input=json.dumps({"origin": origin, "cases": cases}),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize(("client", "case"), CASES)
def test_surfaces_the_code(client: str, case: Case, surfaced: Callable[[str, str], Run]) -> None:
    """Without the middleware: so that a client which sees nothing cannot pass for one that sees the same."""
    seen = surfaced(client, "bare").seen[by_id(case)]
    shown = seen.get("returned") or seen  # the Identity Engine's documents are no exceptions
    expected = (None, None) if by_id(case) in UNREAD.get(client, ()) else (case.code or None, case.mfa_token)
    assert expected == (shown.get("error"), shown.get("mfa_token"))


@pytest.mark.parametrize("site", ["default", "off"])
@pytest.mark.parametrize(("client", "case"), CASES)
def test_surfaces_the_same(client: str, case: Case, site: str, surfaced: Callable[[str, str], Run]) -> None:
    """Each client, each case: what it shows an app, with and without the middleware."""
    bare, wrapped = (surfaced(client, name).seen[by_id(case)] for name in ("bare", site))
    if not case.known:  # an unregistered sentence is replaced by the registry's
        bare, wrapped = ({**seen, "text": None} for seen in (bare, wrapped))
    assert {**bare, **GAINED.get((client, by_id(case)), {})} == wrapped


@pytest.mark.parametrize("site", ["bare", "default", "off"])
@pytest.mark.parametrize("client", list(FLOWS))
def test_flows_succeed(client: str, site: str, surfaced: Callable[[str, str], Run]) -> None:
    """Nonces, pending and too fast: the middleware keeps out, and the client gets its token."""
    seen = surfaced(client, site).seen
    expected = {
        f"{vendor}-{name}-flow": {"returned": token}
        for name, token in FLOWS[client].items()
        for vendor in CLIENTS[client][0]
    }
    assert expected == {name: seen[name] for name in expected}


@pytest.mark.parametrize("site", ["default", "off"])
@pytest.mark.parametrize("client", list(CLIENTS))
def test_every_response_was_rewritten(client: str, site: str, surfaced: Callable[[str, str], Run]) -> None:
    """One problem for each case that is one, and none for flow control."""
    expected = sorted(case.reason for _, case in cases_of(client) if case.reason)
    assert expected == sorted(surfaced(client, site).problems)
