"""The example of docs/alerts.md loads, and shows every key."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from viguard.alerts import settings
from viguard.alerts.load import loads_alerts
from viguard.model.facts import Struct

TEXT = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", TEXT)
STRUCTS = [s for s in vars(settings).values() if isinstance(s, type) and issubclass(s, Struct) and s is not Struct]


def test_the_example_loads() -> None:
    found = loads_alerts(EXAMPLE, "docs/alerts.md")
    assert [r.name for r in found.receivers] == ["nagios", "central", "mail", "chat", "oncall"]
    assert found.grouping == settings.Grouping(), "it shows the defaults"


@pytest.mark.parametrize("struct", STRUCTS)
def test_every_key_is_shown(struct: type[Struct]) -> None:
    keys = {field.name for field in msgspec.structs.fields(struct)} - {"line"}
    assert keys <= set(re.findall(r"([a-z_]+):", EXAMPLE))
