"""A saved file of any kind that is read: which kind it is shows in its text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from viguard.errors import InputError
from viguard.network.addresses import Family
from viguard.network.parse import cisco, classic, iptables, juniper, nftables, nsx, windows
from viguard.network.parse.imported import Imported, Point

_KINDS: tuple[tuple[str, Callable[[str, str], Imported]], ...] = (
    (r"^/firewall/|blocked by default", classic.parse),
    (r"^Rule Name:", windows.parse),
    (r"^\s*(?:set |)firewall (?:family|filter|\{)|^firewall \{|^\s*set firewall ", juniper.parse),
    (r"^(?:ip|ipv6|mac) access-list |^access-list \d", cisco.parse),
)
"""By a line that no other kind has."""
KINDS = "iptables-save, nft -j list ruleset, Cisco IOS and NX-OS, Junos, esxcfg-firewall -q, esx.conf, Windows, NSX"


def parse(text: str, name: str, family: Family = Family.V4) -> Imported:
    """The rule sets of a saved file. ``family`` is that of a file of iptables, which does not say it.

    Raises: InputError for a file of no kind that is read, or with a mistake in it.
    """
    if re.search(r"^\*filter\b", text, re.MULTILINE):
        saved = iptables.parse(text, name, family)
        points = (
            Point(place=chain, direction=chain.lower(), rules=rules, is_own=chain != "FORWARD")
            for chain, rules in saved.sets.items()
        )
        return Imported(points=tuple(points), notes=saved.notes, families=(family,))
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return _json(text, name)
    for pattern, read in _KINDS:
        if re.search(pattern, text, re.MULTILINE):
            return read(text, name)
    raise InputError("no saved rules that viguard reads", where=name, hint=f"it reads: {KINDS}")


def _json(text: str, name: str) -> Imported:
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"this is no JSON: {error}", where=name) from error
    if isinstance(found, dict) and "nftables" in found:
        return nftables.parse(text, name)
    if isinstance(found, dict) and {"Rules", "Profiles"} & found.keys():
        return windows.parse(text, name)
    return nsx.parse(text, name)
