"""The error registry: data files in, immutable look-ups out. `Registry.extend` adds a team's own entries.

What is read is what runs: the JSON files under `registry/` are the source, there is no build step. Nothing is loaded at
import; `Registry.builtin()` reads the files once, when the first middleware is built or the first response is looked
at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from authproblem._model import PROVIDERS, Entry, ProblemType, Source, UpstreamError
from authproblem._registry.index import Book, Family, Group, Match, Surface, Surfaces
from authproblem._registry.phrases import Phrases
from authproblem._registry.texts import fold, plain
from authproblem._upstream.shapes import Shapes

Json = dict[str, Any]
ExtensionSource = str | os.PathLike[str] | Mapping[str, Any]

_FOLDER = os.path.join(os.path.dirname(__file__), "data")
_builtin: dict[str, Registry] = {}
"""The built-in one, once read. A dictionary, for `setdefault`: of threads that come first together, one fills it."""


class Registry:
    """All entries, immutable. Iterating gives every `Entry`, sorted by id.

    Attributes:
        version: the version of the data; events carry it as `registry`.
        types: the problem types by slug.
        shapes: how bodies are told apart.
        data: the tables beside the entries (`shapes.json`, `folds.json`), as they stand in the files.
    """

    def __init__(
        self,
        files: Mapping[str, Json],
        rows: Mapping[str, Json],
        families: Mapping[str, list[Json]],
        known: Mapping[str, list[str]],
        version: str,
    ) -> None:
        """Compile a registry; users call `Registry.builtin()` and `extend`."""
        self.version = version
        self.data = files
        self.types = {row["slug"]: _problem_type(row) for row in files["problem_types"]["types"]}
        self.shapes = Shapes(files["shapes"])
        self.surfaces = Surfaces(files["surfaces"]["surfaces"])
        self.provider_headers = tuple(files["shapes"]["provider_headers"].items())
        self.member_kinds: dict[str, str] = files["shapes"]["members"]
        self.step_challenges = frozenset(files["shapes"]["step_challenges"])
        self.flow_types = frozenset(files["shapes"]["flow_types"])
        self._rows, self._families, self._known = rows, families, known
        sentences = files["problem_types"]["sentences"]
        self._entries = {entry_id: _entry(row, self.types, sentences) for entry_id, row in sorted(rows.items())}
        self._names = _names(self._entries.values())
        self.concurrency = self._names.get(files["shapes"]["concurrency_entry"])
        self._bare = {slug: _bare_entry(kind) for slug, kind in self.types.items()}
        self._by_status: dict[str, str] = files["shapes"]["by_status"]
        self.texts: dict[tuple[str, str], Any] = {}
        self._constants: dict[str, frozenset[str]] = {}
        self.settled: dict[Any, Any] = {}  # `_express` keeps here what it was told
        self._compiled: dict[str, Phrases] = {}
        self._books = {provider: self._book(provider) for provider in PROVIDERS}
        self._sealed = True

    def __setattr__(self, name: str, value: object) -> None:
        """A registry does not change: `extend` gives a new one."""
        if "_sealed" in self.__dict__:
            raise AttributeError(f"a Registry is immutable: {name} cannot be set; extend() gives a new one")
        super().__setattr__(name, value)

    @classmethod
    def builtin(cls) -> Registry:
        """The registry that comes with the package; read once, then shared."""
        found = _builtin.get("builtin")
        return found if found is not None else _builtin.setdefault("builtin", _load(cls))

    def extend(self, source: ExtensionSource) -> Registry:
        """A new registry with a team's own entries on top of this one.

        Args:
            source: a mapping, or the path of a JSON file, with `entries`: rows as in the built-in files. A row whose
                `id` exists changes the fields that it names; any other row is new and needs `id`, `type` and a `code`
                or `texts`. `"text": "pass"` sends the upstream's text on (for codes that the tenant mints itself).

        Raises:
            ValueError: for a row that does not hold; the message names the row, the field and what would be right.
            OSError: if the file cannot be read.
        """
        from authproblem._registry.validate import RowError, check_row

        document, where = _read_extension(source)
        rows = dict(self._rows)
        for number, given in enumerate(document.get("entries", ())):
            place = f"{where}, entry {number + 1}"
            if not isinstance(given, Mapping):
                msg = f"{place}: an entry is an object with an id, not {type(given).__name__}"
                raise RowError(msg)
            # A copy by way of JSON: nothing that the caller changes later may change a registry.
            row = {**rows.get(str(given.get("id")), {}), **orjson.loads(orjson.dumps(dict(given)))}
            row.setdefault("evidence", False)
            row.setdefault("sources", [{"at": where, "strength": "documented"}])
            row.setdefault("since", "0.0.0")
            check_row(row, place, self.types, self.surface_ids)
            rows[row["id"]] = row
        _check_collisions(rows, where)
        digest = f"{hash_rows(document):08x}"
        return Registry(self.data, rows, self._families, self._known, f"{self.version}+{digest}")

    def without(self, entry_id: str, field: str | None = None) -> Registry:
        """A registry without an entry, or without one field of it: for tools that measure what an entry is worth."""
        rows = dict(self._rows)
        row = rows.pop(entry_id)
        if field is not None:
            rows[entry_id] = {name: value for name, value in row.items() if name != field}
        smaller = Registry(self.data, rows, self._families, self._known, self.version)
        smaller._compiled["phrases"] = self.phrases
        return smaller

    def __iter__(self) -> Iterator[Entry]:
        """Every entry, sorted by id."""
        return iter(self._entries.values())

    def __len__(self) -> int:
        """The number of entries."""
        return len(self._entries)

    def lookup(self, name: str) -> Entry | None:
        """Find an entry by its id or another of its names.

        Args:
            name: such as `okta:E0000047`, `auth0:invalid_grant/wrong-credentials`, or without provider
                `too_many_attempts` (then `auth0`, `okta` and `oauth` are asked in this order).
        """
        found = self._names.get(name)
        for provider in () if found or ":" in name else PROVIDERS:
            found = found or self._names.get(f"{provider}:{name}")
        return found

    def groups(self, code: str) -> Iterator[Group]:
        """The groups of a code, of all providers."""
        for book in self._books.values():
            group = book.group(code)
            if group is not None:
                yield group

    def means_itself(self, provider: str | None, code: str, shape: str) -> bool:
        """Whether a code is its provider's own and has one meaning in a shape, whatever the text."""
        group = self._books[provider].group(code) if provider is not None else None
        entry = group.alone(shape) if group is not None else None
        return entry is not None and entry.evidence and not self.phrases.may_refine(entry.type.slug, code)

    def match(self, provider: str, upstream: UpstreamError, status: int, endpoint: str | None) -> Match | None:
        """The entry for what a provider said: its own rows first, then what OAuth's specifications say of the code."""
        if (found := self.match_own(provider, upstream, status, endpoint)) is not None:
            return found
        return None if provider == "oauth" else self.match_own("oauth", upstream, status, endpoint)

    def match_own(self, provider: str, upstream: UpstreamError, status: int, endpoint: str | None) -> Match | None:
        """The entry in one provider's own rows."""
        book = self._books[provider]
        group = book.group(upstream.code)
        if group is not None:
            only = group.only
            if only is not None and (only[0].evidence or not book.codeless):
                return only
            ready = group.ready.get(upstream.text)
            if ready is not None:
                return ready
        return self._match_fully(book, group, upstream, status, endpoint)

    def _match_fully(
        self, book: Book, group: Group | None, upstream: UpstreamError, status: int, endpoint: str | None
    ) -> Match | None:
        surface = None
        rest = None
        if group is not None:
            if group.surfaced and endpoint is not None:
                found = self.surfaces.find(book.provider, endpoint)
                surface = found.id if found else None
            if (hit := group.by_text(upstream, status, surface)) is not None:
                return hit
            rest = group.by_rest(upstream, status, surface)
        # A sentence may tell the meaning of a generic or unknown code, but not of a vendor's own one; and in IDX the
        # key decides, for texts are localized.
        generic = rest is None or not rest[0].evidence
        if generic and upstream.code is not None and upstream.text is not None and upstream.shape != "okta_idx":
            codeless = book.group(None)
            if codeless is not None and (hit := codeless.by_text(upstream, status, surface)) is not None:
                return hit
        return rest

    def family(self, provider: str, code: str, shape: str, status: int) -> Entry | None:
        """The stand-in entry for an unknown code of an open-ended family."""
        found = self._books[provider].family(code, shape, status)
        return self._bare[found.slug] if found else None

    def denial(self, provider: str, upstream: UpstreamError, status: int, endpoint: str | None) -> Entry | None:
        """The stand-in entry for a code that a tenant's own code has made up to deny a sign-in, sent as a failure."""
        for row in self.data["shapes"]["denials"]:
            if (row["provider"], row["shape"], row["status"]) == (provider, upstream.shape, status):
                surface = self.surface(provider, endpoint)
                known = upstream.code is None or any(self.groups(upstream.code))
                if surface is not None and surface.id in row["surfaces"] and not known:
                    return self._bare[row["type"]]
        return None

    def vendor_of(self, uri: str) -> str | None:
        """The vendor on whose domain a URI lies, or None."""
        if "://" not in uri:
            return None
        host = uri.partition("://")[2].partition("/")[0].partition(":")[0].lower()
        for vendor, domains in self.data["shapes"]["vendor_domains"].items():
            if any(host == domain or host.endswith("." + domain) for domain in domains):
                return str(vendor)
        return None

    def by_status(self, status: int, upstream: UpstreamError) -> Entry:
        """The stand-in entry for a certain provider's response of which only the status is understood."""
        slug = self._by_status.get(str(status)) or self._by_status["4xx" if status < 500 else "5xx"]
        registered = upstream.code is None or self._books["oauth"].group(upstream.code) is not None
        if status == 400 and registered:
            slug = self._by_status["400 without a vendor's code"]
        return self._bare[slug]

    def bare(self, slug: str) -> Entry:
        """The stand-in entry of a problem type, with the type's own sentences and an empty id."""
        return self._bare[slug]

    def rule(self, entry: str | None, reason: str) -> Entry:
        """The entry with this id, or the stand-in of the problem type where there is none."""
        return self._entries[entry] if entry else self._bare[reason]

    def constants(self, provider: str) -> frozenset[str]:
        """The texts without slots that may be sent on, to the letter; `knows` tells of all others."""
        found = self._constants.get(provider)
        if found is None:
            books = {provider, "oauth"}
            found = frozenset(text for name in books for text in self._books[name].constants())
            self._constants[provider] = found
        return found

    def knows(self, provider: str, text: str) -> bool:
        """Whether an upstream text is one of the registered ones, so that it may be sent on as it came."""
        return self._books[provider].knows(text) or (provider != "oauth" and self._books["oauth"].knows(text))

    def told(self, provider: str, code: str | None, text: str) -> bool:
        """Whether a text is one that the entries of a code know."""
        for name in {provider, "oauth"}:
            book = self._books[name]
            group = book.group(code)
            if book.says_nothing(text) or (group is not None and group.knows(text)):
                return True
        return False

    @property
    def phrases(self) -> Phrases:
        """The phrase rules, compiled when first asked for."""
        compiled = self._compiled.get("phrases")
        if compiled is None:
            compiled = self._compiled.setdefault("phrases", Phrases(self.data["phrases"]))
        return compiled

    def surface(self, provider: str, endpoint: str | None) -> Surface | None:
        """The surface of a provider's path, or None."""
        return self.surfaces.find(provider, endpoint) if endpoint is not None else None

    @property
    def surface_ids(self) -> frozenset[str]:
        """The names of all surfaces."""
        return frozenset(row["id"] for row in self.data["surfaces"]["surfaces"])

    def _book(self, provider: str) -> Book:
        families = [
            Family(
                row["pattern"],
                frozenset(row.get("shapes", ())),
                frozenset(row.get("status", ())),
                self.types[row["type"]],
            )
            for row in self._families.get(provider, ())
        ]
        entries = (entry for entry in self._entries.values() if entry.provider == provider)
        return Book(provider, entries, families, self._known.get(provider, ()))


