"""The headers that Auth0 and Okta send with an error, as recorded: limits, request ids, cookies, dates, tracing.

Names, order and form of the values are those of recorded responses; ids and cookies are made up. Every value that
differs from one response to the next differs here, too, and all pairs are new objects, as a server makes them.
"""

from __future__ import annotations

from itertools import count

_serials = count(10**9)
_DATE = "Sun, 22 Nov 2026 17:30:00 GMT"
_APP = ("content-type: application/json", "content-length: {length}", f"date: {_DATE}")
_AUTH0 = (
    f"date: {_DATE}",
    "content-type: application/json",
    "content-length: {length}",
    "cf-ray: {serial:016x}-LAX",
    "cache-control: private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform",
    "set-cookie: did=s%3Av0%3A{serial:032x}; Max-Age=31557600; Path=/; HttpOnly; Secure; SameSite=None",
    "strict-transport-security: max-age=31536000; includeSubDomains",
    "vary: Origin, Accept-Encoding",
    "ot-baggage-auth0-request-id: {serial:016x}",
    "ot-tracer-sampled: true",
    "ot-tracer-spanid: {serial:016x}",
    "ot-tracer-traceid: {serial:016x}",
    "x-auth0-requestid: {serial:020x}",
    "x-content-type-options: nosniff",
    "x-ratelimit-limit: 100",
    "x-ratelimit-remaining: 95",
    "x-ratelimit-reset: 1795368601",
    "server: cloudflare",
)
_OKTA = (
    f"date: {_DATE}",
    "content-type: application/json",
    "content-length: {length}",
    "server: nginx",
    "x-okta-request-id: {serial:032x}",
    "x-xss-protection: 0",
    'p3p: CP="HONK"',
    "set-cookie: JSESSIONID={serial:032X}; Path=/; Secure; HttpOnly",
    "content-security-policy: default-src 'self' example.okta.com *.oktacdn.com; connect-src 'self' example.okta.com",
    "x-rate-limit-limit: 600",
    "x-rate-limit-remaining: 0",
    "x-rate-limit-reset: 1795368630",
    "cache-control: no-cache, no-store",
    "pragma: no-cache",
    "expires: 0",
    "x-content-type-options: nosniff",
    "strict-transport-security: max-age=315360000; includeSubDomains",
    "vary: Accept-Encoding",
)
_LINES = {"auth0": _AUTH0, "okta": _OKTA, "app": _APP}


def vendor_headers(vendor: str, length: int, more: int = 0) -> list[tuple[bytes, bytes]]:
    """Return the headers of one response.

    Args:
        vendor: `auth0`, `okta`, or `app` for what an app sends by itself.
        length: bytes of the body.
        more: headers of no meaning on top of them.
    """
    serial = next(_serials)
    lines = (*_LINES[vendor], *(f"x-more-{number}: {number}" for number in range(more)))
    rows = (line.format(length=length, serial=serial).partition(": ") for line in lines)
    return [(name.encode(), value.encode()) for name, _, value in rows]
