"""What both adapters do with the headers of a rewritten response: what stays, what goes, what is negotiated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.samples import JSON, LIMITED, MFA, OKTA, OKTA_BODY, PROBLEM
from tests.adapters.support import ADAPTERS, assert_problem, assert_untouched, is_problem, through
from tests.support.responses import Pairs, Response, json_response

adapters = pytest.mark.parametrize("adapter", ADAPTERS)

KEPT: Pairs = [
    ("Set-Cookie", "a=1; Path=/; HttpOnly"),
    ("x-multi", "1"),
    ("set-cookie", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
    ("Set-Cookie", "a=3; Path=/x"),
    ("WWW-Authenticate", 'Bearer realm="x", error="invalid_token",  max_age=3'),
    ("www-authenticate", 'DPoP algs="ES256"'),
    ("DPoP-Nonce", "eyJ7S_zG"),
    ("access-control-allow-origin", "https://app.example"),
    ("access-control-allow-credentials", "true"),
    ("strict-transport-security", "max-age=31536000"),
    ("content-security-policy", "default-src 'none'; report-uri /csp"),
    ("x-okta-request-id", "abc"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("x-rate-limit-limit", "600"),
    ("x-rate-limit-remaining", "599"),
    ("x-rate-limit-reset", "1790000000"),
    ("link", "<https://x.example>; rel=help"),
    ("location", "/somewhere"),
    ("allow", "GET"),
    ("x-multi", "2"),
    ("server", "nginx"),
    ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
    ("x-odd", "\xe9\xff tab\tin it"),
]
GONE: Pairs = [
    ("content-length", "7"),
    ("Content-Encoding", "identity"),
    ("content-language", "de"),
    ("content-disposition", "attachment"),
    ("ETag", '"old"'),
    ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT"),
    ("content-md5", "b2xkLW1kNQ=="),
    ("digest", "sha-256=b2xk"),
    ("content-digest", "sha-256=:b2xk:"),
    ("repr-digest", "sha-256=:b2xk:"),
    ("accept-ranges", "bytes"),
    ("Cache-Control", "public, max-age=60"),
    ("expires", "Wed, 21 Oct 2026 07:28:00 GMT"),
    ("pragma", "cache"),
    ("trailer", "x-checksum"),
    ("transfer-encoding", "chunked"),
    ("connection", "keep-alive"),
    ("keep-alive", "timeout=5"),
    ("auth-problem-owner", "forged"),
    ("auth-problem-retry", "forged"),
    ("auth-problem-upstream", "okta"),
]


def okta(*headers: tuple[str, str], status: int = 401, **members: Any) -> Response:
    """Okta's error with further headers."""
    return json_response(status, {**OKTA_BODY, **members}, *headers)


# ------------------------------------------------------------------------------------------------ what stays and goes


@adapters
def test_every_other_header_stays_as_it_is_and_in_order(adapter: str) -> None:
    """Cookies, nonces, challenges and trace headers."""
    response = through(adapter, okta(*KEPT))
    assert_problem(response)
    kept = [(name.lower(), value) if adapter == "asgi" else (name, value) for name, value in KEPT]
    assert [(n.lower() if adapter == "asgi" else n, v) for n, v in response.headers[: len(KEPT)]] == kept


@adapters
@pytest.mark.parametrize("header", GONE, ids=lambda pair: pair[0])
def test_what_describes_the_old_body_is_dropped(adapter: str, header: tuple[str, str]) -> None:
    """Validators, digests, codings and lengths."""
    response = through(adapter, okta(header))
    assert_problem(response)
    assert header[1] not in response.lines(header[0])


@adapters
def test_dropped_headers_do_not_disturb_the_order_of_the_others(adapter: str) -> None:
    """Wherever they are."""
    mixed = [pair for pairs in zip(KEPT, GONE, strict=False) for pair in pairs]
    response = through(adapter, okta(*mixed))
    wanted = [(name.lower(), value) for name, value in mixed if (name, value) in KEPT]
    assert [(name.lower(), value) for name, value in response.headers[: len(wanted)]] == wanted