def hash_rows(document: Mapping[str, Any]) -> int:
    """A checksum of an extension, so that events tell which registry was in force."""
    import zlib

    return zlib.crc32(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))


def _load(cls: type[Registry]) -> Registry:
    manifest = _read("manifest")
    files = {name: _read(name) for name in manifest["tables"]}
    rows: dict[str, Json] = {}
    families: dict[str, list[Json]] = {}
    known: dict[str, list[str]] = {provider: list(files["shapes"].get("known", ())) for provider in PROVIDERS}
    for name in manifest["entries"]:
        document = _read(name)
        for row in document["entries"]:
            rows[row["id"]] = {"since": document["since"], **row}
        families.setdefault(document["provider"], []).extend(document.get("families", ()))
        known[document["provider"]] += document.get("known", ())
    return cls(files, rows, families, known, manifest["version"])


def _read(name: str) -> Json:
    with open(os.path.join(_FOLDER, name + ".json"), "rb") as file:
        document: Json = orjson.loads(file.read())
    return document


def _read_extension(source: ExtensionSource) -> tuple[Mapping[str, Any], str]:
    from authproblem._registry.validate import RowError, check_type_names

    if isinstance(source, Mapping):
        document, where = source, "the registry extension"
    else:
        where = os.path.basename(os.fspath(source))
        with open(source, "rb") as file:
            try:
                document = orjson.loads(file.read())
            except orjson.JSONDecodeError as error:
                msg = f"{where}: no JSON: {error}"
                raise RowError(msg) from None
    check_type_names(document, where)
    return document, where


