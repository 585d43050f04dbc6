"""Fixtures of the kit's own tests: fakes behind TLS on the loopback, for SDKs that support nothing else."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from authproblem.testing import FakeAuth0, FakeOkta


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority's certificate in a file, for clients that take a path."""
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def _trust(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that make their own connections trust the authority by the variables of requests and OpenSSL."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def auth0_server(server_context: ssl.SSLContext, _trust: None) -> Iterator[tuple[FakeAuth0, str]]:
    """A fake Auth0 with one user, and the host and port at which it listens."""
    fake = FakeAuth0()
    fake.add_user()
    with fake.serve(context=server_context) as url:
        yield fake, url.partition("//")[2]


@pytest.fixture
def okta_server(server_context: ssl.SSLContext, _trust: None) -> Iterator[tuple[FakeOkta, str]]:
    """A fake Okta with one user, and the URL at which it listens."""
    fake = FakeOkta()
    fake.add_user()
    with fake.serve(context=server_context) as url:
        yield fake, url
