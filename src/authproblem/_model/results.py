"""The results about one response: the provider's error, what it means, and when to try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from authproblem._model.terms import Json, MatchedBy, Provider, RetryPolicy
from authproblem._model.values import Value

if TYPE_CHECKING:
    from typing_extensions import Self

_new = object.__new__

Cause = tuple[str | None, str | None]
"""Text and `reason` of one cause of an error."""
Proof = Literal["shape", "registered", "envelope", "entry", "none"]


class UpstreamError(Value, init=False):
    """A provider's error as it was sent. Its `repr` shows shape and code only, since it ends up in logs.

    Attributes:
        shape: the wire shape, such as `oauth` or `okta_api`.
        code: the provider's code, or None.
        text: the provider's sentence, or None. Untrusted: it can carry user input.
        name: the `name` member of an Auth0 sign-up error, or None.
        causes: texts and `reason` values of the causes, in order, as pairs.
        document: the JSON object, or None where the body was none.
        protocol: whether the document carries the live next step of a flow and has to stay whole.
        vendor: the vendor whose shape it is, or None where several use it.
        proof: what proves the sender: the `shape` by itself, a `registered` code in it, an `envelope` that is the
            vendor's alone with any code that an entry has, an `entry` that is evidence, or `none`: in this shape even
            a vendor's own code proves nothing.
    """

    __slots__ = ("shape", "code", "text", "name", "causes", "document", "protocol", "vendor", "proof")

    shape: str
    code: str | None
    text: str | None
    name: str | None
    causes: tuple[Cause, ...]
    document: Json | None
    protocol: bool
    vendor: Provider | None
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
        vendor: Provider | None = None,
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

    @property
    def registry_shape(self) -> str:
        """The shape as the registry names it: a callback has the parameters of the redirect that led to it."""
        return "redirect" if self.shape == "callback" else self.shape

    def __hash__(self) -> int:
        return hash((self.shape, self.code))

    def __repr__(self) -> str:
        return f"UpstreamError(shape={self.shape!r}, code={self.code!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return UpstreamError, (self.shape, self.code)


class Classification(Value, init=False):
    """The meaning of a response.

    Attributes:
        reason: the slug of the problem type.
        entry: the id of the registry entry, or None where only a family, a phrase or the status decided.
        provider: `auth0`, `okta`, or `oauth` where the vendor is unknown.
        shape: the wire shape.
        matched_by: `code_description`, `code_status`, `code`, `name`, `cause`, `phrase`, `family`, `header` or
            `status`.
        upstream: the provider's error.
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
