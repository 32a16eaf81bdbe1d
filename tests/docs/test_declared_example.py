"""The example of docs/declared.md loads, and shows every key."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from viguard.collect.declared import DeclaredGuest, DeclaredHost, loads

TEXT = (Path(__file__).parents[2] / "docs" / "declared.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", TEXT)


def test_the_example_loads_and_shows_every_key() -> None:
    found = loads(EXAMPLE, "docs/declared.md", datetime(2026, 1, 1, tzinfo=UTC))
    assert [h.name for h in found.hosts] == ["vmserver1.belnet.be"]
    assert [g.name for g in found.guests] == ["old-wiki"]
    keys = {f.name for struct in (DeclaredHost, DeclaredGuest) for f in msgspec.structs.fields(struct)}
    assert keys <= set(re.findall(r"([a-z_]+):", EXAMPLE))
