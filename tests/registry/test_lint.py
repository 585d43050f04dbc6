"""The registry's lint and generated pages: each fault that is planted in a small copy is found, with how to fix it.

A long file: one function for each fault, so that the table below reads as the list of what the lint finds.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import authproblem
from authproblem import Registry
from tools.check_registry import check, fix
from tools.generate_docs import outdated, pages, write
from tools.markdown import slug
from tools.registry_data import REGISTRY, ROOT, VECTORS, read

Json = dict[str, Any]

SOUND: Json = {
    "type": "access-denied",
    "evidence": False,
    "hint": "An Action of the tenant refused.",
    "sources": [{"at": "https://example.com/errors", "strength": "documented"}],
}

SMALL = frozenset((
    "auth0:access_denied/wrong-credentials",
    "auth0:invalid_grant/wrong-credentials",
    "auth0:invalid_signup",
    "auth0:invalid_user_password",
    "auth0:mfa_required",
    "auth0:mfa_required/text",
    "auth0:text/too-many-requests",
    "oauth:access_denied",
    "oauth:invalid_grant",
    "okta:E0000001",
    "okta:E0000001/quota",
    "okta:E0000001/sign-up",
    "okta:E0000004",
    "okta:E0000011",
    "okta:E0000047",
    "okta:E0000047/concurrency",
    "okta:RATE_LIMIT_EXCEEDED",
    "okta:invalid_grant/expired-password-credentials",
    "okta:invalid_grant/invalid-password-credentials",
    "okta:mfa_required",
))  # fmt: skip


def write_small(root: Path) -> None:
    """A small repository: all tables, the entries that the folds need and a few more, and their vectors."""
    data, _ = read(ROOT)
    small = Copy(root)
    for folder in (REGISTRY, VECTORS):
        (root / folder).mkdir(parents=True)
    for path in [path for path in data.folder.glob("*.json") if path.stem not in data.files]:
        shutil.copy(path, root / REGISTRY)
    shutil.copy(ROOT / VECTORS / "schema.json", root / VECTORS)
    kept = {name: [row for row in document["entries"] if row["id"] in SMALL] for name, document in data.files.items()}
    names = [name for name, rows in kept.items() if rows]
    for name in names:
        small.write(name, {**data.files[name], "entries": kept[name]})
    small.write("manifest", {**data.manifest, "entries": names})
    small.write("credentials", {**data.table("credentials"), "entries": {}})
    small.write(
        "phrases", few_codes(data.table("phrases"), {row.get("code") for rows in kept.values() for row in rows})
    )
    named = [(vector.row, {vector.row["entry"], vector.row.get("near")} - {None}) for vector in data.vectors]
    small.vectors([vector for vector, ids in named if ids and ids <= SMALL])
    fix(root)


def few_codes(table: Json, codes: set[str | None]) -> Json:
    """The phrases, with one of the codes in place of those that nobody has in the copy."""

    def kept(names: list[str]) -> list[str]:
        return [name for name in names if name in codes or name in table["groups"]] or ["invalid_grant"]

    rules = [{**row, "codes": kept(row["codes"])} if "codes" in row else row for row in table["rules"]]
    groups = {name: kept(names) for name, names in table["groups"].items()}
    return {**table, "groups": groups, "firm": ["E0000047"], "rules": rules}


class Copy:
    """A repository with little in it."""

    def __init__(self, root: Path) -> None:
        """Where it is."""
        self.root = root

    def read(self, name: str) -> Any:
        """A file of the registry."""
        return json.loads((self.root / REGISTRY / f"{name}.json").read_text("utf-8"))

    def write(self, name: str, document: object) -> None:
        """Write a file of the registry."""
        (self.root / REGISTRY / f"{name}.json").write_text(json.dumps(document), "utf-8")

    def vectors(self, rows: list[Json]) -> None:
        """Write the vectors, all in one file."""
        (self.root / VECTORS / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    def read_vectors(self) -> list[Json]:
        """The vectors."""
        return [json.loads(line) for line in (self.root / VECTORS / "all.jsonl").read_text("utf-8").splitlines()]

    def add(self, name: str, *rows: Json) -> None:
        """Add entries to a file, in their place."""
        document = self.read(name)
        self.write(name, {**document, "entries": [*document["entries"], *rows]})
        fix(self.root)

    def change(self, entry_id: str, **fields: object) -> None:
        """Change fields of one entry; None takes a field away."""
        for name in self.read("manifest")["entries"]:
            document = self.read(name)
            for row in document["entries"]:
                if row["id"] == entry_id:
                    row.update(fields)
                    for field in [field for field, value in fields.items() if value is None]:
                        del row[field]
            self.write(name, document)
        fix(self.root)

    def reported(self) -> list[str]:
        """What the lint says, one line for each finding."""
        return [" ".join(str(finding).split()) for finding in check(self.root)]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every test copies."""
    root = tmp_path_factory.mktemp("small") / "repository"
    write_small(root)
    return root


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Copy:
    """A copy in which everything holds."""
    return Copy(Path(shutil.copytree(small, tmp_path / "repository")))


