"""Every problem page has a sample: a response of a provider, and what `normalize` makes of it."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
import werkzeug.test

from authproblem.wsgi import AuthProblemMiddleware
from tests.support.page_sources import (
    COMMITTED,
    DATA,
    GENERATED,
    PROBLEMS,
    REGISTRY,
    WITHOUT_RESPONSE,
    Pages,
    by_source,
    of_vector,
)
from tests.support.reference_pages import Sample, Shown, facts, sample, section, types
from tools.doc_samples import outcome, samples
from tools.sample_choice import PREFERRED, most_typical

INSTANCE = "urn:uuid:01937a3e-5d2c-7c1b-9f40-2b1e6a8c5d10"


@by_source
def test_every_page_has_a_sample_before_and_after(source: Pages) -> None:
    """After is what `normalize` makes of before, status and headers included."""
    wrong = []
    for slug, page in types(source).items():
        before, after = samples_of(page)
        if slug in WITHOUT_RESPONSE:
            assert (before, after.body["reason"]) == (None, slug)
        elif before is None or after not in outcomes(before):
            wrong.append(slug)

    assert wrong == []


@pytest.mark.parametrize("slug", sorted(WITHOUT_RESPONSE))
def test_a_page_says_where_there_is_no_response_before(slug: str) -> None:
    """A problem that no vector becomes; the sample is what the middleware sends where nothing listens."""
    example = section(COMMITTED[f"docs/problems/{slug}.md"], "Example")

    assert [problem.entry for problem in PROBLEMS if problem.reason == slug] == []
    assert example.startswith("The provider sends nothing: there is no response before.")
    assert sample(example) == without_listener()


def without_listener() -> Sample:
    """What a client gets from an app that calls a provider at a closed port."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/api/v1/users"

    def app(_environ: Any, _start_response: Any) -> Any:
        with httpx.Client(trust_env=False) as client:
            return [client.get(url).content]

    middleware = AuthProblemMiddleware(
        app, exceptions=True, provider="okta", upstream_hosts=("127.0.0.1",), on_problem=lambda problem: None
    )
    sent = werkzeug.test.Client(middleware).get("/users")
    wanted = {name: value for name, value in sent.headers if name not in {"Content-Length", "Vary"}}
    return Sample(sent.status_code, wanted, {**json.loads(sent.data), "instance": INSTANCE})


def samples_of(page: str) -> tuple[Sample | None, Sample]:
    """The responses of a page; of the first one None where there is none before."""
    before, _, after = section(page, "Example").partition("The client gets")
    return None if before.startswith("The provider sends nothing:") else sample(before), sample(after)


def outcomes(before: Sample) -> list[Sample]:
    """What the client gets for the vectors with a response that is shown."""
    shown = (before.status, before.body)
    same = [vector for vector in DATA.vectors if (vector.row["status"], vector.row["body"]) == shown]
    problems = [problem.replace(instance=INSTANCE) for vector in same if (problem := of_vector(vector)) is not None]
    return [Sample(problem.status, dict(problem.headers()), problem.to_dict()) for problem in problems]


def test_a_sample_is_typical() -> None:
    """A JSON object with an error status, whose values are those of the table of its page."""
    for slug, page in types(GENERATED).items():
        before, after = samples_of(page)
        assert of_document(after.body) == facts(page)
        assert slug in WITHOUT_RESPONSE or (before and isinstance(before.body, dict) and before.status >= 400)


def of_document(body: dict[str, Any]) -> Shown:
    """What a page shows of an error with this document."""
    return Shown(*(body[name]["policy"] if name == "retry" else body[name] for name in Shown._fields))


def test_an_entry_chosen_by_hand_is_the_one_that_is_shown() -> None:
    """None that is gone, or that cannot be shown."""
    chosen = most_typical(REGISTRY, [(vector, problem) for vector in DATA.vectors if (problem := outcome(vector))])

    assert {slug: chosen[slug].entry.id for slug in PREFERRED} == PREFERRED


def test_a_rate_limit_is_shown_with_a_code_of_its_own() -> None:
    """Not as the `invalid_grant` that some servers send with status 429, and with the wait that the response names."""
    example = section(GENERATED["docs/problems/rate-limited.md"], "Example")

    assert sample(example).body["errorCode"] == "E0000047"
    assert sample(example.partition("The client gets")[2]).body["retry"]["source"] == "x-rate-limit-reset"


def test_a_type_without_a_sample_is_named() -> None:
    """The generator does not leave a page without one."""
    with pytest.raises(ValueError, match=r"no sample for .*mfa-required.*: add a vector"):
        samples(REGISTRY, [])
