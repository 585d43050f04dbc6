"""THE PATH ON ONE SCREEN: decode, examine, fold, hint, build. Read this first.

One upstream response in, one `Problem` (or the reason to leave it alone) out. Pure: no I/O, no event, no clock but
the one that is given. The doors come here through `_intercept`, plain callers through `normalize` and `classify`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from authproblem._classify import Verdict, examine
from authproblem._decode import decode
from authproblem._disclose import fold
from authproblem._fields import Fields, Headers
from authproblem._members import Unsendable
from authproblem._model import Classification
from authproblem._options import DEFAULT_MAX_BODY, Policy, make_policy
from authproblem._problem import Problem, build
from authproblem._registry import Registry
from authproblem._retry import Occasion
from authproblem._scope import UNKNOWN, Sender, check_endpoint, check_provider


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
    policy: Policy, fields: Fields, body: bytes, sender: Sender, occasion: Occasion, *, instance: str | None = None
) -> Outcome:
    """The whole path for one response."""
    plain = decode(body, fields.all("content-encoding"), policy.max_body)
    if plain is None or len(plain) > policy.max_body:
        return Outcome(None, None, None, "unreadable")
    verdict = examine(policy.registry, occasion.status, fields, plain, sender, states=policy.transaction_states)
    found = verdict.classification
    if found is None or verdict.why:
        return Outcome(None, found, None, verdict.why)
    if found.reason in policy.registry.data["shapes"]["flow_types"] and not policy.flow_control:
        return Outcome(None, found, None, "flow_control")
    return conclude(
        policy, found, fields, occasion._replace(provider=found.provider, endpoint=sender.endpoint), instance
    )


def conclude(
    policy: Policy, found: Classification, fields: Fields, occasion: Occasion, instance: str | None
) -> Outcome:
    """From meaning to problem."""
    try:
        truth = build(found, fields, policy, occasion, instance=instance)
        folded = (
            fold(policy.registry, found, occasion.endpoint, policy.disclosure) if policy.disclosure != "off" else None
        )
        if folded is None:
            return Outcome(truth, found, truth)
        problem = build(
            folded.classification, fields, policy, occasion._replace(status=folded.status), instance=instance
        )
    except Unsendable:
        return Outcome(None, found, None, "unsendable")
    return Outcome(problem, found, truth)


def normalize(
    status: int,
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
    policy = make_policy(options)
    sender = _sender(provider, endpoint)
    occasion = Occasion(int(status), provider or "oauth", endpoint, method, now, policy.max_wait)
    return process(policy, Fields(headers), bytes(body), sender, occasion, instance=instance).problem


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
    fields = Fields(headers)
    plain = decode(bytes(body), fields.all("content-encoding"), DEFAULT_MAX_BODY)
    if plain is None or len(plain) > DEFAULT_MAX_BODY:
        return None
    sender = _sender(provider, endpoint)
    verdict: Verdict = examine(
        registry or Registry.builtin(), int(status), fields, plain, sender, states=transaction_states
    )
    return verdict.classification if not verdict.why else None


def _sender(provider: str | None, endpoint: str | None) -> Sender:
    if provider is None:
        return UNKNOWN if endpoint is None else Sender(endpoint=check_endpoint(endpoint, "endpoint"))
    return Sender(check_provider(provider, "provider"), certain=True, endpoint=check_endpoint(endpoint, "endpoint"))
