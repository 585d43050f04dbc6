"""`Registry`: the entries and the tables beside them, compiled into look-ups; immutable."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from authproblem._model import PROVIDERS, Entry, Json, ProblemType, UpstreamError
from authproblem._registry.copies import read_only, writable
from authproblem._registry.domains import VendorDomains
from authproblem._registry.index import Match, ProviderIndex
from authproblem._registry.load import merge_extension, read_builtin
from authproblem._registry.lookups import build_lookups
from authproblem._registry.phrases import Phrases
from authproblem._registry.surfaces import EndpointSurfaces, Surface, Surfaces
from authproblem._upstream.shapes import Shapes

ExtensionSource = str | os.PathLike[str] | Mapping[str, Any]
_builtin: dict[str, Registry] = {}
"""The built-in registry, once it was read. A dictionary, for `setdefault`: several threads may come first together."""


class Registry:
    """All entries. Immutable; iterating gives every `Entry`, sorted by id.

    Attributes:
        version: the version of the data; events carry it as `registry`.
        types: the problem types by slug.
        data: the tables beside the entries (`shapes.json`, `folds.json` ...), as in the files, read-only.
        families: the open-ended groups of codes, by provider, as in the files.
        known: further texts that may be sent on, by provider.
        shapes: how bodies are recognized and read.
        surfaces: which group of endpoints a path belongs to.
        provider_headers: the headers that prove a provider, and the provider of each.
        member_kinds: the kind of each member of an upstream object.
        link_members: the members that may contain a link for the user.
        link_details: what the user reads beside a link, by the problem type that asks to open it.
        step_challenges: authentication schemes that are a step of a flow.
        flow_types: the problem types that are flow control and no failures.
        levels: the level of events by owner.
        vendor_domains: which vendor a host belongs to.
        concurrency: the entry of Okta's concurrency limit.
    """

    __slots__ = (
        *("version", "types", "data", "families", "known", "shapes", "surfaces", "provider_headers", "member_kinds"),
        *("link_members", "link_details", "step_challenges", "flow_types", "levels", "vendor_domains", "concurrency"),
        *("_bare", "_by_status", "_codes", "_entries", "_indexes", "_names", "_phrases", "_rows"),
    )

    version: str
    types: Mapping[str, ProblemType]
    data: Mapping[str, Any]
    families: Mapping[str, Any]
    known: Mapping[str, Any]
    shapes: Shapes
    surfaces: Surfaces
    provider_headers: Mapping[str, str]
    member_kinds: Mapping[str, str]
    link_members: tuple[str, ...]
    link_details: Mapping[str, str]
    step_challenges: frozenset[str]
    flow_types: frozenset[str]
    levels: Mapping[str, str]
    vendor_domains: VendorDomains
    concurrency: Entry | None
    _bare: Mapping[str, Entry]
    _by_status: Mapping[str, str]
    _codes: frozenset[str | None]
    _entries: Mapping[str, Entry]
    _indexes: Mapping[str, ProviderIndex]
    _names: Mapping[str, Entry]
    _phrases: dict[str, Phrases]
    _rows: Mapping[str, Json]

    def __init__(
        self,
        tables: Mapping[str, Json],
        rows: Mapping[str, Json],
        families: Mapping[str, list[Json]],
        known: Mapping[str, list[str]],
        version: str,
    ) -> None:
        """Compile a registry; users call `Registry.builtin()` and `extend`."""
        for attribute, value in build_lookups(tables, rows, families, known).items():
            object.__setattr__(self, attribute, value)
        object.__setattr__(self, "version", version)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Registry is immutable: {name} cannot be set; extend() gives a new one")

    @classmethod
    def builtin(cls) -> Registry:
        """Return the registry that comes with the package; read once, then shared."""
        found = _builtin.get("builtin")
        if found is not None:
            return found
        with _collector_paused():
            return _builtin.setdefault("builtin", cls(*read_builtin()))

    def extend(self, source: ExtensionSource) -> Registry:
        """Return a new registry with a team's own entries on top of this one.

        Args:
            source: a mapping, or the path of a JSON file, with `entries`: rows as in the built-in files. A row whose
                `id` exists changes the fields that it names; any other row is new and needs `id`, `type` and a `code`
                or `texts`. `"text": "pass"` sends the upstream's text on (for codes that the tenant defines itself).

        Raises:
            RegistryError: for an invalid row; the message names the row, the field and what is expected.
            OSError: if the file cannot be read.
        """
        surfaces = frozenset(row["id"] for row in self.data["surfaces"]["surfaces"])
        rows, checksum = merge_extension(source, self._rows, self.types, surfaces)
        tables = {name: writable(table) for name, table in self.data.items()}
        return Registry(tables, rows, writable(self.families), writable(self.known), f"{self.version}+{checksum}")

    def prepare(self) -> None:
        """Build now what the first errors would wait for; everything else is built within a millisecond when needed."""
        with _collector_paused():
            _ = self.phrases
            for index in self._indexes.values():
                index.prepare()

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the entries, sorted by id."""
        return iter(self._entries.values())

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def lookup(self, name: str) -> Entry | None:
        """Find an entry by its id or another of its names.

        Args:
            name: such as `okta:E0000047`, `auth0:invalid_grant/wrong-credentials`, or without provider
                `too_many_attempts` (then `auth0`, `okta` and `oauth` are tried in this order).
        """
        found = self._names.get(name)
        for provider in () if found or ":" in name else PROVIDERS:
            found = found or self._names.get(f"{provider}:{name}")
        return found

    def without(self, entry_id: str, field: str | None = None) -> Registry:
        """Return a registry without an entry, or without one field of it: for tools that measure what it is worth."""
        rows = dict(self._rows)
        row = rows.pop(entry_id)
        if field is not None:
            rows[entry_id] = {name: value for name, value in row.items() if name != field}
        tables = {name: writable(table) for name, table in self.data.items()}
        smaller = Registry(tables, rows, writable(self.families), writable(self.known), self.version)
        smaller._phrases.update(phrases=self.phrases)
        return smaller

    def row(self, entry_id: str) -> Json:
        """Return a copy of an entry's row, as in the files.

        Raises:
            KeyError: if there is no such entry.
        """
        row: Json = writable(read_only(self._rows[entry_id]))
        return row

    def has_code(self, provider: str, code: str) -> bool:
        """Whether a provider's own entries have a code."""
        return self._indexes[provider].has_code(code)

    def has_code_anywhere(self, code: str) -> bool:
        """Whether the entries of any provider have a code."""
        return code in self._codes

    def match(self, provider: str, upstream: UpstreamError, status: int, surfaces: EndpointSurfaces) -> Match | None:
        """Find the entry of a provider's error: its own entries first, then those of OAuth's specifications."""
        found = self._indexes[provider].match(upstream, status, surfaces)
        if found is None and provider != "oauth":
            return self._indexes["oauth"].match(upstream, status, surfaces)
        return found

    def match_own(
        self, provider: str, upstream: UpstreamError, status: int, surfaces: EndpointSurfaces
    ) -> Match | None:
        """Find the entry among one provider's own."""
        return self._indexes[provider].match(upstream, status, surfaces)

    def family(self, provider: str, code: str, shape: str, status: int) -> Entry | None:
        """Return the stand-in entry for an unknown code of an open-ended family."""
        found = self._indexes[provider].family(code, shape, status)
        return self._bare[found.slug] if found else None

    def denial(self, provider: str, upstream: UpstreamError, status: int, surfaces: EndpointSurfaces) -> Entry | None:
        """Return the stand-in entry for a denial of a sign-in by the tenant's own code that is sent as a failure."""
        for row in self.data["shapes"]["denials"]:
            if (row["provider"], row["shape"], row["status"]) == (provider, upstream.shape, status):
                surface = surfaces.find(provider)
                known = upstream.code is not None and self.has_code_anywhere(upstream.code)
                if surface is not None and surface.id in row["surfaces"] and not known:
                    return self._bare[row["type"]]
        return None

    def by_status(self, status: int, upstream: UpstreamError) -> Entry:
        """Return the stand-in entry for a certain provider's response of which only the status is understood."""
        slug = self._by_status.get(str(status)) or self._by_status["4xx" if status < 500 else "5xx"]
        if status == 400 and (upstream.code is None or self.has_code("oauth", upstream.code)):
            slug = self._by_status["400 without a vendor's code"]
        return self._bare[slug]

    def entry_or_type(self, entry: str | None, reason: str) -> Entry:
        """Return the entry with this id, or the stand-in of the problem type where there is none."""
        return self._entries[entry] if entry else self._bare[reason]

    def constants(self, provider: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the texts without slots that may be sent on, exactly so: the provider's own, and OAuth's."""
        return self._indexes[provider].constants, self._indexes["oauth"].constants

    def is_known_text(self, provider: str, text: str) -> bool:
        """Whether an upstream text is one of the registered ones, so that it may be sent on as it came."""
        return self._indexes[provider].is_known_text(text)

    def sources(self, provider: str, text: str) -> tuple[object, ...]:
        """Return the rows of the registered texts, a provider's own and OAuth's, that a text equals or fits."""
        return self._indexes[provider].sources(text)

    def is_explained(self, provider: str, entry_id: str, text: str) -> bool:
        """Whether an entry has a text, or it comes with any code, so that nothing more can be learned from it."""
        return self._indexes[provider].is_explained(entry_id, text)

    @property
    def phrases(self) -> Phrases:
        """The phrase rules, compiled when first used."""
        compiled = self._phrases.get("phrases")
        return compiled or self._phrases.setdefault("phrases", Phrases(self.data["phrases"]))

    def bare(self, slug: str) -> Entry:
        """Return the stand-in entry of a problem type."""
        return self._bare[slug]

    def is_constant(self, provider: str, value: str) -> bool:
        """Whether a text, name or reason is registered and has no slot: nothing of a request can be in it."""
        own, oauth = self._indexes[provider], self._indexes["oauth"]
        return value in own.constants or value in oauth.constants or value in own.values or value in oauth.values

    def surface(self, provider: str, endpoint: str | None) -> Surface | None:
        """Return the surface of a provider's path, or None."""
        return self.surfaces.find(provider, endpoint)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector: its passes over objects that will never be garbage take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