def test_the_small_copy_has_no_findings(copy: Copy) -> None:
    """Otherwise the tests below would show nothing."""
    assert copy.reported() == []
    assert len(copy.read_vectors()) > 30


def row(entry_id: str, **fields: object) -> Json:
    """A new entry that holds by itself."""
    return {**SOUND, "id": entry_id, "code": entry_id.partition(":")[2], **fields}


def unsorted(copy: Copy) -> None:
    document = copy.read("okta")
    copy.write("okta", {**document, "entries": document["entries"][::-1]})


def several_lines(copy: Copy) -> None:
    path = copy.root / REGISTRY / "okta.json"
    path.write_text(path.read_text("utf-8").replace('"type": ', '\n"type": ', 1), "utf-8")


def stands_twice(copy: Copy) -> None:
    copy.add("auth0", next(row for row in copy.read("auth0")["entries"] if row["id"] == "auth0:invalid_signup"))


def in_the_wrong_file(copy: Copy) -> None:
    copy.add("okta", row("auth0:acme", evidence=False))


def not_in_the_manifest(copy: Copy) -> None:
    copy.write("acme", {"provider": "okta", "since": "0.1.0", "about": "A file that nobody reads.", "entries": []})


def missing_file(copy: Copy) -> None:
    manifest = copy.read("manifest")
    copy.write("manifest", {**manifest, "entries": [*manifest["entries"], "acme"]})


def broken_json(copy: Copy) -> None:
    (copy.root / REGISTRY / "okta.json").write_text("{", "utf-8")


def no_list_of_entries(copy: Copy) -> None:
    copy.write("okta", {"provider": "okta", "entries": ["E0000001"]})


def unknown_field(copy: Copy) -> None:
    copy.change("okta:E0000004", colour="red")


def no_source(copy: Copy) -> None:
    copy.change("okta:E0000004", sources=[{"at": "somebody said so", "strength": "community"}])


def unknown_type(copy: Copy) -> None:
    copy.change("okta:E0000001", type="no-such-type")


def unknown_surface(copy: Copy) -> None:
    copy.change("okta:E0000001", surfaces=["auth0.token"])


def collision(copy: Copy) -> None:
    copy.add("okta", row("okta:E0000004/again", code="E0000004"))


def collision_in_other_words(copy: Copy) -> None:
    text = "wrong  email or password"
    copy.add("auth0", row("auth0:invalid_grant/again", code="invalid_grant", texts=[text]))


def unreachable(copy: Copy) -> None:
    copy.add(
        "auth0",
        row("auth0:acme/a", code="acme", texts=["Denied by rule {any}"]),
        row("auth0:acme/b", code="acme", texts=["Denied by rule {integer}"]),
    )


def no_vector(copy: Copy) -> None:
    copy.add("oauth", row("oauth:acme"))


def no_near_miss(copy: Copy) -> None:
    copy.vectors([v for v in copy.read_vectors() if v.get("near") != "auth0:text/too-many-requests"])


def vector_of_nobody(copy: Copy) -> None:
    rows = copy.read_vectors()
    copy.vectors([{**rows[0], "entry": "okta:E9999999"}, *rows])


def vector_of_another_type(copy: Copy) -> None:
    rows = copy.read_vectors()
    copy.vectors([{**rows[0], "reason": "not-found"}, *rows])


def vector_that_hits_another(copy: Copy) -> None:
    rows = copy.read_vectors()
    wrong = next(v for v in rows if v["entry"] == "okta:E0000004")
    copy.vectors([*rows, {**wrong, "entry": "okta:E0000047", "reason": "rate-limited"}])


