"""Rules that are tried out: every entry is reached, every vector hits what it names, folded responses are genuine.

The vectors run through `authproblem.normalize` on the registry that the checked files make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from authproblem import Problem, Registry, normalize
from authproblem._model import UpstreamError
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._registry.texts import is_constant, unescape
from tools.registry_data import REGISTRY, VECTORS, Data, Finding, Json, Row, Vector

_SAMPLES = {
    "integer": "42",
    "parameter": "some_field",
    "scopes": "read:things",
    "policy": "eight letters",
    "any": "Xyz 1",
}
_ADD = f"add a line to {VECTORS}, see the README there"

Tried = Callable[[Data, Registry], Iterable[Finding]]


def coverage(data: Data, registry: Registry) -> Iterator[Finding]:
    """Every entry that comes over the wire has a vector that reaches it, every name in a vector exists."""
    named = Counter(vector.row["entry"] for vector in data.vectors)
    near = {vector.row["near"] for vector in data.vectors if "near" in vector.row}
    for row in data.rows:
        if not row.entry.get("lookup_only") and not named[row.id]:
            yield row.finding("has no vector", f"{_ADD}: the response as it was sent, with entry {row.id!r}")
        if _needs_near_miss(row) and row.id not in near:
            what = "proves a sender by its text alone, and no vector shows what it must not match"
            yield row.finding(what, f'{_ADD}: a response like it, with "near": "{row.id}"')
    for vector in data.vectors:
        for member in ("entry", "near"):
            name = vector.row.get(member)
            entry = registry.lookup(name) if name else None
            if name and (entry is None or entry.id != name):
                yield Finding(vector.where, f"{member} {name!r} does not exist", "name the id of an entry")
            elif member == "entry" and entry is not None and entry.reason != vector.row["reason"]:
                yield Finding(
                    vector.where,
                    f"{name} is {entry.reason}, not {vector.row['reason']}",
                    "fix the reason, or the entry",
                )
    for path, rows in data.exclusions.items():
        sound = isinstance(rows, list) and all(
            isinstance(row, dict) and row.get("row") and row.get("why") for row in rows
        )
        if not sound:
            yield Finding(path, "is no list of rows with a reason", 'write [{"row": "...", "why": "..."}]')


def _needs_near_miss(row: Row) -> bool:
    return bool(row.entry.get("evidence") and "code" not in row.entry and not row.entry.get("lookup_only"))


def hits(data: Data, registry: Registry) -> Iterator[Finding]:
    """Every vector becomes the problem that it names."""
    for vector in data.vectors:
        row = vector.row
        problem = run(vector, registry, row["provider"])
        got = (problem.reason, problem.entry) if problem is not None else (None, None)
        if got != (row["reason"], row["entry"]):
            what = f"gives {got[1] or got[0]}, not {row['entry'] or row['reason']}"
            yield Finding(vector.where, what, "fix the vector, or distinguish the entries (shapes, status, texts ...)")
        elif problem is not None:
            yield from _rest(vector, problem)
        if problem is not None and "near" in row and row["near"] == problem.entry:
            yield Finding(vector.where, f"hits {row['near']}, which it must only look like", "narrow that entry")


def _rest(vector: Vector, problem: Problem) -> Iterator[Finding]:
    got = {
        "matched_by": problem.matched_by,
        "retry": problem.retry.policy,
        "after": problem.retry.after,
        "automatic": problem.retry.automatic,
    }
    for member, value in got.items():
        if vector.row.get(member, value) != value:
            yield Finding(vector.where, f"{member} is {value!r}, not {vector.row[member]!r}", "fix what is wrong")


def senders(data: Data, registry: Registry) -> Iterator[Finding]:
    """Nothing that one provider sends proves another to be the sender."""
    for vector in data.vectors:
        provider = vector.row["provider"]
        if provider is None:
            continue
        problem = run(vector, registry, None)
        if problem is not None and problem.provider not in {provider, "oauth"}:
            what = f"is {provider}'s, and without that word proves {problem.provider} ({problem.entry})"
            yield Finding(
                vector.where, what, f"say evidence: false in {problem.entry}, or keep only texts of its own there"
            )


def run(vector: Vector, registry: Registry, provider: Any) -> Problem | None:
    """The problem that a vector becomes."""
    row = vector.row
    headers = [(name, value) for name, value in row["headers"]]
    return normalize(
        row["status"],
        headers,
        vector.body,
        provider=provider,
        endpoint=row["endpoint"],
        method=row.get("method"),
        registry=registry,
        flow_control=True,
        transaction_states=row.get("transaction_states", False),
    )


def reach(data: Data, registry: Registry) -> Iterator[Finding]:
    """Every text and cause of an entry leads to that entry somewhere, whatever else there is."""
    places = {row["id"]: sample_path(row["paths"][0]) for row in data.table("surfaces")["surfaces"]}
    for row in data.rows:
        if row.entry.get("lookup_only"):
            continue
        for said, what in _samples(row):
            reached = [_reached(row, registry, said, place) for place in _occasions(row, places)]
            if row.id not in reached:
                other = reached[0]
                yield row.finding(f"{what} never leads here, but to {other}", f"take it out here, or there ({other})")


def _reached(row: Row, registry: Registry, said: UpstreamError, place: tuple[str, int, str | None]) -> str:
    shape, status, endpoint = place
    found = registry.match_own(
        row.provider, said.replace(shape=shape), status, EndpointSurfaces(registry.surfaces, endpoint)
    )
    return found[0].id if found is not None else "nothing"


def _occasions(row: Row, places: dict[str, str]) -> list[tuple[str, int, str | None]]:
    """Shapes, statuses and endpoints with which the entry may count."""
    entry = row.entry
    shapes = entry.get("shapes", ("oauth", "okta_api", "auth0_api", "redirect"))
    statuses = entry.get("status") or (*entry.get("usual_status", ()), 400)
    endpoints: list[str | None] = [places[surface] for surface in entry.get("surfaces", ())]
    return [(shape, status, endpoint) for shape in shapes for status in statuses for endpoint in endpoints or [None]]


def _samples(row: Row) -> Iterator[tuple[UpstreamError, str]]:
    entry = row.entry
    said = UpstreamError("oauth", entry.get("code"), None, entry.get("name"))
    for text in entry.get("texts", ()):
        yield said.replace(text=sample(text)), f"text {text!r}"
    for text in entry.get("causes", ()):
        yield said.replace(causes=((sample(text), None),)), f"cause {text!r}"
    for reason in entry.get("reasons", ()):
        yield said.replace(causes=((None, reason),)), f"reason {reason!r}"
    if not {"texts", "causes", "reasons"} & entry.keys():
        yield said, f"code {entry['code']!r}"


def sample(text: str) -> str:
    """A text that fits a template."""
    if is_constant(text):
        return unescape(text)
    filled = text.replace("{{", "\0").replace("}}", "\1")
    for kind, value in _SAMPLES.items():
        filled = filled.replace(f"{{{kind}}}", value)
    while "{enum:" in filled:
        before, _, rest = filled.partition("{enum:")
        words, _, after = rest.partition("}")
        filled = before + words.split("|")[0] + after
    return filled.replace("\0", "{").replace("\1", "}")


def sample_path(path: str) -> str:
    """A path that fits a surface's pattern."""
    return "/".join("x1" if part.startswith("{") or part == "*" else part for part in path.split("/"))


