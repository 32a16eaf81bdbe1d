"""Host firewalls: closed but for a table of ports, and open to named sources only. Source: report, Figures 2 and 3."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

import msgspec

from viguard.assess.context import Context
from viguard.assess.kind import expect, release
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.host import Firewall, Host, Port, Ruleset
from viguard.model.result import Evidence
from viguard.model.tables import PortRow


def table_closed(subject: Resource, context: Context) -> Verdict:
    """The host's firewall blocks by default both ways, and what enabled rulesets open stands in the profile's table.

    ESXi has a firewall since 5.0. A default policy that the host does not tell is unknown.
    """
    host = expect(Host, subject)
    firewall = _firewall(host, context)
    if isinstance(firewall, Verdict):
        return firewall
    tally = Tally()
    for way, blocked in (("incoming", firewall.incoming_blocked), ("outgoing", firewall.outgoing_blocked)):
        part = f".defaultPolicy.{way}Blocked"
        if blocked is None:
            tally.miss(f"the default for {way} traffic is not told")
            continue
        if not blocked:
            tally.fail(f"{way} traffic is let through by default")
        tally.see(context.evidence(host, "firewall", blocked, part=part))
    _judge_rulesets(host, firewall, context, tally)
    return tally.verdict()


def restrict_sources(subject: Resource, context: Context) -> Verdict:
    """Every enabled ruleset that can name its sources does, and none names everybody. Before 5.0 none can."""
    host = expect(Host, subject)
    firewall = _firewall(host, context)
    if isinstance(firewall, Verdict):
        return firewall
    version = release(host.product)
    if isinstance(version, Unknown) or version < (5, 0):
        return not_applicable("this version cannot name sources", context.evidence(host, "product", str(version)))
    tally = Tally()
    enabled = [r for r in firewall.rulesets if r.enabled]
    tally.see(context.evidence(host, "firewall", [r.key for r in enabled], part=".ruleset[enabled]"))
    wide = [r for r in enabled if r.addresses_configurable is not False and (r.all_addresses or _everybody(r))]
    untold = [r for r in enabled if r.addresses_configurable is not False and r.all_addresses is None]
    if wide:
        evidence = context.evidence(host, "firewall", [r.key for r in wide], part=".ruleset[allowedHosts.allIp]")
        tally.fail(f"open to every address: {listed(r.key for r in wide)}", evidence)
    if untold:
        tally.miss(f"allowed addresses are not told: {listed(r.key for r in untold)}")
    return tally.verdict()


def _firewall(host: Host, context: Context) -> Firewall | Verdict:
    version = release(host.product)
    if isinstance(version, Unknown):
        return unknown(version, context.evidence(host, "product", version))
    if not host.is_classic and not host.is_esxi:
        return not_applicable("neither ESX nor ESXi", context.evidence(host, "product"))
    if host.is_esxi and version < (5, 0):
        found = f"{version[0]}.{version[1]}"
        return not_applicable("ESXi has no firewall before 5.0", context.evidence(host, "product", found))
    if isinstance(host.firewall, Unknown):
        return unknown(host.firewall, context.evidence(host, "firewall"))
    return host.firewall or unknown("the host tells nothing of its firewall", context.evidence(host, "firewall"))


def _judge_rulesets(host: Host, firewall: Firewall, context: Context, tally: Tally) -> None:
    rows = [row for row in context.tables.ports if context.profile in row.tables]
    if not rows:
        tally.miss(f"there is no table of ports for {context.profile}")
        return
    enabled = [r for r in firewall.rulesets if r.enabled]
    tally.see(context.evidence(host, "firewall", [r.key for r in enabled], part=".ruleset[enabled]"))
    outside: dict[str, Evidence] = {}
    for ruleset in enabled:
        extra = [_shown(port) for port in ruleset.ports if not any(_covers(row, port) for row in rows)]
        if extra:
            part = f".ruleset[{ruleset.key}].rule"
            outside[f"{ruleset.key} ({listed(extra)})"] = context.evidence(host, "firewall", extra[:20], part=part)
    if outside:
        tally.fail(f"open but not in the table: {listed(outside)}", *outside.values())


def _covers(row: PortRow, port: Port) -> bool:
    """Rows name destination ports. A rule by source port lets its sender reach every port, so no row covers it but as
    the answer to a question that the row lets out: the host firewall keeps no state for UDP, and the product's own
    ruleset for DNS is made so. Who may answer is judged by fw-host-restrict-sources.
    """
    if port.type != "dst":
        return (port.direction, port.protocol) == ("inbound", "udp") and _covers(row, _question(port))
    if port.protocol not in row.protocols or port.direction not in row.directions:
        return False
    return any(low <= port.start and _end(port) <= high for low, high in row.ports)


def _question(answer: Port) -> Port:
    """The rule that lets out what this one lets the answer to in."""
    return msgspec.structs.replace(answer, direction="outbound", type="dst")


def _end(port: Port) -> int:
    return max(port.start, port.end)  # servers send 0 for one port


def _shown(port: Port) -> str:
    ports = str(port.start) if _end(port) == port.start else f"{port.start}-{port.end}"
    return f"{port.direction} {port.protocol} {'' if port.type == 'dst' else 'source port '}{ports}"


def _everybody(ruleset: Ruleset) -> bool:
    """Whether the named addresses, taken together, are all there are: 0.0.0.0/0, or its two halves."""
    networks = [n for n in map(_network, ruleset.addresses) if n]
    four = collapse_addresses(n for n in networks if isinstance(n, IPv4Network))
    six = collapse_addresses(n for n in networks if isinstance(n, IPv6Network))
    return any(n.prefixlen == 0 for n in four) or any(n.prefixlen == 0 for n in six)


def _network(address: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(address, strict=False)
    except ValueError:
        return None
