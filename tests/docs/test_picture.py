"""docs/audit.svg shows what the demo says."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_picture_is_the_report_of_the_demo() -> None:
    picture = runpy.run_path(str(DOCS / "picture.py"))["picture"]
    assert (DOCS / "audit.svg").read_text(encoding="utf-8") == picture(), "draw it anew: python docs/picture.py"
