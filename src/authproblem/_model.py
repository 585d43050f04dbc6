"""The vocabulary: the values that the other modules pass to each other, and the literal types of their fields.

Values only: no rule and no I/O belongs here, and nothing of the package is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_options: object) -> Any:
        """Stand in for the decorator that only type checkers need."""
        return lambda cls: cls


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
"""What an error says about the credential that was used."""
MatchedBy = Literal[
    "code_description", "code_status", "code", "name", "cause", "phrase", "family", "header", "status", "exception"
]
PROVIDERS: tuple[Provider, ...] = ("auth0", "okta", "oauth")
"""`oauth` is a provider that is only known to speak OAuth: the vendor is unknown."""

AnyValue = TypeVar("AnyValue", bound="Value")
_set = object.__setattr__


@dataclass_transform(frozen_default=True)
class Value:
    """Base of immutable values: compared by their fields, shown by them, and made anew by `replace`.

    A subclass lists its fields in `__slots__`, in the order of its constructor. Written out instead of
    `dataclasses.dataclass(frozen=True, slots=True)`, since importing that module takes longer than importing this
    package.
    """

    __slots__: ClassVar[tuple[str, ...]] = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__slots__))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__slots__)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def replace(self, **changes: Any) -> Self:
        """Make a value like this one with some fields changed.

        Raises:
            TypeError: for a field that does not exist.
        """
        fields = {name: getattr(self, name) for name in self.__slots__}
        if unknown := sorted(changes.keys() - fields.keys()):
            raise TypeError(f"{type(self).__name__} has no field {unknown[0]!r}; it has {', '.join(fields)}")
        return type(self)(**{**fields, **changes})


def assign(value: AnyValue, *fields: object) -> None:
    """Set the fields of a value in the order of its `__slots__`: for constructors alone."""
    for name, field in zip(value.__slots__, fields, strict=True):
        _set(value, name, field)


class Source(Value):
    """Where an entry comes from: a public URL, `owner/repository:path` or an RFC section, and how strong it is.

    `strength` is `recorded` (HTTP traffic), `documented` (the vendor's or an RFC's text), `sdk` (official SDK source)
    or `community` (a public issue or file that quotes a real response).
    """

    __slots__ = ("at", "strength")

    at: str
    strength: str

    def __init__(self, at: str, strength: str) -> None:
        assign(self, at, strength)


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

    def __init__(  # noqa: PLR0917 - the fields, in order
        self,
        slug: str,
        title: str,
        status: int,
        category: str,
        owner: Owner,
        remedy: Remedy,
        retry: RetryPolicy,
        detail: str,
        hint: str,
    ) -> None:
        assign(self, slug, title, status, category, owner, remedy, retry, detail, hint)


class Entry(Value):
    """One row of the registry, with everything that it inherits from its problem type filled in.

    Attributes:
        id: stable name, `provider:code` or `provider:code/variant`; empty for the row that stands for a bare type.
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
        since: the release that brought it in.
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

    def __init__(  # noqa: PLR0917 - the fields, in order
        self,
        id: str,  # noqa: A002 - the name of the field in the data files
        provider: Provider,
        code: str | None,
        type: ProblemType,  # noqa: A002
        owner: Owner,
        remedy: Remedy,
        retry: RetryPolicy,
        default_wait: int | None,
        detail: str,
        hint: str,
        evidence: bool = False,  # noqa: FBT001, FBT002 - fields, not switches
        sign_in: bool = False,  # noqa: FBT001, FBT002
        pass_text: bool = False,  # noqa: FBT001, FBT002
        shapes: frozenset[str] = frozenset(),
        status: frozenset[int] = frozenset(),
        name: str | None = None,
        surfaces: frozenset[str] = frozenset(),
        texts: tuple[str, ...] = (),
        causes: tuple[str, ...] = (),
        reasons: tuple[str, ...] = (),
        known: tuple[str, ...] = (),
        usual_status: frozenset[int] = frozenset(),
        proof: frozenset[str] = frozenset(),
        lookup_only: bool = False,  # noqa: FBT001, FBT002
        retired: bool = False,  # noqa: FBT001, FBT002
        aliases: tuple[str, ...] = (),
        sources: tuple[Source, ...] = (),
        since: str = "",
    ) -> None:
        fields = (id, provider, code, type, owner, remedy, retry, default_wait, detail, hint, evidence, sign_in)
        demands = (pass_text, shapes, status, name, surfaces, texts, causes, reasons, known)
        assign(self, *fields, *demands, usual_status, proof, lookup_only, retired, aliases, sources, since)

    @property
    def reason(self) -> str:
        """The slug of the problem type."""
        return self.type.slug

    @property
    def title(self) -> str:
        """The title of the problem type: it never varies (RFC 9457 section 3.1.3)."""
        return self.type.title


