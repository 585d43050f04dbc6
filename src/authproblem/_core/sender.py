"""Finds the sender of a response as the app declares it: `provider=`, `providers=`, and the mark on a response.

Evidence in the response itself is weighed in `_core.classify`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from authproblem._model import PROVIDERS, Provider, Value, as_provider
from authproblem.errors import invalid

if TYPE_CHECKING:
    from typing_extensions import Self

MARK = "Auth-Problem-Upstream"
"""The header with which an app declares whose response it sends; it never leaves the app."""

_MAX_ENDPOINT = 512
_new = object.__new__


class Sender(Value, init=False):
    """The facts that are known of a response's sender before its body is read.

    Attributes:
        provider: `auth0`, `okta`, `oauth`, or None.
        certain: True if every error response is this provider's; False if the response still has to look like it.
        endpoint: the provider's path, or None.
        by_challenge: whether nothing but a challenge names the provider: an app's own errors may carry one as well.
    """

    __slots__ = ("provider", "certain", "endpoint", "by_challenge")

    provider: Provider | None
    certain: bool
    endpoint: str | None
    by_challenge: bool

    def __new__(
        cls,
        provider: Provider | None = None,
        certain: bool = False,  # noqa: FBT001, FBT002 - a field, not a switch
        endpoint: str | None = None,
        by_challenge: bool = False,  # noqa: FBT001, FBT002 - a field, not a switch
    ) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.provider = provider
        made.certain = certain
        made.endpoint = endpoint
        made.by_challenge = by_challenge
        made.__class__ = cls
        return made  # type: ignore[no-any-return]


UNKNOWN = Sender()


class Upstream(NamedTuple):
    """A value for `providers`: the provider below a path. Made by `upstream`."""

    provider: Provider
    whole: bool = False
    endpoint: str | None = None


def upstream(provider: Provider, whole: bool = False, endpoint: str | None = None) -> Upstream:  # noqa: FBT001, FBT002
    """Declare which provider's responses an app sends below a path.

    Args:
        provider: `auth0`, `okta` or `oauth` (a server of OAuth, vendor unknown).
        whole: whether everything below the path is the provider's, also bodies that do not look like it: for mounts
            and apps that do nothing but proxy.
        endpoint: the provider's path that is called, such as `/oauth/token`, if it is always the same.

    Raises:
        ConfigurationError: for an unknown provider, or an endpoint that is no path.
    """
    return Upstream(
        check_provider(provider, "upstream(): provider"), bool(whole), check_endpoint(endpoint, "upstream(): endpoint")
    )


def check_provider(provider: object, name: str = "provider") -> Provider:
    """Return a provider's name.

    Raises:
        ConfigurationError: if it is none of `auth0`, `okta`, `oauth`.
    """
    if provider not in PROVIDERS:
        invalid(name, provider, f"one of {', '.join(map(repr, PROVIDERS))}", PROVIDERS)
    return as_provider(str(provider))


def check_endpoint(endpoint: object, name: str = "endpoint") -> str | None:
    """Return a provider's path.

    Raises:
        ConfigurationError: if it does not start with a slash.
    """
    if endpoint is not None and not (isinstance(endpoint, str) and endpoint.startswith("/")):
        invalid(name, endpoint, "a path of the provider such as '/oauth/token', or None")
    return endpoint


def mark_upstream(response: Any, provider: Provider, endpoint: str | None = None) -> Any:
    """Declare whose error a response of the app is: set `Auth-Problem-Upstream`, which the middleware takes off again.

    Args:
        response: a Starlette, FastAPI, Flask or werkzeug response; responses below status 400 are left alone.
        provider: `auth0`, `okta` or `oauth`.
        endpoint: the provider's path that was called, such as `/oauth/token`.

    Returns:
        The same response.

    Raises:
        ConfigurationError: for an unknown provider, or an endpoint that is no path.
    """
    check_provider(provider, "mark_upstream(): provider")
    check_endpoint(endpoint, "mark_upstream(): endpoint")
    from urllib.parse import quote  # marks are rare: importing the package stays cheap

    if response.status_code >= 400:
        path = "" if endpoint is None else ";endpoint=" + quote(endpoint[:_MAX_ENDPOINT], safe="/:@!$&'()*+,=~-._")
        response.headers[MARK] = provider + path
    return response


def read_mark(value: str | None) -> Sender | None:
    """Return the sender that a mark declares; None for an absent or malformed one."""
    if value is None:
        return None
    provider, _, rest = value.partition(";")
    key, _, endpoint = rest.strip().partition("=")
    if provider.strip() not in PROVIDERS:
        return None
    from urllib.parse import unquote

    path = unquote(endpoint) if key == "endpoint" and endpoint.startswith("/") else None
    return Sender(as_provider(provider.strip()), certain=True, endpoint=path)
