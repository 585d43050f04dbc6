"""The reference pages say what `normalize` does: every table is compared with the vectors."""

from __future__ import annotations

import json
import re

import pytest

from authproblem import Registry
from tools.doc_samples import outcome, samples
from tools.generate_docs import pages
from tools.markdown import prose
from tools.provider_pages import own_values
from tools.registry_data import ROOT, read

REGISTRY = Registry.builtin()
DATA, _ = read(ROOT)
PAGES = pages(DATA, REGISTRY)
_ENTRY = re.compile(r"\| \[`+ ?(.+?) ?`+\]\(\.\./providers/[a-z0-9-]+\.md#[^)]*\) \| .* \| (.*?) \| [^|]* \|")
_SECTION = re.compile(r"^### `+ ?(.+?) ?`+\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_OWN = re.compile(r"(owner|remedy|retry) `([a-z_]+)`")
_READS = re.compile(r'the user reads "(.*)"')


def facts(page: str) -> dict[str, str]:
    """What the first table of a problem page says of its type."""
    sentence = re.findall(r"^## What the user reads\n\n> (.*)$", page, re.MULTILINE)
    return {**dict(re.findall(r"^\| (Owner|Remedy|Retry) \| `([a-z_]+)`", page, re.MULTILINE)), "Detail": sentence[0]}


def shown() -> dict[str, tuple[str, ...]]:
    """What the problem pages show of each entry: reason, owner, remedy, retry policy, and what the user reads."""
    found: dict[str, tuple[str, ...]] = {}
    for slug in REGISTRY.types:
        page = PAGES[f"docs/problems/{slug}.md"]
        usual = facts(page)
        for name, own in _ENTRY.findall(page):
            values = {
                "owner": usual["Owner"],
                "remedy": usual["Remedy"],
                "retry": usual["Retry"],
                **dict(_OWN.findall(own)),
            }
            reads = _READS.search(own)
            detail = reads.group(1) if reads else usual["Detail"]
            found[name] = (slug, values["owner"], values["remedy"], values["retry"], detail)
    return found


def test_the_problem_pages_show_the_values_of_normalize() -> None:
    """Reason, owner, remedy, retry and detail of every vector's problem stand in the row of its entry."""
    rows = shown()
    wrong = []
    for vector in DATA.vectors:
        problem = outcome(vector)
        if problem is None or problem.entry is None or problem.remedy == "open_link":
            continue  # the link of a response, which no entry has
        expected = (problem.reason, problem.owner, problem.remedy, problem.retry.policy, prose(problem.detail))
        if rows.get(problem.entry.replace("|", "\\|")) != expected:
            wrong.append(f"{problem.entry}: the page shows {rows.get(problem.entry)}, the response has {expected}")

    assert wrong == []


def test_the_provider_pages_show_the_same_values() -> None:
    """Each entry has a section that names its type, and every value that differs from it."""
    sections = {
        name: text
        for page, content in PAGES.items()
        if page.startswith("docs/providers/")
        for name, text in _SECTION.findall(content)
    }
    for entry in REGISTRY:
        section = sections[entry.id]
        assert f"Problem type: [`{entry.reason}`]" in section
        assert [own for own in own_values(entry) if own not in section] == []


@pytest.mark.parametrize("slug", sorted(REGISTRY.types))
def test_a_page_of_a_type_with_responses_has_an_example(slug: str) -> None:
    """Before and after; the problem in it is of the page's type."""
    page = PAGES[f"docs/problems/{slug}.md"]
    has_vector = any(vector.row["entry"] and vector.row["reason"] == slug for vector in DATA.vectors)

    assert ("## Example" in page) == has_vector
    if has_vector:
        after = page.partition("The client gets:")[2].partition("```http\n")[2].partition("\n```")[0]
        document = json.loads(after.partition("\n\n")[2])
        assert document["reason"] == slug
        assert page.count("The provider sends:") == 1


def test_an_example_is_an_object_where_there_is_one() -> None:
    """The shortest response with a JSON object shows most."""
    assert '"error": "invalid_otp"' in "\n".join(samples(DATA.vectors)["mfa-invalid-code"])


def test_advice_fits_the_entries_with_a_remedy_of_their_own() -> None:
    """A page names the advice of each remedy that one of its entries has."""
    for entry in REGISTRY:
        if entry.remedy != entry.type.remedy:
            page = PAGES[f"docs/problems/{entry.reason}.md"]
            assert f"- `{entry.remedy}`: " in page
