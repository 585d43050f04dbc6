"""Endpoints that every vendor has, at its own paths: sign-in page, metadata, keys, user info, device, PAR, CIBA."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import urlencode

from authproblem.testing import _tokens
from authproblem.testing._accounts import User
from authproblem.testing._fake import Refusal
from authproblem.testing._http import Request, Response, html, json_response, redirect
from authproblem.testing._oauth import OAuthProvider
from authproblem.testing._sessions import Approval, Grant

CODE_SECONDS, DEVICE_SECONDS = 300, 900
_COOKIE = "fake_session"
_SERVER = re.compile(r"/oauth2/(?!v1/)[^/]+")


def authorize(fake: OAuthProvider, request: Request) -> Response:
    """The authorization endpoint (RFC 6749 section 3.1): a session gives a code at once, else there is a form."""
    parameters = _parameters(fake, request)
    client = fake.accounts.client(parameters.get("client_id", ""))
    target = parameters.get("redirect_uri", "")
    if client is None:
        raise fake.refuse("unknown_client", status=400, form="text")
    if not target or (client.redirect_uris is not None and target not in client.redirect_uris):
        raise fake.refuse("redirect_uri", status=400, form="text")
    if request.method == "POST" and "password" in request.form:
        return _log_in(fake, request, parameters)
    user = fake.signed_in or fake.sessions.cookies.get(request.cookies.get(_COOKIE, ""))
    user = fake.sessions.steps.pop(parameters.get("sessionToken", ""), {}).get("user") or user  # Okta's own
    if user is None and parameters.get("prompt") == "none":
        raise fake.refuse("login_required", form="redirect")
    if user is None or parameters.get("prompt") == "login":
        return _form(request, parameters, None)
    return _send_back(fake, parameters, user)


def discovery(fake: OAuthProvider, request: Request) -> Response:
    """The metadata document (OpenID Connect Discovery section 3, RFC 8414 section 2)."""
    base = endpoint_base(fake, request)
    prefix = "/oauth2" if base != request.origin else ""
    rows: dict[str, str] = fake.vendor["oauth"]["paths"]
    document: dict[str, Any] = {"issuer": fake.issuer(request)}
    document |= {name: base + path.removeprefix(prefix) for name, path in rows.items()}
    document |= {
        "response_types_supported": ["code", "token", "id_token", "code token", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": list(fake.grants),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "none",
        ],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "name", "email", "email_verified"],
        "dpop_signing_alg_values_supported": ["ES256", "RS256"],
    }
    return json_response(200, document, ("cache-control", "public, max-age=15"))


def keys(_fake: OAuthProvider, _request: Request) -> Response:
    """The public keys (RFC 7517 section 5)."""
    return json_response(200, {"keys": [_tokens.public_key()]}, ("cache-control", "public, max-age=15"))


def userinfo(fake: OAuthProvider, request: Request) -> Response:
    """The claims of the token's user (OpenID Connect Core section 5.3)."""
    grant = bearer(fake, request)
    return json_response(200, grant.user.claims if grant.user is not None else {"sub": grant.client})


def bearer(fake: OAuthProvider, request: Request) -> Grant:
    """The grant of the request's access token; refused if it is unknown, revoked or has expired."""
    grant = fake.sessions.access.get(request.bearer or "")
    claims = _tokens.read(request.bearer)
    if grant is None or (claims is not None and claims[1].get("exp", 0) < fake.clock.now()):
        raise fake.refuse("invalid_token")
    return grant


def revoke(fake: OAuthProvider, request: Request) -> Response:
    """Revocation (RFC 7009): 200, whatever the token was."""
    fake.client_of(request)
    name = request.text("token")
    grant = fake.sessions.refresh.get(name) or fake.sessions.access.get(name)
    if grant is not None:
        fake.sessions.revoke(grant.family)
    return Response(200)


def introspect(fake: OAuthProvider, request: Request) -> Response:
    """Introspection (RFC 7662)."""
    fake.client_of(request)
    name = request.text("token")
    grant = fake.sessions.access.get(name) or fake.sessions.refresh.get(name)
    if grant is None:
        return json_response(200, {"active": False})
    user = grant.user.email if grant.user is not None else grant.client
    return json_response(200, {"active": True, "scope": grant.scope, "client_id": grant.client, "username": user})


def device(fake: OAuthProvider, request: Request) -> Response:
    """Device authorization (RFC 8628 section 3.2); `fake.approve(user_code)` plays the person."""
    client = fake.client_of(request)
    code = fake.sessions.handle()
    typed = fake.random.choices("BCDFGHJKLMNPQRSTVWXZ", k=8)
    user_code = "".join((*typed[:4], "-", *typed[4:]))
    wait_for(fake, code, Approval(fake.grant_for(request, client, None), user_code, interval=fake.interval))
    where = f"{request.origin}/activate"
    document = {"device_code": code, "user_code": user_code, "verification_uri": where, "expires_in": DEVICE_SECONDS}
    document |= {"interval": fake.interval, "verification_uri_complete": f"{where}?user_code={user_code}"}
    return json_response(200, document)


def activate(fake: OAuthProvider, request: Request) -> Response:
    """Where a person confirms a device: opening the page with the code approves it."""
    done = fake.sessions.approve(request.text("user_code"), fake.signed_in or next(iter(fake.accounts.users), None))
    return html(200, "<h1>Device activated</h1>") if done else html(400, "<h1>Invalid code</h1>")


