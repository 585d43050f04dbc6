"""The closed vocabularies as literal types: providers, owners, remedies, policies. The data files have the same."""

from __future__ import annotations

from typing import Any, Literal, cast

Json = dict[str, Any]

Provider = Literal["auth0", "okta", "oauth"]
Owner = Literal["user", "client", "policy", "tenant", "limit", "upstream", "flow"]
RetryPolicy = Literal["never", "after_action", "after_delay", "once", "poll"]
Remedy = Literal[
    "check_credentials",
    "check_code",
    "sign_in",
    "sign_in_instead",
    "provide_mfa",
    "enroll_mfa",
    "choose_other_factor",
    "step_up",
    "complete_challenge",
    "give_consent",
    "reset_password",
    "choose_other_password",
    "unlock_account",
    "verify_email",
    "choose_other_method",
    "wait",
    "keep_polling",
    "resend",
    "repeat_with_nonce",
    "open_link",
    "fix_device",
    "fix_request",
    "fix_client",
    "ask_admin",
    "none",
]
Credential = Literal["dead", "keep", "step_up", "unknown"]
"""The state of the credential that was used, as far as the error shows it."""
MatchedBy = Literal[
    "code_description", "code_status", "code", "name", "cause", "phrase", "family", "header", "status", "exception"
]
PROVIDERS: tuple[Provider, ...] = ("auth0", "okta", "oauth")
"""`oauth` is a provider that is only known to be a server of OAuth: the vendor is unknown."""


def as_provider(name: str) -> Provider:
    """Narrow a name that was checked to be one of `PROVIDERS`."""
    return cast("Provider", name)
