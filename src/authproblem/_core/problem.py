"""`Problem`: the one format, as a value, how it is built from a classification, and its ways onto the wire and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import orjson

from authproblem._core.classify import callback, error_challenge
from authproblem._core.members import OWN, Texts, clean, members
from authproblem._core.policy import DEFAULT_TYPE_BASE, Policy
from authproblem._core.retry import Occasion, hint
from authproblem._core.sender import UNKNOWN, Sender, check_provider
from authproblem._core.wire import RETRY_TOKENS, read_retry, retry_dict, retry_token
from authproblem._model import Classification, RetryHint, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import PLAIN_JSON, Fields, Headers, scan
from authproblem._upstream.media_types import JSON, PROBLEM
from authproblem._upstream.shapes import CODE, is_code

HEADER, HEADER_OWNER, HEADER_RETRY = "Auth-Problem", "Auth-Problem-Owner", "Auth-Problem-Retry"
_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame: this is the hot path
_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)*")
_USERS_CHOICES = frozenset(("choose_other_factor", "choose_other_method", "unlock_account"))
"""Remedies that are the user's move, whoever the owner is: another factor, another method, the unlock instructions."""

_DEVELOPERS_TASKS = frozenset(("fix_client", "fix_request"))
_MAX_PARAMETER = 512
_MAX_DIGITS = 10


