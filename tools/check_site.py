"""Check the built site: every internal link leads somewhere, and no page loads anything from elsewhere.

`make site` runs it after the build. Links to other sites are not followed.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "site"
_ORIGIN = "http://site.invalid"
_LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src", "object": "data"}
_LOADED_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest", "font", "prefetch"})


class Page(HTMLParser):
    """The links, the loaded resources and the anchors of a page."""

    def __init__(self) -> None:
        """Prepare the parser."""
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what one element refers to."""
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and _LOADED_LINKS & set(values.get("rel", "").split()):
            self.loaded.append(values.get("href", ""))
        if tag in _LOADED and _LOADED[tag] in values:
            self.loaded.append(values[_LOADED[tag]])


def read(site: Path) -> dict[str, Page]:
    """Return all pages by their URL path."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        name = path.relative_to(site).as_posix()
        pages["/" + name.removesuffix("index.html") if name.endswith("index.html") else "/" + name] = page
    return pages


def findings(site: Path) -> list[str]:
    """Return one line for each broken link and each resource of another origin."""
    pages = read(site)
    found = []
    for at, page in pages.items():
        for link in (*page.links, *page.loaded):
            parts = urlsplit(urljoin(_ORIGIN + at, link))
            if f"{parts.scheme}://{parts.netloc}" == _ORIGIN and not _leads_somewhere(
                site, pages, parts.path, parts.fragment
            ):
                found.append(f"{at}: broken link {link}")
        found += [f"{at}: loads {link}" for link in page.loaded if urlsplit(link).netloc]
    return found + _styles(site)


def _leads_somewhere(site: Path, pages: dict[str, Page], path: str, fragment: str) -> bool:
    target = pages.get(path) or pages.get(path + "/")
    if target is None:
        return (site / unquote(path).lstrip("/")).is_file()
    return not fragment or fragment.startswith(":~:") or unquote(fragment) in target.anchors


def _styles(site: Path) -> list[str]:
    """Return the stylesheets that load something from another origin."""
    marks = ("url(http", "url('http", 'url("http', "url(//", "@import url(http")
    sheets = sorted(site.rglob("*.css"))
    return [
        f"/{sheet.relative_to(site).as_posix()}: loads something from elsewhere"
        for sheet in sheets
        if any(mark in sheet.read_text(encoding="utf-8") for mark in marks)
    ]


def main() -> int:
    """Run as a script."""
    found = findings(SITE)
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"{SITE.relative_to(ROOT)}: {len(read(SITE))} pages, no broken link, nothing loaded from elsewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
