"""The built documentation site: types that resolve, links that lead somewhere, and pages in a real browser."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import orjson
import pytest

from authproblem import Registry, normalize
from tests.browser.conftest import SIZES, Axe, NewPage
from tests.support.vectors import FILES, load
from tools.check_site import findings
from tools.site_explorer import add_explorer, available

ROOT = Path(__file__).parents[2]
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in SIZES]
KINDS = {
    "home": "/",
    "tutorial": "/tutorials/fastapi/",
    "guide": "/options/",
    "problem types": "/problems/",
    "problem type": "/problems/mfa-required/",
    "providers": "/providers/",
    "provider": "/providers/okta-states/",
    "API": "/reference/authproblem.asgi/",
    "project": "/project/security/",
    "search": "/search/?q=E0000047",
}
"""One page of each kind."""

pytestmark = pytest.mark.timeout(300)


class Quiet(SimpleHTTPRequestHandler):
    """A static file server, as `make serve-docs` and most hosts are: a folder without its slash is redirected."""

    def log_message(self, *_args: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with warnings as errors."""
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-b", "dirhtml", "-q", "-W", "--keep-going", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    if available():
        add_explorer(folder)
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of the served site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def title_at(client: httpx.Client, url: str) -> str:
    """Return the first heading of the page that a URL leads to, with or without redirects."""
    page = client.get(url, follow_redirects=True)
    assert page.status_code == 200, url
    found = re.search(r"<h1>(.*?)<a", page.text)
    assert found is not None, url
    return found[1]


def test_the_type_of_every_vector_is_a_page(address: str) -> None:
    """`type_base` and the slug are the address of the page, with and without a slash at the end."""
    base = f"{address}/problems/"
    vectors = [vector for stem in FILES for vector in load(stem)]
    problems = [
        normalize(
            vector.response.status,
            vector.response.headers,
            vector.response.body,
            provider=cast("Any", vector.provider),
            endpoint=vector.endpoint,
            transaction_states=True,
            flow_control=True,
            type_base=base,
        )
        for vector in vectors
    ]
    titles = {problem.type: problem.title for problem in problems if problem is not None}

    with httpx.Client(trust_env=False) as client:
        shown = {url: (title_at(client, url), title_at(client, url + "/")) for url in titles}

    assert len(titles) > 60
    assert shown == {url: (title, title) for url, title in titles.items()}


def test_every_problem_type_is_a_page(address: str) -> None:
    """Those that no vector has included."""
    with httpx.Client(trust_env=False) as client:
        shown = {slug: title_at(client, f"{address}/problems/{slug}") for slug in Registry.builtin().types}

    assert shown == {slug: kind.title for slug, kind in Registry.builtin().types.items()}


def test_no_link_is_broken_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """In all pages, anchors included."""
    assert findings(site) == []


def test_broken_links_and_foreign_resources_are_found(tmp_path: Path) -> None:
    """The check itself: a missing page, a missing anchor, a script and a style of another origin."""
    (tmp_path / "index.html").write_text(
        '<a href="gone/">x</a><a href="#nowhere">x</a><a href="https://example.com/">x</a>'
        '<script src="https://cdn.example/x.js"></script><a href="#here" id="here">x</a>'
    )
    (tmp_path / "x.css").write_text("@font-face { src: url(https://fonts.example/x.woff2) }")

    assert findings(tmp_path) == [
        "/: broken link gone/",
        "/: broken link #nowhere",
        "/: loads https://cdn.example/x.js",
        "/x.css: loads something from elsewhere",
    ]


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
@pytest.mark.parametrize("kind", list(KINDS))
def test_no_accessibility_findings_and_no_request_to_elsewhere(
    new_page: NewPage, axe: Axe, address: str, kind: str, look: tuple[str, str]
) -> None:
    """Each kind of page in both color schemes, on a desktop and on a phone, without sideways scrolling."""
    page = new_page(*look)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address + KINDS[kind], wait_until="networkidle")

    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [url for url in requested if not url.startswith((address, "data:"))] == []


def test_the_filter_hides_entries_that_do_not_match(new_page: NewPage, address: str) -> None:
    """All words have to occur; a link to a hidden entry shows it again."""
    page = new_page()
    page.goto(f"{address}/providers/okta/")
    page.get_by_label("Filter").fill("E0000047 rate-limited")

    assert page.get_by_text("1 of", exact=False).first.inner_text().startswith("1 of ")
    assert page.locator("#entries > section:visible h3").first.inner_text().startswith("okta:E0000047")
    page.evaluate("location.hash = 'okta-e0000004'")
    page.locator("section#okta-e0000004").wait_for(state="visible")


def test_the_search_leads_to_the_entry(new_page: NewPage, address: str) -> None:
    """By its code; the first results include the section itself."""
    page = new_page()
    page.goto(f"{address}/search/?q=E0000047")
    link = page.get_by_role("link", name="okta:E0000047", exact=False).first
    link.click()

    page.wait_for_url(re.compile("/providers/okta/.*#okta-e0000047"))


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_the_explorer_of_the_site_needs_no_server(
    new_page: NewPage, axe: Axe, address: str, look: tuple[str, str]
) -> None:
    """Python runs in the page; all files come from the site, and nothing that is pasted is sent."""
    if not available():
        pytest.skip("needs npm, for Pyodide")
    page = new_page(*look)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(f"{request.method} {request.url}"))
    page.goto(f"{address}/explorer/")

    page.get_by_label("What came back").fill('{"errorCode": "E0000047", "errorSummary": "made-up"}')
    page.get_by_role("heading", name="Rate limit exceeded").wait_for(timeout=90_000)

    assert axe(page) == []
    assert [line for line in requested if not line.startswith(f"GET {address}/")] == []


def test_the_stand_in_for_orjson_reads_and_writes_as_orjson() -> None:
    """All bodies of the vectors, and what the two differ in by nature: constants and long integers."""
    stand_in = runpy.run_path(str(ROOT / "docs" / "explorer" / "orjson.py"))
    bodies = [vector.response.body for stem in FILES for vector in load(stem)]
    edges = [b"NaN", b"[18446744073709551615]", b"[18446744073709551616]", b"[-9223372036854775809]", b"\xff", b"{"]

    def result(loads: Any, dumps: Any, body: bytes) -> Any:
        try:
            return dumps(loads(body))
        except ValueError:
            return ValueError

    expected = [result(orjson.loads, orjson.dumps, body) for body in (*bodies, *edges)]
    actual = [result(stand_in["loads"], stand_in["dumps"], body) for body in (*bodies, *edges)]
    assert expected == actual
