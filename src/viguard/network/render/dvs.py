"""Traffic rules of a distributed port group: the ruleset as JSON of the API's type, and a PowerCLI script that sets it.

These rules know no flows and no flags that tell an answer: what passes back is told by its ports alone.

Source: vim.dvs.TrafficRuleset (vSphere API 5.5). The script was not tried on a vCenter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from viguard.network.addresses import Family, Range, Ranges, networks
from viguard.network.render.stateless import Row, both_ways
from viguard.network.render.written import ZERO, Rendered, is_every, plain
from viguard.network.rules import Action, RuleSet
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, TCP, UDP, Box

NOT_IP: Final = "what is not IP, and IP of a family without a rule set, passes"
_STEP: Final = 10
_ACTIONS: Final = {Action.PERMIT: "DvsAcceptNetworkRuleAction", Action.DENY: "DvsDropNetworkRuleAction"}


def render(sets: Sequence[RuleSet]) -> Rendered:
    """The ruleset of one port group, as JSON; one rule set for each family."""
    rows, residual = _rows(sets)
    rules = [rule for row, family, why in rows for rule in _rules(row, family, why)]
    for number, rule in enumerate(rules, 1):
        rule["sequence"] = number * _STEP
    told = {"_typeName": "DvsTrafficRuleset", "enabled": True, "rules": rules}
    return Rendered(json.dumps(told, indent=1) + "\n", (*dict.fromkeys(residual), NOT_IP))


def script(sets: Sequence[RuleSet]) -> Rendered:
    """A PowerCLI script that gives the ruleset to a port group, in the place of the one it has."""
    told = render(sets)
    return Rendered(_SCRIPT.replace("RULESET", told.text.rstrip("\n")), told.residual)


def _rows(sets: Sequence[RuleSet]) -> tuple[list[tuple[Row, Family, str]], list[str]]:
    out: list[tuple[Row, Family, str]] = []
    residual: list[str] = []
    for one in sets:
        back, flows, left = both_ways(one, _refusal)
        residual += left
        out += [(row, one.family, row.why or "answers") for row in back]
        out += [(row, one.family, row.why) for row in flows[:-1]]
        out.append((flows[-1], one.family, "what no rule fits"))
    return out, residual


def _refusal(protocol: int | None, box: Box) -> str:
    if protocol == 0:
        return ZERO
    if (box.source_port, box.port) == (EVERY_PORT, EVERY_PORT) or protocol in {TCP, UDP}:
        return ""
    return "types of ICMP cannot be named" if protocol in {ICMP, ICMP6} else f"ports of protocol {protocol}"


def _rules(row: Row, family: Family, why: str) -> Iterator[dict[str, Any]]:
    for source in _addresses(row.sources, family):
        for destination in _addresses(row.destinations, family):
            qualifier: dict[str, Any] = {"_typeName": "DvsIpNetworkRuleQualifier"}
            if source or not destination:
                qualifier["sourceAddress"] = source or _every(family)
            if destination:
                qualifier["destinationAddress"] = destination
            yield {
                "_typeName": "DvsTrafficRule",
                "description": plain(why, 80),
                "sequence": 0,
                "qualifier": [qualifier | _service(row)],
                "action": {"_typeName": _ACTIONS[row.action]},
                "direction": "both",
            }


def _every(family: Family) -> dict[str, Any]:
    """A rule without an address is of both families."""
    return {
        "_typeName": "IpRange",
        "addressPrefix": "0.0.0.0" if family is Family.V4 else "::",  # noqa: S104  (a prefix, nothing listens)
        "prefixLength": 0,
    }


def _addresses(some: Ranges, family: Family) -> list[dict[str, Any] | None]:
    if len(some) == 1 and is_every(some[0], family):
        return [None]
    return [
        {"_typeName": "SingleIp", "address": str(one.network_address)}
        if one.prefixlen == one.max_prefixlen
        else {"_typeName": "IpRange", "addressPrefix": str(one.network_address), "prefixLength": one.prefixlen}
        for one in networks(some, family)
    ]


def _service(row: Row) -> dict[str, Any]:
    if row.protocol is None:
        return {}
    told: dict[str, Any] = {"protocol": {"_typeName": "IntExpression", "value": row.protocol}}
    if row.protocol in {TCP, UDP}:
        for key, span in (("sourceIpPort", row.box.source_port), ("destinationIpPort", row.box.port)):
            if span != EVERY_PORT:
                told[key] = _port(span)
    return told


def _port(span: Range) -> dict[str, Any]:
    if span.first == span.last:
        return {"_typeName": "DvsSingleIpPort", "portNumber": span.first}
    return {"_typeName": "DvsIpPortRange", "startPortNumber": span.first, "endPortNumber": span.last}


_SCRIPT: Final = """\
# Gives a distributed port group its traffic rules, in the place of those it has. Needs VMware PowerCLI.
param([Parameter(Mandatory)][string]$PortGroup)
$ErrorActionPreference = 'Stop'
$ruleset = @'
RULESET
'@
function ConvertTo-Vim($from) {
    if ($from -isnot [System.Management.Automation.PSCustomObject]) { return $from }
    $to = New-Object "VMware.Vim.$($from._typeName)"
    foreach ($property in $from.PSObject.Properties | Where-Object Name -ne '_typeName') {
        if ($property.Value -is [array]) {
            $to.($property.Name) = @($property.Value | ForEach-Object { ConvertTo-Vim $_ })
        } else {
            $to.($property.Name) = ConvertTo-Vim $property.Value
        }
    }
    $to
}
$view = Get-VDPortgroup -Name $PortGroup | Get-View
$filter = New-Object VMware.Vim.DvsTrafficFilterConfigSpec
$filter.AgentName = 'dvfilter-generic-vmware'
$filter.Inherited = $false
$old = @($view.Config.DefaultPortConfig.FilterPolicy.FilterConfig | Where-Object AgentName -eq $filter.AgentName)
if ($old.Count) { $filter.Key = $old[0].Key; $filter.Operation = 'edit' } else { $filter.Operation = 'add' }
$filter.TrafficRuleset = ConvertTo-Vim ($ruleset | ConvertFrom-Json)
$spec = New-Object VMware.Vim.DVPortgroupConfigSpec
$spec.ConfigVersion = $view.Config.ConfigVersion
$spec.DefaultPortConfig = New-Object VMware.Vim.VMwareDVSPortSetting
$spec.DefaultPortConfig.FilterPolicy = New-Object VMware.Vim.DvsFilterPolicy
$spec.DefaultPortConfig.FilterPolicy.Inherited = $false
$spec.DefaultPortConfig.FilterPolicy.FilterConfig = @($filter)
$view.ReconfigureDVPortgroup($spec)
"""
