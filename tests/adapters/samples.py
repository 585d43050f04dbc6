"""Responses that the adapter tests send, and the content codings that they come in. Made up in the vendors' shapes."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli

from tests.support.codings import zstd_compress
from tests.support.responses import Response, json_response

PROBLEM, JSON = "application/problem+json", "application/json"

# What the vendors send; each is evidence by itself.
OKTA_BODY = {
    "errorCode": "E0000004",
    "errorSummary": "Authentication failed",
    "errorLink": "E0000004",
    "errorId": "oaeuHRrvMnuRga5UzpKIOhKpQ",
    "errorCauses": [],
}
OKTA = json_response(401, OKTA_BODY)
LIMITED = json_response(
    429,
    {**OKTA_BODY, "errorCode": "E0000047", "errorSummary": "API call exceeded rate limit due to too many requests."},
)
MFA = json_response(
    403,
    {"error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": "Fe26.2*x"},
    ("x-auth0-requestid", "4ad55daa560e468bdfe1"),
)
ERRORS = {"invalid-credentials": OKTA, "rate-limited": LIMITED, "mfa-required": MFA}
"""Errors that have to come out as problems, by their reason."""

HEALTHY = Response(200, [("content-type", JSON), ("x-kept", "1")], b'{"error": "mfa_required"}')
"""A success that looks like an error to whoever forgets the status."""
FOREIGN = json_response(422, {"detail": [{"loc": ["body", "x"], "msg": "field required", "type": "missing"}]})
"""The app's own error."""


def bytewise(content: bytes, size: int = 1) -> list[bytes]:
    """Content in chunks."""
    return [content[at : at + size] for at in range(0, len(content), size)]


def raw_deflate(content: bytes) -> bytes:
    """Deflate without the zlib frame, which some senders mean by the name."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "gzip members": ("gzip", lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:])),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd_compress),
    "gzip in gzip": ("gzip, gzip", lambda content: gzip.compress(gzip.compress(content))),
    "deflate, then br": ("deflate, br", lambda content: brotli.compress(zlib.compress(content))),
    "identity": ("identity", bytes),
}
"""Names of content codings, the value of `Content-Encoding`, and how to make them."""


def coded(response: Response, coding: str) -> Response:
    """A response in a content coding."""
    name, encode = CODINGS[coding]
    return Response(response.status, [*response.headers, ("content-encoding", name)], encode(response.body))