class Problem(NamedTuple):
    """One normalized error: an RFC 9457 problem document with a retry hint. Immutable.

    Attributes:
        type: the problem type's URI; identity is `reason`.
        reason: the slug of the problem type, such as `mfa-required`.
        title: the type's title; it never varies.
        status: the HTTP status that is sent.
        detail: a sentence that can always be shown to the end user.
        instance: a URI of this occurrence, equal in body and event, or None.
        owner: whose doing it is: `user`, `client`, `policy`, `tenant`, `limit`, `upstream` or `flow`.
        remedy: what has to happen next: what callers branch on first.
        retry: when and how to try again.
        provider: `auth0`, `okta`, or `oauth` where the vendor is unknown.
        upstream: `status`, `code`, `request_id` and `members` of the upstream's answer, as far as there are any.
        extensions: the upstream's own members, as far as they may be sent on.
        entry: the id of the registry entry, or None.
        matched_by: what told the entry.
    """

    type: str
    reason: str
    title: str
    status: int
    detail: str
    instance: str | None
    owner: str
    remedy: str
    retry: RetryHint
    provider: str
    upstream: dict[str, Any]
    extensions: dict[str, Any]
    entry: str | None = None
    matched_by: str = ""

    def __repr__(self) -> str:
        """Reason, status, provider and entry only: it ends up in logs."""
        return (
            f"Problem(reason={self.reason!r}, status={self.status}, provider={self.provider!r}, entry={self.entry!r})"
        )

    @property
    def is_retryable(self) -> bool:
        """Whether a program may repeat the same request unattended, after `retry.after` seconds where there are any."""
        return self.retry.automatic

    @property
    def is_temporary(self) -> bool:
        """Whether it passes by itself: nobody has to do anything but wait, or repeat."""
        return self.retry.policy in {"after_delay", "once", "poll"}

    @property
    def is_rate_limit(self) -> bool:
        """Whether requests come too fast. Blocks after failed attempts are none: waiting does not end them."""
        return self.owner == "limit" and (self.is_temporary or self.reason in {"rate-limited", "concurrency-limited"})

    @property
    def is_upstream_failure(self) -> bool:
        """Whether the provider itself failed or could not be reached."""
        return self.owner == "upstream"

    @property
    def needs_user(self) -> bool:
        """Whether the person at the screen can put it right: show `detail` and ask for what `remedy` says."""
        return (self.owner == "user" and self.retry.policy != "never") or self.remedy in _USERS_CHOICES

    @property
    def needs_sign_in(self) -> bool:
        """Whether a new sign-in is the way on, or a new token where a machine is the client."""
        return self.remedy == "sign_in"

    @property
    def needs_admin(self) -> bool:
        """Whether an administrator of the tenant has to act."""
        return self.remedy == "ask_admin"

    @property
    def needs_developer(self) -> bool:
        """Whether code or configuration of the client is at fault: no user can put it right."""
        return self.owner == "client" and (self.retry.policy == "never" or self.remedy in _DEVELOPERS_TASKS)

    @property
    def is_settled(self) -> bool:
        """Whether what was asked for is so already: go on with the next step of the flow.

        .. versionadded:: 0.2.0
        """
        return self.remedy == "none"

    def to_dict(self) -> dict[str, Any]:
        """The document as it goes on the wire (RFC 9457 section 3); absent members are left out, never null."""
        kind, reason, title, status, detail, instance, owner, remedy, retry, provider, upstream, extensions, _, _ = self
        document = {
            "type": kind,
            "title": title,
            "status": status,
            "detail": detail,
            "instance": instance,
            "reason": reason,
            "owner": owner,
            "remedy": remedy,
            "retry": retry_dict(retry),
            "provider": provider,
            "upstream": upstream,
            **extensions,
        }
        if instance is None:
            del document["instance"]
        return document

    def to_bytes(self) -> bytes:
        """The document as UTF-8 JSON."""
        return orjson.dumps(self.to_dict())

    def headers(self, media_type: str = PROBLEM) -> list[tuple[str, str]]:
        """The headers of a response that is made from this problem alone, for apps that send it themselves.

        Args:
            media_type: `application/problem+json` or `application/json`.

        Raises:
            ValueError: for another media type.
        """
        if media_type not in {PROBLEM, JSON}:
            msg = f"media_type={media_type!r} does not hold; it has to be {PROBLEM!r} or {JSON!r}"
            raise ValueError(msg)
        after = [] if self.retry.after is None else [("Retry-After", str(self.retry.after))]
        return [
            ("Content-Type", media_type),
            ("Content-Language", "en"),
            ("Cache-Control", "no-store"),
            *after,
            *self.twin(),
        ]

    def twin(self) -> list[tuple[str, str]]:
        """The headers that say the same to gateways, one bare token each; registry constants only."""
        return [(HEADER, self.reason), (HEADER_OWNER, self.owner), (HEADER_RETRY, retry_token(self.retry))]

    @classmethod
    def from_bytes(cls, body: bytes) -> Problem | None:
        """Read a problem document of this library, unknown problem types of newer releases included.

        Returns:
            The problem; None if the body is no such document. A member of the wrong JSON type counts as absent (RFC
            9457 section 3.1).
        """
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        return _from_document(document) if isinstance(document, dict) else None

    @classmethod
    def from_headers(cls, headers: Headers) -> Problem | None:
        """Read the header twin: enough to route and to wait by, without the body.

        Returns:
            The problem with `reason`, `owner` and `retry`; None where there is no `Auth-Problem` header.
        """
        fields = scan(headers)
        reason = fields.get("auth-problem")
        if not reason:
            return None
        token, wait = fields.get("auth-problem-retry") or "manual", fields.get("retry-after") or ""
        after = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 10 else None
        policy = (
            token if token in {*RETRY_TOKENS, "never"} else ("after_delay" if after is not None else "after_action")
        )
        retry = RetryHint(policy, after, token in RETRY_TOKENS, None if after is None else "retry-after")
        return cls("", reason, "", 0, "", None, fields.get("auth-problem-owner") or "", "", retry, "", {}, {})

    @classmethod
    def from_response(cls, response: Any) -> Problem | None:
        """Read a response of httpx, requests, urllib3, Starlette, Flask or the like.

        Args:
            response: anything with `.status_code` (or `.status`), `.headers`, and `.content`, `.data` or `.body`.

        Returns:
            The problem of the body, else that of the headers, else None.
        """
        problem = cls.from_headers(response.headers)
        body = next(
            (b for name in ("content", "data", "body") if isinstance(b := getattr(response, name, None), bytes)), b""
        )
        whole = cls.from_bytes(body) if body else None
        if whole is not None:
            return whole
        status = getattr(response, "status_code", getattr(response, "status", 0))
        return None if problem is None else problem._replace(status=int(status or 0))

    @classmethod
    def from_callback(
        cls,
        params: Mapping[str, Any],
        *,
        provider: str | None = None,
        registry: Registry | None = None,
        type_base: str = DEFAULT_TYPE_BASE,
    ) -> Problem | None:
        """Read the parameters of a callback that the app has parsed itself, from the query or a `form_post`.

        Args:
            params: the parameters; of a list the first value counts.
            provider: whose callback it is, where the app knows.
            registry: the registry to use instead of the built-in one.
            type_base: what stands before the slug in `type`.

        Returns:
            The problem, with its type's status (403 in place of 401); None if there is no error that the registry
            holds.

        Raises:
            ValueError: for an unknown provider.
        """
        from authproblem._upstream.redirect import read_parameters

        registry = registry or Registry.builtin()
        sender = UNKNOWN if provider is None else Sender(check_provider(provider, "from_callback()"), certain=True)
        read = read_parameters(params, "callback")
        found = callback(registry, 302, read[0], sender) if read is not None else None
        return None if found is None else build(found, PLAIN_JSON, Policy(registry, type_base), Occasion(302))