def folds(data: Data, registry: Registry) -> Iterator[Finding]:
    """A folded response is one that the provider itself sends: classified, it has the meaning that it stands for."""
    where = f"{REGISTRY}/folds.json"
    slugs = {row["slug"] for row in data.table("problem_types")["types"]}
    surfaces = {row["id"]: row for row in data.table("surfaces")["surfaces"]}
    for number, response in enumerate(data.table("folds")["responses"], 1):
        place = f"{where} response {number} ({response['provider']}, {response['shape']})"
        for slug in [slug for slug in (*response["targets"], *response["entries"]) if slug not in slugs]:
            yield Finding(place, f"type {slug!r} does not exist", "use a slug of problem_types.json")
        for surface in response.get("surfaces", ()):
            if not surfaces.get(surface, {}).get("sign_in"):
                yield Finding(place, f"surface {surface!r} is no sign-in surface", "only sign-in surfaces fold")
        yield from _genuine(
            place, response, registry, [surfaces[s]["paths"][0] for s in response.get("surfaces", ()) if s in surfaces]
        )
    for name in ("safe", "strict"):
        yield from _complete(where, data, set(data.table("problem_types")["folds"][name].values()))


def _genuine(place: str, response: Json, registry: Registry, paths: list[str]) -> Iterator[Finding]:
    import orjson

    for slug, entry_id in response["entries"].items():
        entry = registry.lookup(entry_id)
        if entry is None or entry.id != entry_id or entry.reason != slug:
            yield Finding(place, f"{entry_id} is no entry of type {slug}", "name the entry of the genuine response")
            continue
        for path in paths or [""]:
            problem = normalize(
                response["status"],
                [("content-type", "application/json")],
                orjson.dumps(response["document"]),
                provider=response["provider"],
                endpoint=sample_path(path) if path else None,
                registry=registry,
            )
            if problem is None or problem.entry != entry_id:
                got = problem.entry if problem is not None else None
                yield Finding(place, f"at {path} its document is {got}, not {entry_id}", "give what the provider sends")


def _complete(where: str, data: Data, targets: set[str]) -> Iterator[Finding]:
    """Each provider has a usual response for each target, or an unauthenticated caller would get the real reason."""
    for provider in ("auth0", "okta", "oauth"):
        for target in sorted(targets):
            usual: list[Any] = [
                response
                for response in data.table("folds")["responses"]
                if response["provider"] == provider
                and target in response["targets"]
                and "*" in response.get("usual", ())
            ]
            if not usual:
                yield Finding(where, f"{provider} has no usual response for {target}", 'add one with "usual": ["*"]')


TRIED: tuple[Tried, ...] = (coverage, hits, senders, reach, folds)
