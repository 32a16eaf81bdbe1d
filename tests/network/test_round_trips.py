"""What is rendered is read back and lets through the same: renderers and importers were written apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.network.office import BOTH, OFFICE, OFFICE6
from tests.network.test_kernel import some_rules
from viguard.network.addresses import Family
from viguard.network.exact.difference import difference
from viguard.network.exact.sweep import Sweep
from viguard.network.parse import cisco as read_cisco
from viguard.network.parse import juniper as read_juniper
from viguard.network.parse.imported import Imported
from viguard.network.permitted import permitted
from viguard.network.render import cisco, juniper
from viguard.network.render.written import Rendered
from viguard.network.rules import Action, RuleSet
from viguard.network.services import ICMP6, icmp

SETS = {"office": OFFICE, "office6": OFFICE6, "both": BOTH} | {
    f"drawn {family.name} {seed}": some_rules(family, seed, 30) for family in Family for seed in (11, 12)
}
NEIGHBOURS = {"ios": (135, 136), "nxos": (133, 134, 135, 136), "junos": (133, 134, 135, 136)}
"""Types of ICMP for IPv6 that a list lets through beside, as without them its interface would be cut off."""

Write = Callable[[RuleSet], Rendered]
WAYS: dict[str, tuple[Write, Callable[[str, str], Imported]]] = {
    "ios": (cisco.render, read_cisco.parse),
    "nxos": (lambda one: cisco.render(one, cisco.Target(dialect=cisco.Dialect.NXOS)), read_cisco.parse),
    "junos": (juniper.render, read_juniper.parse),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SETS)
def test_what_is_read_back_lets_through_the_same(compiled: Sweep, name: str, way: str) -> None:
    one, (write, read) = SETS[name], WAYS[way]
    rendered = write(one)
    found = read(rendered.text, f"{way}.cfg")
    read_back = [point.rules for point in found.points if not point.rules.name.endswith("-return")]
    assert len(read_back) == 1, [point.rules.name for point in found.points]
    beside = [icmp(ICMP6, kind) for kind in NEIGHBOURS[way]] if one.family is Family.V6 else []
    cases = [
        case
        for case in difference(one, read_back[0], compiled).cases
        if not (
            case.now is Action.PERMIT
            and any(
                all(span.first <= value <= span.last for span, value in zip(box, case.packet[2:], strict=True))
                for box in beside
            )
        )
    ]
    opened = [case.packet.shown(one.family) for case in cases if case.now is Action.PERMIT]
    closed = [case.packet.shown(one.family) for case in cases if case.now is Action.DENY]
    assert opened == []
    assert closed == [] or rendered.residual


@pytest.mark.parametrize("name", [name for name, one in SETS.items()])
def test_permits_alone_let_through_the_same(compiled: Sweep, name: str) -> None:
    """For Windows, where a block wins wherever it stands."""
    one = SETS[name]
    rules, left = permitted(one)
    alone = RuleSet(name="alone", family=one.family, rules=tuple(rule for _, rule in rules))
    found = difference(one, alone, compiled)
    assert [case.packet.shown(one.family) for case in found.cases if case.now is Action.PERMIT] == []
    assert found.cases == () or left
