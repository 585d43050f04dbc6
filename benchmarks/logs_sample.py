"""Writes log events of Okta and Auth0 as JSON lines, as many as one asks for, to try `logs` on large files.

    python benchmarks/logs_sample.py 5000000 > events.ndjson

Members, sizes and the share of failures (about a third) are those of real events; every value is made up.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from typing import Any

import orjson

Json = dict[str, Any]

OKTA = (
    ("user.session.start", "SUCCESS", None, 30),
    ("user.authentication.sso", "SUCCESS", None, 30),
    ("policy.evaluate_sign_on", "ALLOW", "Sign-on policy evaluation resulted in ALLOW", 25),
    ("policy.evaluate_sign_on", "CHALLENGE", "Sign-on policy evaluation resulted in CHALLENGE", 10),
    ("user.session.start", "FAILURE", "INVALID_CREDENTIALS", 20),
    ("user.session.start", "FAILURE", "LOCKED_OUT", 4),
    ("user.session.start", "FAILURE", "VERIFICATION_ERROR", 6),
    ("user.authentication.auth_via_mfa", "FAILURE", "INVALID_CREDENTIALS", 8),
    ("policy.evaluate_sign_on", "DENY", "Sign-on policy evaluation resulted in DENY", 5),
    ("app.oauth2.as.token.grant", "FAILURE", "no_matching_policy", 3),
    ("system.org.rate_limit.violation", "SUCCESS", None, 1),
    ("app.oauth2.token.detect_reuse", "SUCCESS", None, 1),
)
"""Type, result, reason and weight."""
AUTH0 = (
    ("s", None, None, 30),
    ("seacft", None, None, 20),
    ("fp", "Wrong email or password.", None, 10),
    ("f", "the connection is not enabled", "invalid_request", 3),
    ("fertft", "Unknown or invalid refresh token.", "invalid_grant", 5),
    ("limit_wc", "User attempted 10 consecutive logins unsuccessfully.", None, 1),
)
"""Type, description, error and weight."""


def moment(number: int) -> str:
    """A time of 2026: one second later from event to event, a month later from day to day."""
    month, hour = 1 + number // 86400 % 12, number // 3600 % 24
    return f"2026-{month:02d}-14T{hour:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000Z"


def okta(number: int, kind: str, result: str, reason: str | None) -> Json:
    """One event of the System Log."""
    place = {"city": "Dublin", "country": "Ireland", "geolocation": {"lat": 53.3, "lon": -6.2}, "postalCode": "D02"}
    return {
        "actor": {"id": f"00u{number % 9973:017d}", "type": "User", "alternateId": f"user{number % 9973}@example.com"},
        "client": {
            "userAgent": {"rawUserAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:72.0)", "os": "Mac OS X"},
            "zone": "null", "device": "Computer", "id": f"0oa{number % 37:017d}", "ipAddress": "192.0.2.7",
            "geographicalContext": place,
        },
        "authenticationContext": {"authenticationStep": 0, "externalSessionId": f"102{number:022d}"},
        "displayMessage": "An event", "eventType": kind, "outcome": {"result": result, "reason": reason},
        "published": moment(number),
        "securityContext": {"asNumber": None, "asOrg": None, "isp": None, "domain": None, "isProxy": None},
        "severity": "INFO", "debugContext": {"debugData": {
            "requestId": f"Xkccy{number:022d}", "requestUri": "/api/v1/authn", "threatSuspected": "false",
            "url": "/api/v1/authn?", "dtHash": f"{number:064x}", "risk": "{level=LOW}",
        }},
        "legacyEventType": None, "transaction": {"type": "WEB", "id": f"Xkccy{number:022d}", "detail": {}},
        "uuid": f"faf7398a-4f77-11ea-97fb-{number:012d}", "version": "0",
        "request": {"ipChain": [{"ip": "192.0.2.7", "geographicalContext": place, "version": "V4", "source": None}]},
        "target": [{"id": f"00u{number % 9973:017d}", "type": "User", "displayName": "A user"}],
    }  # fmt: skip


def auth0(number: int, kind: str, text: str | None, error: str | None) -> Json:
    """One event of the tenant logs, as a log stream sends it."""
    log_id = f"900{number:053d}"
    details: Json = {"description": text, "details": {"error": {"message": text, "oauthError": error}}} if text else {}
    return {"log_id": log_id, "data": {
        "date": moment(number),
        "type": kind, **details, "connection": "Username-Password-Authentication", "client_id": f"client{number % 41}",
        "client_name": f"Application {number % 41}", "ip": "192.0.2.7", "hostname": "tenant.example.auth0.com",
        "user_agent": "Chrome 120.0.0 / Mac OS X 10.15.7", "user_id": f"auth0|{number % 9973:024d}",
        "user_name": f"user{number % 9973}@example.com", "strategy": "auth0", "log_id": log_id, "isMobile": False,
    }}  # fmt: skip


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("lines", type=int, help="how many lines")
    lines = parser.parse_args().lines
    chosen = random.Random(1)  # noqa: S311 - the same file every time
    okta_rows = chosen.choices(OKTA, [row[-1] for row in OKTA], k=4999)
    auth0_rows = chosen.choices(AUTH0, [row[-1] for row in AUTH0], k=2003)
    rows = itertools.cycle(okta_rows), itertools.cycle(auth0_rows)
    written: list[bytes] = []
    for number in range(lines):
        event = auth0(number, *next(rows[1])[:3]) if number % 4 == 3 else okta(number, *next(rows[0])[:3])
        written.append(orjson.dumps(event))
        if len(written) == 10_000:
            sys.stdout.buffer.write(b"\n".join(written) + b"\n")
            written.clear()
    sys.stdout.buffer.write(b"".join(line + b"\n" for line in written))


if __name__ == "__main__":
    main()
