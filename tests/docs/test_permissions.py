from __future__ import annotations

import re
from pathlib import Path

from viguard.vsphere.privileges import ROLE

TEXT = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")


def test_the_documented_role_is_the_role_that_is_checked() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| ([\d.]+) \| (.+?) \| (yes|no) \|$", TEXT, re.MULTILINE)
    assert rows == [(p.id, p.since, p.lost, "yes" if p.writes else "no") for p in ROLE]
