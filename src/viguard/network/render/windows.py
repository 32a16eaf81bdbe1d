"""Rules of the Windows Firewall, as a PowerShell script: allows only, and profiles that block what no rule names.

A block wins over every allow, whatever their order (MS-FASP), so denies are taken out of the permits behind them.
The script removes the rules of its group first, so that it can run again.

Source: New-NetFirewallRule, Set-NetFirewallProfile (module NetSecurity). Not tried on Windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Range, Ranges, networks, shown
from viguard.network.permitted import permitted
from viguard.network.render.written import Part, Rendered, is_every, kinds_of_icmp, only_common, parts_of, plain
from viguard.network.rules import RuleSet
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, TCP, UDP

OTHERS: Final = "allow rules of other groups stay, and let through what they say"
CORE: Final = "allow rules of Core Networking stay: addresses and neighbours are learnt by them"
POLICIES: Final = "rules of group policies stay, and the profiles may take their defaults from there"
_CORE_GROUP: Final = "@FirewallAPI.dll,-25000"
_PROTOCOLS: Final = {TCP: "TCP", UDP: "UDP", ICMP: "ICMPv4", ICMP6: "ICMPv6"}


class Target(Struct, frozen=True, kw_only=True):
    """``direction`` as the machine sees it. ``alone``: allow rules of other groups are switched off."""

    direction: Literal["Inbound", "Outbound"] = "Inbound"
    alone: bool = False


def render(sets: Sequence[RuleSet], target: Target | None = None) -> Rendered:
    """The whole script, for rule sets of one machine; the name of the first names the group."""
    target = target or Target()
    way = target.direction.lower()
    title = plain(sets[0].name, 60) if sets else "nothing"
    lines = [
        "#Requires -RunAsAdministrator",
        f"# Rule set {title}: {way}. Only allows: what they do not name is blocked by the default of the profiles.",
        "$ErrorActionPreference = 'Stop'",
        f"$group = 'viguard {title} {way}'",
        "Get-NetFirewallRule -Group $group -ErrorAction SilentlyContinue | Remove-NetFirewallRule",
        f"$rule = @{{ Group = $group; Direction = '{target.direction}'; Action = 'Allow'; Profile = 'Any' }}",
    ]
    residual: list[str] = []
    for one in sets:
        rules, left = permitted(one)
        said, refused = parts_of(rules, only_common(one.family))
        lines += _rules(said, one.family, target)
        residual += [*left, *refused]
    if target.alone:
        lines.append(
            f"Get-NetFirewallRule -Direction {target.direction} -Action Allow -Enabled True "
            f"| Where-Object {{ $_.Group -notin $group, '{_CORE_GROUP}' }} | Disable-NetFirewallRule"
        )
    more = " -AllowInboundRules True" if target.direction == "Inbound" else ""
    default = f"-Default{target.direction}Action Block{more}"
    lines.append(f"Set-NetFirewallProfile -Profile Domain,Private,Public -Enabled True {default}")
    residual += [CORE if target.alone else OTHERS, POLICIES]
    return Rendered("\n".join([*lines, ""]), tuple(residual))


def _rules(said: Sequence[Part], family: Family, target: Target) -> Iterator[str]:
    counts = dict[int, int]()
    for part in said:
        counts[part.number] = counts.get(part.number, 0) + 1
        label = f"v{int(family)} {part.number}.{counts[part.number]} {part.rule.why}"
        words = [
            f"New-NetFirewallRule @rule -DisplayName '{plain(label, 120)}'",
            f"-Protocol {'Any' if part.protocol is None else _PROTOCOLS.get(part.protocol, part.protocol)}",
            *_addresses(part, family, target),
            *_services(part, target),
            "| Out-Null",
        ]
        yield " ".join(words)


def _addresses(part: Part, family: Family, target: Target) -> Iterator[str]:
    """Without an address a rule is of both families, so one of the two is always named."""
    remote, local = part.rule.sources, part.rule.destinations
    if target.direction == "Outbound":
        remote, local = local, remote
    if not _is_every(remote, family) or _is_every(local, family):
        yield f"-RemoteAddress {_listed(_address(one, family) for one in remote)}"
    if not _is_every(local, family):
        yield f"-LocalAddress {_listed(_address(one, family) for one in local)}"


def _is_every(some: Ranges, family: Family) -> bool:
    return len(some) == 1 and is_every(some[0], family)


def _address(one: Range, family: Family) -> str:
    nets = networks((one,), family)
    if one.first == one.last:
        return shown(one.first, family)
    if len(nets) == 1 and nets[0].prefixlen:
        return str(nets[0])
    return f"{shown(one.first, family)}-{shown(one.last, family)}"


def _services(part: Part, target: Target) -> Iterator[str]:
    box = part.box
    if part.protocol in {ICMP, ICMP6}:
        if box.port != EVERY_PORT:
            kinds = kinds_of_icmp(box)
            yield f"-IcmpType {_listed(str(kind) if code is None else f'{kind}:{code}' for kind, code in kinds)}"
        return
    remote, local = box.source_port, box.port
    if target.direction == "Outbound":
        remote, local = local, remote
    if local != EVERY_PORT:
        yield f"-LocalPort '{_span(local)}'"
    if remote != EVERY_PORT:
        yield f"-RemotePort '{_span(remote)}'"


def _listed(some: Iterator[str]) -> str:
    return ",".join(f"'{one}'" for one in some)


def _span(span: Range) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}-{span.last}"
