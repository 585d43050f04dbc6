"""TLS towards the provider: its certificate is verified, by the usual authorities or by those of `ca_file`."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authproblem.gateway import load_config, make_app
from tests.client import samples
from tests.client.upstream import Upstream, serving
from tests.gateway.support import asked


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of its own authority, for the loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authproblem tests")])
    now = dt.datetime.now(dt.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "provider.pem"
    path.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("trusted", "status", "reason"), [(True, 401, "invalid-credentials"), (False, 502, "upstream-unreachable")]
)
def test_a_request_is_sent_only_where_the_certificate_is_trusted(
    certificate: Path, trusted: bool, status: int, reason: str
) -> None:
    """By the usual authorities, or by those of `ca_file`."""
    upstream = Upstream(lambda _: samples.DENIED)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    upstream.server.socket = context.wrap_socket(upstream.server.socket, server_side=True)
    flags = {"ca_file": str(certificate)} if trusted else {}

    with serving(upstream):
        config = load_config({"routes": [("okta", f"https://127.0.0.1:{upstream.port}", "")], **flags}, {})
        response = asked(make_app(config), "/api/v1/users")

    assert (response.status, response.header("auth-problem")) == (status, reason)
    assert len(upstream.seen) == int(trusted)
