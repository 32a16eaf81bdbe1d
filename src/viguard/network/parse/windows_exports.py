"""What exports of the Windows firewall say, field by field, before anybody asks what it means.

Source: Microsoft, netsh advfirewall; NetSecurity module of PowerShell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from viguard.errors import InputError
from viguard.model.text import visible

PROFILES = ("domain", "private", "public")
_FIELD = re.compile(r"(\S[^:]*?):\s+(.*)$")
_PROFILE = re.compile(r"(Domain|Private|Public) Profile Settings:\s*$")
_BITS = {1: "domain", 2: "private", 4: "public"}
_NAMES = {
    "description": "description", "enabled": "enabled", "direction": "direction", "profiles": "profile",
    "localip": "localaddress", "remoteip": "remoteaddress", "protocol": "protocol", "localport": "localport",
    "remoteport": "remoteport", "program": "program", "service": "service", "interfacetypes": "interfacetype",
    "security": "security", "action": "action", "grouping": "grouping", "edge traversal": "edge",
    "rule source": "source", "rmtcomputergrp": "remotemachine", "rmtusrgrp": "remoteuser", "lport": "localport",
}  # fmt: skip
"""What netsh calls the properties of PowerShell."""
_ACTIONS = {"allow": "allow", "block": "block", "bypass": "bypass", "2": "allow", "4": "block", "allowbypass": "bypass"}


class RawRule(NamedTuple):
    """A rule as it stands there. ``fields``: property in small letters with its values."""

    name: str
    is_enabled: bool
    direction: str
    action: str
    profiles: frozenset[str]
    fields: Mapping[str, tuple[str, ...]]
    where: str
    text: str


class Profile(NamedTuple):
    """What a profile does with the rest. None: not said. ``is_shut``: nothing comes in, whatever the rules say."""

    is_on: bool | None
    inbound: str | None
    outbound: str | None
    is_shut: bool = False


class Export(NamedTuple):
    """A whole export."""

    rules: list[RawRule]
    profiles: dict[str, Profile]


def exported(text: str, name: str) -> Export:
    """What an export says. Raises: InputError with its place for what cannot be read."""
    plain = text.lstrip("\ufeff \t\r\n")
    return _json(plain, name) if plain[:1] in {"[", "{"} else _netsh(text, name)


def _netsh(text: str, name: str) -> Export:
    rules: list[RawRule] = []
    said: dict[str, dict[str, str]] = {}
    fields: dict[str, tuple[str, ...]] = {}
    where, profile, is_icmp = name, "", False
    for number, raw in enumerate([*text.splitlines(), "Rule Name: the end"], 1):
        line = raw.strip().lstrip("\ufeff")
        head, found = _PROFILE.match(line), _FIELD.match(line)
        if head or (found and found[1].lower() == "rule name"):
            if fields:
                rules.append(_rule(fields, where))
            profile, fields, where = (head[1].lower() if head else ""), {}, f"{name}:{number}"
            if found and not head:
                fields = {"name": (found[2],)}
        elif profile:
            words = line.split(None, 2)
            if words[:1] == ["State"] and len(words) > 1:
                said.setdefault(profile, {})["state"] = words[1].lower()
            elif words[:2] == ["Firewall", "Policy"] and len(words) > 2:
                said.setdefault(profile, {})["policy"] = words[2].lower()
        elif found and fields:
            key = _NAMES.get(found[1].lower(), found[1].lower())
            fields[key] = tuple(part.strip() for part in found[2].split(","))
            is_icmp = False
        elif fields and line.split() == ["Type", "Code"]:
            is_icmp, fields["icmptype"] = True, ()
        elif is_icmp and len(line.split()) == 2:
            kind, code = line.split()
            fields["icmptype"] += (kind if code == "Any" else f"{kind}:{code}",)
    return Export(rules, {profile: _said(its) for profile, its in said.items()})


def _said(settings: Mapping[str, str]) -> Profile:
    policy = settings.get("policy", "")
    inbound = "block" if "blockinbound" in policy else "allow" if "allowinbound" in policy else None
    outbound = "block" if "blockoutbound" in policy else "allow" if "allowoutbound" in policy else None
    state = {"on": True, "off": False}.get(settings.get("state", ""))
    return Profile(state, inbound, outbound, "blockinboundalways" in policy)


def _json(text: str, name: str) -> Export:
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InputError(f"this is no JSON: {error}", where=name) from error
    told = {key.lower(): value for key, value in whole.items()} if isinstance(whole, dict) else {}
    is_whole = "rules" in told or "profiles" in told
    rules = told.get("rules", []) if is_whole else whole
    profiles = told.get("profiles", [])
    return Export(
        [_of_object(one, f"{name}:{'Rules' if is_whole else ''}[{at}]") for at, one in enumerate(_list(rules))],
        dict(_profile(one, f"{name}:Profiles[{at}]") for at, one in enumerate(_list(profiles))),
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _flat(said: object, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(said, dict):
        raise InputError("no object", where=where)
    return {str(key).lower(): tuple(str(one) for one in _list(value) if one is not None) for key, value in said.items()}


def _of_object(said: object, where: str) -> RawRule:
    fields = _flat(said, where)
    if "displayname" in fields:
        fields["name"] = fields["displayname"]
    return _rule(fields, where)


def _profile(said: object, where: str) -> tuple[str, Profile]:
    fields = _flat(said, where)
    name = _one(fields, "name", where).lower()
    if name not in PROFILES:
        raise InputError(f"{visible(name)!r} is no profile", where=where)
    inbound, outbound = (_default(fields.get(f"default{way}action", ("",)), way) for way in ("inbound", "outbound"))
    is_on = {"true": True, "1": True, "false": False, "0": False, "2": False}.get(
        "".join(fields.get("enabled", ())).lower()
    )
    return name, Profile(
        is_on, inbound, outbound, "".join(fields.get("allowinboundrules", ())).lower() in {"false", "0"}
    )


def _default(value: tuple[str, ...], way: str) -> str | None:
    word = "".join(value).lower()
    if word in {"notconfigured", "0"}:
        return "block" if way == "inbound" else "allow"
    return _ACTIONS.get(word)


def _one(fields: Mapping[str, tuple[str, ...]], key: str, where: str) -> str:
    if not fields.get(key):
        raise InputError(f"there is no {key!r}", where=where)
    return fields[key][0]


def _rule(fields: dict[str, tuple[str, ...]], where: str) -> RawRule:
    direction = _one(fields, "direction", where).lower()
    enabled = _one(fields, "enabled", where).lower()
    action = _ACTIONS.get(_one(fields, "action", where).lower())
    directions = {"in": "in", "1": "in", "inbound": "in", "out": "out", "2": "out", "outbound": "out"}
    switches = {"yes": True, "true": True, "1": True, "no": False, "false": False, "2": False}
    if direction not in directions or enabled not in switches or action is None:
        raise InputError("its direction, its action, or whether it is enabled is not understood", where=where)
    if "".join(fields.get("overrideblockrules", ())).lower() in {"true", "1"}:
        action = "bypass"
    name = fields.get("name", ("",))
    return RawRule(
        name=visible(", ".join(name)),
        is_enabled=switches[enabled],
        direction=directions[direction],
        action=action,
        profiles=_profiles(fields.get("profile", ()), where),
        fields=fields,
        where=where,
        text=visible("; ".join(f"{key}={','.join(value)}" for key, value in fields.items() if value != ("Any",)), 400),
    )


def _profiles(told: tuple[str, ...], where: str) -> frozenset[str]:
    words = {word.strip().lower() for one in told for word in one.split(",")}
    if not words or words & {"any", "0", "all", "2147483647"}:
        return frozenset(PROFILES)
    if len(words) == 1 and (only := next(iter(words))).isdecimal() and len(only) < 3:
        return frozenset(profile for bit, profile in _BITS.items() if int(only) & bit)
    if not words <= set(PROFILES):
        raise InputError(f"{visible(', '.join(told))!r} are no profiles", where=where)
    return frozenset(words)