def build(
    found: Classification,
    fields: Fields,
    policy: Policy,
    occasion: Occasion,
    *,
    instance: str | None = None,
    raw: bytes | bytearray = b"",
) -> Problem:
    """Make the problem of one classified response.

    Args:
        found: what is told, folded already where it has to be.
        fields: the response's headers.
        policy: the options.
        occasion: the upstream's status, the endpoint, the method and the clock.
        instance: the URI of the occurrence.
        raw: the body, content codings undone, where the caller has it.

    Raises:
        Unsendable: if a protocol document would not survive the rewrite.
    """
    reason, entry_id, provider, _, matched_by, said = found
    registry = policy.registry
    entry = registry.rule(entry_id, reason)
    status = occasion.status
    code = said.code if said.code is not None and is_code(said.code) else None
    upstream: dict[str, Any] = {"status": status} if code is None else {"status": status, "code": code}
    problem = _new(
        Problem,
        (
            policy.type_base + reason,
            reason,
            entry.type.title,
            status if status >= 400 and policy.status == "upstream" else _status(entry.type.status, status, policy),
            entry.detail,
            instance,
            entry.owner,
            entry.remedy,
            hint(registry, entry, provider, fields, occasion),
            provider,
            upstream,
            {},
            entry_id,
            matched_by,
        ),
    )
    if said.document is not None and (
        moved := members(said, texts_for(problem, policy), problem.extensions, code, raw)
    ):
        upstream["members"] = moved
    if not fields.plain:
        _add_from_headers(problem, said, fields, registry)
    return problem


def _add_from_headers(problem: Problem, said: UpstreamError, fields: Fields, registry: Registry) -> None:
    """The request id, and what a step-up needs of the challenge."""
    request_id = request_id_of(fields, registry)
    if request_id is not None:
        moved = problem.upstream.pop("members", None)
        problem.upstream["request_id"] = request_id
        if moved is not None:
            problem.upstream["members"] = moved
    if "www-authenticate" in fields and not said.protocol:
        for name, value in _challenge_members(fields, registry).items():
            problem.extensions.setdefault(name, value)


def _status(canonical: int, upstream: int, policy: Policy) -> int:
    """The status to send: never changed *into* 401, which would owe a challenge (RFC 9110 section 15.5.2)."""
    if upstream < 400:
        return 403 if canonical == 401 else canonical
    if policy.status == "canonical" and (canonical != 401 or upstream == 401):
        return canonical
    return upstream


def texts_for(problem: Problem, policy: Policy) -> Texts:
    """What becomes of upstream texts: the same for all problems of an entry, unless the app has a say."""
    registry = policy.registry
    entry = registry.rule(problem.entry, problem.reason)
    if policy.texts == "known" and policy.pass_text is None and not entry.pass_text:
        key = (problem.provider, entry.id or entry.type.slug)
        known: Texts | None = registry.texts.get(key)
        if known is None:
            known = registry.texts[key] = Texts(registry, problem.provider, entry.detail, registry.constants(key[0]))
        return known
    ask: Callable[[str, str], str | None] | None = None
    if entry.pass_text:
        ask = _passed
    elif policy.pass_text is not None:
        ask = partial(policy.pass_text, problem)
    constants = registry.constants(problem.provider)
    return Texts(registry, problem.provider, entry.detail, constants, policy.texts == "all", ask)


def _passed(_member: str, text: str) -> str:
    return clean(text)


def request_id_of(fields: Fields, registry: Registry) -> str | None:
    """The request's id at the provider, if it has the form of one."""
    for header, _ in registry.provider_headers:
        value = fields.get(header)
        if value is not None and CODE.fullmatch(value):
            return value
    return None


def _challenge_members(fields: Fields, registry: Registry) -> dict[str, Any]:
    """What a step-up needs of the challenge, as members (RFC 9470 section 3); the header itself stays as it is."""
    challenge = error_challenge(fields)
    found: dict[str, Any] = {}
    for name, kind in registry.data["shapes"]["challenge_members"].items() if challenge is not None else ():
        value = challenge.parameters.get(name) if challenge is not None else None
        if value is None or not (value.isascii() and value.isprintable() and len(value) <= _MAX_PARAMETER):
            continue
        if kind != "integer":
            found[name] = value
        elif value.isdigit() and len(value) < _MAX_DIGITS:
            found[name] = int(value)
    return found


def _from_document(document: Mapping[str, Any]) -> Problem | None:
    def member(name: str, kind: type, default: Any) -> Any:
        value = document.get(name)
        return value if isinstance(value, kind) and not (kind is int and isinstance(value, bool)) else default

    reason = member("reason", str, None)
    # Other problem documents may have a `reason`, too; ours is a slug.
    if reason is None or not _SLUG.fullmatch(reason) or member("type", str, None) is None:
        return None
    return Problem(
        type=member("type", str, ""),
        reason=reason,
        title=member("title", str, ""),
        status=member("status", int, 0),
        detail=member("detail", str, ""),
        instance=member("instance", str, None),
        owner=member("owner", str, ""),
        remedy=member("remedy", str, ""),
        retry=read_retry(document.get("retry")),
        provider=member("provider", str, ""),
        upstream=member("upstream", dict, {}),
        extensions={name: value for name, value in document.items() if name not in OWN},
    )
