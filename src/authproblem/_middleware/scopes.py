"""`provider`, `providers` and `exclude`: which sender the options declare for a request's path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from authproblem._core.sender import Sender, Upstream, check_provider
from authproblem._model import Provider
from authproblem.errors import invalid

ScopeRule = Provider | Upstream
Providers = Mapping[str, ScopeRule] | Callable[[Any], ScopeRule | None] | None
IsEndpoint = Callable[[str, str], bool]
"""Whether a path is an endpoint of a provider."""


class Scopes:
    """The three options, compiled."""

    __slots__ = ("_callable", "_exclude", "_prefixes", "_whole")

    def __init__(self, provider: object, providers: Providers, exclude: tuple[str, ...]) -> None:
        """Compile the options.

        Raises:
            ConfigurationError: for an invalid value; the message names the option and what is expected.
        """
        self._whole: Provider | None = None if provider is None else check_provider(provider)
        self._callable = providers if callable(providers) else None
        self._exclude = exclude
        rows = [] if providers is None or callable(providers) else _rules(providers)
        self._prefixes = tuple(sorted(rows, key=lambda row: -len(row[0])))

    @property
    def by_path(self) -> bool:
        """Whether the request's path decides anything."""
        return bool(self._prefixes or self._exclude or self._callable)

    @property
    def everywhere(self) -> tuple[Provider | None, bool] | None:
        """Provider and certainty of the sender of every response; None where the request's path decides."""
        return None if self.by_path else (self._whole, self._whole is not None)

    def excludes(self, path: str) -> bool:
        """Whether responses to this path are excluded."""
        return bool(self._exclude) and any(below(path, prefix) for prefix in self._exclude)

    def sender(self, path: str, request: Any, is_endpoint: IsEndpoint | None = None) -> Sender:
        """Return the declared sender of a response.

        Args:
            path: the request's path.
            request: the ASGI scope or WSGI environ, for a callable `providers`.
            is_endpoint: whether a path is a provider's endpoint; without it, any path counts as one.
        """
        if self._callable is not None:
            rule = self._callable(request)
            if rule is not None:
                return self._declared(_rule(rule, "providers()"), "", path, is_endpoint)
        for prefix, declared in self._prefixes:
            if below(path, prefix):
                return self._declared(declared, prefix, path, is_endpoint)
        # Outside of a scope the path is the only candidate; where no provider has it, it decides nothing.
        return Sender(self._whole, self._whole is not None, path)

    def _declared(self, declared: Upstream, prefix: str, path: str, is_endpoint: IsEndpoint | None) -> Sender:
        """Return the sender; the endpoint is the declared one, else the path below the prefix, or the path if known."""
        provider, whole, endpoint = declared
        if endpoint is None:
            endpoint = path[len(prefix) :] or "/"
            if is_endpoint is not None and not is_endpoint(provider, endpoint) and is_endpoint(provider, path):
                endpoint = path
        return Sender(provider, whole or self._whole == provider, endpoint)


def below(path: str, prefix: str) -> bool:
    """Whether a path is the prefix or is below it, by whole segments."""
    return path.startswith(prefix) and (len(path) == len(prefix) or prefix.endswith("/") or path[len(prefix)] == "/")


def _rules(providers: object) -> list[tuple[str, Upstream]]:
    if not isinstance(providers, Mapping):
        invalid("providers", providers, "a mapping of path prefixes to providers, or a callable")
    rows = []
    for prefix, rule in providers.items():
        if not isinstance(prefix, str) or not prefix.startswith("/") or "*" in prefix:
            expected = "a path that starts with '/', such as '/auth'; it covers everything below it, without '*'"
            invalid("providers: prefix", prefix, expected)
        rows.append((prefix.rstrip("/") if prefix != "/" else "", _rule(rule, f"providers[{prefix!r}]")))
    return rows


def _rule(rule: object, name: str) -> Upstream:
    return rule if isinstance(rule, Upstream) else Upstream(check_provider(rule, name))