@adapters
def test_a_challenge_is_not_made_up(adapter: str) -> None:
    """`WWW-Authenticate` is never added."""
    assert through(adapter, OKTA).lines("www-authenticate") == []


@adapters
@pytest.mark.parametrize("respect", [False, True])
def test_no_transform_stops_the_rewrite_only_on_request(adapter: str, respect: bool) -> None:
    """Auth0 sends the directive on its errors."""
    sent = okta(("cache-control", "private, No-Transform"))
    response = through(adapter, sent, respect_no_transform=respect)
    if respect:
        assert_untouched(response, sent)
    else:
        assert_problem(response)


@adapters
def test_status_canonical_sends_the_types_status_but_never_turns_another_into_401(adapter: str) -> None:
    """A 401 would owe a challenge."""
    limited = through(adapter, Response(403, LIMITED.headers, LIMITED.body), status="canonical")
    assert assert_problem(limited)["status"] == 429
    assert limited.status == 429
    wrong = through(adapter, okta(status=400), status="canonical")
    assert assert_problem(wrong)["reason"] == "invalid-credentials"
    assert wrong.status == 400


# ------------------------------------------------------------------------------------------------ negotiation

ION = "application/ion+json; okta-version=1.0.0"
ACCEPTS = [
    (None, PROBLEM),
    ("", PROBLEM),
    ("*/*", PROBLEM),
    ("application/*", PROBLEM),
    ("application/problem+json", PROBLEM),
    ("application/json", JSON),
    ("Application/JSON", JSON),
    ("application/json, */*", PROBLEM),
    ("application/json, */*;q=0.1", JSON),
    ("application/json;q=0.9, application/problem+json", PROBLEM),
    ("application/json;q=0.5, application/problem+json;q=0.4", JSON),
    ("application/json, application/problem+json", PROBLEM),
    ("application/json, application/problem+json;q=0", JSON),
    ("*/*;q=0, application/json;q=0.001", JSON),
    ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", PROBLEM),
    ("text/html", JSON),  # neither is acceptable: the upstream's own type, which is JSON
    (";;;,,,q=", JSON),
    ("application/json;q=banana", JSON),
    ("application/json;q=1.5, application/problem+json;q=1", PROBLEM),
    ("application/json;charset=utf-8;q=0.7, application/problem+json;q=0.2", JSON),
]


@adapters
@pytest.mark.parametrize(("accept", "media"), ACCEPTS)
@pytest.mark.parametrize("upstream", [JSON, "application/json; charset=utf-8"])
def test_accept_chooses_the_media_type(adapter: str, accept: str | None, media: str, upstream: str) -> None:
    """By the most specific range (RFC 9110 section 12.5.1)."""
    sent = Response(401, [("content-type", upstream)], OKTA.body)
    response = through(adapter, sent, headers=[] if accept is None else [("accept", accept)])
    assert_problem(response, media_type=media)


@adapters
@pytest.mark.parametrize("lines", [["application/json", "text/html"], ["text/html", "application/json"]])
def test_several_accept_lines_are_one_list(adapter: str, lines: list[str]) -> None:
    """RFC 9110 section 5.3."""
    assert_problem(through(adapter, OKTA, headers=[("accept", line) for line in lines]), media_type=JSON)


@adapters
@pytest.mark.parametrize(
    ("accept", "media"), [(ION, ION), ("application/ion+json", ION), ("*/*", PROBLEM), (f"{ION}, {JSON}", JSON)]
)
def test_an_ion_client_gets_ion(adapter: str, accept: str, media: str) -> None:
    """Identity Engine clients accept nothing else."""
    message = {"message": "Authentication failed", "i18n": {"key": "errors.E0000004"}, "class": "ERROR"}
    idx = {"version": "1.0.0", "stateHandle": "02abc", "messages": {"type": "array", "value": [message]}}
    sent = Response(401, [("content-type", ION)], json_response(401, idx).body)
    response = through(adapter, sent, headers=[("accept", accept)])
    assert assert_problem(response, media_type=media)["stateHandle"] == "02abc"