def _problem_type(row: Json) -> ProblemType:
    return ProblemType(*(row[field] for field in ProblemType._fields))


def _entry(row: Json, types: Mapping[str, ProblemType], sentences: Mapping[str, str]) -> Entry:
    kind = types[row["type"]]
    wait = row.get("default_wait")
    remedy = row.get("remedy", kind.remedy)
    # A sentence belongs to a remedy: nobody is sent to sign in where the developers have to act.
    usual = kind.detail if remedy == kind.remedy else sentences.get(remedy, kind.detail)
    return Entry(
        id=row["id"],
        provider=row["id"].partition(":")[0],
        code=row.get("code"),
        type=kind,
        owner=row.get("owner", kind.owner),
        remedy=remedy,
        retry=row.get("retry", kind.retry),
        default_wait=wait,
        detail=row.get("detail", usual),
        hint=row.get("hint", kind.hint),
        evidence=row["evidence"],
        sign_in=row.get("sign_in", False),
        pass_text=row.get("text") == "pass",
        shapes=frozenset(row.get("shapes", ())),
        status=frozenset(row.get("status", ())),
        name=row.get("name"),
        surfaces=frozenset(row.get("surfaces", ())),
        texts=tuple(row.get("texts", ())),
        causes=tuple(row.get("causes", ())),
        reasons=tuple(row.get("reasons", ())),
        known=tuple(row.get("known", ())),
        usual_status=frozenset(row.get("usual_status", ())),
        proof=frozenset(fold(plain(text)) for text in row.get("proof", ())),
        lookup_only=row.get("lookup_only", False),
        retired=row.get("retired", False),
        aliases=tuple(row.get("aliases", ())),
        sources=tuple(Source(source["at"], source["strength"]) for source in row["sources"]),
        since=row["since"],
    )


