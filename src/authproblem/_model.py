"""The vocabulary: what one registry entry, one finding and one retry hint are.

Only values live here, no rules and no I/O; imports nothing of ours. They are named tuples because they are made on the
hot path: a frozen dataclass costs about six times as much to make, and importing `dataclasses` costs 8 ms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

PROVIDERS = ("auth0", "okta", "oauth")
"""`oauth` is a provider that is only known to speak OAuth: vendor unknown."""


class Source(NamedTuple):
    """Where an entry comes from: a public URL, `owner/repository:path` or an RFC section, and how strong it is.

    `strength` is `recorded` (HTTP traffic), `documented` (the vendor's or an RFC's text), `sdk` (official SDK source)
    or `community` (a public issue or file that quotes a real response).
    """

    at: str
    strength: str


class ProblemType(NamedTuple):
    """One type of the closed vocabulary (RFC 9457 section 3.1.1); its slug is the `reason` of its problems."""

    slug: str
    title: str
    status: int
    category: str
    owner: str
    remedy: str
    retry: str
    detail: str
    hint: str


class Entry(NamedTuple):
    """One row of the registry, with everything that it inherits from its problem type filled in.

    Attributes:
        id: stable name, `provider:code` or `provider:code/variant`; empty for the row that stands for a bare type.
        provider: `auth0`, `okta` or `oauth`.
        code: the wire code, or None where the texts alone tell.
        type: the problem type.
        owner: whose doing it is.
        remedy: what has to happen next.
        retry: the policy of the retry hint.
        default_wait: seconds to wait where the response says nothing, or None.
        detail: a sentence that an end user may read.
        hint: a sentence for the developer or administrator.
        evidence: whether a match proves by itself that the provider sent the response.
        sign_in: whether only sign-in surfaces send it, so that it may fold where the endpoint is unknown.
        pass_text: whether the upstream's text may always be sent on (a team's own codes).
        shapes: the wire shapes in which it counts; empty for all.
        status: the HTTP statuses with which it counts; empty for all.
        name: the `name` member that it demands, or None.
        surfaces: the surfaces at which it counts; empty for all.
        texts: the texts that tell it from others with its code.
        causes: the texts of causes that tell it.
        reasons: the `reason` values of causes that tell it.
        known: further texts that may be sent on as they came.
        proof: the texts, folded, that prove the sender by themselves where the entry does not.
        usual_status: the statuses with which the provider sends it; empty where that is not known.
        lookup_only: whether it is found by name only, never by a response.
        retired: whether the provider no longer sends it.
        aliases: further names by which `Registry.lookup` finds it.
        sources: where it comes from.
        since: the release that brought it in.
    """

    id: str
    provider: str
    code: str | None
    type: ProblemType
    owner: str
    remedy: str
    retry: str
    default_wait: int | None
    detail: str
    hint: str
    evidence: bool = False
    sign_in: bool = False
    pass_text: bool = False
    shapes: frozenset[str] = frozenset()
    status: frozenset[int] = frozenset()
    name: str | None = None
    surfaces: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    usual_status: frozenset[int] = frozenset()
    proof: frozenset[str] = frozenset()
    lookup_only: bool = False
    retired: bool = False
    aliases: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    since: str = ""

    @property
    def reason(self) -> str:
        """The slug of the problem type."""
        return self.type.slug

    @property
    def title(self) -> str:
        """The title of the problem type: it never varies (RFC 9457 section 3.1.3)."""
        return self.type.title


class UpstreamError(NamedTuple):
    """What the provider said, in its own words. Its `repr` shows shape and code only: it ends up in logs.

    Attributes:
        shape: the wire shape, such as `oauth` or `okta_api`.
        code: the provider's code, or None.
        text: the provider's sentence, or None. Untrusted: it can carry user input.
        name: the `name` member of an Auth0 sign-up answer, or None.
        causes: texts and `reason` values of the causes, in order, as pairs.
        document: the JSON object, or None where the body held none.
        protocol: whether the document carries the live next step of a flow and has to stay whole.
        vendor: the vendor whose shape it is, or None where several speak it.
        proof: what proves the sender: `shape` by itself, a `registered` code in it, an `entry` that is evidence, or
            `none`: in this shape even a vendor's own code proves nothing.
    """

    shape: str
    code: str | None = None
    text: str | None = None
    name: str | None = None
    causes: tuple[tuple[str | None, str | None], ...] = ()
    document: dict[str, Any] | None = None
    protocol: bool = False
    vendor: str | None = None
    proof: str = "entry"

    def __repr__(self) -> str:
        """Shape and code, nothing that a user typed."""
        return f"UpstreamError(shape={self.shape!r}, code={self.code!r})"


class Classification(NamedTuple):
    """What a response means.

    Attributes:
        reason: the slug of the problem type.
        entry: the id of the registry entry, or None where only family or status told.
        provider: `auth0`, `okta`, or `oauth` where the vendor is unknown.
        shape: the wire shape.
        matched_by: `code_description`, `code_status`, `code`, `name`, `cause`, `phrase`, `family`, `header`
            or `status`.
        upstream: the provider's own words.
    """

    reason: str
    entry: str | None
    provider: str
    shape: str
    matched_by: str
    upstream: UpstreamError


class RetryHint(NamedTuple):
    """When and how to try again.

    Attributes:
        policy: `never`, `after_action`, `after_delay`, `once` or `poll`.
        after: seconds to wait before the next try, or None where nothing tells.
        automatic: whether a program may repeat the same request unattended.
        source: the header that told the wait, `default` for the registry's, or None.
    """

    policy: str
    after: int | None = None
    automatic: bool = False
    source: str | None = None
