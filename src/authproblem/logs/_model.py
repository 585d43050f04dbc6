"""The immutable values that this package returns; `_okta` and `_auth0` read the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from authproblem._model import Owner, Remedy, Value

LogProvider = Literal["auth0", "okta"]
AttackKind = Literal[
    "account_takeover",
    "breached_password",
    "brute_force",
    "credential_stuffing",
    "mfa_bypass",
    "mfa_fatigue",
    "password_spray",
    "phishing",
    "refresh_token_reuse",
    "session_hijacking",
    "suspicious_ip",
    "user_risk",
]
"""The kinds of attacks that events are signals of; `data/attacks.json` describes them."""
AttackSeverity = Literal["low", "medium", "high", "critical"]
DecidedBy = Literal["event", "reason", "result", "factor", "error", "text", "prompt", "family"]
JoinedBy = Literal["request_id", "error_id", "correlation_id", "time"]


class LogClassification(Value):
    """The meaning of one log event of Auth0 or Okta, in the vocabulary of the registry.

    Attributes:
        provider: `auth0` or `okta`.
        event_type: the vendor's own name of the event, such as `user.session.start` or `fepft`.
        reason: the slug of the problem type, such as `invalid-credentials`.
        title: the title of the problem type.
        owner: who has to act: `user`, `client`, `policy`, `tenant`, `limit` or `upstream`.
        remedy: what has to happen next, such as `check_credentials` or `ask_admin`.
        entry: the id of the registry entry that the event's reason or text belongs to, or None.
        matched_by: what decided: `event` (its type), `reason` (Okta's `outcome.reason`), `result` (Okta's
            `outcome.result`), `factor`, `error` (Auth0's `details`), `text`, `prompt`, or `family` (an unknown type).
        attack: the kind of attack that the event is a signal of, such as `mfa_fatigue`, or None.
        severity: `low`, `medium`, `high` or `critical` where there is an attack signal, else None.
        hint: a sentence for the developer or administrator.
    """

    __slots__ = (
        *("provider", "event_type", "reason", "title", "owner", "remedy", "entry", "matched_by"),
        *("attack", "severity", "hint"),
    )

    provider: LogProvider
    event_type: str
    reason: str
    title: str
    owner: Owner
    remedy: Remedy
    entry: str | None
    matched_by: DecidedBy
    attack: AttackKind | None
    severity: AttackSeverity | None
    hint: str

    def __repr__(self) -> str:
        attack = f", attack={self.attack!r}" if self.attack else ""
        name = f"{self.provider}:{self.event_type}"
        return f"LogClassification({name}, reason={self.reason!r}, owner={self.owner!r}{attack})"

    def to_dict(self) -> dict[str, Any]:
        """Return every attribute by name, None included."""
        return {name: getattr(self, name) for name in self.__slots__}


class AttackSignal(Value):
    """A sign of an attack, found in an event whether anything failed or not.

    Attributes:
        kind: such as `credential_stuffing`, `mfa_fatigue`, `breached_password` or `refresh_token_reuse`.
        severity: `low`, `medium`, `high` or `critical`.
    """

    __slots__ = ("kind", "severity")

    kind: AttackKind
    severity: AttackSeverity


class LogMatch(Value):
    """An event that belongs to a problem. `repr` omits the event: it may contain names, addresses and ids of people.

    Attributes:
        event: the vendor's event as it came.
        classification: what it means, or None where it is a success or information (a request may have several events).
        matched_by: `request_id`, `error_id`, `correlation_id` or `time`.
    """

    __slots__ = ("event", "classification", "matched_by")

    event: Mapping[str, Any]
    classification: LogClassification | None
    matched_by: JoinedBy

    def __repr__(self) -> str:
        return f"LogMatch({self.classification!r}, matched_by={self.matched_by!r})"
