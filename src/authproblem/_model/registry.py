"""The values of the registry: problem types, and entries with their sources."""

from __future__ import annotations

from authproblem._model.terms import Owner, Provider, Remedy, RetryPolicy
from authproblem._model.values import Value


class Source(Value):
    """Where an entry comes from: a public URL, `owner/repository:path` or an RFC section, and how strong it is.

    `strength` is `recorded` (HTTP traffic), `documented` (the vendor's or an RFC's text), `sdk` (official SDK source)
    or `community` (a public issue or file that quotes a real response).
    """

    __slots__ = ("at", "strength")

    at: str
    strength: str


class ProblemType(Value):
    """One type of the closed vocabulary (RFC 9457 section 3.1.1); its slug is the `reason` of its problems."""

    __slots__ = ("slug", "title", "status", "category", "owner", "remedy", "retry", "detail", "hint")

    slug: str
    title: str
    status: int
    category: str
    owner: Owner
    remedy: Remedy
    retry: RetryPolicy
    detail: str
    hint: str


class Entry(Value):
    """One row of the registry, with everything that it inherits from its problem type filled in.

    Attributes:
        id: stable name, `provider:code` or `provider:code/variant`; empty for the stand-in entry of a problem type.
        provider: `auth0`, `okta` or `oauth`.
        code: the code on the wire, or None where the texts alone identify it.
        type: the problem type.
        owner: who has to act or caused it.
        remedy: what has to happen next.
        retry: the policy of the retry hint.
        default_wait: seconds to wait where the response gives no wait, or None.
        detail: a sentence that an end user may read.
        hint: a sentence for the developer or administrator.
        evidence: whether a match proves by itself that the provider sent the response.
        sign_in: whether only sign-in surfaces send it, so that it may fold where the endpoint is unknown.
        pass_text: whether the upstream's text may always be sent on (a team's own codes).
        shapes: the wire shapes in which it counts; empty for all.
        status: the HTTP statuses with which it counts; empty for all.
        name: the `name` member that it requires, or None.
        surfaces: the surfaces at which it counts; empty for all.
        texts: the texts that distinguish it from other entries with its code.
        causes: the texts of causes that distinguish it.
        reasons: the `reason` values of causes that distinguish it.
        known: further texts that may be sent on as they came.
        usual_status: the statuses with which the provider sends it; empty where that is not known.
        proof: texts, in the form in which texts are compared, that prove the sender where the entry does not.
        lookup_only: whether it is found by name only, never by a response.
        retired: whether the provider no longer sends it.
        aliases: further names by which `Registry.lookup` finds it.
        sources: where it comes from.
        since: the release that added it.
    """

    __slots__ = (
        *("id", "provider", "code", "type", "owner", "remedy", "retry", "default_wait", "detail", "hint", "evidence"),
        *("sign_in", "pass_text", "shapes", "status", "name", "surfaces", "texts", "causes", "reasons", "known"),
        *("usual_status", "proof", "lookup_only", "retired", "aliases", "sources", "since"),
    )

    id: str
    provider: Provider
    code: str | None
    type: ProblemType
    owner: Owner
    remedy: Remedy
    retry: RetryPolicy
    default_wait: int | None
    detail: str
    hint: str
    evidence: bool
    sign_in: bool
    pass_text: bool
    shapes: frozenset[str]
    status: frozenset[int]
    name: str | None
    surfaces: frozenset[str]
    texts: tuple[str, ...]
    causes: tuple[str, ...]
    reasons: tuple[str, ...]
    known: tuple[str, ...]
    usual_status: frozenset[int]
    proof: frozenset[str]
    lookup_only: bool
    retired: bool
    aliases: tuple[str, ...]
    sources: tuple[Source, ...]
    since: str

    @property
    def reason(self) -> str:
        """The slug of the problem type."""
        return self.type.slug

    @property
    def title(self) -> str:
        """The title of the problem type: it never varies (RFC 9457 section 3.1.3)."""
        return self.type.title
