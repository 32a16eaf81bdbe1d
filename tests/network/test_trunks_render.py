"""Lines of trunk ports, as they were written by hand: what is not needed is pruned, what is needed never cut."""

from __future__ import annotations

import pytest

from tests.network.office import golden
from viguard.network.addresses import Range
from viguard.network.render.trunks import System, Trunk, render

FOUR = (Range(10, 10), Range(20, 22))
TRUNKS = (
    Trunk(port="GigabitEthernet1/0/1", needed=FOUR, carried=FOUR),
    Trunk(
        port="GigabitEthernet1/0/2", needed=FOUR, carried=(Range(10, 10), Range(20, 22), Range(30, 30), Range(40, 41))
    ),
    Trunk(port="GigabitEthernet1/0/3", needed=(Range(10, 10), Range(20, 20)), carried=(Range(10, 10), Range(99, 99))),
    Trunk(port="GigabitEthernet1/0/4", needed=FOUR),
    Trunk(port="GigabitEthernet1/0/5", needed=()),
)


@pytest.mark.parametrize("system", System)
def test_the_lines(system: System) -> None:
    told = render(TRUNKS, system)
    assert told.text == golden(f"trunks/{system}.txt")
    assert told.residual == ()


@pytest.mark.parametrize("system", System)
def test_hostile_ports_and_impossible_vlans_are_left(system: System) -> None:
    bad = Trunk(port="Gi1\nreload", needed=FOUR)
    strange = Trunk(port="Gi2", needed=(Range(0, 4095),))
    told = render([bad, strange], system)
    assert told.text == ""
    assert told.residual == (
        "Gi1\\u000areload: this is no name of a port; left out",
        "Gi2: VLANs are from 1 to 4094, not 0-4095; left out",
    )


def test_long_lists_are_added_piece_by_piece() -> None:
    many = tuple(Range(n, n) for n in range(1001, 1401, 2))
    lines = render([Trunk(port="Gi1", needed=many)], System.IOS).text.splitlines()
    assert lines[1].startswith(" switchport trunk allowed vlan 1001,1003,")
    assert all(line.startswith(" switchport trunk allowed vlan add ") for line in lines[2:])
    assert max(map(len, lines)) <= 200
    assert sum(len(line.split()[-1].split(",")) for line in lines[1:]) == 200
