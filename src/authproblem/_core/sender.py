"""Who sent a response, as far as the app says: `provider=`, `providers=`, and the mark on a response.

Evidence in the response itself is the classifier's business; here is only what the app declares.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from authproblem._model import PROVIDERS

MARK = "Auth-Problem-Upstream"
"""The header by which an app says whose response it sends; it never leaves the app."""

_MAX_ENDPOINT = 512
_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame: this is the hot path


class Sender(NamedTuple):
    """What is known of a response's sender before its body is looked at.

    Attributes:
        provider: `auth0`, `okta`, `oauth`, or None.
        certain: True if every error response is this provider's; False if the response still has to look like it.
        endpoint: the provider's path, or None.
    """

    provider: str | None = None
    certain: bool = False
    endpoint: str | None = None


UNKNOWN = Sender()


class Upstream(NamedTuple):
    """A value for `providers`: what answers below a path. Made by `upstream`."""

    provider: str
    whole: bool = False
    endpoint: str | None = None


def upstream(provider: str, whole: bool = False, endpoint: str | None = None) -> Upstream:  # noqa: FBT001, FBT002
    """Say which provider answers below a path of the app.

    Args:
        provider: `auth0`, `okta` or `oauth` (speaks OAuth, vendor unknown).
        whole: whether everything below the path is the provider's, bodies without any sign of it included: for mounts
            and apps that do nothing but proxy.
        endpoint: the provider's path that is called, such as `/oauth/token`, if it is one and the same.

    Raises:
        ValueError: for an unknown provider, or an endpoint that is no path.
    """
    check_provider(provider, "upstream()")
    return Upstream(provider, bool(whole), check_endpoint(endpoint, "upstream()"))


def check_provider(provider: object, where: str) -> str:
    """Return a provider's name.

    Raises:
        ValueError: if it is none of `auth0`, `okta`, `oauth`.
    """
    if provider not in PROVIDERS:
        msg = f"{where}: provider={provider!r} is unknown; it has to be one of {', '.join(map(repr, PROVIDERS))}"
        raise ValueError(msg)
    return str(provider)


def check_endpoint(endpoint: object, where: str) -> str | None:
    """Return a provider's path.

    Raises:
        ValueError: if it does not start with a slash.
    """
    if endpoint is not None and not (isinstance(endpoint, str) and endpoint.startswith("/")):
        msg = (
            f"{where}: endpoint={endpoint!r} does not hold; it has to be a path of the provider such as '/oauth/token'"
        )
        raise ValueError(msg)
    return endpoint


def mark_upstream(response: Any, provider: str, endpoint: str | None = None) -> Any:
    """Say whose error a response of the app is: sets `Auth-Problem-Upstream`, which the middleware takes off again.

    Args:
        response: a Starlette, FastAPI, Flask or werkzeug response; responses below status 400 are left alone.
        provider: `auth0`, `okta` or `oauth`.
        endpoint: the provider's path that was called, such as `/oauth/token`.

    Returns:
        The same response.

    Raises:
        ValueError: for an unknown provider, or an endpoint that is no path.
    """
    check_provider(provider, "mark_upstream()")
    check_endpoint(endpoint, "mark_upstream()")
    from urllib.parse import quote  # marks are rare: importing us stays cheap

    if response.status_code >= 400:
        path = "" if endpoint is None else ";endpoint=" + quote(endpoint[:_MAX_ENDPOINT], safe="/:@!$&'()*+,=~-._")
        response.headers[MARK] = provider + path
    return response


def read_mark(value: str | None) -> Sender | None:
    """The sender that a mark names; None for an absent or damaged one."""
    if value is None:
        return None
    provider, _, rest = value.partition(";")
    key, _, endpoint = rest.strip().partition("=")
    if provider.strip() not in PROVIDERS:
        return None
    from urllib.parse import unquote

    path = unquote(endpoint) if key == "endpoint" and endpoint.startswith("/") else None
    return Sender(provider.strip(), certain=True, endpoint=path)
