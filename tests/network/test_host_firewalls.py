"""Firewalls of hosts, as the API tells them and as classic ESX writes them."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.model.facts import Fact, Reason, Unknown
from viguard.model.host import Firewall, Port, Ruleset
from viguard.network.addresses import Family
from viguard.network.parse import classic, esxi
from viguard.network.parse.imported import Imported
from viguard.network.rules import Action, Packet
from viguard.network.services import TCP, UDP

HOST, ADMIN, OTHER = "10.0.0.5", "10.9.0.1", "10.8.0.1"


def bounds(found: Imported, direction: str, source: str, destination: str, *service: int) -> tuple[bool, bool]:
    protocol, port = service[:2]
    family = Family(ip_address(source).version)
    (one,) = found.at(direction, family)
    packet = Packet(int(ip_address(source)), int(ip_address(destination)), protocol, (*service, 40000)[2], port)
    least, most = (one.bound(upper=upper).decides(packet)[0] is Action.PERMIT for upper in (False, True))
    return least, most


def ruleset(key: str, *ports: Port, enabled: bool = True, addresses: tuple[str, ...] | None = None) -> Ruleset:
    return Ruleset(key=key, enabled=enabled, ports=ports, all_addresses=addresses is None, addresses=addresses or ())


SSH = Port(start=22, end=22, direction="inbound", protocol="tcp")
FIREWALL = Firewall(
    incoming_blocked=True,
    outgoing_blocked=True,
    rulesets=(
        ruleset("sshServer", SSH, addresses=("10.9.0.0/24", "2001:db8::1")),
        ruleset("telnet", Port(start=23, end=23, direction="inbound", protocol="tcp"), enabled=False),
        ruleset("syslog", Port(start=514, end=514, direction="outbound", protocol="udp")),
        ruleset("dns", Port(start=53, end=53, direction="inbound", protocol="udp", type="src")),
        ruleset("nobody", Port(start=99, end=99, direction="inbound", protocol="tcp"), addresses=()),
    ),
)
YES, NO, MAYBE = (True, True), (False, False), (False, True)


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        (("in", ADMIN, HOST, TCP, 22), YES),
        (("in", OTHER, HOST, TCP, 22), NO),
        (("in", "2001:db8::1", "2001:db8::5", TCP, 22), YES),
        (("in", "2001:db8::2", "2001:db8::5", TCP, 22), NO),
        (("out", HOST, ADMIN, TCP, 22), NO),
        (("in", ADMIN, HOST, TCP, 23), NO),
        (("out", HOST, OTHER, UDP, 514), YES),
        (("in", OTHER, HOST, UDP, 40000, 53), YES),
        (("in", OTHER, HOST, UDP, 53, 40000), NO),
        (("in", ADMIN, HOST, TCP, 99), NO),
        (("in", OTHER, HOST, 1, 8 << 8), YES),
        (("in", OTHER, HOST, 1, 3 << 8), MAYBE),
    ],
)
def test_enabled_rulesets_permit(packet: tuple[str, str, str, int, int], passes: tuple[bool, bool]) -> None:
    assert bounds(esxi.parse(FIREWALL, "esx1"), *packet) == passes


def test_a_rule_knows_its_place() -> None:
    (one,) = esxi.parse(FIREWALL, "esx1").at("in", Family.V6)
    rule = one.rules[2]
    assert (rule.where, rule.text) == ("esx1:firewall.rulesets[0].ports[0]", "sshServer inbound tcp 22-22")


@pytest.mark.parametrize(
    ("firewall", "passes"),
    [
        (Unknown(reason=Reason.NO_PERMISSION, detail="no permission"), MAYBE),
        (None, YES),
        (Firewall(incoming_blocked=None, outgoing_blocked=True), MAYBE),
        (Firewall(incoming_blocked=False), YES),
        (Firewall(incoming_blocked=True, rulesets=(ruleset("x", SSH, addresses=("10.0.0.300",)),)), MAYBE),
        (Firewall(incoming_blocked=True, rulesets=(Ruleset(key="x", enabled=True, ports=(SSH,)),)), YES),
        (
            Firewall(
                incoming_blocked=True, rulesets=(Ruleset(key="x", enabled=True, ports=(SSH,), addresses=(OTHER,)),)
            ),
            MAYBE,
        ),
    ],
)
def test_what_was_not_read_is_unsure(firewall: Fact[Firewall | None], passes: tuple[bool, bool]) -> None:
    assert bounds(esxi.parse(firewall, "esx1"), "in", ADMIN, HOST, TCP, 22) == passes


@pytest.mark.parametrize(
    "port",
    [
        Port(start=22, end=22, direction="inbound", protocol="quic"),
        Port(start=22, end=22, direction="sideways", protocol="tcp"),
        Port(start=22, end=22, direction="inbound", protocol="tcp", type="both"),
        Port(start=22, end=99999, direction="inbound", protocol="tcp"),
    ],
)
def test_what_is_not_understood_is_unsure(port: Port) -> None:
    firewall = Firewall(incoming_blocked=True, outgoing_blocked=True, rulesets=(ruleset("x", port),))
    assert bounds(esxi.parse(firewall, "esx1"), "in", ADMIN, HOST, TCP, 22) == MAYBE


def test_notes_say_what_was_not_read() -> None:
    unread = Unknown(reason=Reason.NO_PERMISSION, detail="no permission")
    assert esxi.parse(unread, "esx1").notes == ("esx1: the firewall was not read: no permission",)
    assert esxi.parse(Firewall(outgoing_blocked=True), "esx1").notes == (
        "esx1: whether the rest of incoming packets is blocked was not read",
    )


QUERY = """\
Chain INPUT (policy DROP 19 packets, 2459 bytes)
Incoming and outgoing ports blocked by default.
Enabled services:  CIMSLP ntpClient sshServer
 thingOfSomebody

