"""A fake with accounts and a token endpoint, for every vendor: errors are data (`oauth` in `vendors.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from authproblem.testing import _tokens
from authproblem.testing._accounts import Accounts, Client, User
from authproblem.testing._failures import Subject
from authproblem.testing._fake import FakeProvider, Refusal
from authproblem.testing._grants import GRANTS, GrantHandler
from authproblem.testing._http import Request, Response, json_response
from authproblem.testing._sessions import Grant, Sessions

ACCESS_SECONDS, MFA_SECONDS = 3600, 600


class OAuthProvider(FakeProvider):
    """A fake with accounts and a token endpoint.

    Attributes:
        rotate: whether refresh tokens are rotated, with detection of reuse.
        dpop_nonce: the nonce that DPoP proofs have to carry; None if none is required.
        max_attempts: wrong passwords in a row until the account is locked.
        interval: seconds between two polls of a device or backchannel request.
    """

    grants: ClassVar[Mapping[str, GrantHandler]] = GRANTS

    def __init__(self, *, rotate: bool = True, dpop_nonce: str | None = None, **options: Any) -> None:
        """Make a fake; `options` are those of `FakeProvider`."""
        super().__init__(**options)
        self.rotate, self.dpop_nonce = rotate, dpop_nonce
        self.max_attempts, self.interval = 10, 5
        self.accounts = Accounts()
        self.sessions = Sessions(self.random)
        self.signed_in: User | None = None

    def add_user(self, email: str = "ada@example.com", password: str | None = "correct horse", **more: Any) -> User:  # noqa: S107 - made up
        """Add a person who can sign in.

        Args:
            email: the address, also the user name.
            password: the password.
            more: further attributes of `User`, such as `factors=("otp",)`, `locked=True`.
        """
        user = User(email, password, **more)
        user.id = user.id or self.new_user_id()
        self.accounts.users.append(user)
        return user

    def add_client(self, client_id: str, secret: str | None = None, **more: Any) -> Client:
        """Add an application; from then on only added ones are taken.

        Args:
            client_id: the id.
            secret: the secret; None for a public client.
            more: further attributes of `Client`.
        """
        client = Client(client_id, secret, **more)
        self.accounts.clients[client_id] = client
        return client

    def approve(self, code: str, user: User | None = None) -> None:
        """Approve a device code, a backchannel request or a push.

        Args:
            code: the user code, the device code, `auth_req_id` or `oob_code`.
            user: who approves; the user of the request, else the first one, where None.

        Raises:
            LookupError: if nothing waits under this code.
        """
        waiting = next((a for name, a in self.sessions.approvals.items() if code in {name, a.user_code}), None)
        chosen = user or (waiting.grant.user if waiting else None) or next(iter(self.accounts.users), None)
        if not self.sessions.approve(code, chosen or self.add_user()):
            raise LookupError(f"nothing waits for approval under {code!r}")

    def deny(self, code: str) -> None:
        """Deny what `approve` approves.

        Raises:
            LookupError: if nothing waits under this code.
        """
        if not self.sessions.approve(code, None):
            raise LookupError(f"nothing waits for approval under {code!r}")

    def new_user_id(self) -> str:
        """A made-up user id."""
        return self.sessions.handle(length=20)

    def issuer(self, request: Request) -> str:
        """The issuer of tokens, as the discovery document names it."""
        return request.origin

    def refuse(self, kind: str, **variation: Any) -> Refusal:
        """The vendor's error for something that went wrong, by its key in `vendors.json`."""
        return Refusal(self.vendor["oauth"]["errors"][kind], **variation)

    def subject(self, request: Request) -> Subject:
        """As in every fake; users by their email, whether a request names them by name, path or token."""
        subject = super().subject(request)
        sessions = self.sessions
        grant = sessions.access.get(request.bearer or "") or sessions.refresh.get(request.text("refresh_token"))
        named = subject.user or request.path.partition("/users/")[2].partition("/")[0]
        user = self.accounts.find(named) or (grant.user if grant is not None and not named else None)
        client = grant.client if grant is not None else None
        return subject._replace(user=user.email if user else subject.user, client=subject.client or client)

    def client_of(self, request: Request) -> Client:
        """The client that authenticates (RFC 6749 section 2.3; assertions by their subject, unverified)."""
        name, secret = request.basic or (request.text("client_id"), request.text("client_secret"))
        assertion = _tokens.read(request.text("client_assertion"))
        if assertion is not None:
            name = str(assertion[1].get("sub") or "")
        client = self.accounts.client(name) if name else None
        if client is None:
            raise self.refuse("unknown_client")
        if client.secret is not None and assertion is None and secret != client.secret:
            raise self.refuse("invalid_client")
        return client

    def token(self, request: Request) -> Response:
        """The token endpoint (RFC 6749 section 3.2)."""
        client = self.client_of(request)
        grant_type = request.text("grant_type")
        if not grant_type:
            raise self.refuse("missing_grant_type")
        handler = self.grants.get(grant_type)
        if handler is None:
            raise self.refuse("unsupported_grant")
        if client.grants is not None and grant_type not in client.grants:
            raise self.refuse("unauthorized_client")
        jkt = self.proof(request, client)
        grant = handler(self, request, client)
        if jkt is not None:
            grant.details["jkt"] = jkt
        return self.issue(request, grant)

    def proof(self, request: Request, client: Client) -> str | None:
        """The thumbprint of the key that the DPoP proof shows, or None (RFC 9449); signatures are not verified."""
        proof = _tokens.read(request.header("dpop"))
        if proof is None:
            if client.dpop or request.header("dpop"):
                raise self.refuse("invalid_dpop")
            return None
        if self.dpop_nonce is not None and proof[1].get("nonce") != self.dpop_nonce:
            raise self.refuse("dpop_nonce", headers={"dpop-nonce": self.dpop_nonce})
        return _tokens.thumbprint(proof[0].get("jwk") or {})

    def issue(self, request: Request, grant: Grant) -> Response:
        """The success response with its tokens (RFC 6749 section 5.1)."""
        now = int(self.clock.now())
        scopes = grant.scope.split()
        grant.family = grant.family or self.sessions.handle(length=12)
        access = self.access_token(request, grant, now)
        self.sessions.access[access] = grant
        kind = "DPoP" if "jkt" in grant.details else "Bearer"
        body: dict[str, Any] = {"access_token": access, "token_type": kind, "expires_in": ACCESS_SECONDS}
        if scopes:
            body["scope"] = grant.scope
        if "offline_access" in scopes:
            body["refresh_token"] = self._refresh_token(request, grant)
        if "openid" in scopes and grant.user is not None:
            body["id_token"] = _tokens.sign(self._id_claims(request, grant, access, now))
        return json_response(200, body, ("cache-control", "no-store"), ("pragma", "no-cache"))

    def access_token(self, request: Request, grant: Grant, now: int) -> str:
        """A signed access token (RFC 9068)."""
        claims: dict[str, Any] = {"iss": self.issuer(request), "aud": grant.audience or self.issuer(request)}
        claims |= {"sub": grant.user.id if grant.user else f"{grant.client}@clients", "client_id": grant.client}
        claims |= {
            "iat": now,
            "exp": now + ACCESS_SECONDS,
            "scope": grant.scope,
            "jti": self.sessions.handle(length=16),
        }
        if "jkt" in grant.details:
            claims["cnf"] = {"jkt": grant.details["jkt"]}
        return _tokens.sign(claims, typ="at+jwt")

    def _refresh_token(self, request: Request, grant: Grant) -> str:
        used = request.text("refresh_token")
        if used in self.sessions.refresh:  # not rotated
            return used
        name = self.sessions.handle("v1.")
        self.sessions.refresh[name] = grant
        return name

    def _id_claims(self, request: Request, grant: Grant, access: str, now: int) -> dict[str, Any]:
        user = grant.user
        claims: dict[str, Any] = dict(user.claims) if user is not None else {}
        claims |= {"iss": self.issuer(request), "aud": grant.client, "iat": now, "exp": now + ACCESS_SECONDS}
        claims |= {"auth_time": now, "at_hash": _tokens.half_hash(access), "sid": grant.family}
        if grant.details.get("nonce"):
            claims["nonce"] = grant.details["nonce"]
        return claims

    def check_password(self, name: str | None, password: str | None) -> User:
        """The user with this password; wrong ones are counted, and lock the account in the end."""
        user = self.accounts.find(name)
        if user is None:
            raise self.refuse("wrong_credentials")
        if user.locked:
            raise self.refuse("locked")
        if user.password is None or user.password != password:
            user.attempts += 1
            user.locked = user.attempts >= self.max_attempts
            raise self.refuse("wrong_credentials")
        if user.blocked:
            raise self.refuse("blocked")
        if user.password_expired:
            raise self.refuse("password_expired")
        user.attempts = 0
        return user

    def second_step(self, grant: Grant) -> None:
        """Ask for a second factor: the grant waits under the `mfa_token` of the error."""
        name = self.sessions.handle("Fe26.2*", 64)
        self.sessions.steps[name] = {"grant": grant, "expires": self.clock.now() + MFA_SECONDS}
        raise self.refuse("mfa_required", members={"mfa_token": name})

    def step(self, mfa_token: str | None) -> Grant:
        """The grant that waits for a second factor."""
        step = self.sessions.steps.get(str(mfa_token))
        if step is None or "grant" not in step:
            raise self.refuse("mfa_token")
        if step["expires"] < self.clock.now():
            raise self.refuse("mfa_token_expired")
        grant: Grant = step["grant"]
        return grant

    def grant_for(self, request: Request, client: Client, user: User | None) -> Grant:
        """A grant of what a token request requests."""
        return Grant(client.id, user, request.text("scope"), request.text("audience", "resource") or None)
