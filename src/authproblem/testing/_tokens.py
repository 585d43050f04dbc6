"""Signed tokens, and the key that signs them: made on first use, one for the process. Needs `authproblem[testing]`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from authproblem.errors import MissingExtraError


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url without padding.

    Raises:
        ValueError: if it is none.
    """
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(claims: Mapping[str, Any], **header: Any) -> str:
    """A JWT, signed with RS256 (RFC 7518 section 3.3)."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    top = {"alg": "RS256", "typ": "JWT", "kid": public_key()["kid"], **header}
    signed = f"{encode(orjson.dumps(top))}.{encode(orjson.dumps(dict(claims)))}"
    return f"{signed}.{encode(_private_key().sign(signed.encode(), PKCS1v15(), SHA256()))}"


def read(jwt: str | None) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and claims of a JWT, without a look at its signature; None if it is none."""
    try:
        top, claims, _ = (jwt or "").split(".")
        read_top, read_claims = orjson.loads(decode(top)), orjson.loads(decode(claims))
    except ValueError:
        return None
    return (read_top, read_claims) if isinstance(read_top, dict) and isinstance(read_claims, dict) else None


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint of a public key (RFC 7638 section 3)."""
    names = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
    members = {name: jwk.get(name) for name in names.get(str(jwk.get("kty")), ())}
    return encode(hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).digest())


def half_hash(token: str) -> str:
    """The value of `at_hash` (OpenID Connect Core section 3.1.3.6)."""
    return encode(hashlib.sha256(token.encode()).digest()[:16])


@cache
def public_key() -> dict[str, str]:
    """The public key as a JWK (RFC 7517)."""
    numbers = _private_key().public_key().public_numbers()
    jwk = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    return {**jwk, "use": "sig", "alg": "RS256", "kid": thumbprint(jwk)[:16]}


@cache
def _private_key() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ImportError as error:
        raise MissingExtraError("authproblem.testing (signed tokens)", "testing") from error
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))
