"""Addresses of a new adapter in a Windows guest, as a PowerShell script that knows the adapter by its MAC address.

Source: report, Guests, "VLANs", Windows (one VLAN on a virtual NIC, so a NIC for each VLAN).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_interface

from viguard.network.vlans.guests.wanted import Wanted


def powershell(one: Wanted, *, modern: bool) -> str:
    """A script that gives an adapter its addresses; ``modern``: from Windows Server 2012, else by WMI (IPv4 only).

    Raises: InputError for what is no address.
    """
    one.check()
    addresses = [ip_interface(a) for a in one.addresses]
    head = ["# The MAC address of the new adapter: 00:50:56:...", "param([Parameter(Mandatory = $true)][string]$Mac)"]
    if modern:
        lines = [
            "$ErrorActionPreference = 'Stop'",
            "$nic = Get-NetAdapter | Where-Object { $_.MacAddress -eq $Mac.Replace(':', '-').ToUpper() }",
            'if (-not $nic) { throw "no adapter has the address $Mac" }',
            f"Rename-NetAdapter -Name $nic.Name -NewName 'VLAN {one.vlan}'",
        ]
        for address in addresses:
            gateway = one.gateway and ip_address(one.gateway).version == address.version and _first(address, addresses)
            more = f" -DefaultGateway '{ip_address(one.gateway)}'" if gateway else ""
            lines.append(
                f"New-NetIPAddress -InterfaceIndex $nic.ifIndex -IPAddress '{address.ip}'"
                f" -PrefixLength {address.network.prefixlen}{more}"
            )
        return "\n".join([*head, *lines, ""])
    fours = [a for a in addresses if a.version == 4]
    lines = [
        "$all = Get-WmiObject Win32_NetworkAdapterConfiguration",
        "$nic = $all | Where-Object { $_.MACAddress -eq $Mac.Replace('-', ':').ToUpper() }",
        'if (-not $nic) { throw "no adapter has the address $Mac" }',
    ]
    if fours:
        ips, masks = (", ".join(f"'{x}'" for x in xs) for xs in ([a.ip for a in fours], [a.netmask for a in fours]))
        lines.append(f"$done = $nic.EnableStatic(@({ips}), @({masks}))")
        lines.append('if ($done.ReturnValue -gt 1) { throw "addresses: error $($done.ReturnValue)" }')
    if one.gateway and ip_address(one.gateway).version == 4:
        lines.append(f"$done = $nic.SetGateways(@('{ip_address(one.gateway)}'))")
        lines.append('if ($done.ReturnValue -gt 1) { throw "gateway: error $($done.ReturnValue)" }')
    lines += [f"# not set, Windows takes it by hand: {a}" for a in addresses if a.version == 6]
    return "\n".join([*head, *lines, ""])


def _first(address: object, addresses: Sequence[object]) -> bool:
    """Whether it is the first of its family: one gateway for each."""
    return next(a for a in addresses if type(a) is type(address)) is address
