"""Auth0 and Okta, played by one Starlette app: the endpoints that SDKs call, with the vendors' paths and headers.

Which row of `cases` a request gets lies in the request (its `client_id`, or its access token), so the app has no state
but the progress of device codes. It is independent of the middleware.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
import uuid
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote_plus

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from tests.sdks.cases import API, API_NONCE, AUTHN, IDX, NONCE, PASSWORDLESS, SIGNUP, TOKEN, USERINFO, Case, row

if TYPE_CHECKING:
    from starlette.requests import Request

RESET = 40
"""Seconds after which the limits of the played providers reset."""
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Provider:
    """The endpoints of both vendors. Auth0's and Okta's paths do not overlap, so one app plays both."""

    def __init__(self) -> None:
        self._polls: dict[str, int] = {}
        self.app = Starlette(
            routes=[
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/oauth2/v1/token", self.token, methods=["POST"]),
                Route("/oauth/device/code", self.device, methods=["POST"]),
                Route("/oauth2/v1/device/authorize", self.device, methods=["POST"]),
                Route("/dbconnections/signup", self.signup, methods=["POST"]),
                Route("/passwordless/start", self.passwordless, methods=["POST"]),
                Route("/api/v1/authn", self.authn, methods=["POST"]),
                Route("/oauth2/v1/interact", self.interact, methods=["POST"]),
                Route("/idp/idx/introspect", self.introspect, methods=["POST"]),
                Route("/idp/idx/identify", self.identify, methods=["POST"]),
                Route("/userinfo", self.userinfo),
                Route("/oauth2/v1/userinfo", self.userinfo),
                Route("/api/v1/users/{user}", self.api),
                Route("/api/v2/users/{user}", self.api),
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/.well-known/oauth-authorization-server", self.discovery),
            ]
        )

    async def token(self, request: Request) -> Response:
        """The token endpoints."""
        form = await _form(request)
        vendor = _vendor(request)
        case = row(TOKEN, vendor, _client(request, form)) if _client(request, form) != "device" else None
        if form.get("grant_type") == DEVICE_GRANT and case is None:
            case = self._poll(vendor, form["device_code"])
        if case is None or (case.name == "dpop" and _proof(request).get("nonce") == NONCE):
            return _json(request, vendor, 200, _grant("Bearer" if case is None else "DPoP"))
        return _answer(request, case)

    def _poll(self, vendor: str, device_code: str) -> Case | None:
        """The first poll is too early, the second too fast, the third succeeds."""
        polls = self._polls[device_code] = self._polls.get(device_code, 0) + 1
        return row(TOKEN, vendor, {1: "pending", 2: "slow_down"}[polls]) if polls < 3 else None

    async def device(self, request: Request) -> Response:
        """The device authorization endpoints (RFC 8628 section 3.2)."""
        response = {
            "device_code": uuid.uuid4().hex,
            "user_code": "BDWP-HQPK",
            "verification_uri": "https://example.com/activate",
            "expires_in": 900,
            "interval": 1,
        }
        return _json(request, _vendor(request), 200, response)

    async def signup(self, request: Request) -> Response:
        """Auth0's sign-up."""
        return _answer(request, row(SIGNUP, "auth0", (await request.json())["client_id"]))

    async def passwordless(self, request: Request) -> Response:
        """Auth0's passwordless start."""
        return _answer(request, row(PASSWORDLESS, "auth0", (await request.json())["client_id"]))

    async def authn(self, request: Request) -> Response:
        """Okta's primary authentication."""
        return _answer(request, row(AUTHN, "okta", (await request.json())["username"]))

    async def api(self, request: Request) -> Response:
        """The management APIs: what comes back depends on the access token."""
        # The okta SDK writes its API token without a blank: `SSWS` and the token in one.
        _, scheme, token = re.split("^(SSWS|Bearer|DPoP) ?", request.headers["authorization"])
        vendor = _vendor(request)
        if scheme == "DPoP" and _proof(request).get("nonce") != API_NONCE:
            challenge = 'DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"'
            body = {"error": "use_dpop_nonce", "error_description": "Resource server requires nonce in DPoP proof"}
            return _json(request, vendor, 401, body, ("www-authenticate", challenge), ("dpop-nonce", API_NONCE))
        if token.startswith("granted"):
            return _json(request, vendor, 200, {"id": "00ub0oNGTSWTBKOLGLNR", "user_id": "auth0|1", "status": "ACTIVE"})
        return _answer(request, row(API, vendor, token))

    async def interact(self, request: Request) -> Response:
        """The start of an Identity Engine sign-in; the handle carries the row's name on."""
        return _json(request, "okta", 200, {"interaction_handle": (await _form(request))["client_id"]})

    async def introspect(self, request: Request) -> Response:
        """The first document of a sign-in: it requires user name and password."""
        case = row(IDX, "okta", json.loads(await request.body())["interactionHandle"])
        return _idx(request, case._replace(status=200, headers=(), body={**case.body, "messages": None}))

    async def identify(self, request: Request) -> Response:
        """The response to user name and password."""
        return _idx(request, row(IDX, "okta", json.loads(await request.body())["stateHandle"][2:]))

    async def userinfo(self, request: Request) -> Response:
        """The user-info endpoints: every token is refused."""
        return _answer(request, row(USERINFO, _vendor(request), "userinfo"))

    async def discovery(self, request: Request) -> Response:
        """The metadata document; `?vendor=` picks whose endpoints it names."""
        origin = f"{request.url.scheme}://{request.url.netloc}"
        token, device, userinfo = "/oauth2/v1/token", "/oauth2/v1/device/authorize", "/oauth2/v1/userinfo"
        if request.query_params.get("vendor") == "auth0":
            token, device, userinfo = "/oauth/token", "/oauth/device/code", "/userinfo"
        metadata = {
            "issuer": origin,
            "authorization_endpoint": f"{origin}/authorize",
            "token_endpoint": origin + token,
            "device_authorization_endpoint": origin + device,
            "userinfo_endpoint": origin + userinfo,
            "jwks_uri": f"{origin}/jwks",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "dpop_signing_alg_values_supported": ["ES256", "RS256"],
        }
        return _json(request, "okta", 200, metadata)


