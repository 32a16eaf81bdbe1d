"""Groups and services of NSX, as far as an export of its Policy API says what is in them.

Source: NSX-T Data Center REST API, Policy: Group, Expression, Service, ServiceEntry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family, Range, Ranges, joined, read
from viguard.network.parse.names import number
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, TCP, UDP, Box, box, icmp

Object: TypeAlias = Mapping[str, object]
_PROTOCOLS = {"TCP": TCP, "UDP": UDP}
_ALGS = {
    "FTP": TCP, "ORACLE_TNS": TCP, "MS_RPC_TCP": TCP, "SUN_RPC_TCP": TCP, "TFTP": UDP, "MS_RPC_UDP": UDP,
    "SUN_RPC_UDP": UDP, "NBNS_BROADCAST": UDP, "NBDG_BROADCAST": UDP,
}  # fmt: skip


class Placed(NamedTuple):
    """An object of the export, and where it stands there."""

    said: Object
    where: str


class Members(NamedTuple):
    """Addresses of both families that are in a group, and what else of it nobody knows here; empty: nothing."""

    v4: Ranges
    v6: Ranges
    hidden: str = ""

    def of(self, family: Family) -> Ranges:
        """Those of one family."""
        return self.v4 if family is Family.V4 else self.v6


class Groups:
    """The groups of an export by their paths. ``told``: addresses of groups whose members NSX was asked for."""

    def __init__(self, groups: Mapping[str, Placed], told: Mapping[str, Sequence[str]]) -> None:
        self._groups, self._told = groups, told
        self._known: dict[str, Members] = {}

    def members(self, path: str, around: tuple[str, ...] = ()) -> Members:
        """What is in a group. Raises: InputError for one that cannot be read."""
        if path not in self._known:
            self._known[path] = self._read(path, around)
        return self._known[path]

    def _read(self, path: str, around: tuple[str, ...]) -> Members:
        if path in self._told:
            return addresses(self._told[path], f"members of {visible(path)}")
        if path not in self._groups:
            return Members((), (), f"the group {path}, which was not exported")
        if path in around:
            return Members((), (), f"the group {path}, which holds itself")
        group, where = self._groups[path]
        parts, hidden = [], list[str]()
        for at, expression in enumerate(objects(group.get("expression", []), f"{where}.expression")):
            kind = expression.said.get("resource_type")
            if kind == "ConjunctionOperator" and expression.said.get("conjunction_operator") != "OR":
                return Members((), (), f"the group {path}, which asks for several things at once")
            if kind == "IPAddressExpression":
                parts.append(addresses(strings(expression.said.get("ip_addresses", [])), expression.where))
            elif kind == "PathExpression":
                parts += [self.members(other, (*around, path)) for other in strings(expression.said.get("paths", []))]
            elif kind != "ConjunctionOperator":
                hidden.append(f"{kind} {at} of the group {path}")
        hidden += [part.hidden for part in parts if part.hidden]
        v4, v6 = (joined(span for part in parts for span in part.of(family)) for family in Family)
        return Members(v4, v6, "; ".join(dict.fromkeys(hidden)))


def addresses(texts: Sequence[str], where: str) -> Members:
    """Addresses, networks and ranges of both families. Raises: InputError for what is none."""
    found: dict[Family, list[Range]] = {Family.V4: [], Family.V6: []}
    for text in texts:
        try:
            family, span = read(text)
        except ValueError as error:
            raise InputError(visible(str(error)), where=where) from error
        found[family].append(span)
    return Members(joined(found[Family.V4]), joined(found[Family.V6]))


class Offered(NamedTuple):
    """Services for each family, and what else nobody knows here."""

    boxes: tuple[Box, ...]
    hidden: str = ""


class Services:
    """The services of an export by their paths."""

    def __init__(self, services: Mapping[str, Placed]) -> None:
        self._services = services
        self._known: dict[tuple[str, Family], Offered] = {}

    def of(self, path: str, family: Family, around: tuple[str, ...] = ()) -> Offered:
        """What a service is for. Raises: InputError for one that cannot be read."""
        if path not in self._services or path in around:
            return Offered((), f"the service {path}, which was not exported")
        if (path, family) not in self._known:
            service, where = self._services[path]
            entries = objects(service.get("service_entries", []), f"{where}.service_entries")
            self._known[path, family] = self.entries(entries, family, (*around, path))
        return self._known[path, family]

    def entries(self, entries: Sequence[Placed], family: Family, around: tuple[str, ...] = ()) -> Offered:
        """What entries of a service are for. Raises: InputError for one that cannot be read."""
        found: list[Box] = []
        hidden: list[str] = []
        for entry in entries:
            if entry.said.get("resource_type") == "NestedServiceServiceEntry":
                inner = self.of(str(entry.said.get("nested_service_path", "")), family, around)
                found += inner.boxes
                hidden += [inner.hidden] if inner.hidden else []
                continue
            try:
                boxes = _entry(entry.said, family)
            except ValueError as error:
                raise InputError(visible(str(error)), where=entry.where) from error
            if boxes is None:
                hidden.append(f"{entry.said.get('resource_type')} {entry.said.get('display_name', '')}".strip())
            else:
                found += boxes
        return Offered(tuple(dict.fromkeys(found)), "; ".join(dict.fromkeys(hidden)))


def _entry(said: Object, family: Family) -> list[Box] | None:
    """The services of one entry; None: nobody knows them here."""
    kind = said.get("resource_type")
    if kind in {"L4PortSetServiceEntry", "ALGTypeServiceEntry"}:
        names = _PROTOCOLS if kind == "L4PortSetServiceEntry" else _ALGS
        protocol = names.get(str(said.get("l4_protocol" if kind == "L4PortSetServiceEntry" else "alg", "")).upper())
        if protocol is None:
            return None
        origins, targets = (_ports(strings(said.get(f"{side}_ports", []))) for side in ("source", "destination"))
        return [Box(Range(protocol, protocol), a, b) for a in origins for b in targets]
    if kind == "IPProtocolServiceEntry":
        return [box(number(str(said.get("protocol_number")), {}, 255, "protocol"))]
    if kind == "IGMPTypeServiceEntry":
        return [box(2)]
    if kind == "ICMPTypeServiceEntry":
        return _icmp(said, family)
    return None


def _icmp(said: Object, family: Family) -> list[Box]:
    is_v4 = str(said.get("protocol", "ICMPv4")).lower() == "icmpv4"
    if is_v4 is not (family is Family.V4):
        return []
    protocol, kind, code = ICMP if is_v4 else ICMP6, said.get("icmp_type"), said.get("icmp_code")
    if kind is None:
        return [box(protocol)]
    told = None if code is None else number(str(code), {}, 255, "code of ICMP")
    return [icmp(protocol, number(str(kind), {}, 255, "type of ICMP"), told)]


def _ports(texts: Sequence[str]) -> Ranges:
    found = []
    for text in texts:
        first, hyphen, last = text.partition("-")
        span = Range(number(first, {}, 65535, "port"), number(last if hyphen else first, {}, 65535, "port"))
        if span.first > span.last:
            raise ValueError(f"ports from {span.first} to {span.last}")
        found.append(span)
    return joined(found) if found else (EVERY_PORT,)


def strings(said: object) -> list[str]:
    """A list of texts as such; what is none of it is left out."""
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []


def objects(said: object, where: str) -> list[Placed]:
    """A list of objects with their places. Raises: InputError when it is none."""
    if not isinstance(said, list) or not all(isinstance(one, Mapping) for one in said):
        raise InputError("no list of objects", where=where)
    return [Placed(one, f"{where}[{at}]") for at, one in enumerate(said)]
