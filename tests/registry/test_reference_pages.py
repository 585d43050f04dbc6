"""The reference pages say what `normalize` does.

Every table of every page is read from its Markdown, and each row compared with what `normalize` makes of the vectors.
Both the pages of the repository and those that the generator writes now are read: an edit by hand is found in the
former, a fault of the generator in the latter.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from authproblem import Entry, Problem, normalize
from authproblem._cli.screen import families_of
from tests.support.page_sources import COMMITTED, DATA, GENERATED, PROBLEMS, REGISTRY, Pages, by_source
from tests.support.reference_pages import (
    Shown,
    code,
    errors_of_problem_pages,
    errors_of_provider_pages,
    facts,
    families_of_index,
    families_of_problem_pages,
    section,
    status,
    tables,
    target,
    title,
    types,
)
from tools.markdown import table
from tools.provider_pages import NAMES, title_of

TYPE_BASE = "urn:problem-type:auth:"
ERRORS = {"problems": errors_of_problem_pages, "providers": errors_of_provider_pages}

by_pages = pytest.mark.parametrize("read_errors", list(ERRORS.values()), ids=list(ERRORS))

Errors = Callable[[Pages], Iterable[tuple[str, Shown]]]


def of_problem(problem: Problem) -> Shown:
    """What a page has to show of an error that became this problem."""
    values = (problem.owner, problem.remedy, problem.retry.policy, problem.detail)
    return Shown(problem.type, problem.reason, *values)


def of_lookup(entry: Entry) -> Shown:
    """What a page has to show of an entry that no response has: what a look-up gives."""
    return Shown(TYPE_BASE + entry.reason, entry.reason, entry.owner, entry.remedy, entry.retry, entry.detail)


def expected() -> dict[str, set[Shown]]:
    """What `normalize` gives for each entry: for all its vectors, so that there may be more than one."""
    found: defaultdict[str, set[Shown]] = defaultdict(set)
    for problem in PROBLEMS:
        if problem.entry is not None and problem.remedy != "open_link":  # the link is the response's
            found[problem.entry].add(of_problem(problem))
    for entry in REGISTRY:
        if entry.lookup_only:
            found[entry.id].add(of_lookup(entry))
    return found


EXPECTED = expected()


def faults(shown: Iterable[tuple[str, Shown]]) -> list[str]:
    """One line for each error that is shown with other values than `normalize` gives, more than once, or nowhere."""
    rows = list(shown)
    wrong = [
        f"{name}: the page has {value}, `normalize` gives {EXPECTED.get(name)}"
        for name, value in rows
        if EXPECTED.get(name) != {value}
    ]
    times = Counter(name for name, _ in rows)
    return wrong + [f"{name} is shown {times[name]} times" for name in EXPECTED.keys() | times if times[name] != 1]


@by_source
@by_pages
def test_every_error_has_the_values_of_normalize(read_errors: Errors, source: Pages) -> None:
    """Type, reason, owner, remedy, retry policy and detail of each entry, once on each kind of page."""
    assert faults(read_errors(source)) == []


def test_every_entry_is_expected_to_be_shown() -> None:
    """The test before leaves none out: each entry has a vector, or is only looked up."""
    assert EXPECTED.keys() == {entry.id for entry in REGISTRY}


EDITS = {
    "the owner of a type": ("problems/mfa-required", "| Owner | `user`", "| Owner | `tenant`"),
    "the remedy of a type": ("problems/mfa-required", "| Remedy | `provide_mfa`", "| Remedy | `wait`"),
    "the policy of a type": ("problems/mfa-required", "| Retry | `after_action`", "| Retry | `never`"),
    "the URI of a type": ("problems/mfa-required", "auth:mfa-required`", "auth:mfa`"),
    "what the user reads": ("problems/mfa-required", "\n> ", "\n> Please! "),
    "an own remedy": ("problems/account-locked", "| remedy `ask_admin`<br>", "| remedy `wait`<br>"),
    "an own remedy left out": ("problems/account-locked", "| remedy `ask_admin`<br>", "| "),
    "an own remedy too many": ("problems/account-locked", "| 403 |\n", "| retry `never` | 403 |\n"),
    "an own sentence": ("problems/account-locked", 'the user reads "', 'the user reads "Oh: '),
    "an own remedy of a section": ("providers/okta", "type's: remedy `ask_admin`", "type's: remedy `wait`"),
    "an own value left out of a section": ("providers/okta", "- Instead of its type's: ", "- Formerly: "),
    "the type of a section": (
        "providers/okta",
        "[`account-locked`](../problems/account-locked.md)",
        "[`account-blocked`](../problems/account-blocked.md)",
    ),
}


@pytest.mark.parametrize("edit", list(EDITS.values()), ids=list(EDITS))
def test_an_edited_cell_is_found(edit: tuple[str, str, str]) -> None:
    """The comparison itself: a page that somebody has changed at one spot."""
    name, before, after = edit
    path = f"docs/{name}.md"
    assert before in COMMITTED[path]
    edited = {**COMMITTED, path: COMMITTED[path].replace(before, after, 1)}

    assert found_faults(edited) != []


def found_faults(edited: Pages) -> list[str]:
    """The faults of all pages; a page that cannot be read is one."""
    try:
        return [fault for read_errors in ERRORS.values() for fault in faults(read_errors(edited))]
    except (KeyError, ValueError) as error:
        return [repr(error)]


@by_source
def test_a_type_has_the_values_of_the_registry(source: Pages) -> None:
    """Also one whose errors all have values of their own."""
    kinds = REGISTRY.types.items()
    values = {slug: (kind.owner, kind.remedy, kind.retry, kind.detail) for slug, kind in kinds}

    assert {slug: facts(page) for slug, page in types(source).items()} == {
        slug: Shown(TYPE_BASE + slug, slug, *values[slug]) for slug in values
    }
    assert {slug: status(page) for slug, page in types(source).items()} == {slug: kind.status for slug, kind in kinds}


@by_source
def test_the_list_of_types_has_the_values_of_their_pages(source: Pages) -> None:
    """Each type once."""
    rows = [row for table in tables(source["docs/problems/index.md"]) for row in table.rows if "Reason" in row]
    listed = [
        (
            target(row["Reason"]),
            row["Title"],
            row["Status"],
            *(code(row[name]) for name in ("Owner", "Remedy", "Retry")),
        )
        for row in rows
    ]

    assert sorted(listed) == [
        (slug, title(page), str(status(page)), *(getattr(facts(page), name) for name in ("owner", "remedy", "retry")))
        for slug, page in sorted(types(source).items())
    ]


def auth0_problem(code: str, status: int) -> Any:
    """The body of Auth0's My Account; the number in its code has four digits."""
    kind = f"https://auth0.com/api-errors#{code.replace(FILLER, '9999')}"
    return {"type": kind, "status": status, "title": "Zzz", "detail": "Zzz."}


