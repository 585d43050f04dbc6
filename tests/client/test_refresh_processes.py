"""Several processes refresh one credential: one request, and two if the first process is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from authproblem.refresh import MemoryRefreshStore
from tests.client.refresh_worker import KEY, Manager
from tests.client.upstream import Seen, running
from tests.support.responses import Response, json_response

TOKEN = json_response(200, {"access_token": "at", "token_type": "Bearer", "expires_in": 3600})
WORKER = Path(__file__).with_name("refresh_worker.py")


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "requests"), [(False, 1), (True, 2)])
def test_a_hundred_threads_of_four_processes_send_once(kills: bool, requests: int, tmp_path: Path) -> None:
    """No caller waits longer than the budget, and every live one gets the tokens."""
    store = MemoryRefreshStore()
    Manager.register("shared", callable=lambda: store)
    manager = Manager(("127.0.0.1", 0), KEY)

    def answer(seen: Seen) -> Response:
        time.sleep(0.2)
        if kills and len(upstream.seen) == 1:
            os.kill(int(seen.header("X-Pid") or 0), signal.SIGKILL)
        return TOKEN

    manager.start()
    try:
        with running(answer) as upstream:
            port = manager.address[1]  # type: ignore[index] # an address of IPv4
            arguments = [str(port), upstream.url, str(tmp_path / "tokens.json"), "25"]
            command = [sys.executable, str(WORKER), *arguments]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", os.environ.get("PYTHONPATH", "")])}
            workers = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(4)]
            outputs = [worker.communicate(timeout=60)[0] for worker in workers]
            sent = len(upstream.seen)
    finally:
        manager.shutdown()

    results = [json.loads(output) for output in outputs if output]
    assert sent == requests
    assert len(results) == (3 if kills else 4)
    assert all(tokens == ["at"] * 25 and waited < 10 for tokens, waited in results)
