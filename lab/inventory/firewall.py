"""Host firewall and services in vSphere's words."""

from __future__ import annotations

from typing import Any

# Which of a product's source lists a ruleset is restricted to; the rest take the management network.
_SOURCES = {
    "dns": "dns",
    "ntpClient": "ntp",
    "iSCSI": "san",
    "swISCSIClient": "san",
    "syslog": "syslog",
    "vMotion": "vmotion",
}


def services(rows: dict[str, Any]) -> list[dict[str, Any]]:
    """HostService list."""
    return [
        {
            "key": key,
            "label": row["label"],
            "required": False,
            "uninstallable": False,
            "running": row["running"],
            "policy": row["policy"],
            "ruleset": ["sshServer"] if key in ("TSM-SSH", "sshd") else [],
        }
        for key, row in rows.items()
    ]


def allowed_hosts(sources: list[str] | None) -> dict[str, Any]:
    """HostFirewallRulesetIpList; None is everybody."""
    if sources is None:
        return {"allIp": True}
    networks = [s.split("/") for s in sources if "/" in s]
    return {
        "allIp": False,
        "ipAddress": [s for s in sources if "/" not in s],
        "ipNetwork": [{"network": n, "prefixLength": int(p)} for n, p in networks],
    }


def ruleset(key: str, row: list[Any], facts: dict[str, Any]) -> dict[str, Any]:
    """One HostFirewallRuleset; ``open_rulesets`` of the host names those left open to everybody."""
    enabled, label, ports = row
    sources = None if key in facts.get("open_rulesets", ()) else facts["sources"][_SOURCES.get(key, "management")]
    return {
        "key": key,
        "label": label,
        "required": False,
        "enabled": enabled,
        "rule": [rule(p) for p in ports],
        "allowedHosts": allowed_hosts(sources),
        "userControllable": True,
        "ipListUserConfigurable": True,
    }


def rule(row: list[Any]) -> dict[str, Any]:
    """One HostFirewallRule from [protocol, direction, port, end port]."""
    out = {"protocol": row[0], "direction": row[1], "port": row[2], "portType": "dst"}
    if len(row) > 3:
        out["endPort"] = row[3]
    return out


def firewall(facts: dict[str, Any]) -> dict[str, Any] | None:
    """HostFirewallInfo, or None on products without a firewall (ESXi before 5)."""
    if "rulesets" not in facts:
        return None
    return {
        "defaultPolicy": {"incomingBlocked": facts["incoming_blocked"], "outgoingBlocked": facts["outgoing_blocked"]},
        "ruleset": [ruleset(key, row, facts) for key, row in facts["rulesets"].items()],
    }
