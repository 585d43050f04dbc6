"""What the site adds to Sphinx: pages from the repository's root, docstrings in Markdown style, and page assets.

`README.md`, `SECURITY.md` and others stay in the root, where GitHub shows them. On the site, each has a page in
`project/` whose text is read from there; relative links are changed to point to pages of the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from tools.site_explorer import available

ROOT = Path(__file__).resolve().parent.parent
ROOT_PAGES = {
    "ARCHITECTURE.md": "project/architecture",
    "CHANGELOG.md": "project/changelog",
    "CONTRIBUTING.md": "project/contributing",
    "SECURITY.md": "project/security",
    "benchmarks/README.md": "project/benchmarks",
}
"""Files outside of `docs/` that are pages of the site, and their names there."""

_COMPLETIONS = (
    ('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    ('<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
    ('<th class="head"><p></p></th>', "<td></td>"),
    ("<pre>", '<pre tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
)
"""What the theme's pages lack: levels of headings, names of landmarks, keyboard access to blocks that scroll."""
_EXPLORER = "<!-- link to the explorer -->"
_ARTICLE = '<article role="main" id="furo-main-content">'
SECTIONS = frozenset({"problems/index", "providers/index", "reference/index"})
"""Index pages whose folder is listed below them in the navigation."""
_TOCTREE = """

```{toctree}
:hidden:
:glob:

*
```
"""

_LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_CODE = re.compile(r"``.+?``|`[^`\n]+`")
_SPECIAL = re.compile(r"(?<!\\)([*|])|(?<=\w)(_)(?=\W|$)")


def setup(app: Any) -> dict[str, bool]:
    """Register the hooks with Sphinx."""
    app.connect("source-read", _read_source)
    app.connect("autodoc-process-docstring", _escape_docstring)
    app.connect("html-page-context", _add_assets)
    app.connect("build-finished", _complete_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read_source(_app: Any, name: str, source: list[str]) -> None:
    """Replace the text of a page of the root by the file's, and resolve relative links out of `docs/`."""
    path = next((path for path, page in ROOT_PAGES.items() if page == name), None)
    folder = posixpath.dirname(path if path is not None else f"docs/{name}")
    text = source[0] if path is None else (ROOT / path).read_text(encoding="utf-8")
    # Hundreds of entries in the table of contents would help nobody, and take a minute to build.
    text = text.replace(_EXPLORER, _explorer_link(name))
    front_matter = "---\ntocdepth: 1\n---\n" if _lists_entries(name) else ""
    source[0] = front_matter + localize(text, folder) + (_TOCTREE if name in SECTIONS else "")


def _explorer_link(name: str) -> str:
    """Return the link to the explorer, which is no page of Sphinx, or nothing where the site has none."""
    if not available():
        return ""
    path = "explorer/" if name == "index" else "../" * (name.count("/") + 1) + "explorer/"
    return f'<a href="{path}">Open the explorer in your browser</a> (it loads 13 MB first).'


def localize(text: str, folder: str) -> str:
    """Return a page's Markdown with links that work on the site.

    Args:
        text: The Markdown.
        folder: The folder of the file that it comes from, relative to the repository.
    """

    def change(found: re.Match[str]) -> str:
        image, label, target, anchor = found.groups(default="")
        if _SCHEME.match(target):
            return found[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        if path in ROOT_PAGES:
            return f"{image}[{label}](/{ROOT_PAGES[path]}.md{anchor})"
        if path.startswith("docs/"):
            return f"{image}[{label}](/{path.removeprefix('docs/')}{anchor})"
        if image:
            return f"![{label}](/{posixpath.relpath(path, 'docs')})"
        return f"`{path}`" if label == path or f"`{label.strip('`')}`" == label else f"{label} (`{path}`)"

    return _LINK.sub(change, text)


def _escape_docstring(_app: Any, _what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Turn the Markdown of a docstring (backticks, fenced blocks) into reStructuredText, and escape everything else."""
    fenced = False
    for number, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            indent = line[: len(line) - len(line.lstrip())]
            fenced = not fenced
            lines[number] = f"{indent}.. code-block:: {line.strip(' `') or 'text'}\n" if fenced else ""
        elif fenced:
            lines[number] = f"   {line}" if line else ""
        elif not line.lstrip().startswith((":", ".. ", "- ", "* ", ">>>")):
            lines[number] = _escape(line)
    lines[:] = "\n".join(lines).split("\n")


def _escape(line: str) -> str:
    parts, end = [], 0
    for span in _CODE.finditer(line):
        parts += [_SPECIAL.sub(r"\\\1\2", line[end : span.start()]), span[0]]
        end = span.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\1\2", line[end:])])


def _add_assets(app: Any, name: str, _template: str, _context: dict[str, Any], _doctree: object) -> None:
    """Give the pages of the provider reference the filter for their entries."""
    if _lists_entries(name):
        app.add_js_file("filter.js", defer="defer")


def _lists_entries(name: str) -> bool:
    return name.startswith("providers/") and name != "providers/index"


def _complete_pages(app: Any, failure: Exception | None) -> None:
    """Complete the accessibility of the written pages."""
    if failure is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        completed = text
        for found, wanted in _COMPLETIONS:
            completed = completed.replace(found, wanted)
        if path.parent.name == "search" and "<h1>" not in text:
            completed = completed.replace(_ARTICLE, f"{_ARTICLE}<h1>Search</h1>")
        if completed != text:
            path.write_text(completed, encoding="utf-8")
