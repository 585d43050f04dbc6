"""A client of a service with the middleware: it repeats what may be repeated, and says who has to see the rest.

python examples/gateway_reader.py http://localhost:8000/api/v2/users
"""

import sys
import time

import httpx

from authproblem import Problem

ASSIGNEES = {
    "user": "the user",
    "policy": "the user",
    "limit": "the user",
    "flow": "the user",
    "client": "the developers",
}
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


def assignee(response: httpx.Response) -> str:
    """Who has to see a response. The headers are enough: no body has to be read."""
    problem = Problem.from_headers(response.headers)
    return "nobody" if problem is None else ASSIGNEES.get(problem.owner, "the people on call")


if __name__ == "__main__":
    with httpx.Client() as http:
        answer = fetch(http, sys.argv[1])
        print(answer.status_code, answer.headers.get("Auth-Problem", "-"), "for", assignee(answer))
