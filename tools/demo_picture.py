"""Draw the picture of the demo that the README and the site show: two cases, as the terminal shows them.

`make picture` runs it. The fonts are those of the reader's machine, since a picture may load nothing.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that it runs as a script

from demo.cases import CASES  # noqa: E402
from demo.servers import start_servers  # noqa: E402
from demo.show import block  # noqa: E402

PICTURE = ROOT / "docs" / "_static" / "demo.svg"
_SHOWN = ("mfa", "limit-okta", "plain-text")
_WIDTH = 110
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> int:
    """Run the cases and write the picture."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    with start_servers() as servers:
        for case in CASES:
            if case.name in _SHOWN:
                console.print(block(servers.run(case)))
    picture = console.export_svg(title="make demo", theme=MONOKAI, unique_id="demo")
    picture = _FONT_FACE.sub("", picture).replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    PICTURE.write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
