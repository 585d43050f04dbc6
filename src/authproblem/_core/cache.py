"""Answers that lie ready: what a known error gets is the same each time but for a few ids, so it is made once.

No rule lives here: an answer is what the whole path in `_normalize` has built for the first response of its kind, cut
where the next one differs. It is found by the words of the registry that were said (`_express`); members that are no
such words, such as tokens and ids, are judged anew each time by what `_members` has for their kind.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any, NamedTuple

from orjson import dumps

from authproblem._core.classify import identify
from authproblem._core.disclosure import at_sign_in, error_id, fold, folded_type
from authproblem._core.express import BY_SURFACE, MAX_KEPT, surfaces
from authproblem._core.members import OWN, coded, kind_of
from authproblem._core.policy import Policy
from authproblem._core.problem import Problem, build, request_id_of, texts_for
from authproblem._core.retry import Occasion, hint
from authproblem._core.sender import Sender
from authproblem._core.wire import retry_dict
from authproblem._model import Classification, RetryHint
from authproblem._registry.index import Surface
from authproblem._upstream.headers import PLAIN_JSON, Fields
from authproblem._upstream.shapes import Json, Words, is_code

_new = tuple.__new__
_FIXED = frozenset(("never", "after_action"))
"""The policies of hints that no header, method or endpoint changes."""


class Answer:
    """What is sent for one known error.

    Attributes:
        found: what the error means; without the document, which is each response's own.
        problem: the problem, without instance and request id, and with those members only that are always the same.
        fixed: whether its retry hint is always the same, too.
        folds: whether something else is told where strangers sign in.
        folded: what is told there instead, by surface: the genuine answer and its document.
    """

    __slots__ = (
        *("_constant", "_fixed", "_limited", "_middle", "_start", "_texts", "_upstream", "_varying"),
        *("fixed", "folded", "folds", "found", "problem"),
    )

    def __init__(self, found: Classification, problem: Problem, words: Words, policy: Policy) -> None:
        """Cut the problem that was built for a document which said these words."""
        make, *said = words
        places = [(make.code, said[0]), (make.name, said[2])]
        if len(make.texts) == 1:
            places.append((make.texts[0], said[1]))
        words_at = {name for name, word in places if name is not None and word is not None}
        # Only those that come first: in an answer of another order one could tell what lay ready from what did not.
        constant = set(takewhile(words_at.__contains__, make.names))
        self.found = found._replace(upstream=found.upstream._replace(document=None))
        self.problem = problem._replace(
            extensions={name: value for name, value in problem.extensions.items() if name in constant}
        )
        self.folds = folded_type(policy.registry, found, policy.disclosure) is not None
        self.folded: dict[Surface | None, tuple[Answer, Json]] = {}
        self.fixed = problem.retry.policy in _FIXED
        self._limited = found.provider == "okta" and found.reason == "rate-limited"
        self._texts = texts_for(problem, policy)
        self._varying = [(name, kind_of(policy.registry, name)) for name in make.names if name not in constant]
        self._cut()

    def _cut(self) -> None:
        """The document, up to the instance, up to the retry hint, up to the request id, and to the varying members."""
        kind, reason, title, status, detail, _, owner, remedy, retry, provider, upstream, members, _, _ = self.problem
        self._start = dumps({"type": kind, "title": title, "status": status, "detail": detail})[:-1] + b',"instance":"'
        self._middle = b'",' + dumps({"reason": reason, "owner": owner, "remedy": remedy})[1:-1] + b',"retry":'
        self._upstream = b"," + dumps({"provider": provider, "upstream": upstream})[1:-2]
        self._constant = b"}" + (b"," + dumps(members)[1:-1] if members else b"")
        self._fixed = self._middle + dumps(retry_dict(retry)) + self._upstream + self._constant

    def told(self, fields: Fields, occasion: Occasion) -> tuple[RetryHint, str | None]:
        """What the headers of one response tell: the retry hint, and the request id."""
        registry, problem = self._texts.registry, self.problem
        if self.fixed:
            return problem.retry, None if fields.plain else request_id_of(fields, registry)
        entry = registry.rule(problem.entry, problem.reason)
        if occasion.status != problem.upstream["status"]:  # a genuine answer has its own
            occasion = occasion._replace(status=problem.upstream["status"])
        retry = hint(registry, entry, problem.provider, fields, occasion)
        return retry, None if fields.plain else request_id_of(fields, registry)

    def holds(self, fields: Fields) -> bool:
        """Whether headers change nothing: no challenge, whose parameters become members, and no other limit."""
        lines = fields.lines
        return "www-authenticate" not in lines and not (self._limited and fields.get("x-rate-limit-limit") == "0")

    def write(self, document: Json, instance: str, retry: RetryHint, request_id: str | None) -> bytes:
        """The problem document for one response, as UTF-8 JSON.

        Args:
            document: the upstream's object.
            instance: the URI of the occurrence, one of ours.
            retry: the retry hint; the problem's own where it is `fixed`.
            request_id: the upstream's request id, which has the form of a code, or None.
        """
        said = self._fixed
        if not self.fixed or request_id is not None:
            told = b"" if request_id is None else b',"request_id":' + dumps(request_id)
            said = b"".join((self._middle, dumps(retry_dict(retry)), self._upstream, told, self._constant))
        varying = self._varied(document)
        rest = b"," + dumps(varying)[1:] if varying else b"}"
        return b"".join((self._start, instance.encode(), said, rest))

    def problem_for(self, document: Json, instance: str | None, retry: RetryHint, request_id: str | None) -> Problem:
        """The same as a value."""
        made = self.problem
        upstream = {**made.upstream} if request_id is None else {**made.upstream, "request_id": request_id}
        members = {**made.extensions, **self._varied(document)}
        parts = (*made[:5], instance, made.owner, made.remedy, retry, made.provider, upstream, members, *made[12:])
        return _new(Problem, parts)

    def _varied(self, document: Json) -> Json:
        """The members that are no words of the registry, as far as they may be sent on."""
        kept: Json = {}
        texts = self._texts
        for name, kind in self._varying:
            value = document[name]
            if kind is coded and is_code(value):
                kept[name] = value  # most ids
            elif value is not None and (allowed := kind(name, value, texts)) is not None:
                kept[name] = allowed
        return kept


class Ready(NamedTuple):
    """An answer that lies ready for one response.

    Attributes:
        answer: what is sent.
        document: the object that it is written for: the upstream's, or that of the genuine answer.
        truth: what events tell; the same answer, unless it is folded.
        said: the upstream's object.
    """

    answer: Answer
    document: Json
    truth: Answer
    said: Json


class Answers:
    """The answers of one policy; none where an app's own say or a text that is passed on request may change them."""

    __slots__ = ("_ready", "policy")

    def __init__(self, policy: Policy) -> None:
        """Begin with none."""
        self.policy = policy
        self._ready: dict[Any, Any] = {}

    def find(self, document: Json, fields: Fields, sender: Sender, status: int) -> Ready | None:
        """The answer to the object of an error response, if it lies ready."""
        registry = self.policy.registry
        if not fields.plain:
            sender = identify(registry, fields, sender)
        words = registry.shapes.words(document)
        if words is None:
            return None
        found: Any = self._ready.get((words, status, sender.provider))
        if found is BY_SURFACE:
            found = self._ready.get((words, status, sender.provider, surfaces(registry, sender)))
        if found is None or (not fields.plain and not found.holds(fields)):
            return None
        return (
            self._told_at(found, document, fields, sender)
            if found.folds
            else _new(Ready, (found, document, found, document))
        )

    def _told_at(self, truth: Answer, document: Json, fields: Fields, sender: Sender) -> Ready | None:
        """What is told where the response comes from: the truth, or a stranger is told something else."""
        policy, registry, found = self.policy, self.policy.registry, truth.found
        surface = registry.surface(found.provider, sender.endpoint)
        if not at_sign_in(registry, found, surface):
            return Ready(truth, document, truth, document)
        if surface not in truth.folded:
            told = fold(registry, found, sender.endpoint, policy.disclosure)
            if told is None:
                return Ready(truth, document, truth, document)
            genuine = told.classification.upstream.document or {}
            words = registry.shapes.words(genuine)
            if words is None or not OWN.isdisjoint(genuine):
                return None
            problem = build(told.classification, PLAIN_JSON, policy, Occasion(told.status))
            truth.folded[surface] = Answer(told.classification, problem, words, policy), genuine
        answer, genuine = truth.folded[surface]
        if not answer.holds(fields):
            return None
        written = {**genuine, "errorId": error_id(document)} if "errorId" in genuine else genuine
        return Ready(answer, written, truth, document)

    def keep(
        self, document: Json | None, fields: Fields, sender: Sender, status: int, found: Classification | None
    ) -> None:
        """Make an answer ready for what was found, if nothing but words of the registry have told it."""
        if document is None or found is None:
            return
        policy, registry = self.policy, self.policy.registry
        sender = identify(registry, fields, sender)
        words = registry.shapes.words(document)
        if words is None or policy.texts != "known" or policy.pass_text is not None:
            return
        key: Any = (words, status, sender.provider)
        keys = [key]
        if registry.settled.get(key) is BY_SURFACE:
            keys.append((*key, surfaces(registry, sender)))
        if keys[-1] in self._ready:  # it has an answer, only not for this response
            return
        if registry.settled.get(keys[-1], ((),))[0] != found[:5] or registry.rule(found.entry, found.reason).pass_text:
            return
        if not OWN.isdisjoint(document):
            return
        problem = build(found, PLAIN_JSON, policy, Occasion(status))
        if len(self._ready) >= MAX_KEPT:
            self._ready.clear()
        self._ready[key] = BY_SURFACE
        self._ready[keys[-1]] = Answer(found, problem, words, policy)
