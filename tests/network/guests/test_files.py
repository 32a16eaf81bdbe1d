"""Interface files of Linux guests: written, read back, and what is wrong in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_interface
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.alerts.parts import Part
from viguard.errors import InputError
from viguard.network.vlans.guests import debian, redhat
from viguard.network.vlans.guests.interfaces import Interface, version

THREE = (
    Interface(
        name="eth0",
        methods=(("inet", "static"), ("inet6", "static")),
        addresses=("193.190.110.5/24", "2001:6a8:3c80:110::5/64"),
        gateways=("193.190.110.1",),
        dns=("193.190.198.10",),
    ),
    Interface(name="eth0:1", methods=(("inet", "static"),), addresses=("193.190.110.6/24",), parent="eth0"),
    Interface(name="eth0.100", methods=(("inet", "static"),), addresses=("10.1.0.5/24",), parent="eth0", vlan=100),
)

# Written by hand, as interfaces(5) and sysconfig.txt have it.
DEBIAN = """auto eth0
iface eth0 inet static
    address 193.190.110.5
    netmask 255.255.255.0
    gateway 193.190.110.1
    dns-nameservers 193.190.198.10
iface eth0 inet6 static
    address 2001:6a8:3c80:110::5
    netmask 64

auto eth0:1
iface eth0:1 inet static
    address 193.190.110.6
    netmask 255.255.255.0

auto eth0.100
iface eth0.100 inet static
    address 10.1.0.5
    netmask 255.255.255.0
    vlan-raw-device eth0
"""
REDHAT = {
    "ifcfg-eth0": """DEVICE=eth0
BOOTPROTO=none
ONBOOT=yes
IPADDR=193.190.110.5
NETMASK=255.255.255.0
IPV6INIT=yes
IPV6ADDR=2001:6a8:3c80:110::5/64
GATEWAY=193.190.110.1
DNS1=193.190.198.10
""",
    "ifcfg-eth0:1": "DEVICE=eth0:1\nBOOTPROTO=none\nONPARENT=yes\nIPADDR=193.190.110.6\nNETMASK=255.255.255.0\n",
    "ifcfg-eth0.100": (
        "DEVICE=eth0.100\nBOOTPROTO=none\nONBOOT=yes\nVLAN=yes\nIPADDR=10.1.0.5\nNETMASK=255.255.255.0\n"
    ),
}


TWO_GATEWAYS = """iface eth0 inet static
 address 10.0.0.3/24
 gateway 10.0.0.1
iface eth1 inet static
 address 10.1.0.3/24
 gateway 10.1.0.1
