"""Every example of docs/policy.md loads, and every key has one."""

import re
from pathlib import Path

import msgspec
import pytest

from viguard.model.facts import Struct
from viguard.policy.load import loads
from viguard.policy.policy import Approved, Limits, Policy, Recognition, Zone
from viguard.policy.waivers import loads_waivers

TEXT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"(?ms)^```yaml\n(.*?)^```", TEXT)
WAIVERS = re.findall(r"(?ms)^```yaml waivers\n(.*?)^```", TEXT)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_loads(text: str) -> None:
    loads(text, "docs/policy.md")


def test_the_waiver_example_loads() -> None:
    (text,) = WAIVERS
    (waiver,) = loads_waivers(text, "docs/policy.md")
    assert waiver.approver == "Bob Claes"


@pytest.mark.parametrize("struct", [Policy, Zone, Recognition, Limits, Approved])
def test_every_key_has_an_example(struct: type[Struct]) -> None:
    keys = {field.name for field in msgspec.structs.fields(struct)} - {"file", "line", "lines"}
    shown = set(re.findall(r"([a-z_]+):", "\n".join(EXAMPLES)))
    assert keys - shown == set()
