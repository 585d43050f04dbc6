"""The functions `normalize` and `classify`: a shared `Normalizer` for each set of options."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from authproblem._core.normalizer import Normalizer
from authproblem._core.policy import make_policy
from authproblem._core.problem import Problem
from authproblem._model import Classification, Provider
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Headers

_MAX_SHARED = 32
"""Normalizers that `normalize` and `classify` keep, one for each set of options."""


def normalize(
    status: int,
    /,  # `status` is an option as well
    headers: Headers,
    body: bytes,
    *,
    provider: Provider | None = None,
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
        **options: those of `Normalizer`: `registry`, `type_base`, `status`, `disclosure`, `texts`, `pass_text`,
            `flow_control`, `transaction_states`, `max_body`, `max_wait`.

    Returns:
        The problem; None if the response is no provider's error, or flow control: then leave it alone.

    Raises:
        ConfigurationError: for an invalid option, provider or endpoint; the message names what is expected.
        TypeError: for a status, headers or a body of another type.
    """
    normalizer = shared_normalizer(options) if options else _shared()
    return normalizer.normalize(
        status, headers, body, provider=provider, endpoint=endpoint, method=method, instance=instance, now=now
    )


def classify(
    status: int,
    headers: Headers,
    body: bytes,
    *,
    provider: Provider | None = None,
    endpoint: str | None = None,
    registry: Registry | None = None,
    transaction_states: bool = False,
) -> Classification | None:
    """Return what one response means, without building the problem: the hot path alone.

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
        ConfigurationError: for an invalid provider or endpoint.
        TypeError: for a status, headers or a body of another type.
    """
    if registry is None and not transaction_states:
        normalizer = _shared()
    else:
        normalizer = shared_normalizer({"registry": registry, "transaction_states": transaction_states})
    return normalizer.classify(status, headers, body, provider=provider, endpoint=endpoint)


def shared_normalizer(options: dict[str, Any]) -> Normalizer:
    """Return the normalizer of a set of options; the last ones used are kept.

    Raises:
        ConfigurationError: for an invalid option.
    """
    try:
        return _shared(**options)
    except TypeError:  # an unhashable value: the check names the option
        return Normalizer.of(make_policy(options))


@lru_cache(maxsize=_MAX_SHARED, typed=True)
def _shared(**options: Any) -> Normalizer:
    return Normalizer.of(make_policy(options))
