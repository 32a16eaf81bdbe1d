"""The Windows firewall, as rule sets."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.network.addresses import Family
from viguard.network.parse.imported import Imported
from viguard.network.parse.windows import parse
from viguard.network.rules import Action, Packet
from viguard.network.services import TCP, UDP

HOST, ADMIN, OTHER = "10.0.0.5", "10.9.0.1", "10.8.0.1"
YES, NO, MAYBE = (True, True), (False, False), (False, True)
PROFILES = """\

Domain Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,AllowOutbound
Private Profile Settings:
----------------------------------------------------------------------
State                                 OFF
Firewall Policy                       BlockInbound,AllowOutbound
Public Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInboundAlways,AllowOutbound
Ok.
"""


def bounds(found: Imported, profile: str, direction: str, packet: tuple[str, str, int, int]) -> tuple[bool, bool]:
    source, destination, protocol, port = packet
    (one,) = found.at(direction, Family(ip_address(source).version), profile)
    asked = Packet(int(ip_address(source)), int(ip_address(destination)), protocol, 40000, port)
    least, most = (one.bound(upper=upper).decides(asked)[0] is Action.PERMIT for upper in (False, True))
    return least, most


def netsh(name: str, **more: str) -> str:
    said = {
        "Enabled": "Yes", "Direction": "In", "Profiles": "Domain,Private,Public", "Grouping": "", "LocalIP": "Any",
        "RemoteIP": "Any", "Protocol": "TCP", "LocalPort": "Any", "RemotePort": "Any", "Edge traversal": "No",
        "Program": "Any", "Service": "Any", "InterfaceTypes": "Any", "Security": "NotRequired",
        "Rule source": "Local Setting", "Action": "Allow",
    }  # fmt: skip
    said.update({key.replace("_", " "): value for key, value in more.items()})
    body = "".join(f"{key + ':':<38}{value}\n" for key, value in said.items())
    return f"\n{'Rule Name:':<38}{name}\n{'-' * 70}\n{body}"


RULES = (
    netsh("ssh", LocalPort="22", RemoteIP="10.9.0.0/255.255.0.0,10.8.0.1-10.8.0.9")
    + netsh("no admin", RemoteIP="10.9.0.7/32", Action="Block", Protocol="Any")
    + netsh("off", LocalPort="23", Enabled="No")
    + netsh("only at home", LocalPort="80", Profiles="Private")
    + netsh("program", LocalPort="8080", Program="C:\\x.exe")
    + netsh("ping", Protocol="ICMPv4\n                                      Type    Code\n    8       Any")
    + netsh("no dns", Direction="Out", Protocol="UDP", RemotePort="53,5353", Action="Block")
)


@pytest.mark.parametrize(
    ("profile", "direction", "packet", "passes"),
    [
        ("domain", "in", (ADMIN, HOST, TCP, 22), YES),
        ("domain", "in", ("10.9.0.7", HOST, TCP, 22), NO),  # a block wins, though it stands behind
        ("domain", "in", ("10.8.0.10", HOST, TCP, 22), NO),
        ("domain", "in", (ADMIN, HOST, TCP, 23), NO),
        ("domain", "in", (ADMIN, HOST, TCP, 80), NO),
        ("domain", "in", (ADMIN, HOST, TCP, 8080), MAYBE),
        ("domain", "in", (ADMIN, HOST, 1, 8 << 8), YES),
        ("domain", "in", (ADMIN, HOST, 1, 3 << 8), NO),
        ("domain", "out", (HOST, ADMIN, UDP, 53), NO),
        ("domain", "out", (HOST, ADMIN, UDP, 54), YES),
        ("domain", "in", ("2001:db8::1", "2001:db8::2", TCP, 22), NO),
        ("private", "in", ("10.9.0.7", HOST, TCP, 22), YES),  # it is off
        ("public", "in", (ADMIN, HOST, TCP, 22), NO),  # it is shut
    ],
)
def test_what_netsh_says(
    profile: str, direction: str, packet: tuple[str, str, int, int], passes: tuple[bool, bool]
) -> None:
    assert bounds(parse(PROFILES + RULES, "pc"), profile, direction, packet) == passes


def test_a_rule_knows_its_place() -> None:
    (one,) = parse(RULES, "pc").at("in", Family.V4, "public")
    (rule,) = [rule for rule in one.rules if rule.why == "ssh"]
    assert rule.where == "pc:2"
    assert "localport=22" in rule.text


def test_without_the_profiles_the_rest_is_unsure() -> None:
    found = parse(RULES, "pc")
    assert bounds(found, "domain", "in", (ADMIN, HOST, TCP, 22)) == YES
    assert bounds(found, "domain", "in", (ADMIN, HOST, TCP, 99)) == MAYBE
    assert bounds(found, "domain", "in", ("10.9.0.7", HOST, TCP, 22)) == MAYBE  # if it is off
    assert found.notes[0] == "what the profile domain does with the rest is not said: export the profiles, too"


@pytest.mark.parametrize(
    "more",
    [
        {"RemoteIP": "LocalSubnet"},
        {"LocalPort": "RPC"},
        {"Service": "dnscache"},
        {"InterfaceTypes": "Wireless"},
        {"Security": "Authenticate"},
        {"Action": "Bypass", "Security": "Authenticate"},
    ],
)
def test_what_no_packet_shows_gives_two_bounds(more: dict[str, str]) -> None:
    found = parse(PROFILES + netsh("x", **more), "pc")
    assert bounds(found, "domain", "in", (ADMIN, HOST, TCP, 22)) == MAYBE


def test_a_rule_that_bypasses_may_pass_what_another_blocks() -> None:
    text = PROFILES + netsh("x", Action="Block") + netsh("y", Action="Bypass", Security="Authenticate")
    assert bounds(parse(text, "pc"), "domain", "in", (ADMIN, HOST, TCP, 22)) == MAYBE


def rule(**more: object) -> dict[str, object]:
    said: dict[str, object] = {
        "Name": "{1}", "DisplayName": "web", "Enabled": 1, "Direction": 1, "Action": 2, "Profile": 0, "Protocol": "TCP",
        "LocalPort": ["443", "8000-8010"], "RemotePort": "Any", "LocalAddress": "Any", "RemoteAddress": ["10.9.0.0/16"],
        "Program": "Any", "Service": "Any", "IcmpType": "Any",
    }  # fmt: skip
    return {**said, **more}


BLOCK = {"Name": "Domain", "Enabled": 1, "DefaultInboundAction": 0, "DefaultOutboundAction": "Block"}


@pytest.mark.parametrize(
    ("more", "packet", "passes"),
    [
        ({}, (ADMIN, HOST, TCP, 8005), YES),
        ({}, (OTHER, HOST, TCP, 8005), NO),
        ({"Enabled": 2}, (ADMIN, HOST, TCP, 443), NO),
        ({"Enabled": "True", "Direction": "Inbound", "Action": "Allow"}, (ADMIN, HOST, TCP, 443), YES),
        ({"Profile": 6}, (ADMIN, HOST, TCP, 443), NO),
        ({"Profile": "Domain, Public"}, (ADMIN, HOST, TCP, 443), YES),
        ({"Protocol": "ICMPv4", "IcmpType": ["3:4", "8"]}, (ADMIN, HOST, 1, 3 << 8 | 4), YES),
        ({"InterfaceType": 0, "Authentication": 0}, (ADMIN, HOST, TCP, 443), YES),
        ({"Program": None}, (ADMIN, HOST, TCP, 443), YES),
        ({"Program": "System"}, (ADMIN, HOST, TCP, 443), MAYBE),
        ({"Protocol": "6"}, (ADMIN, HOST, TCP, 443), YES),
        ({"LocalPort": "RPCEPMap"}, (ADMIN, HOST, TCP, 135), YES),
    ],
)
def test_json_of_powershell(
    more: dict[str, object], packet: tuple[str, str, int, int], passes: tuple[bool, bool]
) -> None:
    text = "\ufeff" + json.dumps({"Rules": [rule(**more)], "Profiles": [BLOCK]})
    found = parse(text, "pc")
    assert bounds(found, "domain", "in", packet) == passes
    assert bounds(found, "domain", "out", (HOST, ADMIN, TCP, 1)) == NO


def test_properties_that_were_not_exported_are_unsure() -> None:
    bare = {key: value for key, value in rule().items() if key not in {"RemoteAddress", "Program"}}
    found = parse(json.dumps({"Rules": bare, "Profiles": BLOCK}), "pc")
    assert bounds(found, "domain", "in", (OTHER, HOST, TCP, 443)) == MAYBE
    (one,) = found.at("in", Family.V4, "domain")
    assert one.rules[0].unsure == "it also looks at remoteaddress was not exported; program was not exported"
    assert one.rules[0].where == "pc:Rules[0]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "pc: there are no firewall rules in it"),
        ("{", "pc: this is no JSON"),
        ("[5]", "pc:[0]: no object"),
        (json.dumps([rule(LocalPort="70000")]), "pc:[0]: '70000' is no port"),
        (json.dumps([rule(LocalPort="90-80")]), "pc:[0]: ports from 90 to 80"),
        (json.dumps([rule(RemoteAddress="10.0.0.300")]), "pc:[0]: '10.0.0.300' does not appear"),
        (json.dumps([rule(Protocol="nosuch")]), "pc:[0]: 'nosuch' is no protocol"),
        (json.dumps([rule(Action=9)]), "pc:[0]: its direction, its action"),
        (json.dumps([rule(Profile="Home")]), "pc:[0]: 'Home' are no profiles"),
        (json.dumps([{"DisplayName": "x"}]), "pc:[0]: there is no 'direction'"),
        (json.dumps({"Profiles": [{"Name": "Home"}]}), "pc:Profiles[0]: 'home' is no profile"),
        (netsh("x", LocalPort="99999"), "pc:2: '99999' is no port"),
        ("Rule Name: x\n", "pc:1: there is no 'direction'"),
    ],
)
def test_mistakes_have_a_place(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "pc")
    assert str(caught.value).startswith(said)


@given(
    st.sampled_from(list(rule())),
    st.none() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=5), max_size=3),
)
def test_whatever_stands_there_is_read_or_refused(key: str, value: object) -> None:
    with suppress(InputError):
        parse(json.dumps([rule(**{key: value})]), "pc")
    with suppress(InputError):
        parse(RULES.replace("22", str(value)), "pc")


def test_two_thousand_rules_take_seconds() -> None:
    text = PROFILES + "".join(netsh(f"r{n}", LocalPort=str(n + 1)) for n in range(2_000))  # 40,000 lines
    start = time.monotonic()
    parse(text, "pc")
    assert time.monotonic() - start < 5
