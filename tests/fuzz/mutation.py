"""A mutation loop without dependencies: seeds, changed at random but by a fixed seed, so that it runs anywhere."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count

Mutator = Callable[[random.Random, bytes, Sequence[bytes]], bytes]

WORDS = (
    *(
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"null",
        b"true",
        b"-1",
        b"1e400",
        b"18446744073709551616",
        b"NaN",
        b"[]",
    ),
    *(
        b"{}",
        b'""',
        b"\\u0000",
        b"\\ud800",
        b"\\u560a",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\r\n",
        b"\\n",
        b"\x1b[2J",
    ),
    *(b'"error":', b'"error_description":', b'"errorCode":', b'"errorSummary":', b'"errorCauses":', b'"message":'),
    *(b'"code":', b'"name":', b'"description":', b'"statusCode":', b'"status":', b'"stateToken":', b'"stateHandle":'),
    *(b'"version":', b'"messages":', b'"remediation":', b'"value":', b'"i18n":', b'"key":', b'"class":', b'"ERROR"'),
    *(b'"factorResult":', b'"_embedded":', b'"mfa_token":', b'"detail":', b'"type":', b'"title":', b'"retry":'),
    *(
        b"c4nary s3cret!",
        b'"c4nary s3cret!"',
        b"invalid_grant",
        b"E0000004",
        b"LOCKED_OUT",
        b"/callback",
        b"/oauth/token",
    ),
    *(b"\ncontent-type: application/json", b"\ncontent-type: text/plain", b"\ncontent-type: text/html", b"\ndate: "),
    *(
        b"\ncontent-encoding: gzip",
        b"\ncontent-encoding: br",
        b"\nretry-after: ",
        b"\nratelimit: ",
        b"\nlocation: /?error=",
    ),
    *(
        b"\nwww-authenticate: Bearer error=",
        b'\nwww-authenticate: DPoP error="use_dpop_nonce"',
        b"\nx-okta-request-id: a",
    ),
    *(b"\nauth-problem-upstream: okta;endpoint=/api/v1/authn", b"\nauth-problem: x", b"\nx-auth0-requestid: a"),
    *(b"\nx-rate-limit-reset: ", b"\nx-ratelimit-reset: 1", b"\nauth0-client-quota-limit: b=x;r=0;t=5", b"\nvary: *"),
    *(b"\naccess-control-allow-origin: *", b"\naccess-control-expose-headers: X", b"\ncache-control: no-transform"),
)
"""What has a meaning somewhere: pieces of JSON, of the shapes, and of headers."""


def _replace(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _insert(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(WORDS) + data[at:]


def _overwrite(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at, word = rng.randrange(len(data) + 1), rng.choice(WORDS)
    return data[:at] + word + data[at + len(word) :]


def _cut(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.randrange(1, 40) :]


def _end(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _repeat(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at, size = rng.randrange(len(data) + 1), rng.randrange(1, 60)
    return data[:at] + data[at : at + size] * rng.choice((2, 3, 40)) + data[at:]


def _splice(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    other = rng.choice(pool)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _swap_heads(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """The head of one case on the body of another."""
    head, _, _ = rng.choice(pool).partition(b"\n\n")
    return head + b"\n\n" + data.partition(b"\n\n")[2]


def _swap_values(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    """A JSON value in place of another."""
    at = data.find(b":", rng.randrange(len(data) + 1))
    end = data.find(b",", at)
    value = rng.choice(
        (b"null", b"[]", b"{}", b"0", b"true", b'"x"', b'"c4nary s3cret!"', b"[null]", b'{"a":[1]}', b"1.5")
    )
    return data if at < 0 else data[: at + 1] + value + (data[end:] if end >= 0 else b"}")


def _nest(rng: random.Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    """A value deep within lists or objects."""
    at, levels = data.find(b":", rng.randrange(len(data) + 1)) + 1, rng.choice((3, 12, 13, 100, 200))
    left, right = rng.choice(
        ((b"[", b"]"), (b'{"a":', b"}"), (b'{"detail":', b"}"), (b'{"messages":{"value":[', b"]}}"))
    )
    return data[:at] + left * levels + b"1" + right * levels + b"," + data[at:]


MUTATORS: tuple[Mutator, ...] = (
    *(_replace, _insert, _insert, _overwrite, _cut, _end, _repeat),
    *(_splice, _swap_heads, _swap_values, _swap_values, _nest),
)


def mutations(pool: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """The seeds as they are, then changed ones without end: the same for the same seed."""
    yield from pool
    rng = random.Random(seed)
    while True:
        data = rng.choice(pool)
        for _ in range(rng.randrange(1, 5)):
            data = rng.choice(MUTATORS)(rng, data, pool)
        yield data


def loop(
    run: Callable[[bytes], None], pool: Sequence[bytes], *, seed: int, seconds: float | None, times: int | None
) -> int:
    """Run a target until the time is up or the number is reached.

    Returns:
        How many inputs were tried.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    source = mutations(pool, seed)
    for tried in count():
        if (times is not None and tried >= times) or (deadline is not None and time.monotonic() >= deadline):
            return tried
        run(next(source))
    raise AssertionError
