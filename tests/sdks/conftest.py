"""Fixtures of the client tests: a certificate authority made for this run, the sites, and one site at a time."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.sdks.servers import Site, running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority's certificate in a file, for clients that take a path."""
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def sites(authority: trustme.CA) -> Iterator[dict[str, Site]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with running(context) as opened:
        yield opened


@pytest.fixture(scope="session")
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(autouse=True)
def _trust(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that make their own connections trust the authority by the variables of requests and OpenSSL."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["bare", "default", "off"])
def site(request: pytest.FixtureRequest, sites: dict[str, Site]) -> Site:
    """Each site in turn: what a client shows must be the same behind all."""
    opened = sites[request.param]
    opened.exchanges.clear()
    return opened