def vector_of_another_wait(copy: Copy) -> None:
    rows = copy.read_vectors()
    wrong = next(v for v in rows if v["entry"] == "okta:E0000004")
    copy.vectors([*rows, {**wrong, "retry": "poll"}])


def vector_of_no_form(copy: Copy) -> None:
    copy.vectors([*copy.read_vectors(), {"entry": None}])


def near_miss_that_hits(copy: Copy) -> None:
    rows = copy.read_vectors()
    hit = next(v for v in rows if v["entry"] == "okta:E0000004")
    copy.vectors([*rows, {**hit, "near": "okta:E0000004"}])


def evidence_of_a_generic_row(copy: Copy) -> None:
    copy.change("oauth:access_denied", evidence=True)


def evidence_of_a_shared_code(copy: Copy) -> None:
    copy.change("auth0:mfa_required", evidence=True)


def evidence_of_a_short_text(copy: Copy) -> None:
    copy.change("auth0:mfa_required/text", texts=["MFA required"])


def evidence_of_a_template(copy: Copy) -> None:
    copy.change("auth0:mfa_required/text", texts=["Multifactor authentication required by {parameter}"])


def evidence_against_a_foreign_vector(copy: Copy) -> None:
    foreign = next(v for v in copy.read_vectors() if v["entry"] == "okta:mfa_required")
    text = "Another vendor's own sentence."
    copy.vectors([*copy.read_vectors(), {**foreign, "body": {"error": "mfa_required", "error_description": text}}])
    copy.add("auth0", row("auth0:mfa_required/acme", code="mfa_required", texts=[text], evidence=True))


def british(copy: Copy) -> None:
    copy.change("okta:E0000004", hint="The organisation refused.")


def code_in_detail(copy: Copy) -> None:
    copy.change("okta:E0000004", detail="The mfa_token is gone.")


def says_what_its_type_says(copy: Copy) -> None:
    copy.change("okta:E0000004", remedy="check_credentials")


def unknown_slot(copy: Copy) -> None:
    copy.change("okta:E0000004", known=["Hello {name}"])


def known_twice(copy: Copy) -> None:
    copy.change("auth0:mfa_required/text", known=["multifactor authentication required."])


def alias_of_two(copy: Copy) -> None:
    copy.change("okta:E0000004", aliases=["E0000047"])


def fold_to_nowhere(copy: Copy) -> None:
    folds = copy.read("folds")
    folds["responses"][0]["entries"] = {"invalid-credentials": "auth0:no-such-entry"}
    copy.write("folds", folds)


def fold_that_is_not_genuine(copy: Copy) -> None:
    folds = copy.read("folds")
    folds["responses"][0]["document"] = {"error": "access_denied"}
    copy.write("folds", folds)


def fold_without_usual_response(copy: Copy) -> None:
    folds = copy.read("folds")
    folds["responses"] = [response for response in folds["responses"] if response["provider"] != "oauth"]
    copy.write("folds", folds)


def path_of_two_surfaces(copy: Copy) -> None:
    surfaces = copy.read("surfaces")
    surfaces["surfaces"][1]["paths"].append(surfaces["surfaces"][0]["paths"][0])
    copy.write("surfaces", surfaces)


def slug_that_the_wire_does_not_know(copy: Copy) -> None:
    wire = copy.read("wire.schema")
    wire["$defs"]["slug"]["enum"].pop()
    copy.write("wire.schema", wire)


def remedy_without_explanation(copy: Copy) -> None:
    glossary = copy.read("glossary")
    del glossary["remedies"]["wait"]
    copy.write("glossary", glossary)


def status_without_type(copy: Copy) -> None:
    shapes = copy.read("shapes")
    shapes["by_status"]["404"] = "no-such-type"
    copy.write("shapes", shapes)


def sentence_of_another_remedy(copy: Copy) -> None:
    copy.change("okta:E0000004", detail="Please contact support.")


def type_whose_retry_contradicts_its_remedy(copy: Copy) -> None:
    types = copy.read("problem_types")
    next(kind for kind in types["types"] if kind["slug"] == "session-expired")["retry"] = "never"
    copy.write("problem_types", types)


def refinement_that_does_harm(copy: Copy) -> None:
    phrases = copy.read("phrases")
    phrases["refinements"]["rate-limited"]["to"].append("invalid-credentials")
    copy.write("phrases", phrases)


