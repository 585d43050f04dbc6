"""Prepared responses: the parts of a problem document that are the same for every response of a kind, serialized once.

No rule belongs here. A template is cut from the problem that the usual path has built for a known error; what differs
from one response to the next (instance, retry hint, request id, and members such as tokens and ids) is filled in. A
property test compares each response with what the usual path gives.
"""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from typing import Any

from orjson import dumps

from authproblem._core.build import request_id_of, text_rules
from authproblem._core.context import RequestContext
from authproblem._core.disclosure import fold_target
from authproblem._core.members import MAX_CAUSES, OWN, Kind, TextRules, coded, ident, kind_of
from authproblem._core.policy import Policy
from authproblem._core.problem import Problem
from authproblem._core.retry import FIXED_POLICIES, retry_hint
from authproblem._core.wire import credential_members, retry_dict
from authproblem._model import Classification, Json, Owner, RetryHint
from authproblem._registry.surfaces import Surface
from authproblem._upstream.flat_shapes import KnownKey
from authproblem._upstream.headers import ResponseHeaders
from authproblem._upstream.json_values import is_code
from authproblem._upstream.response import UpstreamResponse

_CODED = (coded, ident)
"""The kinds of members that stay where they have the form of a code."""


class ResponseTemplate:
    """The prepared problem for one known error.

    Attributes:
        classification: what the error means, without the document.
        problem: the problem, without instance and request id, and with those members only that are always the same.
        is_fixed: whether its retry hint is always the same.
        folds: whether something else may be sent where unauthenticated callers sign in.
        folded: what is sent instead where unauthenticated callers sign in, by surface; filled when first needed,
            and bounded by the number of surfaces.
        before_instance, after_instance, fixed_retry, after_retry, members: the fragments of the document, in order.
    """

    __slots__ = (
        *("_is_limit", "_policy", "_texts", "_varying"),
        *("after_instance", "after_retry", "before_instance", "fixed_retry", "members"),
        *("classification", "entry", "folded", "folds", "is_fixed", "problem", "summary"),
    )

    def __init__(self, found: Classification, problem: Problem, key: KnownKey, policy: Policy) -> None:
        """Cut the problem that was built for an object with this key."""
        layout, code, text, name, _ = key
        members: list[tuple[str | None, object]] = [(layout.code, code), (layout.name, name)]
        if len(layout.texts) == 1 and type(text) is str:
            members.append((layout.texts[0], text))
        registered = {member for member, value in members if member is not None and value is not None}
        # Only those that come first: the order of members must not reveal whether a response was prepared.
        constant = set(takewhile(registered.__contains__, layout.names))
        self._policy = policy
        self.classification = found.replace(upstream=found.upstream.replace(document=None))
        self.entry = policy.registry.entry_or_type(found.entry, found.reason)
        self.problem = problem.replace(extensions={n: v for n, v in problem.extensions.items() if n in constant})
        self.is_fixed = problem.retry.policy in FIXED_POLICIES
        self.folds = policy.disclosure != "off" and fold_target(policy.registry, found, policy.disclosure) is not None
        self.folded: dict[Surface | None, tuple[ResponseTemplate, Json]] = {}
        self.summary = summarize(self.problem, self.entry.hint)
        self._is_limit = found.provider == "okta" and found.reason == "rate-limited"
        self._texts = text_rules(problem, self.entry, policy)
        kinds = _known_kinds(found, key, policy)
        self._varying = [(n, kinds.get(n) or kind_of(policy.registry, n)) for n in layout.names if n not in constant]
        self._serialize()

    def _serialize(self) -> None:
        """Serialize the parts before the instance, the retry hint, the request id, and the varying members."""
        made = self.problem
        start = {"type": made.type, "title": made.title, "status": made.status, "detail": made.detail}
        middle = {
            "reason": made.reason,
            "owner": made.owner,
            "remedy": made.remedy,
            **credential_members(made.credential, made.credential_kind),
        }
        members = dict(made.extensions)
        self.before_instance = dumps(start)[:-1] + b',"instance":"'
        self.after_instance = b'",' + dumps(middle)[1:-1] + b',"retry":'
        self.after_retry = b"," + dumps({"provider": made.provider, "upstream": dict(made.upstream)})[1:-2]
        self.fixed_retry = self.after_instance + dumps(retry_dict(made.retry)) + self.after_retry
        self.members = b"}" + (b"," + dumps(members)[1:-1] if members else b"")

    def applies_to(self, headers: ResponseHeaders) -> bool:
        """Whether headers change nothing: no challenge, whose parameters become members, and no other limit."""
        if headers.layout.has_challenge:
            return False
        return not self._is_limit or headers.get("x-rate-limit-limit") != "0"

    def fill(
        self, document: Json, response: UpstreamResponse, context: RequestContext, instance: str | None
    ) -> PreparedProblem:
        """Return the problem for one response.

        Args:
            document: the upstream's object, or that of the genuine response.
            response: the response.
            context: the request.
            instance: the URI of the occurrence.
        """
        retry, headers = self.problem.retry, response.headers
        if not self.is_fixed:
            status = self.problem.upstream["status"]  # a genuine response has its own
            if status != response.status:
                response = UpstreamResponse(status, headers, b"")
            retry = retry_hint(self._policy, self.entry, self.problem.provider, response, context)
        request_id = request_id_of(headers) if headers.layout.request_ids_at else None
        return PreparedProblem(self, document, instance, retry, request_id)

    def varying_members(self, document: Json) -> Json:
        """Return the members that are no registered values, as far as they may be sent on."""
        if not self._varying:
            return {}
        kept: Json = {}
        for name, kind in self._varying:
            value = document[name]
            if kind is _known_text or (kind in _CODED and is_code(value)):
                kept[name] = value  # most texts and ids
            elif value is not None and (allowed := kind(name, value, self._texts)) is not None:
                kept[name] = allowed
        return kept


