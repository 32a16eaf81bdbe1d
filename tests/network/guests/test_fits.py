from __future__ import annotations

from typing import Any

import pytest

from tests.assess.checks.estate import LOST, READ_AT, but, group, guest, host, lost
from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.model.network import Vlan
from viguard.network.vlans.guests.debian import parse
from viguard.network.vlans.guests.fits import Fits, fits

FILE = "iface eth0 inet manual\niface eth0.100 inet static\n address 10.1.0.5/24\n"
ASSUMED = ("eth0 is taken for NIC 1: no MAC address is said",)


def judged(vlan: Any, text: str = FILE, of: Guest | None = None) -> Fits:
    one = of or guest("g1", plug="net")
    inventory = Inventory([host("h1", guests=("g1",)), group("net", vlan), one], read_at=READ_AT)
    return fits(parse(text).interfaces, one, inventory)


@pytest.mark.parametrize(
    ("vlan", "mistake"),
    [
        (10, "tagged frames do not pass net (VLAN 10): give the guest a NIC for each VLAN"),
        (100, "tagged frames do not pass net (VLAN 100): give the guest a NIC for each VLAN"),  # the host tags already
        (0, "tagged frames do not pass net (VLAN untagged): give the guest a NIC for each VLAN"),
        (Vlan(trunk=((1, 99),)), "net does not let VLAN 100 through (trunk 1-99)"),
    ],
)
def test_vlans_that_do_not_get_through(vlan: Any, mistake: str) -> None:
    assert judged(vlan) == Fits(mistakes=(f"interfaces:2: eth0.100: {mistake}",), assumed=ASSUMED)


@pytest.mark.parametrize("vlan", [4095, Vlan(trunk=((100, 100),))])
def test_a_trunk_lets_them_through(vlan: Any) -> None:
    assert judged(vlan) == Fits(assumed=ASSUMED)


def test_a_mac_address_says_which_nic_it_is() -> None:
    text = FILE.replace("inet manual\n", "inet manual\n hwaddress ether 00:50:56:00:00:01\n")
    assert judged(4095, text) == Fits()
    other = text.replace("00:01", "00:02")
    assert judged(4095, other).unknown == ("interfaces:3: eth0.100: which NIC eth0 is",)


def test_what_was_not_read_is_unknown() -> None:
    assert judged(LOST).unknown == ("interfaces:2: eth0.100: the host does not answer",)
    assert judged(10, of=lost(guest("g1"), "nics")).unknown == ("the NICs of g1: the host does not answer",)
    assert judged(10, of=but(guest("g1"), nics=())).unknown == ("interfaces:2: eth0.100: which NIC eth0 is",)


def test_without_vlans_of_its_own_there_is_nothing_to_fit() -> None:
    assert judged(10, "iface eth0 inet dhcp\n") == Fits()