def phrase_for_an_unknown_surface(copy: Copy) -> None:
    phrases = copy.read("phrases")
    phrases["rules"][0]["surfaces"] = ["okta.acme"]
    copy.write("phrases", phrases)


FAULTS: dict[Callable[[Copy], None], tuple[str, str, str]] = {
    unsorted: ("okta.json:", "is not sorted by id", "--fix"),
    several_lines: ("okta.json:", "one entry a line", "--fix"),
    stands_twice: ("auth0:invalid_signup", "stands in auth0.json too", "keep one"),
    in_the_wrong_file: ("okta.json auth0:acme", "is in a file of okta", "move it"),
    not_in_the_manifest: ("acme.json", "is not read by anybody", "manifest.json"),
    missing_file: ("acme.json", "is missing", "manifest.json"),
    broken_json: ("okta.json", "is no JSON", "fix it"),
    no_list_of_entries: ("okta.json", "is no object with a list of entries", "schema.json"),
    unknown_field: ("okta:E0000004", "'colour' was unexpected", "schema.json"),
    no_source: ("okta:E0000004", "sources/0/at", "schema.json"),
    unknown_type: ("okta:E0000001", "type 'no-such-type' does not exist", "problem_types.json"),
    unknown_surface: ("okta:E0000001", "surface 'auth0.token' is none of okta", "surfaces.json"),
    collision: ("okta:E0000004/again", "claims the same responses as okta:E0000004", "distinguish them"),
    collision_in_other_words: ("auth0:invalid_grant/", "claims the same responses as auth0:invalid_grant/", "merge"),
    unreachable: ("auth0:acme/b", "never leads here, but to auth0:acme/a", "take it out"),
    no_vector: ("oauth:acme", "has no vector", "add a line to tests/vectors"),
    no_near_miss: ("auth0:text/too-many-requests", "no vector shows what it must not match", '"near"'),
    vector_of_nobody: ("all.jsonl:1", "entry 'okta:E9999999' does not exist", "name the id"),
    vector_of_another_type: ("all.jsonl:1", "not not-found", "fix the reason"),
    vector_that_hits_another: ("all.jsonl:", "gives okta:E0000004, not okta:E0000047", "fix the vector"),
    vector_of_another_wait: ("all.jsonl:", "retry is 'after_action', not 'poll'", "fix"),
    vector_of_no_form: ("all.jsonl:", "'status' is a required property", "tests/vectors/schema.json"),
    near_miss_that_hits: ("all.jsonl:", "hits okta:E0000004, which it must only look like", "narrow"),
    evidence_of_a_generic_row: ("oauth:access_denied", "OAuth's codes are no vendor's own", "evidence: false"),
    evidence_of_a_shared_code: ("auth0:mfa_required:", "others send 'mfa_required' too", "evidence: false"),
    evidence_of_a_short_text: ("auth0:mfa_required/text", "'MFA required' is no proof", "20 characters"),
    evidence_of_a_template: ("auth0:mfa_required/text", "{parameter}' is no proof", "constant texts"),
    evidence_against_a_foreign_vector: ("all.jsonl:", "without that word proves auth0", "auth0:mfa_required/acme"),
    british: ("okta:E0000004", "hint says 'organisation'", "American"),
    code_in_detail: ("okta:E0000004", "which no end user understands", "plain words"),
    says_what_its_type_says: ("okta:E0000004", "remedy is that of its type", "leave remedy out"),
    unknown_slot: ("okta:E0000004", "Hello {name}", "{any}"),
    known_twice: ("auth0:mfa_required/text", "stands twice", "leave it once"),
    alias_of_two: ("okta:E0000004", "alias 'E0000047' is a name of okta:E0000047 already", "choose another"),
    fold_to_nowhere: ("folds.json response 1", "auth0:no-such-entry is no entry of type", "genuine"),
    fold_that_is_not_genuine: ("folds.json response 1", "not auth0:invalid_grant/wrong-credentials", "provider sends"),
    fold_without_usual_response: ("folds.json", "oauth has no usual response for invalid-credentials", '"usual"'),
    path_of_two_surfaces: ("surfaces.json", "already", "leave it in one"),
    slug_that_the_wire_does_not_know: ("wire.schema.json", "slugs are not those", "that order"),
    remedy_without_explanation: ("glossary.json", "remedies are not those", "wait"),
    sentence_of_another_remedy: ("okta:E0000004", "but the remedy is check_credentials", "say what"),
    type_whose_retry_contradicts_its_remedy: ("session-expired", "retry never do not go together", "registry_actions"),
    refinement_that_does_harm: ("refinements/rate-limited", "moves a limit of the provider to the user", "take it out"),
    phrase_for_an_unknown_surface: ("phrases.json", "surface 'okta.acme' does not exist", "surfaces.json"),
    status_without_type: ("shapes.json", "type 'no-such-type' does not exist", "slug of problem_types.json"),
}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_lint_finds(copy: Copy, plant: Callable[[Copy], None]) -> None:
    """Each planted fault is found where it is, and the message says how to fix it."""
    plant(copy)

    reported = copy.reported()

    where, what, fix = FAULTS[plant]
    found = [line for line in reported if where in line and what in line and fix in line]
    assert found, "\n".join(reported) or "nothing was found"


