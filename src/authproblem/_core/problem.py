"""`Problem`: one normalized error as a value, how it is written to the wire, and how it is read back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from authproblem._core.members import OWN
from authproblem._core.wire import (
    AUTOMATIC_POLICIES,
    MAX_WAIT_DIGITS,
    credential_members,
    is_token,
    is_wait,
    read_retry,
    retry_dict,
    retry_token,
)
from authproblem._model import Credential, Json, Owner, Provider, Remedy, RetryHint, Value
from authproblem._upstream.headers import MAX_VALUE, Headers, decoded, lower, pairs_of
from authproblem._upstream.media_types import JSON, PROBLEM
from authproblem.errors import invalid

if TYPE_CHECKING:
    from datetime import datetime

    from typing_extensions import Self, Unpack

    from authproblem._core.challenges import ChallengeParameters
    from authproblem._registry.registry import Registry
    from authproblem.logs import LogMatch

HEADER, HEADER_OWNER, HEADER_RETRY = "Auth-Problem", "Auth-Problem-Owner", "Auth-Problem-Retry"
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CREDENTIALS = ("dead", "keep", "step_up")
_MAX_SLUG = 64
_USERS_CHOICES = frozenset(("choose_other_factor", "choose_other_method", "unlock_account"))
"""Remedies that are the user's move, whoever the owner is: another factor, another method, the unlock instructions."""
_DEVELOPERS_TASKS = frozenset(("fix_client", "fix_request"))
_WRITABLE_DEPTH = 200
"""Levels of JSON that orjson writes whatever surrounds them (its limit is 254; it reads 1024)."""
_STATUSES = range(100, 600)
_new = object.__new__