@adapters
@pytest.mark.parametrize(("option", "media"), [("problem", PROBLEM), ("json", JSON)])
@pytest.mark.parametrize("accept", ["application/json", "application/problem+json", "text/html", ION])
def test_a_forced_media_type_is_not_negotiated(adapter: str, option: str, media: str, accept: str) -> None:
    """So `Vary` is not needed."""
    response = through(adapter, OKTA, headers=[("accept", accept)], media_type=option)
    assert_problem(response, media_type=media)
    assert response.lines("vary") == []


@adapters
@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], ["Accept"]),
        (["Origin"], ["Origin", "Accept"]),
        (["Origin", "accept-encoding"], ["Origin", "accept-encoding", "Accept"]),
        (["Origin, Accept"], ["Origin, Accept"]),
        (["accept"], ["accept"]),
        (["*"], ["*"]),
    ],
)
def test_vary_is_appended_where_accept_is_missing(adapter: str, given: list[str], wanted: list[str]) -> None:
    """The lines that are there stay."""
    assert through(adapter, okta(*(("vary", value) for value in given))).lines("vary") == wanted


# ------------------------------------------------------------------------------------------------ CORS

PROBLEM_HEADERS = ["Auth-Problem", "Auth-Problem-Owner", "Auth-Problem-Retry"]
ORIGIN = ("access-control-allow-origin", "https://app.example")


def exposed(adapter: str, sent: Response, **options: Any) -> list[str]:
    """The lines of `Access-Control-Expose-Headers`."""
    response = through(adapter, sent, **options)
    assert_problem(response)
    return response.lines("access-control-expose-headers")


def listing(*lines: str) -> Pairs:
    """`Access-Control-Expose-Headers` as the app sends it."""
    return [("access-control-expose-headers", line) for line in lines]


@adapters
def test_names_are_exposed_only_where_another_origin_may_read(adapter: str) -> None:
    """Where `Access-Control-Allow-Origin` is sent."""
    assert exposed(adapter, okta()) == []
    assert exposed(adapter, okta(*listing("x-a"))) == ["x-a"]
    assert exposed(adapter, okta(ORIGIN)) == [", ".join(PROBLEM_HEADERS)]


@adapters
def test_a_wait_is_exposed_with_the_problem_headers(adapter: str) -> None:
    """Scripts need it for the countdown."""
    sent = Response(429, [*LIMITED.headers, ORIGIN, ("retry-after", "7")], LIMITED.body)
    assert exposed(adapter, sent) == [", ".join([*PROBLEM_HEADERS, "Retry-After"])]


@adapters
@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["x-a"], ", ".join(["x-a", *PROBLEM_HEADERS])),
        (["x-a, auth-problem"], ", ".join(["x-a, auth-problem", *PROBLEM_HEADERS[1:]])),
        (["x-a", "X-B"], ", ".join(["x-a", "X-B", *PROBLEM_HEADERS])),
        (["*"], "*"),
    ],
)
def test_only_missing_names_are_exposed(adapter: str, lines: list[str], wanted: str) -> None:
    """Each name is listed once."""
    assert exposed(adapter, okta(ORIGIN, *listing(*lines))) == [wanted]


@adapters
def test_exposing_can_be_turned_off(adapter: str) -> None:
    """Then the header stays as it is."""
    assert exposed(adapter, okta(ORIGIN), expose_headers=False) == []
    assert exposed(adapter, okta(ORIGIN, *listing("x-a")), expose_headers=False) == ["x-a"]


# ------------------------------------------------------------------------------------------------ Retry-After

DATE = ("date", "Wed, 21 Oct 2026 07:28:00 GMT")


def waiting(*values: str) -> Response:
    """Okta's rate limit with these `Retry-After` lines."""
    return Response(429, [*LIMITED.headers, DATE, *(("retry-after", value) for value in values)], LIMITED.body)


@adapters
@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("17", 17),
        ("0", 0),
        ("86400", 86_400),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30),
        ("Wednesday, 21-Oct-26 07:28:30 GMT", 30),
        ("Wed Oct 21 07:28:30 2026", 30),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 0),
    ],
)
def test_a_valid_wait_stays_as_sent_and_is_in_the_hint(adapter: str, value: str, after: int) -> None:
    """Seconds and dates."""
    response = through(adapter, waiting(value))
    retry = assert_problem(response)["retry"]
    assert (response.lines("retry-after"), retry["after"], retry["source"]) == ([value], after, "retry-after")


