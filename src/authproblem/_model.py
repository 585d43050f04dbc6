"""The vocabulary: the values that the other modules pass to each other, and the literal types of their fields.

Values only: no rule and no I/O belongs here, and nothing of the package is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

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

_new = object.__new__


@dataclass_transform(frozen_default=True)
class Value:
    """Base of immutable values: compared by their fields, shown with all of them, copied with changes by `replace`.

    A subclass lists its fields in `__slots__`, in the order of its constructor. Written out instead of
    `dataclasses.dataclass(frozen=True, slots=True)`, since importing that module takes longer than importing this
    package, and since its constructors take twice as long: a value is made as an instance of `draft`, whose fields are
    set by ordinary assignments, and becomes immutable when its `__class__` is set to the real one.
    """

    __slots__: ClassVar[tuple[str, ...]] = ()
    draft: ClassVar[type[Any]]

    def __init_subclass__(cls, *, init: bool = True) -> None:
        """Make the class of the values that are not finished yet: the same fields, without protection.

        Args:
            init: False says to type checkers that `__new__` has the signature (PEP 681).
        """
        del init
        super().__init_subclass__()
        if "__setattr__" not in cls.__dict__:
            open_fields = {"__slots__": cls.__slots__, "__setattr__": object.__setattr__}
            cls.draft = type(f"{cls.__name__}Draft", (Value,), open_fields)

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
        """Return a copy with some fields changed.

        Raises:
            TypeError: for a field that does not exist.
        """
        fields = {name: getattr(self, name) for name in self.__slots__}
        if unknown := sorted(changes.keys() - fields.keys()):
            raise TypeError(f"{type(self).__name__} has no field {unknown[0]!r}; it has {', '.join(fields)}")
        return type(self)(**{**fields, **changes})


def assign(value: Value, *fields: object) -> None:
    """Set the fields of a value in the order of its `__slots__`: for constructors of values that are rarely made."""
    for name, field in zip(value.__slots__, fields, strict=True):
        object.__setattr__(value, name, field)


class Source(Value, init=False):
    """Where an entry comes from: a public URL, `owner/repository:path` or an RFC section, and how strong it is.

    `strength` is `recorded` (HTTP traffic), `documented` (the vendor's or an RFC's text), `sdk` (official SDK source)
    or `community` (a public issue or file that quotes a real response).
    """

    __slots__ = ("at", "strength")

    at: str
    strength: str

    def __new__(cls, at: str, strength: str) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.at = at
        made.strength = strength
        made.__class__ = cls
        return made  # type: ignore[no-any-return]


class ProblemType(Value, init=False):
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

    def __new__(  # noqa: PLR0917 - the fields, in order
        cls,
        slug: str,
        title: str,
        status: int,
        category: str,
        owner: Owner,
        remedy: Remedy,
        retry: RetryPolicy,
        detail: str,
        hint: str,
    ) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.slug = slug
        made.title = title
        made.status = status
        made.category = category
        made.owner = owner
        made.remedy = remedy
        made.retry = retry
        made.detail = detail
        made.hint = hint
        made.__class__ = cls
        return made  # type: ignore[no-any-return]


class Entry(Value, init=False):
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

    def __new__(  # noqa: PLR0917 - the fields, in order
        cls,
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
    ) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.id = id
        made.provider = provider
        made.code = code
        made.type = type
        made.owner = owner
        made.remedy = remedy
        made.retry = retry
        made.default_wait = default_wait
        made.detail = detail
        made.hint = hint
        made.evidence = evidence
        made.sign_in = sign_in
        made.pass_text = pass_text
        made.shapes = shapes
        made.status = status
        made.name = name
        made.surfaces = surfaces
        made.texts = texts
        made.causes = causes
        made.reasons = reasons
        made.known = known
        made.usual_status = usual_status
        made.proof = proof
        made.lookup_only = lookup_only
        made.retired = retired
        made.aliases = aliases
        made.sources = sources
        made.since = since
        made.__class__ = cls
        return made  # type: ignore[no-any-return]

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


class UpstreamError(Value, init=False):
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

    def __new__(  # noqa: PLR0917 - the fields, in order
        cls,
        shape: str,
        code: str | None = None,
        text: str | None = None,
        name: str | None = None,
        causes: tuple[Cause, ...] = (),
        document: Json | None = None,
        protocol: bool = False,  # noqa: FBT001, FBT002 - a field, not a switch
        vendor: str | None = None,
        proof: Proof = "entry",
    ) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.shape = shape
        made.code = code
        made.text = text
        made.name = name
        made.causes = causes
        made.document = document
        made.protocol = protocol
        made.vendor = vendor
        made.proof = proof
        made.__class__ = cls
        return made  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return hash((self.shape, self.code))

    def __repr__(self) -> str:
        return f"UpstreamError(shape={self.shape!r}, code={self.code!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return UpstreamError, (self.shape, self.code)


class Classification(Value, init=False):
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

    def __new__(  # noqa: PLR0917 - the fields, in order
        cls,
        reason: str,
        entry: str | None,
        provider: Provider,
        shape: str,
        matched_by: MatchedBy,
        upstream: UpstreamError,
    ) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.reason = reason
        made.entry = entry
        made.provider = provider
        made.shape = shape
        made.matched_by = matched_by
        made.upstream = upstream
        made.__class__ = cls
        return made  # type: ignore[no-any-return]


class RetryHint(Value, init=False):
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

    def __new__(
        cls,
        policy: RetryPolicy,
        after: int | None = None,
        automatic: bool = False,  # noqa: FBT001, FBT002 - a field, not a switch
        source: str | None = None,
    ) -> Self:
        """Make a value from its fields."""
        made: Any = _new(cls.draft)
        made.policy = policy
        made.after = after
        made.automatic = automatic
        made.source = source
        made.__class__ = cls
        return made  # type: ignore[no-any-return]


def as_provider(name: str) -> Provider:
    """Narrow a name that was checked to be one of `PROVIDERS`."""
    return cast("Provider", name)
