"""What sentences for users may ask for: the kinds of action, and the actions, owners and retry policies of each remedy.

Data only, no rules; `registry_sentences` holds the registry against it. A sentence that asks for something that has no
wording here is a finding, so that a new wording is assigned to a kind of action before it is used.
"""

from __future__ import annotations

from typing import NamedTuple

_OTHER = r"(?:another|an alternative|a (?:new|different|stronger)|the other|one of your other)"
_SOME = r"(?:[\w-]+ ){0,3}"
_SPAN = r"(?:seconds?|moments?|minutes?|hours?|days?|while)"

ACTIONS: dict[str, tuple[str, ...]] = {
    "contact": (
        r"\b(?:admin(?:istrator)?s?|support|help ?desk|service desk|it (?:team|department|staff)|developers)\b",
        r"\b(?:contact|get in touch|reach out)\b",
        r"\b(?:ask|call|write to|speak to|talk to) (?:us|somebody)\b",
    ),
    "choose_method": (
        rf"\b(?:choose|use|try|pick) {_OTHER} {_SOME}(?:method|way|factor|authenticator)\b(?: to (?:confirm|sign in))?",
        r"\bsign in (?:in )?(?:another|a different|some other) way\b",
        r"\bstart the sign-in from\b",
    ),
    "choose_password": (rf"\b(?:choose|use|pick|set|enter|try|create) {_OTHER} {_SOME}password\b",),
    "reset_password": (r"\b(?:reset|change|renew|update) (?:your|the) (?:\w+ )?password\b", r"\bforgot\w* password\b"),
    "verify_email": (r"\b(?:verify|confirm) your e-?mail\b",),
    "unlock": (r"\bunlock your account\b", r"\bfollow the unlock instructions\b"),
    "open_link": (r"\b(?:open|follow|use|click(?: on)?) the link\b",),
    "open_app": (r"\bopen (?:(?:the|your) )?(?:wallet )?app\b",),
    "complete_challenge": (r"\b(?:complete|solve) the (?:verification )?(?:challenge|captcha)\b",),
    "give_consent": (
        r"\b(?:review|accept|grant|consent to)\b",
        r"\bgive (?:your )?(?:access|consent|permission)\b",
        r"\bconnect your account\b",
    ),
    "approve": (r"\bfinish signing in\b", r"\bapprove (?:the|this) (?:request|sign-in)\b"),
    "confirm": (r"\bconfirm (?:this sign-in|your identity|that it's you)\b", r"(?<!to )\bverify your identity\b"),
    "resend": (r"\b(?:ask for|request|send|get) (?:another|a new)\b",),
    "check_code": (
        rf"\b(?:enter|check|type(?: in)?|repeat) {_SOME}(?:code|pin)\b",
        r"\bwait (?:for|until) [^.]*\bcode\b",
        r"\bfollow the instructions of your authenticator\b",
    ),
    "check_credentials": (
        rf"\b(?:enter|check|correct|verify|type(?: in)?|repeat) {_SOME}(?:passwords?|usernames?|credentials|details)\b",
    ),
    "fix_input": (
        r"\b(?:check what you entered|complete your profile|fill in|leave out|use different details)\b",
        rf"\b(?:enter|check|correct|use|try) {_SOME}(?:address|number|extension|answer)\b",
        rf"\b(?:choose|use|try) {_OTHER} (?:user)?name\b",
    ),
    "fix_device": (
        r"\b(?:turn (?:on|off)|install|update|run a scan|allow background activity|switch (?:to|your)|resolve)\b",
        r"\b(?:set|set up|choose) a (?:stronger )?(?:screen lock|passcode)\b",
        r"\buse (?:a device|another device|the app from)\b",
    ),
    "enroll": (r"\b(?:re-?)?enrol+\b", r"\bset up (?:an?|another|your)\b", r"\bset \w+ up\b"),
    "start_again": (r"\bstart (?:\w+ )?(?:again|over)\b",),
    "sign_out": (r"\b(?:sign|log)(?:ging|ing)? ?(?:out|off)\b",),
    "sign_in": (
        r"\b(?:sign|log)(?:ging|ing)?(?: you)?(?: back)? ?(?:in|on)\b",
        r"\bback in\b",
        r"\b(?:re-?authenticate|authenticate again)\b",
    ),
    "wait": (
        r"\b(?:try (?:it |this |that )?again )?(?:later|shortly|soon|tomorrow)\b",
        rf"\b(?:try (?:it |this |that )?again )?(?:in|after|for) (?:half a |\w+ )?(?:few )?{_SPAN}\b",
        r"\bwait\b",
    ),
    "repeat": (r"\b(?:try (?:\w+ )?(?:again|once more)|retry|repeat)\b",),
}
"""The kinds of action, each with the wordings that ask for it: regular expressions, in the order in which they are
looked for. What one has found the next ones do not see: "finish signing in" approves, and asks for no new sign-in."""


