"""The host firewall of ESXi from 5.0, as commands: rulesets on and off, their addresses, and the default.

A ruleset is one switch and one list of addresses for all of its ports. One that is needed is switched on though it
opens more than wanted, and that is said.

Source: esxcli network firewall; vim.host.FirewallInfo. Not tried on a host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Final

from viguard.model.facts import Unknown
from viguard.model.host import Firewall, Host, Ruleset
from viguard.model.server import Product
from viguard.model.tables import PortRow
from viguard.model.text import visible
from viguard.network.addresses import Family, Ranges
from viguard.network.match import Match
from viguard.network.permitted import rest
from viguard.network.render.wanted import Flow, Wanted, allowed, chosen, flows, opened, told
from viguard.network.render.written import Rendered, plain
from viguard.network.rules import Action, Rule

_FIREWALL: Final = "esxcli network firewall"
NONE: Final = "ESXi before 5.0 has no host firewall: what is wanted has to stand in the device before it"
WHOLE_HOST: Final = "a ruleset holds for every address of the host"
KEY: Final = re.compile(r"[A-Za-z0-9_.-]+")


def render(host: Host, wanted: Wanted, rows: Sequence[PortRow]) -> Rendered:
    """The commands for a host; none when its rulesets are not known.

    ``rows`` are the ports that hosts need (``content/ports.yaml``).
    """
    if isinstance(host.product, Product) and host.product.version.split(".")[0] in {"3", "4"}:
        return Rendered("", (NONE,))
    firewall = known(host)
    if isinstance(firewall, str):
        return Rendered("", (firewall,))
    some, residual = flows(wanted, "rulesets know")
    nameable = [one for one in sorted(firewall.rulesets, key=order) if KEY.fullmatch(one.key)]
    residual += [
        f"ruleset {visible(one.key)} has a key that no command can name"
        for one in firewall.rulesets
        if one not in nameable
    ]
    taken, missing = chosen(nameable, some, rows)
    residual += [f"{flow.place}: no ruleset for {_ports(flow, spans)}; left out" for flow, spans in missing]
    lines = [f"# Host firewall of {plain(host.name, 100)}"]
    for ruleset in (one for one in nameable if one.key in taken):
        lines += _opened(ruleset, taken[ruleset.key])
        residual += _wider(ruleset, taken[ruleset.key], some)
    lines += [_set(one, "enabled=false") for one in nameable if one.enabled and one.key not in taken]
    lines += [f"{_FIREWALL} set --default-action=false", f"{_FIREWALL} set --enabled=true"]
    return Rendered("\n".join([*lines, ""]), (*residual, WHOLE_HOST))


def known(host: Host) -> Firewall | str:
    """The firewall of a host, or what keeps it from being written."""
    if isinstance(host.product, Unknown):
        return f"the product of {visible(host.name)} is not known: {host.product.reason}"
    if isinstance(host.firewall, Unknown):
        return f"the rulesets of {visible(host.name)} are not known: {host.firewall.reason}"
    return host.firewall or f"the rulesets of {visible(host.name)} are not known: the host tells nothing of them"


def order(ruleset: Ruleset) -> tuple[str, str]:
    """By key, whatever its case."""
    return ruleset.key.lower(), ruleset.key


def _set(ruleset: Ruleset, what: str) -> str:
    return f"{_FIREWALL} ruleset set --ruleset-id={ruleset.key} --{what}"


def _ports(flow: Flow, spans: Ranges) -> str:
    return ", ".join(str(flow.box._replace(port=span)) for span in spans)


def _is_everyone(addresses: dict[Family, Ranges]) -> bool:
    return any(spans == family.every for family, spans in addresses.items())


def _opened(ruleset: Ruleset, mine: Sequence[Flow]) -> Iterator[str]:
    addresses = allowed(mine)
    if ruleset.addresses_configurable is not False:
        if _is_everyone(addresses):
            if ruleset.all_addresses is not True:
                yield _set(ruleset, "allowed-all=true")
        else:
            yield from _addresses(ruleset, [one for family, spans in addresses.items() for one in told(spans, family)])
    if not ruleset.enabled:
        yield _set(ruleset, "enabled=true")


def _addresses(ruleset: Ruleset, wanted: Sequence[str]) -> Iterator[str]:
    if ruleset.all_addresses is not False:
        yield _set(ruleset, "allowed-all=false")
    command = f"{_FIREWALL} ruleset allowedip"
    there = [_plain(one) for one in ruleset.addresses]
    for address in wanted:
        if address not in there:
            yield f"{command} add --ruleset-id={ruleset.key} --ip-address={address}"
    for address in there:
        if address and address not in wanted:
            yield f"{command} remove --ruleset-id={ruleset.key} --ip-address={address}"


def _plain(address: str) -> str:
    """As ``told`` writes it; empty when it is no address."""
    try:
        one = ip_network(address, strict=False)
    except ValueError:
        return ""
    return str(one.network_address) if one.prefixlen == one.max_prefixlen else str(one)


def _wider(ruleset: Ruleset, mine: Sequence[Flow], some: Sequence[Flow]) -> Iterator[str]:
    """What a ruleset lets through besides."""
    if ruleset.addresses_configurable is False:
        yield f"ruleset {ruleset.key} cannot name addresses: it is open to everyone"
        return
    addresses = allowed(mine)
    if _is_everyone(addresses) and len([1 for family in Family if addresses.get(family) == family.every]) < len(Family):
        yield f"ruleset {ruleset.key} is open to every address of both families"
    for port in ruleset.ports:
        box = opened(port)
        for family, remotes in addresses.items():
            pieces = [Match(sources=remotes, destinations=family.every, services=(box,))]
            for flow in some:
                if flow.direction == port.direction and flow.family is family:
                    permit = Rule(
                        action=Action.PERMIT,
                        sources=flow.remotes,
                        destinations=family.every,
                        services=(flow.box,),
                    )
                    pieces = [piece for whole in pieces for piece in rest(whole, permit)]
            if pieces:
                yield f"ruleset {ruleset.key}: {port.direction} {box} is open to its addresses, wider than wanted"
                break
