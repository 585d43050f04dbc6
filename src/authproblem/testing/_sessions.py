"""The state of a fake between requests: codes, tokens and their families, pending approvals, steps of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from authproblem.testing._accounts import User
from authproblem.testing._edge import token

MAX_HANDLES = 10_000
"""Codes, tokens and steps of each kind that are remembered: a fake may run for days."""
Value = TypeVar("Value")


@dataclass
class Grant:
    """The grant of a client, from which its tokens start.

    Attributes:
        client: the client id.
        user: the user who granted it; None for the client itself.
        scope: the scopes, separated by blanks.
        audience: the API, or None.
        family: what refresh tokens that follow each other have in common.
        expires: when a code of it ends, in seconds since the epoch.
        details: what a later step has to match (`redirect_uri`, `code_challenge`, `nonce`, `jkt` ...).
    """

    client: str
    user: User | None
    scope: str
    audience: str | None = None
    family: str = ""
    expires: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class Approval:
    """A request that waits for a person: a device code, a backchannel request, a push.

    Attributes:
        grant: what is given after approval; its `user` is whoever approves.
        user_code: what the person types, or the binding message.
        state: `pending`, `approved` or `denied`.
        interval: seconds between two polls.
        polled: when it was polled last.
    """

    grant: Grant
    user_code: str
    state: str = "pending"
    interval: float = 5.0
    polled: float = 0.0


class _Table(dict[str, Value]):
    """Handles and their values; of too many the oldest are forgotten."""

    def __setitem__(self, name: str, value: Value) -> None:
        if name not in self and len(self) >= MAX_HANDLES:
            del self[next(iter(self))]
        super().__setitem__(name, value)


class Sessions:
    """Everything that one fake has handed out, each in a table by its handle."""

    def __init__(self, random: Random) -> None:
        """Start empty."""
        self._random = random
        self.codes: dict[str, Grant] = _Table()
        self.access: dict[str, Grant] = _Table()
        self.refresh: dict[str, Grant] = _Table()
        self.spent: dict[str, str] = _Table()
        """Family of every refresh token that was used or revoked: a second use revokes the family."""
        self.approvals: dict[str, Approval] = _Table()
        self.steps: dict[str, dict[str, Any]] = _Table()
        """Sign-ins under way (`mfa_token`, `stateToken`, `stateHandle`, passwordless, pushed requests)."""
        self.cookies: dict[str, User] = _Table()

    def handle(self, prefix: str = "", length: int = 40) -> str:
        """A new handle."""
        return prefix + token(self._random, length)

    def revoke(self, family: str) -> None:
        """Revoke all tokens of a family."""
        for table in (self.refresh, self.access):
            for name in [name for name, grant in table.items() if grant.family == family]:
                table.pop(name)
                self.spent.setdefault(name, family)

    def refresh_with(self, name: str, *, rotate: bool) -> Grant | None:
        """Use a refresh token.

        Args:
            name: the token.
            rotate: whether it is spent by this use, so that a second one is taken for a theft (RFC 9700 section 4.14).

        Returns:
            Its grant; None if it is unknown, revoked or spent: in that case its whole family is revoked.
        """
        if name in self.spent:
            self.revoke(self.spent[name])
            return None
        grant = self.refresh.get(name)
        if grant is not None and rotate:
            self.spent[name] = grant.family
            self.refresh.pop(name)
        return grant

    def approve(self, handle: str, user: User | None) -> bool:
        """Approve (with a user) or deny (None) what waits under a handle or a user code; False if nothing does."""
        for name, approval in self.approvals.items():
            if handle in {name, approval.user_code} and approval.state == "pending":
                approval.state = "denied" if user is None else "approved"
                approval.grant.user = user or approval.grant.user
                return True
        return False