Opened ports:
\tbackup               : port 2500:2600 tcp.in
\tsnmp                 : port 161 udp.in udp.out
"""
CONF = """\
/adv/Misc/LogPort = "514"
/firewall/blockIncoming = "true"
/firewall/blockOutgoing = "false"
/firewall/services/sshServer = "true"
/firewall/services/CIMSLP = "false"
"""


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        (("in", ADMIN, HOST, TCP, 22), YES),
        (("in", ADMIN, HOST, TCP, 902), YES),
        (("in", ADMIN, HOST, TCP, 2550), YES),
        (("out", HOST, ADMIN, UDP, 161), YES),
        (("out", HOST, ADMIN, UDP, 123), YES),
        (("in", ADMIN, HOST, UDP, 427), YES),
        (("in", ADMIN, HOST, TCP, 99), NO),
    ],
)
def test_what_esxcfg_firewall_says(packet: tuple[str, str, str, int, int], passes: tuple[bool, bool]) -> None:
    assert bounds(classic.parse(QUERY.replace(" thingOfSomebody", ""), "esx"), *packet) == passes


def test_a_service_whose_ports_are_not_known_is_unsure() -> None:
    found = classic.parse(QUERY, "esx")
    assert bounds(found, "in", ADMIN, HOST, TCP, 99) == MAYBE
    assert found.notes == ("esx:4: the service thingOfSomebody is not understood",)
    (one,) = found.at("in", Family.V4)
    assert next(rule.where for rule in one.rules if rule.why == "backup") == "esx:7"


@pytest.mark.parametrize(
    ("line", "packet", "passes"),
    [
        ("", ("in", ADMIN, HOST, TCP, 22), YES),
        ("", ("in", ADMIN, HOST, TCP, 427), NO),
        ("", ("out", HOST, ADMIN, TCP, 9), YES),
        ('/firewall/services/other = "true"', ("in", ADMIN, HOST, TCP, 427), MAYBE),
        ('/firewall/thing/of/tomorrow = "x"', ("in", ADMIN, HOST, TCP, 427), MAYBE),
        ("/firewall/blockIncoming", ("in", ADMIN, HOST, TCP, 427), MAYBE),
    ],
)
def test_esx_conf(line: str, packet: tuple[str, str, str, int, int], passes: tuple[bool, bool]) -> None:
    assert bounds(classic.parse(CONF + line, "esx.conf"), *packet) == passes


@pytest.mark.parametrize(
    ("sentence", "inward", "outward"),
    [
        ("Incoming ports blocked and outgoing ports not blocked by default.", NO, YES),
        ("Incoming and outgoing ports not blocked by default.", YES, YES),
        ("Some ports blocked by default.", MAYBE, MAYBE),
    ],
)
def test_how_closed_it_is(sentence: str, inward: tuple[bool, bool], outward: tuple[bool, bool]) -> None:
    found = classic.parse(sentence, "esx")
    assert bounds(found, "in", ADMIN, HOST, TCP, 99) == inward
    assert bounds(found, "out", HOST, ADMIN, TCP, 99) == outward


def test_a_file_that_is_something_else() -> None:
    with pytest.raises(InputError, match="esx: neither what esxcfg-firewall"):
        classic.parse("hello", "esx")


@given(st.text(max_size=60))
def test_whatever_stands_there_is_read_or_refused(text: str) -> None:
    for before in (QUERY, CONF, '/firewall/services/x = "', "Opened ports: "):
        with suppress(InputError):
            classic.parse(before + text, "esx")