def backchannel(fake: OAuthProvider, request: Request) -> Response:
    """The backchannel authentication request (CIBA Core section 7); `fake.approve(auth_req_id)` plays the person."""
    client = fake.client_of(request)
    hint = request.text("login_hint", "login_hint_token", "id_token_hint")
    user = next((user for user in fake.accounts.users if user.id in hint or user.email in hint), None)
    if user is None:
        raise fake.refuse("unknown_user")
    handle = fake.sessions.handle()
    wait_for(fake, handle, Approval(fake.grant_for(request, client, user), handle, interval=fake.interval))
    return json_response(200, {"auth_req_id": handle, "expires_in": DEVICE_SECONDS, "interval": fake.interval})


def pushed(fake: OAuthProvider, request: Request) -> Response:
    """A pushed authorization request (RFC 9126)."""
    fake.client_of(request)
    name = "urn:ietf:params:oauth:request_uri:" + fake.sessions.handle(length=24)
    fake.sessions.steps[name] = {name: request.text(name) for name in request.form if name != "client_secret"}
    return json_response(201, {"request_uri": name, "expires_in": 30})


def register(fake: OAuthProvider, request: Request) -> Response:
    """Dynamic registration (RFC 7591)."""
    parameters = request.form
    client_id, secret = fake.sessions.handle(length=32), fake.sessions.handle(length=64)
    if fake.accounts.clients:
        wanted = parameters.get("redirect_uris")
        fake.add_client(client_id, secret, redirect_uris=tuple(wanted) if isinstance(wanted, list) else None)
    return json_response(
        201, {**parameters, "client_id": client_id, "client_secret": secret, "client_secret_expires_at": 0}
    )


def logout(fake: OAuthProvider, request: Request) -> Response:
    """The end of the session; back to where the app wants."""
    fake.sessions.cookies.pop(request.cookies.get(_COOKIE, ""), None)
    target = request.params.get("returnTo") or request.params.get("post_logout_redirect_uri")
    response = redirect(target) if target else Response(200, (("content-type", "text/plain"),), b"OK")
    return response.with_headers(("set-cookie", f"{_COOKIE}=; Path=/; Max-Age=0"))


def wait_for(fake: OAuthProvider, handle: str, approval: Approval) -> None:
    """Let something wait for a person."""
    approval.grant.expires = approval.grant.expires or fake.clock.now() + DEVICE_SECONDS
    fake.sessions.approvals[handle] = approval


def new_code(fake: OAuthProvider, parameters: dict[str, str], user: User) -> str:
    """An authorization code for what was requested."""
    code = fake.sessions.handle(length=32)
    names = ("redirect_uri", "code_challenge", "nonce")
    details = {name: parameters[name] for name in names if parameters.get(name)}
    until = fake.clock.now() + CODE_SECONDS
    scope, audience = parameters.get("scope", ""), parameters.get("audience") or parameters.get("resource")
    fake.sessions.codes[code] = Grant(parameters.get("client_id", ""), user, scope, audience, "", until, details)
    return code


def endpoint_base(fake: OAuthProvider, request: Request) -> str:
    """What the paths of the endpoints are put behind: Okta's custom servers, such as `default`, have a prefix."""
    found = _SERVER.match(request.path) if fake.provider == "okta" else None
    return request.origin + (found.group() if found is not None else "")


def token_url(fake: OAuthProvider, request: Request) -> str:
    """The token endpoint of the authorization server that was requested."""
    base, path = endpoint_base(fake, request), str(fake.vendor["oauth"]["paths"]["token_endpoint"])
    return base + (path.removeprefix("/oauth2") if base != request.origin else path)


def _log_in(fake: OAuthProvider, request: Request, parameters: dict[str, str]) -> Response:
    """Return the response of the sign-in page: a redirect to the app with a session, or the page again."""
    try:
        user = fake.check_password(request.text("username"), request.text("password"))
    except Refusal as refusal:
        return _form(request, parameters, refusal)
    session = fake.sessions.handle()
    fake.sessions.cookies[session] = user
    return _send_back(fake, parameters, user).with_headers(("set-cookie", f"{_COOKIE}={session}; Path=/; HttpOnly"))


def _parameters(fake: OAuthProvider, request: Request) -> dict[str, str]:
    """The parameters, with those of a pushed request."""
    parameters = {name: request.text(name) for name in request.values}
    return {**parameters, **fake.sessions.steps.get(parameters.get("request_uri", ""), {})}


def _send_back(fake: OAuthProvider, parameters: dict[str, str], user: User) -> Response:
    """Back to the app, with a code."""
    sent = {"code": new_code(fake, parameters, user), "state": parameters.get("state")}
    values = {name: value for name, value in sent.items() if value}
    target, mode = parameters["redirect_uri"], parameters.get("response_mode", "query")
    if mode == "form_post":
        fields = "".join(f'<input type="hidden" name="{n}" value="{escape(v)}">' for n, v in values.items())
        page = (
            f'<body onload="document.forms[0].submit()"><form method="post" action="{escape(target)}">{fields}</form>'
        )
        return html(200, page)
    mark = "#" if mode == "fragment" else "&" if "?" in target else "?"
    return redirect(target + mark + urlencode(values))


def _form(request: Request, parameters: dict[str, str], refusal: Refusal | None) -> Response:
    """The vendor's sign-in page."""
    kept = {name: value for name, value in parameters.items() if name not in {"username", "password"}}
    fields = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in kept.items())
    error = "" if refusal is None else '<p role="alert">Wrong email or password.</p>'
    hint = escape(parameters.get("login_hint", parameters.get("username", "")))
    page = (
        f"<!doctype html><title>Sign in</title><h1>Sign in</h1>{error}"
        f'<form method="post" action="{escape(request.path)}">{fields}'
        f'<label>Email <input name="username" value="{hint}"></label>'
        '<label>Password <input name="password" type="password"></label><button>Continue</button></form>'
    )
    return html(200 if refusal is None else 400, page)
