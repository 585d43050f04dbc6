"""JSON for hypothesis: any value, and objects whose members are named as the providers name theirs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from authproblem._core.members import OWN

NAMES = (
    *sorted(OWN),
    *("error", "error_description", "errorDescription", "error_uri", "errorCode", "errorSummary", "errorLink"),
    *("errorId", "errorCauses", "code", "name", "statusCode", "message", "description", "policy", "rules", "location"),
    *("mfa_token", "mfa_requirements", "stateToken", "stateHandle", "interaction_handle", "interaction_uri", "state"),
    *("auth_session", "next", "request_uri"),
    *("acr_values", "max_age", "interval", "field", "method", "validation_errors", "factorResult", "factorType"),
    *("version", "messages", "remediation", "value", "i18n", "key", "class", "_embedded", "extra"),
)
"""Names of members that have a meaning somewhere."""

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    text,
    st.sampled_from(["invalid_grant", "E0000004", "ERROR", "LOCKED_OUT", "Wrong email or password.", "MFA_CHALLENGE"]),
)
_names = st.one_of(st.sampled_from(NAMES), text)
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=8,
)
documents: st.SearchStrategy[dict[str, Any]] = st.dictionaries(_names, json_values, max_size=6)
"""JSON objects that look like a provider's, more or less."""
