"""Which switch port an uplink is plugged into: as the two told each other, else as the description of the port says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from viguard.model.facts import Fact, Reason, Unknown
from viguard.model.host import Host
from viguard.model.network import Neighbour, PhysicalNic
from viguard.model.text import visible
from viguard.network.vlans.switchports import PortConfig

_LONG = {
    "fa": "fastethernet", "gi": "gigabitethernet", "te": "tengigabitethernet", "eth": "ethernet", "et": "ethernet",
    "po": "port-channel", "twe": "twentyfivegige", "fo": "fortygigabitethernet", "hu": "hundredgige",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_DEVICE = re.compile(r"-(?=vmnic\d)")  # HOST-vmnic2 is two words


class Cabling:
    """The ports of every switch that was read, found by what is plugged in."""

    def __init__(self, ports: Iterable[PortConfig], hosts: Iterable[Host]) -> None:
        self._by_name: dict[tuple[str, str], list[PortConfig]] = defaultdict(list)
        self._by_words: dict[str, list[tuple[PortConfig, frozenset[str]]]] = defaultdict(list)
        self._short = defaultdict[str, int](int)
        self._devices: set[str] = set()
        self.known = False
        for host in hosts:
            self._short[_short(host.name)] += 1
        for port in ports:
            self.known = True
            self._devices.add(_short(port.device))
            self._by_name[_short(port.device), full_name(port.name)].append(port)
            said = (part for word in _WORD.findall(port.description.casefold()) for part in _DEVICE.split(word))
            words = frozenset(word.rstrip(".-") for word in said)
            for word in words:
                self._by_words[word].append((port, words))

    def port_of(self, host: Host, device: str) -> Fact[PortConfig]:
        """The port that an uplink is plugged into, with the settings of its bundle; Unknown with the reason."""
        told = _neighbour(host, device)
        if isinstance(told, Neighbour):
            found = self._by_name.get((_short(told.device), full_name(told.port)), [])
            if len(found) == 1:
                return self.bundle_of(found[0])
            at = f"{visible(told.device, 60)} {visible(told.port, 40)}"
            return _unknown(f"it is plugged into {at}, {'which several files have' if found else 'which was not read'}")
        return self._described(host, device)

    def bundle_of(self, port: PortConfig) -> PortConfig:
        """The bundle that decides for a port, where it is part of one that was read; else the port."""
        if not port.channel or port.shutdown:
            return port
        digits = re.sub(r"\D", "", port.channel)
        for name in (full_name(port.channel), f"port-channel{digits}"):
            found = self._by_name.get((_short(port.device), name), [])
            if len(found) == 1:
                return found[0]
        return port

    def _described(self, host: Host, device: str) -> Fact[PortConfig]:
        names = {host.name.casefold()}
        if self._short[_short(host.name)] == 1:
            names.add(_short(host.name))
        of_host = [(port, words) for name in names for port, words in self._by_words.get(name, ())]
        found = {(p.device, p.name): p for p, words in of_host if device.casefold() in words}
        if len(found) == 1:
            return self.bundle_of(next(iter(found.values())))
        if found:
            ports = ", ".join(f"{visible(d, 60)} {visible(n, 40)}" for d, n in sorted(found))
            return _unknown(f"several ports are described as its own: {ports}")
        if of_host:
            return _unknown(f"ports name the host and not {visible(device, 40)}: describe a port as 'HOST {device}'")
        return _unknown("no port that was read is known to be its own")


def full_name(port: str) -> str:
    """The name of a port in small letters and whole words: Gi0/1 is gigabitethernet0/1."""
    plain = re.sub(r"\s+", "", port).casefold()
    kind = re.match(r"[a-z-]*", plain)
    letters = kind.group() if kind else ""
    return _LONG.get(letters, letters) + plain[len(letters) :]


def _neighbour(host: Host, device: str) -> Neighbour | None:
    nics: tuple[PhysicalNic, ...] = host.nics if isinstance(host.nics, tuple) else ()
    for nic in nics:
        if nic.device == device and isinstance(nic.neighbour, Neighbour):
            return nic.neighbour
    return None


def _short(name: str) -> str:
    """A name without its domain; an address as it is."""
    plain = name.casefold().partition("(")[0]  # Nexus tells its serial number behind its name
    return plain if plain.replace(".", "").isdigit() else plain.partition(".")[0]


def _unknown(detail: str) -> Unknown:
    return Unknown(reason=Reason.NO_SOURCE, detail=detail)
