"""THE PATH ON ONE SCREEN: decode, examine, fold, hint, build. Read this first.

One upstream response in, one `Problem` (or the reason to leave it alone) out. Pure: no I/O, no event, no clock but
the one that is given. The doors come here through `_intercept`, plain callers through `normalize` and `classify`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from authproblem._core.cache import Answers
from authproblem._core.classify import examine, read
from authproblem._core.disclosure import fold
from authproblem._core.members import Unsendable
from authproblem._core.policy import DEFAULT_MAX_BODY, Policy, make_policy
from authproblem._core.problem import Problem, build
from authproblem._core.retry import Occasion
from authproblem._core.sender import UNKNOWN, Sender, check_endpoint, check_provider
from authproblem._model import Classification
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Fields, Headers, scan
from authproblem._upstream.shapes import Json

_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame: this is the hot path


class Outcome(NamedTuple):
    """What becomes of one response.

    Attributes:
        problem: the problem to send, or None: leave the response alone.
        found: what the response means, also where it is left alone (flow control, pages).
        truth: the problem before folding: what events and metrics tell.
        why: why it is left alone; empty otherwise.
    """

    problem: Problem | None
    found: Classification | None
    truth: Problem | None
    why: str = ""

    @property
    def folded(self) -> bool:
        """Whether the client is told something else than the truth."""
        return self.problem is not self.truth


def process(
    policy: Policy,
    fields: Fields,
    body: bytes | bytearray | None,
    sender: Sender,
    occasion: Occasion,
    *,
    instance: str | None = None,
    document: Json | None = None,
) -> Outcome:
    """The whole path for one response.

    Args:
        policy: the options.
        fields: the scanned headers.
        body: what `undo_codings` has given; None is left alone.
        sender: what the app says of the sender.
        occasion: the upstream's status, the endpoint, the method and the clock.
        instance: the URI of the occurrence.
        document: what `read` has given for the body, where it was asked already.
    """
    if body is None:
        return Outcome(None, None, None, "unreadable")
    registry = policy.registry
    found, why = examine(
        registry, occasion.status, fields, body, sender, states=policy.transaction_states, document=document
    )
    if found is None or why:
        return Outcome(None, found, None, why)
    if found.reason in registry.flow_types and not policy.flow_control:
        return Outcome(None, found, None, "flow_control")
    try:
        truth = build(found, fields, policy, occasion, instance=instance, raw=body)
        if policy.disclosure == "off":
            return _new(Outcome, (truth, found, truth, ""))
        return conclude(policy, truth, found, fields, occasion)
    except Unsendable:
        return Outcome(None, found, None, "unsendable")


def conclude(policy: Policy, truth: Problem, found: Classification, fields: Fields, occasion: Occasion) -> Outcome:
    """Fold where a stranger must not tell answers apart: the same path once more, for the provider's genuine answer."""
    folded = fold(policy.registry, found, occasion.endpoint, policy.disclosure)
    if folded is None:
        return _new(Outcome, (truth, found, truth, ""))
    genuine = occasion._replace(status=folded.status)
    return Outcome(build(folded.classification, fields, policy, genuine, instance=truth.instance), found, truth)


def normalize(
    status: int,
    /,  # `status` is an option as well
    headers: Headers,
    body: bytes,
    *,
    provider: str | None = None,
    endpoint: str | None = None,
    method: str | None = None,
    instance: str | None = None,
    now: float | None = None,
    **options: Any,
) -> Problem | None:
    """Turn one response of Auth0, Okta or another OAuth server into a `Problem`.

    Pure: no event, no clock but `now`, no identifier but `instance`.

    Args:
        status: the HTTP status.
        headers: a mapping or a list of pairs, `str` or `bytes`.
        body: the body as it came; gzip and deflate are undone, br and zstd where their extras are installed.
        provider: whose response it is, if the caller is certain: `auth0`, `okta` or `oauth` (vendor unknown).
        endpoint: the provider's path that was called, such as `/oauth/token`.
        method: the request's method; None counts as POST.
        instance: the URI of this occurrence.
        now: the local time as epoch seconds, used where the response has no valid `Date`.
        **options: `registry`, `type_base`, `status`, `disclosure`, `texts`, `pass_text`, `flow_control`,
            `transaction_states`, `max_body`, `max_wait`.

    Returns:
        The problem; None if the response is no provider's error, or flow control: then leave it alone.

    Raises:
        ValueError: for a wrong option, provider or endpoint; the message names it and what would be right.
    """
    answers = None if options else _usual_answers()
    policy = make_policy(options) if answers is None else answers.policy
    fields = scan(headers)
    sender = UNKNOWN if provider is None and endpoint is None else _sender(provider, endpoint)
    occasion = _new(Occasion, (int(status), endpoint, method, now, policy.max_wait))
    plain = undo_codings(fields, body, policy.max_body)
    document = None
    if answers is not None and plain is not None:
        document = read(occasion.status, fields, plain)
        ready = None if document is None else answers.find(document, fields, sender, occasion.status)
        if ready is not None:
            return ready.answer.problem_for(ready.document, instance, *ready.answer.told(fields, occasion))
    outcome = process(policy, fields, plain, sender, occasion, instance=instance, document=document)
    if answers is not None:
        answers.keep(document, fields, sender, occasion.status, outcome.found if outcome.problem is not None else None)
    return outcome.problem


@cache
def _usual_answers() -> Answers:
    """Those of `normalize` without options."""
    return Answers(make_policy({}))


def classify(
    status: int,
    headers: Headers,
    body: bytes,
    *,
    provider: str | None = None,
    endpoint: str | None = None,
    registry: Registry | None = None,
    transaction_states: bool = False,
) -> Classification | None:
    """Tell what one response means, without building the problem: the hot path alone.

    Args:
        status: the HTTP status.
        headers: a mapping or a list of pairs, `str` or `bytes`.
        body: the body as it came.
        provider: whose response it is, if the caller is certain.
        endpoint: the provider's path that was called.
        registry: the registry to use instead of the built-in one.
        transaction_states: whether failures that come with a status below 400 count.

    Returns:
        The classification, flow control included; None if the response is no provider's error.

    Raises:
        ValueError: for a wrong provider or endpoint.
    """
    fields = scan(headers)
    plain = undo_codings(fields, body, DEFAULT_MAX_BODY)
    if plain is None:
        return None
    sender = UNKNOWN if provider is None and endpoint is None else _sender(provider, endpoint)
    found, why = examine(registry or Registry.builtin(), int(status), fields, plain, sender, states=transaction_states)
    return None if why else found


def undo_codings(fields: Fields, body: bytes | bytearray, limit: int) -> bytes | bytearray | None:
    """The body with its content codings undone; None if that cannot be, or it is too large."""
    if len(body) > limit:
        return None
    if fields.plain or "content-encoding" not in fields.lines:
        return body
    from authproblem._upstream.codings import decode

    decoded = decode(bytes(body), fields.all("content-encoding"), limit)
    return decoded if decoded is not None and len(decoded) <= limit else None


def _sender(provider: str | None, endpoint: str | None) -> Sender:
    if provider is None:
        return UNKNOWN if endpoint is None else Sender(endpoint=check_endpoint(endpoint, "endpoint"))
    return _new(Sender, (check_provider(provider, "provider"), True, check_endpoint(endpoint, "endpoint")))
