"""What the ports of Cisco switches carry."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.network.addresses import Range, Ranges
from viguard.network.parse.cisco_ports import Ports, parse
from viguard.network.vlans.switchports import PortConfig

CONFIG = """\
hostname access-1
!
interface Port-channel1
 switchport trunk allowed vlan 10,20
 switchport mode trunk
!
interface GigabitEthernet1/0/1
 description uplink of  esx1
 switchport trunk encapsulation dot1q
 switchport trunk native vlan 99
 switchport trunk allowed vlan 10,20-30
 switchport trunk allowed vlan add 40,
 switchport mode trunk
 channel-group 1 mode active
!
interface GigabitEthernet1/0/2
 switchport access vlan 7
 switchport mode access
 shutdown
!
interface GigabitEthernet1/0/3
!
interface GigabitEthernet1/0/4
 no switchport
 ip address 10.0.0.1 255.255.255.0
!
interface GigabitEthernet0/0.12
 encapsulation dot1Q 12
 ip address 10.0.12.1 255.255.255.0
!
interface Vlan10
 ip address 10.0.10.1 255.255.255.0
"""


def ports(text: str) -> dict[str, PortConfig]:
    return {port.name: port for port in parse(text, "sw").ports}


def allowed(*lines: str) -> Ranges | None:
    body = "".join(f" {line}\n" for line in lines)
    (one,) = parse(f"interface Gi1/0/1\n switchport mode trunk\n{body}", "sw").ports
    return one.allowed


def test_a_configuration_of_ios() -> None:
    found = ports(CONFIG.replace("40,", "40"))
    assert found["GigabitEthernet1/0/1"] == PortConfig(
        device="access-1",
        name="GigabitEthernet1/0/1",
        mode="trunk",
        allowed=(Range(10, 10), Range(20, 30), Range(40, 40)),
        native=99,
        description="uplink of  esx1",
        channel="Port-channel1",
        where="sw:7",
    )
    assert (found["Port-channel1"].mode, found["Port-channel1"].native) == ("trunk", 1)
    two = found["GigabitEthernet1/0/2"]
    assert (two.mode, two.access, two.allowed, two.shutdown) == ("access", 7, None, True)
    assert found["GigabitEthernet1/0/4"].mode == "routed"
    assert (found["GigabitEthernet0/0.12"].mode, found["GigabitEthernet0/0.12"].allowed) == ("routed", (Range(12, 12),))
    assert found["Vlan10"].mode == "routed"


def test_a_port_that_does_not_say_its_mode_may_become_a_trunk() -> None:
    found = parse(CONFIG.replace("40,", "40"), "sw")
    (one,) = [port for port in found.ports if port.name == "GigabitEthernet1/0/3"]
    assert (one.mode, one.allowed) == ("trunk", None)
    assert found.notes == ("sw:21: GigabitEthernet1/0/3 may negotiate to be a trunk, and is taken for one",)


def test_a_configuration_of_nx_os() -> None:
    text = """\
switchname core
interface Ethernet1/1-2, Ethernet1/9
  switchport mode trunk
  switchport trunk allowed vlan 5
  channel-group 7 mode active
interface Ethernet1/3
  switchport access vlan 8
"""
    found = ports(text)
    assert list(found) == ["Ethernet1/1", "Ethernet1/2", "Ethernet1/9", "Ethernet1/3"]
    assert {found[name].channel for name in list(found)[:3]} == {"port-channel7"}
    assert (found["Ethernet1/3"].mode, found["Ethernet1/3"].access) == ("access", 8)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ((), None),
        (("switchport trunk allowed vlan all",), None),
        (("switchport trunk allowed vlan none",), ()),
        (("switchport trunk allowed vlan except 2-4093",), (Range(1, 1), Range(4094, 4094))),
        (("switchport trunk allowed vlan 1-9", "switchport trunk allowed vlan remove 3-5"), (Range(1, 2), Range(6, 9))),
        (("switchport trunk allowed vlan remove 3-4094",), (Range(1, 2),)),
        (("switchport trunk allowed vlan add 3",), None),
        (("switchport trunk allowed vlan none", "switchport trunk allowed vlan add 3"), (Range(3, 3),)),
        (("switchport trunk allowed vlan 5", "switchport trunk allowed vlan 6"), (Range(6, 6),)),
    ],
)
def test_lists_of_vlans(lines: tuple[str, ...], wanted: Ranges | None) -> None:
    assert allowed(*lines) == wanted


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (
            "interface range GigabitEthernet1/0/1 - 3",
            ["GigabitEthernet1/0/1", "GigabitEthernet1/0/2", "GigabitEthernet1/0/3"],
        ),
        ("interface range Gi1/0/1 - 2 , Gi1/0/9, Po1", ["Gi1/0/1", "Gi1/0/2", "Gi1/0/9", "Po1"]),
        ("interface Port-channel1", ["Port-channel1"]),
        ("interface GigabitEthernet 1/0/1", ["GigabitEthernet1/0/1"]),
    ],
)
def test_ranges_of_interfaces(head: str, names: list[str]) -> None:
    assert list(ports(f"{head}\n switchport mode trunk\n")) == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONFIG, "sw:12: '' is no VLAN"),
        ("interface Gi1\n switchport trunk allowed vlan 10,5000\n", "sw:2: '5000' is no VLAN"),
        ("interface Gi1\n switchport trunk allowed vlan 30-20\n", "sw:2: '30-20' does not go from a lower"),
        ("interface Gi1\n switchport access vlan 0\n", "sw:2: '0' is no VLAN"),
        ("interface range Gi1/0/9 - 1\n", "sw:1: 'Gi1/0/9-1' are no interfaces"),
        ("interface range Gi1/0/1 - 99999999\n", "sw:1: 'Gi1/0/1-99999999' are no interfaces"),
        ("interface\n", "sw:1: an interface without a name"),
    ],
)
def test_mistakes_have_a_place(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "sw")
    assert str(caught.value).startswith(said)


WORDS = [
    "interface",
    "range",
    "Gi1/0/1",
    "-",
    ",",
    "3",
    "switchport",
    "trunk",
    "allowed",
    "vlan",
    "mode",
    "\n",
    "\n ",
    "é",
]


@given(st.lists(st.sampled_from(WORDS), max_size=20))
def test_whatever_stands_there_is_read_or_refused(words: list[str]) -> None:
    try:
        assert isinstance(parse(" ".join(words), "sw"), Ports)
    except InputError as error:
        where = error.where
        assert where.startswith("sw:")


def test_twenty_thousand_lines_take_seconds() -> None:
    text = "".join(f"interface Gi1/0/{n}\n switchport mode trunk\n" for n in range(10_000))
    start = time.monotonic()
    assert len(parse(text, "sw").ports) == 10_000
    assert time.monotonic() - start < 5