def _known_kinds(found: Classification, key: KnownKey, policy: Policy) -> dict[str, Kind]:
    """Return what decides on members whose texts are known by the key, so that they are not looked up again."""
    layout, upstream = key[0], found.upstream

    def is_sent(text: str | None) -> bool:
        return text is not None and policy.registry.is_known_text(found.provider, text)

    kinds: dict[str, Kind] = {}
    if len(layout.texts) == 1 and is_sent(upstream.text):
        kinds[layout.texts[0]] = _known_text
    if layout.causes is not None and all(is_sent(text) for text, _ in upstream.causes):
        kinds[layout.causes] = partial(_known_causes, kind_of(policy.registry, layout.causes))
    return kinds


def _known_text(_name: str, value: object, _texts: TextRules) -> object:
    """A text that may be sent on."""
    return value


def _known_causes(usual: Kind, name: str, value: object, texts: TextRules) -> object:
    """Causes whose texts may be sent on: they stay as they are where they contain nothing else."""
    if type(value) is not list or len(value) > MAX_CAUSES:
        return usual(name, value, texts)
    is_bare = all([type(cause) is dict and len(cause) == 1 for cause in value])  # noqa: C419 - faster than a generator
    return value if is_bare else usual(name, value, texts)


class PreparedProblem:
    """A problem that a template gives for one response; it becomes a `Problem` only where one is needed.

    Attributes:
        template: the template.
        status: the HTTP status that is sent.
        reason: the slug of the problem type.
        owner: who has to act or caused it.
        instance: the URI of the occurrence.
        retry: the retry hint.
        request_id: the request's id at the provider, or None.
    """

    __slots__ = ("_document", "_problem", "instance", "owner", "reason", "request_id", "retry", "status", "template")

    def __init__(
        self, template: ResponseTemplate, document: Json, instance: str | None, retry: RetryHint, request_id: str | None
    ) -> None:
        """Keep the values; made by `ResponseTemplate.fill`."""
        made = template.problem
        self.template = template
        self.status: int = made.status
        self.reason: str = made.reason
        self.owner: Owner = made.owner
        self.instance = instance
        self.retry = retry
        self.request_id = request_id
        self._document = document
        self._problem: Problem | None = None

    def to_bytes(self) -> bytes:
        """Return the document as UTF-8 JSON."""
        template, instance, request_id = self.template, self.instance, self.request_id
        if instance is None:
            return self.problem().to_bytes()
        middle = template.fixed_retry
        if not template.is_fixed:
            middle = template.after_instance + dumps(retry_dict(self.retry)) + template.after_retry
        shown = b"" if request_id is None else b',"request_id":"%b"' % request_id.encode()
        varying = template.varying_members(self._document)
        end = b"," + dumps(varying)[1:] if varying else b"}"
        return b"".join((template.before_instance, instance.encode(), middle, shown, template.members, end))

    def problem(self) -> Problem:
        """Return the problem as a value."""
        if self._problem is None:
            made = self.template.problem
            upstream: dict[str, Any] = {**made.upstream}
            if self.request_id is not None:
                upstream["request_id"] = self.request_id
            members = {**made.extensions, **self.template.varying_members(self._document)}
            self._problem = Problem(
                made.type,
                made.reason,
                made.title,
                made.status,
                made.detail,
                self.instance,
                made.owner,
                made.remedy,
                self.retry,
                made.provider,
                upstream,
                members,
                made.entry,
                made.matched_by,
                made.credential,
                made.credential_kind,
            )
        return self._problem


def summarize(problem: Problem, hint: str) -> dict[str, Any]:
    """Return the keys of an event that are the same for every problem of a kind."""
    return {
        "problem": problem.reason,
        "provider": problem.provider,
        "entry": problem.entry,
        "matched_by": problem.matched_by,
        "hint": hint,
        "upstream_status": problem.upstream.get("status"),
        "upstream_code": problem.upstream.get("code"),
        "owner": problem.owner,
        "remedy": problem.remedy,
        "credential": problem.credential,
        "credential_kind": problem.credential_kind,
        "retry_policy": problem.retry.policy,
    }


def can_prepare(document: Json) -> bool:
    """Whether an object's members can be filled into a template: none is one of a problem's own."""
    return OWN.isdisjoint(document)