Cause = tuple[str | None, str | None]
"""Text and `reason` of one cause of an error."""
Proof = Literal["shape", "registered", "entry", "none"]


class UpstreamError(Value):
    """What the provider said. Its `repr` shows shape and code only, since it ends up in logs.

    Attributes:
        shape: the wire shape, such as `oauth` or `okta_api`.
        code: the provider's code, or None.
        text: the provider's sentence, or None. Untrusted: it can carry user input.
        name: the `name` member of an Auth0 sign-up error, or None.
        causes: texts and `reason` values of the causes, in order, as pairs.
        document: the JSON object, or None where the body was none.
        protocol: whether the document carries the live next step of a flow and has to stay whole.
        vendor: the vendor whose shape it is, or None where several use it.
        proof: what proves the sender: the `shape` by itself, a `registered` code in it, an `entry` that is evidence, or
            `none`: in this shape even a vendor's own code proves nothing.
    """

    __slots__ = ("shape", "code", "text", "name", "causes", "document", "protocol", "vendor", "proof")

    shape: str
    code: str | None
    text: str | None
    name: str | None
    causes: tuple[Cause, ...]
    document: Json | None
    protocol: bool
    vendor: str | None
    proof: Proof

    def __init__(  # noqa: PLR0917 - the fields, in order
        self,
        shape: str,
        code: str | None = None,
        text: str | None = None,
        name: str | None = None,
        causes: tuple[Cause, ...] = (),
        document: Json | None = None,
        protocol: bool = False,  # noqa: FBT001, FBT002 - a field, not a switch
        vendor: str | None = None,
        proof: Proof = "entry",
    ) -> None:
        # Written out: these are made on the hot path, and a loop takes twice as long (see `assign`).
        _set(self, "shape", shape)
        _set(self, "code", code)
        _set(self, "text", text)
        _set(self, "name", name)
        _set(self, "causes", causes)
        _set(self, "document", document)
        _set(self, "protocol", protocol)
        _set(self, "vendor", vendor)
        _set(self, "proof", proof)

    def __hash__(self) -> int:
        return hash((self.shape, self.code))

    def __repr__(self) -> str:
        return f"UpstreamError(shape={self.shape!r}, code={self.code!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return UpstreamError, (self.shape, self.code)


class Classification(Value):
    """What a response means.

    Attributes:
        reason: the slug of the problem type.
        entry: the id of the registry entry, or None where only a family, a phrase or the status decided.
        provider: `auth0`, `okta`, or `oauth` where the vendor is unknown.
        shape: the wire shape.
        matched_by: `code_description`, `code_status`, `code`, `name`, `cause`, `phrase`, `family`, `header` or
            `status`.
        upstream: what the provider said.
    """

    __slots__ = ("reason", "entry", "provider", "shape", "matched_by", "upstream")

    reason: str
    entry: str | None
    provider: Provider
    shape: str
    matched_by: MatchedBy
    upstream: UpstreamError

    def __init__(  # noqa: PLR0917 - the fields, in order
        self,
        reason: str,
        entry: str | None,
        provider: Provider,
        shape: str,
        matched_by: MatchedBy,
        upstream: UpstreamError,
    ) -> None:
        _set(self, "reason", reason)
        _set(self, "entry", entry)
        _set(self, "provider", provider)
        _set(self, "shape", shape)
        _set(self, "matched_by", matched_by)
        _set(self, "upstream", upstream)


class RetryHint(Value):
    """When and how to try again.

    Attributes:
        policy: `never`, `after_action`, `after_delay`, `once` or `poll`.
        after: seconds to wait before the next try, or None where they are not known.
        automatic: whether a program may repeat the same request unattended.
        source: the header that gave the wait, `default` for the registry's, or None.
    """

    __slots__ = ("policy", "after", "automatic", "source")

    policy: RetryPolicy
    after: int | None
    automatic: bool
    source: str | None

    def __init__(
        self,
        policy: RetryPolicy,
        after: int | None = None,
        automatic: bool = False,  # noqa: FBT001, FBT002 - a field, not a switch
        source: str | None = None,
    ) -> None:
        _set(self, "policy", policy)
        _set(self, "after", after)
        _set(self, "automatic", automatic)
        _set(self, "source", source)


def as_provider(name: str) -> Provider:
    """Narrow a name that was checked to be one of `PROVIDERS`."""
    return cast("Provider", name)
