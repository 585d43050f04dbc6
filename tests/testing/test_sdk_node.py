"""The Node SDKs sign in against the fakes: oauth4webapi, openid-client, node-auth0, auth0-spa-js, okta-auth-js."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from authproblem.testing import FakeAuth0, FakeOkta
from tests.support.node import INSTALL_SECONDS, RUN_SECONDS, node_clients

pytestmark = [pytest.mark.slow, pytest.mark.timeout(INSTALL_SECONDS + RUN_SECONDS)]

EXPECTED = {
    "oauth4webapi auth0": ["ada@example.com", "dpop", "mfa_required"],
    "oauth4webapi okta": ["ada@example.com", "dpop", "mfa_required"],
    "openid-client auth0": ["string", "dpop", "mfa_required"],
    "openid-client okta": ["string", "dpop", "mfa_required"],
    "node-auth0": ["string", "ada@example.com", "invalid_grant"],
    "okta-auth-js": ["PENDING", "errors.E0000004", "SUCCESS", "ada@example.com", "SUCCESS"],
    "auth0-spa-js": ["string", "mfa_required"],
}


def test_every_client_signs_in_and_fails(
    auth0_server: tuple[FakeAuth0, str], okta_server: tuple[FakeOkta, str], bundle: Path
) -> None:
    """Codes, devices, DPoP, passwords, the Identity Engine: each by a client that teams use, and an error for each."""
    auth0, host = auth0_server
    okta, url = okta_server
    auth0.fail("auth0:mfa_required", client="broken")
    okta.fail("okta:mfa_required", client="broken")
    for fake in (auth0, okta):
        fake.signed_in, fake.dpop_nonce, fake.interval = fake.accounts.users[0], "nonce-1", 1
    done = subprocess.run(
        ["node", "sign-in.mjs"],
        cwd=node_clients(),
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(bundle)},
        input=json.dumps(
            {"auth0": f"https://{host}", "okta": url, "email": "ada@example.com", "password": "correct horse"}
        ),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == EXPECTED
