"""Draws docs/audit.svg, the terminal report of the demo estate: `python docs/picture.py`."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from viguard.reports import terminal
from viguard.usecases import demo
from viguard.usecases.person import Person

ROWS = 46
TARGET = Path(__file__).with_name("audit.svg")


def main() -> None:
    """Write the picture."""
    TARGET.write_text(picture(), encoding="utf-8")


def picture() -> str:
    """The head of the report as SVG, without anything that is loaded from elsewhere."""
    person = Person(ask=str, progress=lambda *_: None)
    audit = demo.run(person, today=False).audit
    drawn = io.StringIO()
    whole = Console(file=drawn, width=110, force_terminal=True, highlight=False, markup=False, color_system="truecolor")
    terminal.render(whole, audit)
    shown = Console(file=io.StringIO(), width=110, record=True, force_terminal=True, highlight=False, markup=False)

    for line in drawn.getvalue().splitlines()[:ROWS]:
        shown.print(Text.from_ansi(line))
    svg = shown.export_svg(title="viguard demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "monospace")


if __name__ == "__main__":
    main()
