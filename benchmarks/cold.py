"""Cold start, in fresh processes: building a middleware, and what the first errors take more than later ones."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from time import process_time

from benchmarks.results import Row, Section, Settings
from benchmarks.scale import middle
from benchmarks.timing import Figure

_TEAM = 10_000
_SIZES = {"the built-in registry": 0, f"{_TEAM:,} rows of a team's own": _TEAM}
_COLUMNS = (
    "middleware built, CPU ms",
    "first error of Auth0 less the second, CPU ms",
    "first error of Okta less the second, CPU ms",
)
_TIMEOUT = 120


def cold(settings: Settings) -> Section:
    """Build a middleware and send two errors of each vendor through it, in processes of their own."""
    runs: dict[str, list[list[float]]] = {name: [] for name in _SIZES}
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for turn in range(settings.processes + 1):
            for name, size in _SIZES.items():
                command = [sys.executable, "-m", "benchmarks.cold", str(size)]
                done = subprocess.run(
                    command, capture_output=True, check=True, text=True, timeout=_TIMEOUT, env=environ
                )
                if turn:  # the first one compiles
                    runs[name].append([float(part) for part in done.stdout.split()])
    rows = [
        Row(name, {title: middle([run[place] for run in runs[name]]) for place, title in enumerate(_COLUMNS)})
        for name in _SIZES
    ]
    note = "the team's rows are read before, by Registry.extend; orjson and authproblem.asgi are imported before"
    return Section("cold start, in fresh processes", note, rows, _metrics(rows))


def _metrics(rows: list[Row]) -> dict[str, Figure]:
    builtin, team = rows
    return {
        "middleware built, CPU ms": builtin.figures[_COLUMNS[0]],
        f"middleware built, {_TEAM:,} rows of a team's own, CPU ms": team.figures[_COLUMNS[0]],
        "first error less the second, Auth0, CPU ms": builtin.figures[_COLUMNS[1]],
        "first error less the second, Okta, CPU ms": builtin.figures[_COLUMNS[2]],
    }


def _run(size: int) -> None:
    """What runs in the fresh process: prints the three columns."""
    from authproblem import Registry
    from authproblem.asgi import AuthProblemMiddleware
    from benchmarks.bodies import SHAPES
    from benchmarks.harness import asgi_app, asgi_scope

    scopes = [asgi_scope(one, body) for body in (SHAPES[0], SHAPES[5]) for one in body.fresh(2)]
    registry = None
    if size:
        rows = [
            {
                "id": f"auth0:team_{at}",
                "code": f"team_{at}",
                "type": "access-denied",
                "texts": [f"Text {at} of the team."],
            }
            for at in range(size)
        ]
        registry = Registry.builtin().extend({"entries": rows})
    start = process_time()
    middleware = AuthProblemMiddleware(asgi_app, registry=registry)
    built = process_time() - start
    auth0, auth0_again, okta, okta_again = (_served(middleware, scope) for scope in scopes)
    print(*(1e3 * value for value in (built, auth0 - auth0_again, okta - okta_again)))


def _served(middleware: object, scope: object) -> float:
    async def send(_message: object) -> None:
        pass

    running = middleware(scope, None, send)  # type: ignore[operator]
    start = process_time()
    try:
        running.send(None)
    except StopIteration:
        return process_time() - start
    raise RuntimeError("the app waits for something")


if __name__ == "__main__":
    import logging

    logging.getLogger("authproblem").setLevel(logging.CRITICAL + 1)
    _run(int(sys.argv[1]))