class Remedy(NamedTuple):
    """What goes together with a remedy.

    Attributes:
        remedy: its name.
        owners: the owners that it usually has.
        retry: the retry policy that it usually has.
        asks: kinds of action of which a sentence names at least one; none where the user has nothing to do.
        may: kinds of action that a sentence may name besides.
    """

    remedy: str
    owners: frozenset[str]
    retry: str
    asks: frozenset[str]
    may: frozenset[str]


def _row(remedy: str, owners: str, asks: str = "", may: str = "", retry: str = "after_action") -> Remedy:
    """A row of the table, with its names separated by spaces."""
    owned, asked, allowed = (frozenset(names.split()) for names in (owners, asks, may))
    return Remedy(remedy, owned, retry, asked, allowed)


REMEDIES = (
    _row("check_credentials", "user", "check_credentials repeat", "choose_method"),
    _row("check_code", "user", "check_code repeat", "resend"),
    _row("sign_in", "user client", "sign_in start_again repeat", "sign_out"),
    _row("sign_in_instead", "user", "sign_in", "check_credentials fix_input"),
    _row("provide_mfa", "user", "confirm choose_method", "repeat"),
    _row("enroll_mfa", "user", "enroll start_again repeat", "choose_method fix_device"),
    _row("choose_other_factor", "user policy limit upstream", "choose_method", "wait"),
    _row("choose_other_method", "policy", "choose_method", "open_app"),
    _row("step_up", "user", "confirm"),
    _row("complete_challenge", "user", "complete_challenge"),
    _row("give_consent", "user", "give_consent repeat"),
    _row("reset_password", "user", "reset_password choose_password", "sign_in"),
    _row("choose_other_password", "user", "choose_password"),
    _row("unlock_account", "user limit", "unlock", "wait"),
    _row("verify_email", "user", "verify_email", "sign_in"),
    _row("wait", "limit upstream", "wait", "repeat resend", retry="after_delay"),
    _row("keep_polling", "flow", "approve", retry="poll"),
    _row("repeat_with_nonce", "flow", "repeat", retry="once"),
    _row("resend", "user", "resend repeat"),
    _row("open_link", "user", "open_link", "give_consent repeat"),
    _row("fix_device", "user", "fix_device", "sign_in repeat"),
    _row("fix_request", "user", "fix_input check_credentials check_code", "repeat"),
    _row("fix_request", "client", "", "contact", retry="never"),
    _row("fix_client", "client", "contact", retry="never"),
    _row("ask_admin", "policy tenant limit", "contact"),
    _row("none", "user", retry="never"),
)
"""The remedies of the vocabulary. What a client has to fix in its request is no task of the user: such a sentence may
name the support, and need not."""

UNUSUAL = {
    ("client", "fix_client", "after_action"): "A machine's own token or key set: once it is renewed, the call works.",
    ("client", "fix_request", "after_action"): "A hint that the client made has expired: it makes a new one.",
    ("limit", "sign_in", "after_action"): "Too many wrong codes ended the sign-in, and no lock outlasts it.",
    ("tenant", "choose_other_factor", "after_action"): "One factor is misconfigured; the others work meanwhile.",
    ("upstream", "ask_admin", "after_action"): "The provider switched it off for all; its support has to be asked.",
    ("upstream", "provide_mfa", "after_action"): "The provider failed while it verified a factor, not before.",
    ("user", "ask_admin", "after_action"): "The account is locked without an unlock of one's own.",
    ("user", "choose_other_method", "after_action"): "An app of the user's device is missing; the provider is not.",
}
"""Combinations of owner, remedy and retry that entries have beside those of `REMEDIES`, each with the reason."""
