"""A test kit: Auth0, Okta and any OAuth server as fakes that send every registered error the way the vendor does.

`FakeAuth0`, `FakeOkta` and `FakeOAuth` are ASGI and WSGI apps, transports of httpx and requests, and servers on a real
socket. Nothing of authproblem imports this package; signed tokens need `pip install 'authproblem[testing]'`.

How it is built, from the bottom:
    _http, _clock: requests and responses as plain values; the clock that a test moves.
    _templates, _catalog: from a registry entry to the vendor's response, by data (`data/*.json`).
    _failures, _limits, _control: armed errors, counters, and the methods that tests call for them.
    _fake: one request in, one response out, without I/O.
    _accounts, _sessions, _tokens, _oauth, _grants, _web: people, tokens and OAuth for all vendors.
    _auth0*, _okta*, _generic: the paths and flows of each vendor.
    _transports, _httpx, _requests, _serve: adapters, which only translate.
    _capture, _cases, _assertions, _scenario, _check, _page: for tests and for people.
"""

from __future__ import annotations

from authproblem.testing._accounts import Client, User
from authproblem.testing._assertions import assert_hidden, assert_no_problem, assert_problem
from authproblem.testing._auth0 import FakeAuth0
from authproblem.testing._cases import ProblemCase, cases
from authproblem.testing._catalog import UnknownEntryError
from authproblem.testing._clock import Clock
from authproblem.testing._failures import Failure
from authproblem.testing._fake import Exchange, FakeProvider
from authproblem.testing._generic import FakeOAuth
from authproblem.testing._http import Request, Response
from authproblem.testing._limits import Limit
from authproblem.testing._okta import FakeOkta

__all__ = [
    "Client",
    "Clock",
    "Exchange",
    "Failure",
    "FakeAuth0",
    "FakeOAuth",
    "FakeOkta",
    "FakeProvider",
    "Limit",
    "ProblemCase",
    "Request",
    "Response",
    "UnknownEntryError",
    "User",
    "assert_hidden",
    "assert_no_problem",
    "assert_problem",
    "cases",
]