def okta_idx(code: str, _status: int) -> Any:
    """A document of the Identity Engine. Where the message says nothing, the words of the code are read."""
    text = "Your answer doesn't match our records." if "answer" in code else "Zzz."
    message = {"message": text, "i18n": {"key": code}, "class": "ERROR"}
    return {"version": "1.0.0", "stateHandle": "02made-up", "messages": {"type": "array", "value": [message]}}


FILLER = "zzz"
BODIES: dict[str, Callable[[str, int], Any]] = {
    "oauth": lambda code, _status: {"error": code, "error_description": "Zzz."},
    "auth0_api": lambda code, status: {"statusCode": status, "error": "Zzz", "message": "Zzz.", "errorCode": code},
    "auth0_problem": auth0_problem,
    "okta_idx": okta_idx,
}
"""A body of each shape with a code that has no entry; families of further shapes have one of these, too."""


def unknown(provider: Any, shape: str, code: str, status: int) -> Problem:
    """The problem of a response with a code that the registry does not have."""
    body = json.dumps(BODIES[shape](code, status)).encode()
    problem = normalize(status, {"content-type": "application/json"}, body, provider=provider, flow_control=True)
    assert problem is not None
    return problem


def of_family(row: dict[str, Any]) -> tuple[str, str, str]:
    """What the pages have to show of a code family: where a code leads that fits its pattern."""
    shape = next(shape for shape in row["shapes"] if shape in BODIES)
    rest = "_".join(row["words"][:2]) if "words" in row else FILLER
    problem = unknown(row["provider"], shape, row["pattern"].replace("*", rest), max(row.get("status", (400,))))
    assert (problem.entry, problem.matched_by) == (None, "family")
    return NAMES[row["provider"]], row["pattern"], problem.reason


@by_source
@pytest.mark.parametrize("read_families", [families_of_index, families_of_problem_pages])
def test_a_family_leads_to_the_type_of_normalize(read_families: Any, source: Pages) -> None:
    """Each pattern once for each type, below its provider."""
    assert sorted(read_families(source)) == sorted(of_family(row) for row in families_of(REGISTRY))


@by_source
def test_a_status_leads_to_the_type_of_normalize(source: Pages) -> None:
    """The statuses for which a page says that responses without a known code have its type."""
    said = re.compile("without a known code, by their HTTP status: (.+)[.]$", re.MULTILINE)
    shown = {slug: found[1].split(", ") for slug, page in types(source).items() if (found := said.search(page))}
    wrong = [
        (slug, status) for slug, statuses in shown.items() for status in statuses if of_status(status).reason != slug
    ]

    assert (wrong, len(shown)) == ([], 12)


def of_status(status: str) -> Problem:
    """The problem of a response of a certain provider without a known code, for a status as the pages write it."""
    if status == "400 without a vendor's code":
        problem = normalize(400, {}, b"", provider="auth0")
        assert problem is not None
        return problem
    return unknown("auth0", "auth0_api", FILLER, int(status.replace("xx", "18")))


@by_source
def test_advice_fits_the_errors_of_a_page(source: Pages) -> None:
    """Besides the advice for the type, that for each remedy in the tables, and for no other."""
    advised = re.compile(r"^- `([a-z_]+)`: ", re.MULTILINE)
    for path, page in source.items():
        if path.startswith("docs/problems/") and "## What a front end does" in page:
            remedies = {error.remedy for _, error in errors_of_problem_pages({path: page})}
            advice = section(page, "What a front end does")
            assert set(advised.findall(advice)) == remedies - {facts(page).remedy}


def test_every_page_of_the_provider_reference_has_a_title() -> None:
    """Not the name of its data file."""
    assert [stem for stem in DATA.files if title_of(stem) == stem] == []


def test_a_bar_is_escaped_in_tables_only() -> None:
    """In a code span elsewhere, the backslash would show."""
    lines = [line for page in GENERATED.values() for line in page.splitlines() if "\\|" in line]

    assert [line for line in lines if not line.startswith("| ")] == []
    assert table(("A",), [("`a|b`",)])[-1] == r"| `a\|b` |"
