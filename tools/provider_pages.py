"""The pages of the provider reference: one for each data file of entries, and an index with the code families."""

from __future__ import annotations

from collections.abc import Iterator

from authproblem import Entry, Registry
from authproblem._cli.screen import Json, families_of, row_of
from authproblem._model import PROVIDERS
from tools.markdown import base, code, link, prose, slug, table
from tools.registry_data import Data

NAMES = {"auth0": "Auth0", "okta": "Okta", "oauth": "OAuth and OpenID Connect"}
_TITLES = {
    "auth0": "Auth0 Authentication API",
    "auth0-fga": "Auth0 FGA (OpenFGA)",
    "auth0-management": "Auth0 Management API",
    "oauth": "OAuth 2 and OpenID Connect",
    "okta": "Okta core APIs",
    "okta-idx": "Okta Identity Engine",
    "okta-oauth": "Okta OAuth and OpenID Connect",
    "okta-states": "Okta sign-in states and System Log",
    "scim": "SCIM 2.0",
}
_MAX_TEXTS = 6
_READING = """
_Identified by_ is what a response has to have besides the code. _Evidence_ is whether a match
proves who sent the response; without it, an entry counts only where the app has declared the provider.
"""


def provider_pages(header: str, data: Data, registry: Registry, words: Json) -> dict[str, str]:
    """Return the pages by their paths below the repository."""
    places = Places(data, registry)
    found = {"docs/providers/index.md": _index(header, data, registry, words)}
    for stem, document in data.files.items():
        entries = places.entries[stem]
        page = _page(stem, document["about"], entries, registry, words)
        found[f"docs/providers/{stem}.md"] = f"{header}\n{page}"
    return found


class Places:
    """Where each entry is described: the page and the anchor, as GitHub and the site derive it from the heading."""

    def __init__(self, data: Data, registry: Registry) -> None:
        """Assign the anchors; of equal ones on a page the later get -1, -2 and so on."""
        by_id = {entry.id: entry for entry in registry}
        self.entries = {
            stem: [by_id[row["id"]] for row in document["entries"]] for stem, document in data.files.items()
        }
        self._links: dict[str, str] = {}
        for stem, entries in self.entries.items():
            used: dict[str, int] = {}
            for entry in entries:
                anchor = slug(entry.id)
                count = used.get(anchor, 0)
                used[anchor] = count + 1
                self._links[entry.id] = f"{stem}.md#{anchor}" + (f"-{count}" if count else "")

    def link(self, entry: Entry) -> str:
        """Return the path to an entry, relative to `docs/providers/`."""
        return self._links[entry.id]


def title_of(stem: str) -> str:
    """Return the title of the page of a data file."""
    return _TITLES.get(stem, stem)


def _index(header: str, data: Data, registry: Registry, words: Json) -> str:
    lines = [header, "# Provider reference", "", "Every registered error, by the API that sends it."]
    rows = [
        (f"[{title_of(stem)}]({stem}.md)", str(len(document["entries"])), prose(document["about"]))
        for stem, document in data.files.items()
    ]
    lines += ["", *table(("Page", "Entries", "What it holds"), rows)]
    lines += [
        "",
        "## Code families",
        "",
        "Codes without an entry, where the provider is certain; the first match counts.",
    ]
    for provider in PROVIDERS:
        families = [row for row in families_of(registry) if row["provider"] == provider]
        if families:
            cells = [(code(row["pattern"]), type_link(row["type"]), _only(row, words)) for row in families]
            lines += ["", f"### {NAMES[provider]}", "", *table(("Codes", "Problem type", "Only for"), cells)]
    return "\n".join(lines) + "\n"


def _page(stem: str, about: str, entries: list[Entry], registry: Registry, words: Json) -> str:
    numbers = _numbered(entries)
    lines = [f"# {title_of(stem)}", "", prose(about), "", f"{len(entries)} entries. {_READING.strip()}"]
    lines += ["", "## Entries"]
    for entry in entries:
        lines += ["", *_section(registry, entry, numbers, words)]
    lines += ["", "## Sources", ""]
    lines += [f"{number}. {link(at)} ({strength})" for (at, strength), number in numbers.items()]
    return "\n".join(lines) + "\n"


def _section(registry: Registry, entry: Entry, numbers: dict[tuple[str, str], int], words: Json) -> list[str]:
    cited = dict.fromkeys(numbers[base(source.at), source.strength] for source in entry.sources)
    state = "_Retired: no longer sent._ " if entry.retired else "_Found by name only._ " if entry.lookup_only else ""
    sent = sent_with(registry, entry)
    criteria = list(_criteria(entry, words))
    identified = ["- Identified by " + criteria[0]] if len(criteria) == 1 else ["- Identified by:"] if criteria else []
    nested = [f"    - {criterion}" for criterion in criteria] if len(criteria) > 1 else []
    return [
        f"### {code(entry.id)}",
        "",
        f"{state}{prose(entry.hint)}",
        "",
        f"- Problem type: {type_link(entry.reason)}" + (f", sent with {sent}" if sent else ""),
        *(["- Instead of its type's: " + ", ".join(own)] if (own := own_values(entry)) else []),
        *identified,
        *nested,
        f"- Evidence: {'yes' if entry.evidence else 'by its text' if entry.proof else 'no'}",
        "- Sources: " + ", ".join(f"[{number}](#sources)" for number in cited),
    ]


def own_values(entry: Entry) -> list[str]:
    """Return where an entry differs from its problem type: owner, remedy, retry, and what the user reads."""
    kind = entry.type
    pairs = [(name, getattr(entry, name), getattr(kind, name)) for name in ("owner", "remedy", "retry")]
    own = [f"{name} `{value}`" for name, value, usual in pairs if value != usual]
    if entry.detail != kind.detail:
        own.append(f'the user reads "{prose(entry.detail)}"')
    return own


def _criteria(entry: Entry, words: Json) -> Iterator[str]:
    if entry.code is None:
        yield "any code"
    elif entry.code != entry.id.partition(":")[2]:
        yield f"code {code(entry.code)}"
    for label, values in (("status", sorted(entry.status)), ("at", sorted(entry.surfaces)), ("reason", entry.reasons)):
        if values:
            yield f"{label} {', '.join(map(str, values))}"
    if entry.name:
        yield f"name {code(entry.name)}"
    if entry.shapes:
        yield " or ".join(prose(words["shapes"][shape]) for shape in sorted(entry.shapes))
    for label, texts in (("text", entry.texts), ("cause", entry.causes)):
        yield from (f"{label} {code(text)}" for text in texts[:_MAX_TEXTS])
        if len(texts) > _MAX_TEXTS:
            yield f"{len(texts) - _MAX_TEXTS} more"


def _only(family: Json, words: Json) -> str:
    shapes = [prose(words["shapes"][shape]) for shape in family.get("shapes", ())]
    return "<br>".join([*(f"status {status}" for status in family.get("status", ())), *shapes])


def type_link(slug: str) -> str:
    """Return a link to a problem page, from a page of the provider reference."""
    return f"[`{slug}`](../problems/{slug}.md)"


def sent_with(registry: Registry, entry: Entry) -> str:
    """Return the HTTP statuses that the provider sends an entry with."""
    return ", ".join(map(str, row_of(registry, entry.id).get("usual_status", ())))


def _numbered(entries: list[Entry]) -> dict[tuple[str, str], int]:
    """Return the sources of all entries, each with its number, in order of their first use."""
    cited = dict.fromkeys((base(source.at), source.strength) for entry in entries for source in entry.sources)
    return {source: number for number, source in enumerate(cited, 1)}
