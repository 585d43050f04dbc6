"""`provider`, `providers` and `exclude`: which sender a request's path stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from authproblem._core.sender import Sender, Upstream, check_provider

_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame: this is the hot path

ScopeRule = str | Upstream
Providers = Mapping[str, ScopeRule] | Callable[[Any], ScopeRule | None] | None


Knows = Callable[[str, str], bool]


class Scopes:
    """`provider`, `providers` and `exclude`, compiled: which sender a request's path stands for."""

    __slots__ = ("_callable", "_exclude", "_prefixes", "_whole")

    def __init__(self, provider: str | None, providers: Providers, exclude: tuple[str, ...]) -> None:
        """Compile the options.

        Raises:
            ValueError: naming the option and what would be right.
        """
        self._whole = None if provider is None else check_provider(provider, "provider")
        self._callable = providers if callable(providers) else None
        self._exclude = exclude
        rows = [] if providers is None or callable(providers) else _rules(providers)
        self._prefixes = tuple(sorted(rows, key=lambda row: -len(row[0])))

    @property
    def by_path(self) -> bool:
        """Whether the request's path decides anything."""
        return bool(self._prefixes or self._exclude or self._callable)

    @property
    def everywhere(self) -> tuple[str | None, bool] | None:
        """Provider and certainty of the sender of every response; None where the request's path has a say."""
        return None if self.by_path else (self._whole, self._whole is not None)

    def excludes(self, path: str) -> bool:
        """Whether responses to this path are none of our business."""
        return bool(self._exclude) and any(below(path, prefix) for prefix in self._exclude)

    def sender(self, path: str, request: Any, knows: Knows | None = None) -> Sender:
        """The declared sender of a response.

        Args:
            path: the request's path.
            request: the ASGI scope or WSGI environ, for a callable `providers`.
            knows: tells whether a path is a provider's endpoint; without it, any path counts as one.
        """
        if self._callable is not None:
            rule = self._callable(request)
            if rule is not None:
                return self._declared(_rule(rule, "providers()"), "", path, knows)
        for prefix, declared in self._prefixes:
            if below(path, prefix):
                return self._declared(declared, prefix, path, knows)
        # Outside of a scope the path is the only candidate; where no provider has it, it decides nothing.
        return _new(Sender, (self._whole, self._whole is not None, path))

    def _declared(self, declared: Upstream, prefix: str, path: str, knows: Knows | None) -> Sender:
        """The endpoint is the declared one, else the path below the prefix, else the path, if the provider has it."""
        provider, whole, endpoint = declared
        if endpoint is None:
            below_prefix = path[len(prefix) :] or "/"
            candidates = (below_prefix, path)
            endpoint = below_prefix if knows is None else next((p for p in candidates if knows(provider, p)), None)
        return Sender(provider, whole or self._whole == provider, endpoint)


def below(path: str, prefix: str) -> bool:
    """Whether a path is the prefix or lies below it, by whole segments."""
    return path.startswith(prefix) and (len(path) == len(prefix) or prefix.endswith("/") or path[len(prefix)] == "/")


def _rules(providers: object) -> list[tuple[str, Upstream]]:
    if not isinstance(providers, Mapping):
        msg = f"providers={providers!r} does not hold; it has to map path prefixes to providers, or be callable"
        raise ValueError(msg)  # noqa: TRY004 - all mistakes in options are ValueErrors
    rows = []
    for prefix, rule in providers.items():
        if not isinstance(prefix, str) or not prefix.startswith("/"):
            msg = f"providers: the prefix {prefix!r} does not hold; it has to be a path that starts with '/'"
            raise ValueError(msg)
        rows.append((prefix.rstrip("/") if prefix != "/" else "", _rule(rule, f"providers[{prefix!r}]")))
    return rows


def _rule(rule: ScopeRule, where: str) -> Upstream:
    return rule if isinstance(rule, Upstream) else Upstream(check_provider(rule, where))