def test_the_lint_collects_everything(copy: Copy) -> None:
    """One run reports all faults, whichever rule finds them."""
    for plant in (british, alias_of_two, no_vector, vector_of_another_wait, evidence_of_a_generic_row):
        plant(copy)

    reported = "\n".join(copy.reported())

    assert [
        part for part in ("organisation", "alias", "no vector", "'poll'", "no vendor's own") if part not in reported
    ] == []


@pytest.mark.parametrize("plant", [unsorted, several_lines], ids=lambda plant: plant.__name__)
def test_fix_repairs_the_layout(copy: Copy, plant: Callable[[Copy], None]) -> None:
    """What a program can fix, it fixes."""
    plant(copy)

    fix(copy.root)

    assert copy.reported() == []


# --- the generated pages


def test_pages_are_the_same_every_time(registry: Registry) -> None:
    """A page for each type, each file of entries and each public module, three indexes, and no date in them."""
    first, second = (pages(read(ROOT)[0], registry) for _ in range(2))

    folders = Counter(path.split("/")[1] for path in first)
    modules = [path for path in Path(authproblem.__file__).parent.iterdir() if path.name[0] not in "_."]
    public = [path for path in modules if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert first == second
    assert folders == {
        "problems": len(registry.types) + 1,
        "providers": len(read(ROOT)[0].files) + 1,
        "reference": len(public) + 2,
    }


def test_pages_that_differ_are_named(registry: Registry, tmp_path: Path) -> None:
    """A page that was edited, one that is missing, and one that is of no use any more."""
    wanted = pages(read(ROOT)[0], registry)
    write(tmp_path, wanted)
    assert outdated(tmp_path, wanted) == []

    (tmp_path / "docs/problems/mfa-required.md").write_text("edited", "utf-8")
    (tmp_path / "docs/problems/conflict.md").unlink()
    (tmp_path / "docs/providers/acme.md").write_text("old", "utf-8")

    assert outdated(tmp_path, wanted) == [
        "docs/problems/conflict.md is missing",
        "docs/problems/mfa-required.md is out of date",
        "docs/providers/acme.md is no longer generated",
    ]
    write(tmp_path, wanted)
    assert outdated(tmp_path, wanted) == []


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings; of equal ones, the second ends with -1 and so on."""
    counts: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE):
        name = slug(heading)
        found.add(f"{name}-{counts[name]}" if counts[name] else name)
        counts[name] += 1
    return found


@pytest.mark.slow
def test_every_link_between_pages_leads_somewhere(registry: Registry) -> None:
    """Pages of types point to the entries of providers, and back; anchors are those that GitHub makes of headings."""
    wanted = pages(read(ROOT)[0], registry)
    broken = []
    for path, text in wanted.items():
        for target, _, name in (link.partition("#") for link in re.findall(r"\]\(((?!https:)[^)]*)\)", text)):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            page = wanted.get(place) or ((ROOT / place).read_text("utf-8") if (ROOT / place).is_file() else None)
            if page is None or (name and name not in anchors(page)):
                broken.append((path, target, name))

    assert broken == []


def test_a_concept_that_does_not_exist_is_a_finding(copy: Copy) -> None:
    """No rule can be tried without it; what else is wrong is still reported."""
    table = copy.read("phrases")
    table["rules"][0]["says"] = ["no-such-concept"]
    copy.write("phrases", table)

    assert [line for line in copy.reported() if "concept 'no-such-concept' does not exist" in line]