@adapters
@pytest.mark.parametrize(
    "values",
    [
        ["banana"],
        [""],
        ["-1"],
        ["1.5"],
        ["+5"],
        ["\u0663".encode().decode("latin-1")],
        ["86401"],
        ["9" * 40],
        ["17", "18"],
        ["17, 18"],
        ["Wed, 99 Oct 2026 07:28:30 GMT"],
        ["Fri, 31 Dec 9999 23:59:59 GMT"],
    ],
)
def test_an_invalid_wait_is_replaced_by_the_entrys(adapter: str, values: list[str]) -> None:
    """Malformed, doubled or too long."""
    response = through(adapter, waiting(*values))
    retry = assert_problem(response)["retry"]
    assert retry["source"] == "default"
    assert response.lines("retry-after") == [str(retry["after"])]


@adapters
def test_two_equal_waits_become_one(adapter: str) -> None:
    """They do not contradict each other."""
    response = through(adapter, waiting("17", "17"))
    assert (assert_problem(response)["retry"]["after"], response.lines("retry-after")) == (17, ["17"])


@adapters
def test_a_wait_is_sent_in_seconds_where_only_a_reset_header_has_it(adapter: str) -> None:
    """Counted from the response's own `Date`."""
    sent = Response(429, [*LIMITED.headers, DATE, ("x-rate-limit-reset", "1792567710")], LIMITED.body)
    response = through(adapter, sent)
    retry = assert_problem(response)["retry"]
    assert retry == {"policy": "after_delay", "after": 31, "automatic": False, "source": "x-rate-limit-reset"}
    assert response.lines("retry-after") == ["31"]
    assert response.lines("x-rate-limit-reset") == ["1792567710"]


@adapters
@pytest.mark.parametrize(("value", "kept"), [("17", ["17"]), ("banana", []), ("86401", [])])
def test_where_waiting_does_not_help_a_valid_wait_stays_and_an_invalid_one_is_dropped(
    adapter: str, value: str, kept: list[str]
) -> None:
    """The hint has no wait."""
    response = through(adapter, okta(("retry-after", value)))
    assert "after" not in assert_problem(response)["retry"]
    assert response.lines("retry-after") == kept


@adapters
def test_max_wait_is_the_longest_valid_wait(adapter: str) -> None:
    """One second more counts as absent."""
    assert assert_problem(through(adapter, waiting("60"), max_wait=60))["retry"]["source"] == "retry-after"
    assert assert_problem(through(adapter, waiting("61"), max_wait=60))["retry"]["source"] == "default"


# ------------------------------------------------------------------------------------------------ members


@adapters
def test_what_clients_need_stays_a_member(adapter: str) -> None:
    """Under its own name."""
    document = assert_problem(through(adapter, MFA))
    assert (document["error"], document["mfa_token"]) == ("mfa_required", "Fe26.2*x")


@adapters
def test_type_base_is_the_teams(adapter: str) -> None:
    """The slug is appended."""
    document = assert_problem(through(adapter, MFA, type_base="https://docs.example.com/errors#"))
    assert document["type"] == "https://docs.example.com/errors#mfa-required"


@adapters
def test_each_response_has_an_instance_of_its_own(adapter: str) -> None:
    """Nothing else differs."""
    first, second = (assert_problem(through(adapter, MFA)) for _ in range(2))
    assert first.pop("instance") != second.pop("instance")
    assert first == second


@adapters
def test_both_adapters_send_the_same(adapter: str) -> None:
    """Status, headers and body."""
    response, other = through(adapter, MFA), through("asgi", MFA)
    wanted = assert_problem(other)
    assert {**assert_problem(response), "instance": ""} == {**wanted, "instance": ""}
    assert [(n.lower(), v) for n, v in response.headers] == [(n.lower(), v) for n, v in other.headers]
    assert is_problem(response)
