"""The firewall of the service console of classic ESX: what ``esxcfg-firewall -q`` says, and its lines of ``esx.conf``.

Services whose ports are not known here are unsure, as is every line that is not understood.
Source: ESX Configuration Guide (ESX 4.1), Service Console Firewall Configuration; esxcfg-firewall(8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.model.text import visible
from viguard.network.addresses import Family, Range
from viguard.network.parse.esxi import anything, pings
from viguard.network.parse.imported import Imported, Point
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import TCP, UDP, Box

_SERVICES = {
    "sshServer": "22 tcp.in", "sshClient": "22 tcp.out", "ntpClient": "123 udp.out", "CIMHttpServer": "5988 tcp.in",
    "CIMHttpsServer": "5989 tcp.in", "CIMSLP": "427 tcp.in tcp.out udp.in udp.out", "vpxHeartbeats": "902 udp.out",
    "swISCSIClient": "3260 tcp.out", "telnetServer": "23 tcp.in", "telnetClient": "23 tcp.out",
    "ftpServer": "21 tcp.in", "ftpClient": "21 tcp.out",
}  # fmt: skip
"""Ports of services that bear the ports of their protocol."""
_ALWAYS = ("443 tcp.in", "902 tcp.in", "53 udp.out", "67-68 udp.out")
"""What a closed firewall lets through without any service: vCenter and clients, names, and DHCP."""
_POLICIES = {
    "incoming and outgoing ports blocked by default": (True, True),
    "incoming ports blocked and outgoing ports not blocked by default": (True, False),
    "incoming and outgoing ports not blocked by default": (False, False),
}
_OPENED = re.compile(r"(\S.*?)\s*:\s*port\s+(\d{1,5})(?:[:-](\d{1,5}))?\s+((?:(?:tcp|udp)\.(?:in|out)[\s,]*)+)$")
_SETTING = re.compile(r'/firewall/(\S+)\s*=\s*"([^"]*)"$')


class _Opening(NamedTuple):
    """Ports that are open; a box of None: nobody knows which."""

    direction: str
    box: Box | None
    where: str
    text: str
    why: str


class _Read(Struct, frozen=True, kw_only=True):
    """What a file says."""

    incoming: bool | None
    outgoing: bool | None
    openings: tuple[_Opening, ...]


def parse(text: str, name: str) -> Imported:
    """What passes into the service console and out of it. It knows no IPv6.

    Raises: InputError when it is neither of both files.
    """
    lines = [(f"{name}:{number}", line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    if any(line.startswith("/firewall/") for _, line in lines):
        said = _settings(lines)
    elif any("blocked by default" in line for _, line in lines):
        said = _query(lines)
    else:
        raise InputError("neither what esxcfg-firewall -q says nor esx.conf with its firewall", where=name)
    notes = [
        f"{name}: whether the rest of {what} packets is blocked is not said"
        for what, it in (("incoming", said.incoming), ("outgoing", said.outgoing))
        if it is None
    ]
    notes += [f"{one.where}: {visible(one.text)} is not understood" for one in said.openings if one.box is None]
    points = (
        Point(place=name, direction="in", rules=_set(said, name, "in", said.incoming)),
        Point(place=name, direction="out", rules=_set(said, name, "out", said.outgoing)),
    )
    return Imported(points=points, notes=tuple(dict.fromkeys(notes)))


def _query(lines: list[tuple[str, str]]) -> _Read:
    policy: tuple[bool | None, bool | None] = (None, None)
    openings: list[_Opening] = []
    part = ""
    for where, line in lines:
        low = line.lower().rstrip(".")
        if "blocked by default" in low:
            policy, part = _POLICIES.get(low, (None, None)), ""
        elif low.startswith("enabled services:"):
            part = "services"
            line = line.partition(":")[2]  # noqa: PLW2901  (the rest of the line)
        elif low.startswith("opened ports:"):
            part = "ports"
            line = line.partition(":")[2]  # noqa: PLW2901  (the rest of the line)
        if part == "services":
            openings += [one for service in line.split() for one in _service(service, where)]
        elif part == "ports" and line:
            openings += _opened(line, where)
    return _Read(incoming=policy[0], outgoing=policy[1], openings=tuple(openings))


def _settings(lines: list[tuple[str, str]]) -> _Read:
    told: dict[str, bool] = {}
    openings: list[_Opening] = []
    for where, line in lines:
        if not line.startswith("/firewall/"):
            continue
        setting = _SETTING.match(line)
        if setting is None:
            openings += _unknown(line, where)
            continue
        key, value = setting[1], setting[2].lower()
        if key in {"blockIncoming", "blockOutgoing"} and value in {"true", "false"}:
            told[key] = value == "true"
        elif key.startswith("services/") and value in {"true", "false", "enabled", "disabled"}:
            if value in {"true", "enabled"}:
                openings += _service(key.removeprefix("services/"), where)
        else:
            openings += _unknown(line, where)
    return _Read(incoming=told.get("blockIncoming"), outgoing=told.get("blockOutgoing"), openings=tuple(openings))


def _service(service: str, where: str) -> Iterator[_Opening]:
    if service in _SERVICES:
        yield from _ports(_SERVICES[service], where, service)
    else:
        yield from _unknown(f"the service {service}", where)


def _opened(line: str, where: str) -> Iterator[_Opening]:
    found = _OPENED.match(line)
    if found is None or int(found[3] or found[2]) > 65535 or int(found[2]) > int(found[3] or found[2]):
        yield from _unknown(line, where)
    else:
        yield from _ports(f"{found[2]}-{found[3] or found[2]} {found[4].replace(',', ' ')}", where, found[1])


def _ports(told: str, where: str, why: str) -> Iterator[_Opening]:
    ports, *ways = told.split()
    first, _, last = ports.partition("-")
    for way in ways:
        protocol, _, direction = way.partition(".")
        number = TCP if protocol == "tcp" else UDP
        box = Box(Range(number, number), port=Range(int(first), int(last or first)))
        yield _Opening(direction, box, where, told, why)


def _unknown(text: str, where: str) -> Iterator[_Opening]:
    for direction in ("in", "out"):
        yield _Opening(direction, None, where, text, "")


def _set(said: _Read, name: str, direction: str, is_blocked: bool | None) -> RuleSet:  # noqa: FBT001  (a fact)
    family = Family.V4
    rules = list(pings(family, name))
    always = [one for told in _ALWAYS for one in _ports(told, name, "a closed firewall lets it through")]
    for one in (*always, *said.openings):
        if one.direction != direction:
            continue
        if one.box is None:
            rules.append(anything(family, one.where, f"{one.text} is not understood"))
        else:
            rules.append(
                Rule(
                    action=Action.PERMIT,
                    sources=family.every,
                    destinations=family.every,
                    services=(one.box,),
                    where=one.where,
                    text=visible(one.text),
                    why=visible(one.why),
                )
            )
    if is_blocked is None:
        rules.append(anything(family, name, "whether the rest is blocked is not said"))
    default = Action.PERMIT if is_blocked is False else Action.DENY
    return RuleSet(name=f"{name} {direction}", family=family, rules=tuple(rules), default=default)
