"""Problem types as cases of a test: the entries that a name means, and the document that an app sends for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from authproblem import Entry, Problem, normalize
from authproblem.testing._catalog import Catalog, UnknownEntryError
from authproblem.testing._http import Response


class ProblemCase(NamedTuple):
    """One problem, as a front end gets it.

    Attributes:
        entry: the id of the registry entry that it comes from.
        response: the vendor's response.
        problem: what authproblem makes of it.
    """

    entry: str
    response: Response
    problem: Problem

    @property
    def document(self) -> dict[str, Any]:
        """The members of the problem document."""
        return self.problem.to_dict()

    @property
    def reason(self) -> str:
        """The problem type."""
        return self.problem.reason

    @property
    def remedy(self) -> str:
        """The action that has to happen next."""
        return self.problem.remedy

    def __repr__(self) -> str:
        return f"<ProblemCase {self.problem.reason} {self.entry}>"


def cases(*names: str) -> list[ProblemCase]:
    """The problems that names mean.

    Args:
        names: `all` (one entry for each problem type that a vendor sends), ids of entries (`okta:E0000047`), problem
            types (`mfa-required`), or remedies (`provide_mfa`: one for each problem type with it).

    Raises:
        UnknownEntryError: for a name that is none of these.
    """
    catalog = Catalog()
    return [_case(catalog, entry) for entry in dict.fromkeys(e for name in names for e in _entries(catalog, name))]


def _entries(catalog: Catalog, name: str) -> Iterable[Entry]:
    if ":" in name:
        return [catalog.find(name)]
    by_type = catalog.representatives()
    if name == "all":
        return by_type.values()
    if name in by_type:
        return [by_type[name]]
    return catalog.representatives(remedy=name).values() or [catalog.find(name)]


def _case(catalog: Catalog, entry: Entry) -> ProblemCase:
    response = response_to(catalog, entry)
    problem = read(entry, response, catalog.endpoint(entry))
    if problem is None:
        raise UnknownEntryError(f"{entry.id!r} is never a problem")
    return ProblemCase(entry.id, response, problem)


def response_to(catalog: Catalog, entry: Entry) -> Response:
    """The vendor's response for an entry, with everything that its edge adds."""
    from authproblem.testing._auth0 import FakeAuth0
    from authproblem.testing._generic import FakeOAuth
    from authproblem.testing._okta import FakeOkta

    fake = {"auth0": FakeAuth0, "okta": FakeOkta, "oauth": FakeOAuth}[entry.provider](registry=catalog.registry)
    fake.fail(entry.id, endpoint="*")
    return fake.send("POST", f"https://example.com{catalog.endpoint(entry)}")


def read(entry: Entry, response: Response, endpoint: str | None) -> Problem | None:
    """The meaning of a response of the entry's provider, flow control included."""
    return normalize(
        response.status,
        list(response.headers),
        response.body,
        provider=entry.provider,
        endpoint=endpoint,
        flow_control=True,
        transaction_states=True,
    )
