"""The explorer in a real browser: paste, result, links, keyboard, phone width, color schemes, accessibility."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import uvicorn

from authproblem import Registry
from authproblem._cli.explorer.app import make_app
from tests.browser.conftest import SIZES, Axe, NewPage
from tests.cli.support import GENERIC, LIMITED

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in SIZES]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a running explorer."""
    config = uvicorn.Config(make_app(Registry.builtin()), host="127.0.0.1", port=0, log_level="error")
    listening = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)


def paste(page: Page, text: str) -> None:
    """Put a text into the field."""
    page.get_by_label("What came back").fill(text)


def test_what_is_pasted_is_explained_at_once(new_page: NewPage, url: str) -> None:
    """No button has to be pressed."""
    page = new_page()
    page.goto(url)

    paste(page, json.dumps({**LIMITED}))

    page.get_by_role("heading", name="Rate limit exceeded").wait_for(timeout=5000)
    assert "okta:E0000047" in page.get_by_role("status").inner_text()


def test_the_result_follows_the_typing_within_fifty_milliseconds(new_page: NewPage, url: str) -> None:
    """From the key to the changed result, the median of ten, measured in the page."""
    page = new_page()
    page.goto(url)
    paste(page, json.dumps(LIMITED))
    page.get_by_role("heading", name="Rate limit exceeded").wait_for()

    measured: list[float] = page.evaluate(
        """async () => {
          const text = document.getElementById("text"), durations = [];
          const changed = () => new Promise((resolve) =>
            new MutationObserver((_, observer) => { observer.disconnect(); resolve(); })
              .observe(document.getElementById("panels"), { childList: true }));
          for (let i = 0; i < 10; i++) {
            const start = performance.now(), done = changed();
            text.value += " ";
            text.dispatchEvent(new Event("input", { bubbles: true }));
            await done;
            durations.push(performance.now() - start);
          }
          return durations;
        }"""
    )

    assert sorted(measured)[5] < 50


def test_every_example_leads_to_a_result(new_page: NewPage, url: str) -> None:
    """Each button fills the form; none of the examples is an error."""
    page = new_page()
    page.goto(url)
    headings = {}
    for button in page.get_by_role("group", name="Examples").get_by_role("button").all():
        button.click()
        page.wait_for_timeout(150)
        headings[button.inner_text()] = page.locator("#panels h2").first.inner_text()

    assert headings == {
        "Okta rate limit": "Rate limit exceeded rate-limited",
        "Auth0 second factor": "Multi-factor authentication required mfa-required",
        "Wrong password": "Invalid credentials invalid-credentials",
        "Weak password": "Password is too weak password-too-weak",
        "Management API (HAR)": "Account not found account-not-found",
        "Account locked with status 200": "Account is locked after failed attempts account-locked",
        "DPoP nonce": "The response is left alone",
        "Generic code": "The response is left alone",
    }


def test_the_link_carries_the_input_in_the_fragment_alone(new_page: NewPage, url: str) -> None:
    """Another browser that opens it shows the same; no request holds what was pasted but the one to explain it."""
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(url)
    paste(page, json.dumps({"error": "invalid_grant", "error_description": "Grüße"}))
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Sent by").select_option("okta")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")

    other = new_page()
    requested: list[str] = []
    other.on("request", lambda request: requested.append(f"{request.method} {request.url}"))
    other.goto(link)
    other.get_by_role("heading", name="Invalid grant").wait_for()

    before, _, fragment = link.partition("#")
    assert (before, len(fragment) > 20) == (url, True)
    assert other.get_by_label("What came back").input_value() == page.get_by_label("What came back").input_value()
    assert [line for line in requested if fragment[:16] in line.partition("#")[0]] == []
    assert [line for line in requested if not line.partition(" ")[2].startswith(url)] == []


def test_a_suggestion_sets_the_option(new_page: NewPage, url: str) -> None:
    """From "left alone" to a problem with one click."""
    page = new_page()
    page.goto(url)
    paste(page, json.dumps(GENERIC))

    page.get_by_role("button", name="Okta sent it").click()

    page.get_by_role("heading", name="Invalid grant").wait_for()
    assert page.get_by_label("Sent by").input_value() == "okta"


def test_the_page_works_with_the_keyboard_alone(new_page: NewPage, url: str) -> None:
    """Tab reaches the examples, the field, the options and the buttons of the result, in this order."""
    page = new_page()
    page.goto(url)
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "(document.activeElement.id || document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.textContent.trim()).slice(0, 40)"
        )
        if name == "Okta rate limit":
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Rate limit exceeded").wait_for()
        reached.append(name)

    wanted = ["Skip to the result", "Okta rate limit", "text", "Options", "share", "Clear", "Copy: Front-end code"]
    assert [name for name in reached if name in wanted][: len(wanted)] == wanted
    assert "Event" in reached


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
@pytest.mark.parametrize("body", [LIMITED, GENERIC, None], ids=["problem", "left alone", "empty"])
def test_no_accessibility_findings_and_no_sideways_scrolling(
    new_page: NewPage, axe: Axe, url: str, look: tuple[str, str], body: object
) -> None:
    """In both color schemes, on a desktop and on a phone."""
    page = new_page(*look)
    page.goto(url)
    page.get_by_text("Options", exact=True).click()
    if body is not None:
        paste(page, json.dumps(body))
        page.locator("#panels h2").first.wait_for()

    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_stopped_server_is_reported(new_page: NewPage, url: str) -> None:
    """Instead of an old result that looks like the new one."""
    page = new_page()
    page.goto(url)
    page.route("**/explain", lambda route: route.abort())

    paste(page, "{}")

    page.get_by_text("Is it still running?").wait_for()
