"""What a guest's tools tell, in vSphere's words."""

from __future__ import annotations

from typing import Any

from lab.inventory.guestrow import Guest


def guest_info(guest: Guest) -> dict[str, Any]:
    """GuestInfo: addresses appear only while the tools run."""
    tools = guest.row.get("tools", "guestToolsCurrent")
    missing = tools == "guestToolsNotInstalled"
    out = {
        **_tools_status(guest, tools),
        "guestState": "running" if guest.on else "notRunning",
        "guestId": guest.system.guest_id,
        "guestFamily": guest.system.family,
        "guestFullName": guest.system.full_name,
    }
    if missing:
        return out
    out["toolsVersion"] = "12352" if guest.today else "7302"
    if guest.on:
        out["hostName"] = f"{guest.name}.belnet.be"
        out["ipAddress"] = guest.addresses(guest.zones[0])[0][0]
        out["net"] = [_nic(guest, i, z) for i, z in enumerate(guest.zones)]
    return out


def _tools_status(guest: Guest, tools: str) -> dict[str, Any]:
    """The status in the words of each generation of servers; ``tools`` is the newest."""
    missing = tools == "guestToolsNotInstalled"
    old = {"guestToolsCurrent": "toolsOk", "guestToolsNotInstalled": "toolsNotInstalled"}.get(tools, "toolsOld")
    return {
        "toolsStatus": old if guest.on or missing else "toolsNotRunning",
        "toolsVersionStatus": tools if not tools.startswith("guestToolsToo") else "guestToolsNeedUpgrade",
        "toolsVersionStatus2": tools,
        "toolsRunningStatus": "guestToolsRunning" if guest.on and not missing else "guestToolsNotRunning",
    }


def _nic(guest: Guest, index: int, zone: str) -> dict[str, Any]:
    """GuestNicInfo of one adapter."""
    addresses = guest.addresses(zone)
    return {
        "network": guest.networks[index],
        "ipAddress": [a for a, _ in addresses],
        "macAddress": guest.mac(index),
        "connected": True,
        "deviceConfigId": 4000 + index,
        "ipConfig": {"ipAddress": [{"ipAddress": a, "prefixLength": p, "state": "preferred"} for a, p in addresses]},
    }
