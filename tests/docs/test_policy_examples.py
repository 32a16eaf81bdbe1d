"""Every example of docs/policy.md loads, and every key has one."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from viguard.assess import controls
from viguard.assess.waivers import lint
from viguard.model.facts import Struct
from viguard.model.inventory import Inventory
from viguard.policy.load import loads
from viguard.policy.policy import Approved, Limits, Policy, Recognition, TimeZone, Zone
from viguard.policy.waivers import loads_waivers

TEXT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"(?ms)^```yaml\n(.*?)^```", TEXT)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
WAIVERS = re.findall(r"(?ms)^```yaml waivers\n(.*?)^```", TEXT)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_loads(text: str) -> None:
    loads(text, "docs/policy.md")


def test_the_waiver_example_loads() -> None:
    (text,) = WAIVERS
    (waiver,) = loads_waivers(text, "docs/policy.md", controls.load())  # refuses a control that does not exist
    assert waiver.approver == "Bob Claes"


def test_lint_says_of_the_waiver_example_only_that_nothing_matches_here() -> None:
    (waiver,) = loads_waivers(WAIVERS[0], "docs/policy.md", controls.load())
    estate = Inventory([], read_at=NOW)
    assert [remark.kind for remark in lint([waiver], [], estate, NOW)] == ["unused"]


@pytest.mark.parametrize("struct", [Policy, Zone, Recognition, Limits, Approved, TimeZone])
def test_every_key_has_an_example(struct: type[Struct]) -> None:
    keys = {field.name for field in msgspec.structs.fields(struct)} - {"file", "line", "lines"}
    shown = set(re.findall(r"([a-z_]+):", "\n".join(EXAMPLES)))
    assert keys - shown == set()
