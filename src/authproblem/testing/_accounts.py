"""The people and clients of a fake: who may sign in, with what, and what is wrong with their account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class User:
    """One person.

    Attributes:
        email: the address, also the user name.
        password: the password; None where there is none (passwordless).
        id: the id at the vendor; made up where empty.
        name: the full name.
        phone: the number, in E.164 form.
        factors: what a second step needs: any of `otp`, `sms`, `push`; empty for none.
        code: the one-time code that is right for this user, in every channel.
        locked: locked after too many wrong passwords.
        blocked: blocked or deactivated by an administrator.
        password_expired: whether the password has to be changed first.
        profile: further claims.
        attempts: wrong passwords in a row.
    """

    email: str
    password: str | None = "correct horse"
    id: str = ""
    name: str = "Ada Lovelace"
    phone: str = "+15550100"
    factors: tuple[str, ...] = ()
    code: str = "123456"
    locked: bool = False
    blocked: bool = False
    password_expired: bool = False
    profile: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0

    @property
    def claims(self) -> dict[str, Any]:
        """The OpenID claims (OpenID Connect Core section 5.1)."""
        given, _, family = self.name.partition(" ")
        claims = {"sub": self.id, "name": self.name, "given_name": given, "family_name": family, "email": self.email}
        return {**claims, "email_verified": True, "preferred_username": self.email, **self.profile}


@dataclass
class Client:
    """One application.

    Attributes:
        id: the client id.
        secret: the secret; None for a public client.
        grants: the grant types that it may use; None for all.
        redirect_uris: the callbacks that it may name; None for all.
        dpop: whether it has to prove possession of a key (RFC 9449).
    """

    id: str
    secret: str | None = None
    grants: tuple[str, ...] | None = None
    redirect_uris: tuple[str, ...] | None = None
    dpop: bool = False


class Accounts:
    """Users and clients of one fake. Without any client every client id is taken, with any secret."""

    def __init__(self) -> None:
        """Start without users."""
        self.users: list[User] = []
        self.clients: dict[str, Client] = {}

    def find(self, name: str | None) -> User | None:
        """The user with this email, phone number or id; case of an address does not count."""
        if not name:
            return None
        wanted = name.lower()
        return next((u for u in self.users if wanted in {u.email.lower(), u.phone, u.id.lower()}), None)

    def client(self, client_id: str) -> Client | None:
        """The client with this id; None if there are clients, and it is none of them."""
        if not self.clients:
            return Client(client_id)
        return self.clients.get(client_id)
