"""Rules on the sentences that users read: each belongs to the remedy and owner of its entry. Each rule yields findings.

A user who follows a sentence must not run in circles: "sign in again" where the developers have to change something,
"contact support" where waiting is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from authproblem._model import Entry
from authproblem._registry.registry import Registry
from tools.registry_data import REGISTRY, Data, Finding

_SIGN_IN = {"sign_in", "step_up", "sign_in_instead", "fix_device", "verify_email", "choose_other_method"}
_OTHERS = {"ask_admin", "fix_client", "fix_request", "choose_other_factor", "fix_device", "sign_in"}
_OTHER_FACTOR = {"choose_other_factor", "choose_other_method", "provide_mfa"}
_OTHER_PASSWORD = {"choose_other_password", "reset_password", "choose_other_factor", "fix_request"}
_SAYS = (
    (r"\bsign in (?:again|with your new password|to )", _SIGN_IN),
    (r"\bsign(?:ing)? in instead|\bsign(?:ing)? in\b.*\b(?:account is yours|signing in)\b", {"sign_in_instead"}),
    (r"\b(?:contact|administrator)\b", _OTHERS),
    (r"\b(?:later|a moment|shortly|half a minute|few seconds)\b", {"wait", "unlock_account", "choose_other_factor"}),
    (r"\b(?:another|other) (?:verification |sign-in )?method\b", _OTHER_FACTOR),
    (r"\bchoose (?:another|a new|a different|a stronger) (?:one|password)\b", _OTHER_PASSWORD),
    (r"\b(?:open the link)\b", {"open_link"}),
)
"""What a sentence asks the user to do, and the remedies that fit it; a sentence with none of these fits all. The sets
overlap: a user who has to sign in may be sent to an administrator as the second choice."""

_TOGETHER = {
    "fix_client": {"client", "tenant"},
    "fix_request": {"client", "user", "tenant"},
    "wait": {"limit", "upstream"},
    "keep_polling": {"flow"},
    "repeat_with_nonce": {"flow"},
    "none": {"user"},
}
"""The owners that a remedy goes with; remedies that are not named go with any."""


def sentences(_data: Data, registry: Registry) -> Iterator[Finding]:
    """Hold every sentence against the remedy of its entry, and every remedy against the owner."""
    for entry in [*registry, *map(registry.bare, registry.types)]:
        where = f"{REGISTRY} {entry.id or entry.type.slug}"
        for pattern, remedies in _SAYS:
            found = re.search(pattern, entry.detail, re.IGNORECASE)
            if found is not None and entry.remedy not in remedies:
                what = f"detail says {found.group()!r}, but the remedy is {entry.remedy}"
                yield Finding(where, what, f"say what {entry.remedy} asks for, or change the remedy")
        if entry.owner not in _TOGETHER.get(entry.remedy, {entry.owner}):
            yield Finding(where, f"owner {entry.owner} with remedy {entry.remedy}", "change one of the two")
        if entry.remedy == "fix_client" and entry.owner == "user":
            yield Finding(where, "a user cannot fix the client", "change the owner or the remedy")
        if not _acts(entry):
            yield Finding(where, "no predicate of Problem is true", "change owner, remedy or retry")


def _acts(entry: Entry) -> bool:
    """Whether one of the predicates of a problem is true, so that an app can branch on something."""
    from authproblem import Problem, RetryHint

    problem = Problem("", "x", "", 400, "", None, entry.owner, entry.remedy, RetryHint(entry.retry), "oauth", {}, {})
    names = (
        "is_temporary",
        "is_upstream_failure",
        "needs_user",
        "needs_sign_in",
        "needs_admin",
        "needs_developer",
        "is_settled",
    )
    return any(getattr(problem, name) for name in names)
