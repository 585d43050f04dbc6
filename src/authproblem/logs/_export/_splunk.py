"""The rules as a Splunk app: the lookup, its definition with wildcards, and automatic lookups for both source types."""

from __future__ import annotations

import os

from authproblem.logs._export._csv import to_csv

_TRANSFORMS = """\
[authproblem]
filename = authproblem.csv
match_type = WILDCARD(event_type), WILDCARD(result), WILDCARD(reason)
case_sensitive_match = false
max_matches = 1
"""
_INPUTS = "provider AS authproblem_provider event_type AS {type} result AS {result} reason AS {reason}"
_OUTPUTS = (
    "OUTPUT problem AS authproblem_reason owner AS authproblem_owner remedy AS authproblem_remedy "
    "attack AS authproblem_attack severity AS authproblem_severity"
)
_PROPS = """\
# Source types of Splunk's add-ons for Okta and Auth0; copy the stanzas for others.
[OktaIM2:log]
EVAL-authproblem_provider = "okta"
EVAL-authproblem_result = coalesce('outcome.result', "-")
EVAL-authproblem_text = coalesce('outcome.reason', "-")
LOOKUP-authproblem = authproblem {okta} {outputs}

[auth0_logs]
EVAL-authproblem_provider = "auth0"
EVAL-authproblem_result = "-"
EVAL-authproblem_text = coalesce(nullif(trim({text}), ""), "-")
LOOKUP-authproblem = authproblem {auth0} {outputs}
"""
_AUTH0_TEXT = (
    """coalesce('data.details.error.message', 'data.details.error', "") . " " . coalesce('data.description', "")"""
)
_APP = """\
[launcher]
description = Reason, owner and remedy for log events of Okta and Auth0

[package]
id = authproblem
"""


def splunk_app(folder: str) -> list[str]:
    """Write the app into a folder, which is made where it is missing.

    Splunk computes `EVAL-` fields before automatic lookups; a field that an event lacks becomes `-`, since a lookup
    needs a value in each of its fields.

    Returns:
        The names of the files, below the folder.
    """
    result, reason = "authproblem_result", "authproblem_text"
    okta = _INPUTS.format(type="eventType", result=result, reason=reason)
    auth0 = _INPUTS.format(type='"data.type"', result=result, reason=reason)
    files = {
        "default/app.conf": _APP,
        "default/transforms.conf": _TRANSFORMS,
        "default/props.conf": _PROPS.format(okta=okta, auth0=auth0, outputs=_OUTPUTS, text=_AUTH0_TEXT),
        "lookups/authproblem.csv": to_csv(),
    }
    for name, text in files.items():
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return list(files)