def _bare_entry(kind: ProblemType) -> Entry:
    return Entry("", "oauth", None, kind, kind.owner, kind.remedy, kind.retry, None, kind.detail, kind.hint)


def _names(entries: Iterable[Entry]) -> dict[str, Entry]:
    names: dict[str, Entry] = {}
    for entry in entries:
        for alias in entry.aliases:
            names.setdefault(alias if ":" in alias else f"{entry.provider}:{alias}", entry)
    names.update((entry.id, entry) for entry in entries)
    return names


def _check_collisions(rows: Mapping[str, Json], where: str) -> None:
    """Two rows that claim the same responses: the second could never be found."""
    from authproblem._registry.validate import RowError

    claims: dict[Any, str] = {}
    for row in rows.values():
        if row.get("lookup_only"):
            continue
        demands = tuple(
            tuple(sorted(map(str, row.get(key, ())))) for key in ("shapes", "status", "surfaces", "causes", "reasons")
        )
        for text in row.get("texts") or (None,):
            claim = (row["id"].partition(":")[0], row.get("code"), row.get("name"), demands, text)
            first = claims.setdefault(claim, row["id"])
            if first != row["id"]:
                msg = f"{where}: {row['id']} claims the same responses as {first}: change {first} instead"
                raise RowError(msg)