def _vendor(request: Request) -> str:
    return "okta" if request.url.path.startswith(("/oauth2/", "/api/v1/")) else "auth0"


async def _form(request: Request) -> dict[str, Any]:
    """The parameters, as a form or as JSON: Auth0 takes both."""
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        parameters: dict[str, Any] = json.loads(body)
        return parameters
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}


def _client(request: Request, form: dict[str, Any]) -> str:
    """The client's id: in the body, in HTTP Basic, or the subject of its assertion (RFC 7523)."""
    if "client_id" in form:
        return str(form["client_id"])
    if "client_assertion" in form:
        return str(_claims(form["client_assertion"])["sub"])
    name = base64.b64decode(request.headers["authorization"].split()[1]).decode().partition(":")[0]
    return unquote_plus(name)  # RFC 6749 section 2.3.1 has it encoded like a form


def _proof(request: Request) -> dict[str, Any]:
    """The claims of the DPoP proof (RFC 9449 section 4.2), if there is one."""
    return _claims(request.headers["dpop"]) if "dpop" in request.headers else {}


def _claims(jwt: str) -> dict[str, Any]:
    part = jwt.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _grant(token_type: str) -> dict[str, Any]:
    return {"access_token": f"granted-{token_type}", "token_type": token_type, "expires_in": 3600, "scope": "openid"}


def _answer(request: Request, case: Case) -> Response:
    return _json(request, case.vendor, case.status, case.body, *case.headers)


def _idx(request: Request, case: Case) -> Response:
    """An Identity Engine document: the members of the row, and the form to fill in (again)."""
    form = [
        {"name": "identifier", "label": "Username", "required": True},
        {"name": "credentials", "form": {"value": [{"name": "passcode", "label": "Password", "secret": True}]}},
        {
            "name": "stateHandle",
            "required": True,
            "value": case.body["stateHandle"],
            "visible": False,
            "mutable": False,
        },
    ]
    identify = {
        "rel": ["create-form"],
        "name": "identify",
        "href": f"{request.url.scheme}://{request.url.netloc}/idp/idx/identify",
        "method": "POST",
        "produces": "application/ion+json; okta-version=1.0.0",
        "value": form,
        "accepts": "application/json; okta-version=1.0.0",
    }
    body = {name: value for name, value in case.body.items() if value is not None}
    remediation = {"remediation": {"type": "array", "value": [identify]}}
    response = _json(request, "okta", case.status, {**body, **remediation}, *case.headers)
    response.headers["content-type"] = "application/ion+json; okta-version=1.0.0"
    return response


def _json(request: Request, vendor: str, status: int, body: Any, *more: tuple[str, str]) -> Response:
    """A response with the headers that the vendor's edge adds: compressed if the client takes it, as theirs are."""
    plain = isinstance(body, str)
    content = body.encode() if plain else json.dumps(body).encode()
    now = int(time.time())
    media_type = "text/plain; charset=utf-8" if plain else "application/json"
    headers = [("content-type", media_type), *_EDGE[vendor], ("date", formatdate(now, usegmt=True)), *more]
    names = {name for name, _ in headers}
    limit = "x-ratelimit" if vendor == "auth0" else "x-rate-limit"
    own = {f"{limit}-limit": "100", f"{limit}-remaining": "99", f"{limit}-reset": str(now + RESET)}
    headers += [(name, value) for name, value in own.items() if name not in names]
    if content and "gzip" in request.headers.get("accept-encoding", ""):
        content = gzip.compress(content)
        headers.append(("content-encoding", "gzip"))
    response = Response(content, status)
    response.raw_headers += [(name.encode(), value.encode()) for name, value in headers]
    return response


_EDGE = {
    "auth0": (
        ("cf-ray", "6891a78eaa9d04b4-LAX"),
        ("cache-control", "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform"),
        ("strict-transport-security", "max-age=31536000"),
        ("vary", "Accept-Encoding, Origin"),
        ("ot-baggage-auth0-request-id", "6891a78eaa9d04b4"),
        ("ot-tracer-sampled", "true"),
        ("ot-tracer-spanid", "238a8dd0640d43a0"),
        ("ot-tracer-traceid", "431cac8f77136f2c"),
        ("x-auth0-requestid", "b0a5dc12c514c43e1e72"),
        ("x-content-type-options", "nosniff"),
        ("set-cookie", "did=s%3Av0%3A0c1a; Max-Age=31557600; Path=/; HttpOnly; Secure; SameSite=None"),
        ("server", "cloudflare"),
    ),
    "okta": (
        ("server", "nginx"),
        ("p3p", 'CP="HONK"'),
        ("x-okta-request-id", "ZabcdefGhIjKlMnOpQrStUvWxYz0123"),
        ("cache-control", "no-cache, no-store"),
        ("pragma", "no-cache"),
        ("expires", "0"),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=315360000; includeSubDomains"),
        ("set-cookie", "JSESSIONID=7A5C; Path=/; Secure; HttpOnly"),
    ),
}
