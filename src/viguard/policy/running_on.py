"""Which guest a vCenter runs on, by the names and addresses that both tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from viguard.model.facts import Settings
from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.model.server import Server
from viguard.policy.policy import Policy

NAMES = (
    "VirtualCenter.FQDN",
    "VirtualCenter.ManagedIP",
    "VirtualCenter.InstanceName",
    "VirtualCenter.VimApiUrl",
    "config.vpxd.hostnameUrl",
)
"""Settings of a vCenter that tell its own name or address."""


class GuestNames:
    """Guests by what a server may be known by: address, host name, own name; the surest first."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        self._by: tuple[dict[str, list[Guest]], ...] = tuple(defaultdict(list) for _ in range(4))
        addresses, full, names, short = self._by
        for guest in inventory.guests:
            for nic in guest.addresses if isinstance(guest.addresses, tuple) else ():
                for address in nic.addresses:
                    addresses[address.partition("/")[0]].append(guest)
            if isinstance(guest.host_name, str) and guest.host_name:
                full[guest.host_name.casefold()].append(guest)
            names[guest.name.casefold()].append(guest)
            short[guest.name.casefold().partition(".")[0]].append(guest)

    def running(self, server: Server) -> list[Guest]:
        """The guests that a server may run on, by the surest kind of name that finds any."""
        known = _known_as(server)
        for kind, table in enumerate(self._by):
            keys = (k.partition(".")[0] for k in known if not _is_address(k)) if kind == len(self._by) - 1 else known
            found = {g.id: g for key in keys for g in table.get(key, ())}
            if found:
                return list(found.values())
        return []

    def ways(self, server: Server) -> Iterator[tuple[Guest, str, str]]:
        """The one guest that a server runs on, once for each way that shows it; nothing when several may be it.

        Each way is the setting of the server (``key = value``, "" when its address or name shows it) and the field of
        the guest: ``addresses``, ``host_name`` or ``name``.
        """
        found = self.running(server)
        if len(found) != 1:
            return
        for text, key in _told(server).items():
            for table, field in zip(self._by, ("addresses", "host_name", "name", "name"), strict=True):
                short = table is self._by[-1] and not _is_address(text)
                if found[0] in table.get(text.partition(".")[0] if short else text, ()):
                    yield found[0], f"{key} = {text}" if key else "", field


def _known_as(server: Server) -> list[str]:
    return list(_told(server))


def _told(server: Server) -> dict[str, str]:
    """Names and addresses of a server, each with the setting that tells it, "" for its own address and name."""
    texts = [(server.url, ""), (server.name, "")]
    if isinstance(server.settings, Settings):
        texts += [(str(server.settings.values[key]), key) for key in NAMES if server.settings.values.get(key)]
    found: dict[str, str] = {}
    for text, key in texts:
        name = _host_part(text)
        if name and name != "localhost" and not _loopback(name):
            found.setdefault(name, key)
    return found


def _host_part(text: str) -> str:
    try:
        return (urlsplit(text if "//" in text else f"//{text}").hostname or "").casefold()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _loopback(name: str) -> bool:
    return _is_address(name) and ip_address(name).is_loopback
