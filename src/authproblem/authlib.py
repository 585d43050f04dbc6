"""The Authlib adapter: an error that Authlib would take for a token, or for nothing, is raised as what it is.

```python
compliance_fix(OAuth2Session(...))                              # requests; httpx: OAuth2Client, AsyncOAuth2Client
oauth.register("okta", compliance_fix=compliance_fix, ...)      # Flask, Starlette, FastAPI, Django
```
Authlib looks for a member `error` alone: Okta's `{"errorCode": "E0000011"}` would become "a token".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from authproblem.errors import AuthProblemError, MissingExtraError

try:
    from authlib.integrations.base_client import OAuthError
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.authlib", "authlib") from error

from authproblem._client.reader import ProviderRequest, read_response
from authproblem._core.problem import Problem

__all__ = ["OAuthProblemError", "compliance_fix"]

_HOOKS = ("access_token_response", "refresh_token_response")
"""The responses that Authlib parses; those of revocation and introspection it gives to the app as they are."""


class OAuthProblemError(AuthProblemError, OAuthError):  # type: ignore[misc] # Authlib has no types
    """A problem that Authlib's own `except OAuthError` catches, too.

    Attributes:
        error: the provider's code, as Authlib would give it; the problem type where there is none.
        description: a sentence that may be shown to the end user.
    """

    def __init__(self, problem: Problem, response: Any = None) -> None:
        """Wrap a problem.

        Args:
            problem: the problem.
            response: the response that it was read from.
        """
        super().__init__(problem, response)
        self.error = problem.upstream.get("code") or problem.reason
        self.description = problem.detail


def compliance_fix(session: Any, *, hosts: Mapping[str, str] | None = None, **options: Any) -> None:
    """Teach an Authlib client the errors of Auth0 and Okta.

    Args:
        session: `OAuth2Session` (requests), `OAuth2Client` or `AsyncOAuth2Client` (httpx).
        hosts: custom domains and their providers, such as `{"login.example.com": "okta"}`.
        **options: those of `normalize`.

    Note:
        From then on a token request that fails raises `OAuthProblemError`, with any status; Authlib by itself raises
        its HTTP library's error for 500 and above. Flow control (`authorization_pending`, ...) stays Authlib's.
    """
    for name in _HOOKS:
        session.register_compliance_hook(name, partial(_checked, hosts, options))


def _checked(hosts: Mapping[str, str] | None, options: Mapping[str, Any], response: Any) -> Any:
    """The response of a token endpoint, unless it is a problem."""
    if response.status_code < 400:
        return response
    url = urlsplit(str(response.url))
    request = ProviderRequest(url.hostname or "", unquote(url.path) or "/", "POST", None, None)
    problem = read_response(response, response.content or b"", request, hosts=hosts, options=options)
    if problem is not None:
        raise OAuthProblemError(problem, response)
    return response
