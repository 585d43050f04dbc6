"""A gateway that calls a service with the middleware, repeats what may be repeated, and routes the rest.

python examples/gateway_reader.py http://localhost:8000/api/v2/users
"""

import sys
import time

import httpx

from authproblem import Problem

DESKS = {"user": "the user", "policy": "the user", "limit": "the user", "flow": "the user", "client": "the developers"}
TRIES = 3


def fetch(client: httpx.Client, url: str) -> httpx.Response:
    """Get a page; wait and try again as long as the service says that a program may."""
    for _ in range(TRIES - 1):
        response = client.get(url)
        problem = Problem.from_response(response)  # <-- the one line that matters
        if problem is None or not problem.retry.automatic:
            return response
        time.sleep(problem.retry.after or 0)
    return client.get(url)


def desk(response: httpx.Response) -> str:
    """Who has to see a response: the headers alone tell, so that no body has to be read."""
    problem = Problem.from_headers(response.headers)
    return "nobody" if problem is None else DESKS.get(problem.owner, "the people on call")


if __name__ == "__main__":
    with httpx.Client() as http:
        answer = fetch(http, sys.argv[1])
        print(answer.status_code, answer.headers.get("Auth-Problem", "-"), "for", desk(answer))