class Problem(Value, init=False):
    """One normalized error: an RFC 9457 problem document with a retry hint. Immutable, compared by value.

    `repr`, JSON renderers and pickles show `reason`, `status`, `provider` and `entry` only, since they end up
    in logs; `to_dict()` is the only way to everything.

    Attributes:
        type: the problem type's URI; identity is `reason`.
        reason: the slug of the problem type, such as `mfa-required`.
        title: the type's title; it never varies.
        status: the HTTP status that is sent.
        detail: a sentence that can always be shown to the end user.
        instance: a URI of this occurrence, equal in body and event, or None.
        owner: who has to act or caused it: `user`, `client`, `policy`, `tenant`, `limit`, `upstream` or `flow`.
        remedy: what has to happen next: what callers branch on first.
        retry: when and how to try again.
        provider: `auth0`, `okta`, or `oauth` where the vendor is unknown.
        upstream: `status`, `code`, `request_id` and `members` of the upstream's response, as far as there are any.
        extensions: the upstream's own members, as far as they may be sent on.
        entry: the id of the registry entry, or None.
        matched_by: what selected the entry.
        credential: what the error says about the credential that was used: `dead` (discard it: nothing but a new one
            helps), `keep` (it was not examined), `step_up` (this action needs more), or `unknown`. `dead` is
            never returned for 429, 5xx, network failures, HTML or unknown codes.
        credential_kind: which credential the error is about, such as `refresh_token`, or None.
        confirmed: whether the provider is known to have sent it; False for redirects of an uncertain sender and for
            callbacks, which anyone can forge. Not part of the document.
    """

    __slots__ = (
        *("type", "reason", "title", "status", "detail", "instance", "owner", "remedy", "retry", "provider"),
        *("upstream", "extensions", "entry", "matched_by", "credential", "credential_kind", "confirmed"),
    )

    type: str
    reason: str
    title: str
    status: int
    detail: str
    instance: str | None
    owner: Owner
    remedy: Remedy
    retry: RetryHint
    provider: Provider
    upstream: Mapping[str, Any]
    extensions: Mapping[str, Any]
    entry: str | None
    matched_by: str
    credential: Credential
    credential_kind: str | None
    confirmed: bool

    def __new__(  # noqa: PLR0917 - the order of the document
        cls,
        type: str,  # noqa: A002 - the name of RFC 9457
        reason: str,
        title: str,
        status: int,
        detail: str,
        instance: str | None,
        owner: Owner,
        remedy: Remedy,
        retry: RetryHint,
        provider: Provider,
        upstream: Mapping[str, Any],
        extensions: Mapping[str, Any],
        entry: str | None = None,
        matched_by: str = "",
        credential: Credential = "unknown",
        credential_kind: str | None = None,
        confirmed: bool = True,  # noqa: FBT001, FBT002 - a field, not a switch
    ) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.type = type
        made.reason = reason
        made.title = title
        made.status = status
        made.detail = detail
        made.instance = instance
        made.owner = owner
        made.remedy = remedy
        made.retry = retry
        made.provider = provider
        made.upstream = MappingProxyType(upstream)
        made.extensions = MappingProxyType(extensions)
        made.entry = entry
        made.matched_by = matched_by
        made.credential = credential
        made.credential_kind = credential_kind
        made.confirmed = confirmed
        made.__class__ = cls
        return made  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return hash((self.reason, self.status, self.provider, self.entry, self.instance))

    def __repr__(self) -> str:
        return (
            f"Problem(reason={self.reason!r}, status={self.status}, provider={self.provider!r}, entry={self.entry!r})"
        )

    def __structlog__(self) -> Json:
        """Return what structlog's JSON renderer writes."""
        return {"reason": self.reason, "status": self.status, "provider": self.provider, "entry": self.entry}

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.reason, self.status, self.provider, self.entry)

    @property
    def is_retryable(self) -> bool:
        """Whether a program may repeat the same request unattended, after `retry.after` seconds where there are any."""
        return self.retry.automatic

    @property
    def is_temporary(self) -> bool:
        """Whether nobody has to do anything but wait, or repeat."""
        return self.retry.policy in AUTOMATIC_POLICIES

    @property
    def is_rate_limit(self) -> bool:
        """Whether requests come too fast. Blocks after failed attempts do not count: waiting does not end them."""
        return self.owner == "limit" and (self.is_temporary or self.reason in {"rate-limited", "concurrency-limited"})

    @property
    def is_upstream_failure(self) -> bool:
        """Whether the provider itself failed or could not be reached."""
        return self.owner == "upstream"

    @property
    def needs_user(self) -> bool:
        """Whether the person at the screen can resolve it: show `detail` and ask for what `remedy` says."""
        return (self.owner == "user" and self.retry.policy != "never") or self.remedy in _USERS_CHOICES

    @property
    def needs_sign_in(self) -> bool:
        """Whether a new sign-in is needed, or a new token where a machine is the client."""
        return self.remedy == "sign_in"

    @property
    def needs_admin(self) -> bool:
        """Whether an administrator of the tenant has to act."""
        return self.remedy == "ask_admin"

    @property
    def needs_developer(self) -> bool:
        """Whether code or configuration of the client is at fault: no user can resolve it."""
        return self.owner == "client" and (self.retry.policy == "never" or self.remedy in _DEVELOPERS_TASKS)

    @property
    def is_settled(self) -> bool:
        """Whether what was requested is already the case: continue with the next step of the flow."""
        return self.remedy == "none"

    def to_dict(self) -> Json:
        """Return the document as it is sent (RFC 9457 section 3); absent members are left out, never null."""
        document: Json = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": self.instance,
            "reason": self.reason,
            "owner": self.owner,
            "remedy": self.remedy,
            **credential_members(self.credential, self.credential_kind),
            "retry": retry_dict(self.retry),
            "provider": self.provider,
            "upstream": dict(self.upstream),
            **self.extensions,
        }
        if self.instance is None:
            del document["instance"]
        return document

    def to_bytes(self) -> bytes:
        """Return the document as UTF-8 JSON."""
        return orjson.dumps(self.to_dict())

    def headers(self, media_type: str = PROBLEM) -> list[tuple[str, str]]:
        """Return the headers of a response that is made from this problem alone, for apps that send it themselves.

        Args:
            media_type: `application/problem+json` or `application/json`.

        Raises:
            ConfigurationError: for another media type.
        """
        if media_type not in {PROBLEM, JSON}:
            invalid("media_type", media_type, f"{PROBLEM!r} or {JSON!r}")
        after = self.retry.after
        return [
            ("Content-Type", media_type),
            ("Content-Language", "en"),
            ("Cache-Control", "no-store"),
            *([("Retry-After", str(after))] if is_wait(after) else []),
            *self.problem_headers(),
        ]

    def problem_headers(self) -> list[tuple[str, str]]:
        """Return the headers that gateways read, one bare token each; a value of another form is left out."""
        headers = [(HEADER, self.reason), (HEADER_OWNER, self.owner), (HEADER_RETRY, retry_token(self.retry))]
        return [(name, value) for name, value in headers if is_token(value)]

    def find_in(
        self,
        events: Iterable[Mapping[str, Any]],
        *,
        at: datetime | float | None = None,
        within: float = 30.0,
        correlation_id: str | None = None,
        client: str | None = None,
    ) -> LogMatch | None:
        """Find the provider's own event of this problem among log events: `authproblem.logs.find_in`.

        The event may contain personal data, and the reason that a folded response hides: show it only to people who may
        read the provider's log.

        Args:
            events: decoded events of Okta's System Log or Auth0's tenant logs, also inside what carries them.
            at: when the response came, aware or in seconds since the epoch; without it only ids count.
            within: seconds between the two.
            correlation_id: an id that the app itself sent along.
            client: the client id or name of the app, where time has to decide.

        Returns:
            The event, its classification and what matched; None where nothing fits.
        """
        from authproblem.logs import find_in

        return find_in(self, events, at=at, within=within, correlation_id=correlation_id, client=client)

    def challenge(self, **parameters: Unpack[ChallengeParameters]) -> str | None:
        """Return the `WWW-Authenticate` that a resource server may send for this problem (RFC 6750, RFC 9470).

        Args:
            **parameters: `scheme` (`Bearer`), `realm`, `scope`, `acr_values`, `max_age` (seconds) and
                `resource_metadata`, in place of what the problem itself carries.

        Returns:
            The value, or None where no challenge fits: the caller's token is not what is wrong.

        Raises:
            ConfigurationError: for a parameter that cannot be part of a header.
        """
        from authproblem._core.challenges import challenge

        return challenge(self, **parameters)

    @classmethod
    def from_bytes(cls, body: bytes) -> Problem | None:
        """Read a problem document of this library, unknown problem types of newer releases included.

        Returns:
            The problem; None if the body is no such document, or nests deeper than it could be written again. A member
            of the wrong JSON type or form counts as absent (RFC 9457 section 3.1).
        """
        try:
            document = orjson.loads(body)
            if body.count(b"{") + body.count(b"[") > _WRITABLE_DEPTH:
                orjson.dumps(document)
        except (orjson.JSONDecodeError, TypeError):
            return None
        return _from_document(document) if isinstance(document, dict) else None

    @classmethod
    def from_headers(cls, headers: Headers) -> Problem | None:
        """Read the problem headers: enough to route and to wait by, without the body.

        Returns:
            The problem with `reason`, `owner` and `retry`; None where there is no valid `Auth-Problem` header.
        """
        values: dict[str, str] = {}
        for name, value in pairs_of(headers):
            if (key := lower(name)) in _HEADERS:
                values.setdefault(key, decoded(value)[:MAX_VALUE])
        reason, owner = values.get("auth-problem", ""), values.get("auth-problem-owner", "")
        if not _is_slug(reason):
            return None
        token, wait = values.get("auth-problem-retry", "manual"), values.get("retry-after", "")
        after = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < MAX_WAIT_DIGITS else None
        policy: Any = token if token in {*AUTOMATIC_POLICIES, "never"} else _manual_policy(after)
        retry = RetryHint(policy, after, token in AUTOMATIC_POLICIES, None if after is None else "retry-after")
        known: Any = owner if is_token(owner) else ""
        nothing: Any = ""
        return cls("", reason, "", 0, "", None, known, nothing, retry, nothing, {}, {})

    @classmethod
    def from_response(cls, response: Any) -> Problem | None:
        """Read a response of httpx, requests, urllib3, Starlette, Flask or the like.

        Args:
            response: anything with `.status_code` (or `.status`), `.headers`, and `.content`, `.data` or `.body`.

        Returns:
            The problem of the body, else that of the headers, else None.
        """
        bodies = (getattr(response, name, None) for name in ("content", "data", "body"))
        body = next((body for body in bodies if isinstance(body, bytes)), b"")
        problem = cls.from_bytes(body) if body else None
        if problem is not None:
            return problem
        problem = cls.from_headers(response.headers)
        status = getattr(response, "status_code", getattr(response, "status", 0))
        return None if problem is None else problem.replace(status=int(status or 0))

    @classmethod
    def from_callback(
        cls,
        params: Mapping[str, Any],
        *,
        provider: Provider | None = None,
        registry: Registry | None = None,
        type_base: str | None = None,
    ) -> Problem | None:
        """Read the parameters of a callback that the app has parsed itself, from the query or a `form_post`.

        Args:
            params: the parameters; of a list the first value counts.
            provider: whose callback it is, if the app declares it.
            registry: the registry to use instead of the built-in one.
            type_base: what precedes the slug in `type`.

        Returns:
            The problem, with its type's status (403 in place of 401) and not confirmed, since anyone can send it; None
            if there is no error that the registry has.

        Raises:
            ConfigurationError: for an unknown provider, or an invalid `type_base`.
        """
        from authproblem._core.callback import problem_of_callback

        return problem_of_callback(params, provider, registry, type_base)