"""


def bare(interfaces: Sequence[Interface]) -> tuple[Interface, ...]:
    return tuple(replace(one, where="") for one in interfaces)


def test_an_alias_and_a_vlan_as_debian_has_them() -> None:
    assert debian.write(THREE).files == {"interfaces": DEBIAN}
    read = debian.parse(DEBIAN)
    assert bare(read.interfaces) == THREE
    assert read.mistakes == ()
    assert [one.where for one in read.interfaces] == ["interfaces:2", "interfaces:12", "interfaces:17"]


def test_an_alias_and_a_vlan_as_red_hat_has_them() -> None:
    assert redhat.write(THREE).files == REDHAT
    read = redhat.parse(REDHAT)
    assert bare(read.interfaces) == THREE
    assert read.mistakes == ()


ADDRESSES4 = st.builds(
    lambda a, b, p: f"10.{a}.{b}.1/{p}", st.integers(0, 255), st.integers(0, 255), st.integers(8, 30)
)
ADDRESSES6 = st.builds(lambda a, p: f"2001:db8:{a:x}::1/{p}", st.integers(1, 0xFFFF), st.integers(33, 127))


@st.composite
def interfaces(draw: st.DrawFn) -> list[Interface]:
    made = []
    for n in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["plain", "alias", "vlan"]))
        name = {"plain": f"eth{n}", "alias": f"eth9:{n}", "vlan": f"eth9.{draw(st.integers(1, 4094))}"}[kind]
        if name in {one.name for one in made}:
            continue
        fours = tuple(draw(st.lists(ADDRESSES4, max_size=3, unique=True)))
        sixes = tuple(draw(st.lists(ADDRESSES6, max_size=2, unique=True)))
        methods = [("inet", "static")] if fours else []
        methods += [("inet6", "static")] if sixes else []
        if not methods:
            methods = [("inet", draw(st.sampled_from(["manual", "dhcp"])))]
        more = draw(
            st.lists(st.sampled_from([("MTU", "1500"), ("NOTE", 'it\'s $me "and" you')]), max_size=2, unique=True)
        )
        made.append(
            Interface(
                name=name,
                methods=tuple(methods),
                addresses=fours + sixes,
                gateways=("10.0.0.254",) if fours and draw(st.booleans()) else (),
                dns=("10.0.0.53",) if draw(st.booleans()) else (),
                at_boot=draw(st.booleans()),
                mac="00:50:56:00:00:01" if draw(st.booleans()) else "",
                parent="" if kind == "plain" else "eth9",
                vlan=int(name.partition(".")[2]) if kind == "vlan" else None,
                more=tuple(more),
            )
        )
    return made


@given(interfaces())
def test_what_red_hat_is_written_comes_back(some: list[Interface]) -> None:
    written = redhat.write(some)
    assert bare(redhat.parse(written.files).interfaces) == tuple(some)
    assert written.residual == ()


@given(interfaces())
def test_what_debian_is_written_comes_back(some: list[Interface]) -> None:
    own = [replace(one, more=(("inet mtu", "1500"),) if ("inet", "static") in one.methods else ()) for one in some]
    written = debian.write(own)
    assert bare(debian.parse(written.files["interfaces"]).interfaces) == tuple(own)
    assert written.residual == ()


def test_what_a_file_cannot_say_is_told() -> None:
    one = Interface(name="eth0", methods=(("inet", "manual"),), more=(("inet up", "echo hello"), ("TYPE", "Ethernet")))
    assert redhat.write([one]).residual == ("eth0: inet up echo hello",)
    assert debian.write([one]).residual == ("eth0: TYPE=Ethernet",)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("iface eth0.5000 inet manual\n", "interfaces:1: eth0.5000: 5000 is no VLAN (1 to 4094)"),
        ("iface eth0.0 inet manual\n", "interfaces:1: eth0.0: 0 is no VLAN (1 to 4094)"),
        ("iface eth0 inet\n", "interfaces:1: an iface without family and method"),
        ("\naddress 10.0.0.1\n", "interfaces:2: 'address' belongs to no interface"),
        (
            "iface eth0 inet static\n address 10.0.0.300\n netmask 24\n",
            "interfaces:2: eth0: 10.0.0.300/24 is no address",
        ),
        (
            "iface eth0 inet static\n address 10.0.0.3\n",
            "interfaces:2: eth0: the address 10.0.0.3 is without its netmask",
        ),
        ("iface eth0 inet static\n", "interfaces:1: eth0: static, and without an address"),
        (
            "iface eth0:1 inet static\n address 10.0.0.3/24\n",
            "interfaces:1: eth0:1: an alias of eth0, which is not set up",
        ),
        ("iface fast inet manual\n vlan-raw-device eth0\n", "interfaces:1: fast: on eth0, and its name tells no VLAN"),
        (
            "iface eth0 inet static\n address 10.0.0.3/24\n gateway 10.9.0.1\n",
            "interfaces:1: eth0: its gateway 10.9.0.1 is in none of its networks",
        ),
        (
            "iface eth0 inet static\n address 10.0.0.3/24\niface eth1 inet static\n address 10.0.0.3/16\n",
            "interfaces:3: eth1: the address 10.0.0.3 is that of eth0 too (interfaces:1)",
        ),
        (
            "iface eth0 inet static\n address 10.0.0.3/24\niface eth1 inet static\n address 10.0.0.4/24\n",
            "interfaces:3: eth1: 10.0.0.0/24 is on eth0 too (interfaces:1): answers leave by either",
        ),
        (
            TWO_GATEWAYS,
            "interfaces:4: eth1: a second default gateway, beside that of eth0 (interfaces:1)",
        ),
        ("iface eth0 inet static\n address fe80::1/64\n", "interfaces:2: eth0: fe80::1/64 is not of the family inet"),
    ],
)
def test_mistakes_in_debians_file_have_their_line(text: str, mistake: str) -> None:
    assert mistake in debian.parse(text).mistakes


def test_what_debians_file_only_names_is_noted_and_continued_lines_are_one() -> None:
    text = "source /etc/network/interfaces.d/*\n# a comment\nmapping eth0\n script x\n"
    text += "auto eth1 \\\n eth2\niface eth2 inet dhcp\n"
    read = debian.parse(text)
    assert read.notes == ("interfaces:1: source is not followed", "interfaces:3: mapping is not followed")
    assert read.mistakes == ()
    (one,) = read.interfaces
    assert (one.name, one.at_boot, one.methods) == ("eth2", True, (("inet", "dhcp"),))


def test_a_vlan_by_name_and_raw_device() -> None:
    (one,) = debian.parse("iface vlan100 inet manual\n vlan_raw_device eth1\n").interfaces
    assert (one.parent, one.vlan) == ("eth1", 100)
    assert bare(debian.parse(debian.write([one]).files["interfaces"]).interfaces) == bare([one])
    assert bare(redhat.parse(redhat.write([one]).files).interfaces) == bare([one])


@pytest.mark.parametrize(
    ("files", "mistake"),
    [
        ({"ifcfg-eth0.100": "DEVICE=eth0.100\n"}, "ifcfg-eth0.100:1: eth0.100: without VLAN=yes it gets no tag"),
        ({"ifcfg-eth0": "\nDEVICE=eth1\n"}, "ifcfg-eth0:2: the file is for eth0, and DEVICE says eth1"),
        ({"ifcfg-eth0": "IPADDR=10.0.0.1\n"}, "ifcfg-eth0:1: the address 10.0.0.1 is without its netmask"),
        ({"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.x\nPREFIX=24\n"}, "ifcfg-eth0:2: 10.0.0.x/24 is no address"),
        ({"ifcfg-eth0": "DEVICE='eth0\n"}, "ifcfg-eth0:1: a quote that does not end: No closing quotation"),
        ({"ifcfg-eth0": "DEVICE=eth0\nrm -rf /\n"}, "ifcfg-eth0:2: no setting: 'rm -rf /'"),
        (
            {"ifcfg-fast": "VLAN=yes\nPHYSDEV=eth0\n"},
            "ifcfg-fast:1: fast: no VLAN is told, neither by its name nor by VLAN_ID",
        ),
        ({"ifcfg-vlan9": "DEVICE=vlan9\nVLAN=yes\n"}, "ifcfg-vlan9:2: vlan9: no PHYSDEV, so nothing carries it"),
        ({"ifcfg-eth0:1": "BOOTPROTO=dhcp\n", "ifcfg-eth0": ""}, "ifcfg-eth0:1:1: eth0:1: an alias cannot use DHCP"),
        ({"ifcfg-eth0": "GATEWAY=gw\n"}, "ifcfg-eth0:1: 'gw' is no address"),
    ],
)
def test_mistakes_in_red_hats_files_have_their_line(files: dict[str, str], mistake: str) -> None:
    assert mistake in redhat.parse(files).mistakes


@pytest.mark.parametrize(
    "one",
    [
        Interface(name="eth0\nauto evil"),
        Interface(name="../../etc/passwd"),
        Interface(name="a" * 16),
        Interface(name="eth0", addresses=("10.0.0.1/24\nup reboot",)),
        Interface(name="eth0", more=(("inet up", "true\n    up reboot"),)),
        Interface(name="eth0", mac="00\nup reboot"),
    ],
)
def test_nothing_breaks_out_of_its_line(one: Interface) -> None:
    for write in (debian.write, redhat.write):
        with pytest.raises(InputError):
            write([one])


@pytest.mark.real("ifupdown")
@given(some=interfaces())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_debians_own_ifup_does_what_the_interfaces_say(some: list[Interface], tmp_path: Path) -> None:
    """Without doing it: the addresses that it would set are those that were meant, where they were meant."""
    own = [replace(one, more=(), mac="", gateways=(), at_boot=True) for one in some]
    file = tmp_path / "interfaces"
    file.write_text(debian.write(own).files["interfaces"])
    ifup = Part("ifupdown", "sbin/ifup")
    for one in own:
        if ("inet", "dhcp") in one.methods:
            continue
        done = ifup.call("--no-act", "--force", "--no-scripts", "--state-dir", tmp_path, "-i", file, one.name)
        told = done.stdout + done.stderr
        assert done.returncode == 0, told
        assert set(re.findall(r"ip(?: -6)? addr add (\S+) .*label " + re.escape(one.name) + r"\s", told)) == {
            str(ip_interface(a).with_netmask) for a in one.addresses if version(a) == 4
        }
        device = one.parent if one.is_alias else one.name
        assert set(
            re.findall(rf"ip -6 addr add (\S+)\s+dev (?:{re.escape(one.name)}|{re.escape(device)})\s", told)
        ) == {a for a in one.addresses if version(a) == 6}
