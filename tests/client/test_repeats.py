"""What must not be sent twice, kept wrongly or pickled: DPoP proofs, the document of a HEAD, credentials."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import BaseAdapter

from authproblem import Problem
from authproblem.errors import AuthProblemError
from authproblem.httpx import MemoryCooldown, ProblemTransport, Retry, raise_for_problem
from authproblem.requests import ProblemAdapter
from tests.client import samples
from tests.client.test_httpx import USERS, Provider
from tests.client.upstream import running
from tests.support.responses import Response

TOKEN_URL = "https://tenant.auth0.com/oauth/token"
PROOF = {"DPoP": "eyJ0eXAiOiJkcG9wK2p3dCJ9.eyJqdGkiOiIxIn0.c2ln"}
EAGER = Retry(attempts=6, jitter=0.0)


def client_of(provider: Provider, **options: Any) -> httpx.Client:
    """A client whose requests a provider receives."""
    return httpx.Client(transport=ProblemTransport(httpx.MockTransport(provider), **options))


def proofs(provider: Provider) -> list[str | None]:
    """The proofs that were sent."""
    return [request.headers.get("dpop") for request in provider.requests]


class TestProofs:
    @pytest.mark.parametrize(
        "answer", [samples.NONCE, samples.PENDING, samples.LIMITED], ids=["nonce", "poll", "limit"]
    )
    def test_a_retry_sends_no_proof_twice(self, answer: Response) -> None:
        """A proof is bound to one request (RFC 9449 section 11.1): not even flow control repeats it."""
        provider = Provider(answer)

        with client_of(provider, retry=EAGER, flow_control=True) as client:
            client.get(TOKEN_URL, headers=PROOF)

        assert len(proofs(provider)) == 1

    def test_a_nonce_leads_to_a_new_proof_alone(self) -> None:
        """A callback that returns the request with its old proof changes nothing."""
        provider = Provider(samples.NONCE)

        with client_of(provider, on_nonce=lambda request, _: request, flow_control=True) as client:
            client.post(TOKEN_URL, headers=PROOF)

        assert len(proofs(provider)) == 1

    def test_a_new_proof_is_sent_once(self) -> None:
        """Signed with the nonce; the retry loop repeats neither of the two."""

        def sign(request: httpx.Request, nonce: str) -> httpx.Request:
            return httpx.Request("POST", request.url, headers={"DPoP": f"new.{nonce}.proof"})

        provider = Provider(samples.NONCE)
        with client_of(provider, on_nonce=sign, retry=EAGER, flow_control=True) as client:
            client.post(TOKEN_URL, headers=PROOF)

        assert len(set(proofs(provider))) == len(provider.requests) == 2

    def test_a_nonce_is_passed_on_without_a_signature(self) -> None:
        """The same request would be refused again, whatever the retry hint says."""
        provider = Provider(samples.NONCE)

        with client_of(provider, retry=EAGER, flow_control=True) as client:
            client.post(TOKEN_URL)

        assert len(provider.requests) == 1

    def test_requests_sends_no_proof_twice_either(self) -> None:
        """The same rules through its adapter."""
        with running(samples.PENDING) as upstream, requests.Session() as session:
            session.trust_env = False
            session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "auth0"}, retry=EAGER, flow_control=True))
            session.post(upstream.url + "/oauth/token", headers=PROOF)

        assert len(upstream.seen) == 1


def test_a_limited_head_request_leaves_a_whole_document() -> None:
    """The headers of a HEAD name reason and wait; the registry adds the rest for the GET that is not sent."""
    with client_of(Provider(samples.LIMITED), cooldown=MemoryCooldown()) as client:
        client.head(USERS)
        problem = Problem.from_bytes(client.get(USERS).content)

    assert problem is not None
    assert (problem.reason, problem.status, problem.provider) == ("rate-limited", 429, "okta")
    assert (problem.title, problem.type) == ("Rate limit exceeded", "urn:problem-type:auth:rate-limited")


class TestPickling:
    def error(self) -> AuthProblemError:
        """The error of a request with a credential."""
        with (
            client_of(Provider(samples.DENIED)) as client,
            pytest.raises(AuthProblemError) as caught,
        ):
            raise_for_problem(client.get(USERS, headers={"Authorization": "SSWS canary-credential"}))
        return caught.value

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_an_error_leaves_the_request_behind(self, protocol: int) -> None:
        """The response holds the request, and that its `Authorization`."""
        error = self.error()
        pickled = pickle.dumps(error, protocol)

        assert b"canary" not in pickled
        assert pickle.loads(pickled).problem.reason == error.problem.reason == "invalid-credentials"
        assert pickle.loads(pickled).response is None

    def test_a_copy_of_an_error_leaves_the_request_behind(self) -> None:
        """As a pickle does."""
        assert copy.copy(self.error()).response is None

    def test_a_session_with_our_adapter_is_pickled_like_any_other(self) -> None:
        """Its options come along; connections and cool-downs stay where they are."""
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "okta"}, cooldown=MemoryCooldown(7), retry=EAGER))

        with running(samples.DENIED) as upstream, pickle.loads(pickle.dumps(session)) as again:
            answer = again.get(upstream.url + "/api/v1/users")

        assert answer.headers["auth-problem"] == "invalid-credentials"

    def test_an_adapter_of_the_application_is_pickled_along(self) -> None:
        """What sends the requests is an argument like the others."""
        again = pickle.loads(pickle.dumps(ProblemAdapter(Unreachable())))

        with requests.Session() as session:
            session.mount("https://", again)
            with pytest.raises(requests.ConnectionError):
                session.get(USERS)


class Unreachable(BaseAdapter):
    """An adapter without a connection."""

    def send(self, *_: Any, **__: Any) -> Any:
        raise requests.ConnectionError

    def close(self) -> None:
        """Nothing is open."""