_HEADERS = frozenset(("auth-problem", "auth-problem-owner", "auth-problem-retry", "retry-after"))


def _is_slug(value: str) -> bool:
    return len(value) <= _MAX_SLUG and _SLUG.fullmatch(value) is not None


def _manual_policy(after: int | None) -> str:
    return "after_action" if after is None else "after_delay"


def _unpickled(reason: str, status: int, provider: Provider, entry: str | None) -> Problem:
    """Make a problem from what a pickle contains, and fill in the rest from the built-in registry."""
    from authproblem._core.build import bare_problem

    return bare_problem(reason, status, provider, entry)


def _from_document(document: Json) -> Problem | None:
    def member(name: str, kind: type, default: Any) -> Any:
        value = document.get(name)
        return value if isinstance(value, kind) and not (kind is int and isinstance(value, bool)) else default

    def token(name: str) -> Any:
        value = document.get(name)
        return value if is_token(value) else ""

    reason, credential = member("reason", str, ""), document.get("credential")
    # Other problem documents may have a `reason`, too; here it is a slug.
    if not _is_slug(reason) or member("type", str, None) is None:
        return None
    return Problem(
        type=member("type", str, ""),
        reason=reason,
        title=member("title", str, ""),
        status=status if (status := member("status", int, 0)) in _STATUSES else 0,
        detail=member("detail", str, ""),
        instance=member("instance", str, None),
        owner=token("owner"),
        remedy=token("remedy"),
        retry=read_retry(document.get("retry")),
        provider=token("provider"),
        upstream=member("upstream", dict, {}),
        extensions={name: value for name, value in document.items() if name not in OWN},
        credential=credential if credential in _CREDENTIALS else "unknown",
        credential_kind=token("credential_kind") or None,
    )
