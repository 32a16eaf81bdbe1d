"""``/etc/network/interfaces`` of Debian and its kin, read and written. Source: interfaces(5), vlan-interfaces(5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_interface

from viguard.network.vlans.guests.interfaces import Interface, Read, Written, checked, cidr, parts, version, writable

FILE = "interfaces"
_SKIPPED = {"mapping", "source", "source-directory"}
_ALONE = {"no-auto-down", "no-scripts", "rename", "template"}


def parse(text: str, name: str = FILE) -> Read:
    """Every interface of a file. Nothing is raised: what cannot be read is a mistake with its line."""
    file = _File(name)
    for number, words in _lines(text):
        file.take(words, f"{name}:{number}")
    found = file.told()
    return Read(interfaces=found, mistakes=(*file.mistakes, *checked(found)), notes=tuple(file.notes))


def write(interfaces: Sequence[Interface]) -> Written:
    """The file of these interfaces.

    Raises: InputError for what would break out of its line.
    """
    writable(interfaces)
    residual: list[str] = []
    blocks = ["\n".join(_block(one, residual)) for one in interfaces]
    return Written(files={FILE: "\n\n".join(blocks) + "\n"}, residual=tuple(residual))


class _Stanza:
    """An ``iface`` while it is read."""

    def __init__(self, name: str, family: str, method: str, where: str) -> None:
        self.name, self.family, self.method, self.where = name, family, method, where
        self.options: list[tuple[str, str, str]] = []

    def one(self, *names: str) -> tuple[str, str]:
        """The value of the first option of these names, and its place."""
        return next(((v, w) for o, v, w in self.options if o in names), ("", self.where))


class _File:
    """A file while it is read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stanzas: list[_Stanza] = []
        self._boot: set[str] = set()
        self._current: _Stanza | None = None
        self._skipping = False
        self.mistakes: list[str] = []
        self.notes: list[str] = []

    def take(self, words: list[str], where: str) -> None:
        """The next line."""
        key, *rest = words
        starts = key in {"iface", "auto"} or key in _SKIPPED or key in _ALONE or key.startswith("allow-")
        self._skipping = key == "mapping" or (self._skipping and not starts)
        if key == "iface":
            self._current = None
            if len(rest) < 3:
                self.mistakes.append(f"{where}: an iface without family and method")
                return
            self._current = _Stanza(rest[0], rest[1], rest[2], where)
            self._stanzas.append(self._current)
        elif key == "auto" or key.startswith("allow-"):
            self._current = None
            self._boot.update(rest)
        elif key in _SKIPPED or key in _ALONE:
            self._current = None
            if key in _SKIPPED:
                self.notes.append(f"{where}: {key} is not followed")
        elif self._current is not None:
            self._current.options.append((key.replace("_", "-"), " ".join(rest), where))
        elif not self._skipping:
            self.mistakes.append(f"{where}: {key[:40]!r} belongs to no interface")

    def told(self) -> tuple[Interface, ...]:
        """Stanzas of one name are one interface."""
        by_name: dict[str, list[_Stanza]] = {}
        for stanza in self._stanzas:
            by_name.setdefault(stanza.name, []).append(stanza)
        return tuple(self._interface(name, stanzas) for name, stanzas in by_name.items())

    def _interface(self, name: str, stanzas: Sequence[_Stanza]) -> Interface:
        parent, vlan = parts(name)
        raw = next((s.one("vlan-raw-device")[0] for s in stanzas if s.one("vlan-raw-device")[0]), "")
        if raw and vlan is None and (digits := name.removeprefix("vlan")).isdecimal():
            vlan = int(digits[:9])
        elif raw and vlan is None:
            self.mistakes.append(f"{stanzas[0].where}: {name}: on {raw}, and its name tells no VLAN")
        return Interface(
            name=name,
            methods=tuple(dict.fromkeys((s.family, s.method) for s in stanzas)),
            addresses=tuple(a for s in stanzas for a in self._address(s)),
            gateways=tuple(g for s in stanzas for g in self._valid(s, "gateway")),
            dns=tuple(dict.fromkeys(d for s in stanzas for d in self._valid(s, "dns-nameservers", "dns-nameserver"))),
            at_boot=name in self._boot,
            mac=next((s.one("hwaddress")[0].split()[-1].lower() for s in stanzas if s.one("hwaddress")[0]), ""),
            parent=raw or parent,
            vlan=vlan,
            more=tuple((f"{s.family} {o}", v) for s in stanzas for o, v, _ in s.options if o not in _KNOWN),
            where=stanzas[0].where,
        )

    def _address(self, stanza: _Stanza) -> Iterator[str]:
        address, where = stanza.one("address")
        if not address:
            return
        try:
            found = cidr(address, stanza.one("netmask")[0])
        except ValueError as error:
            self.mistakes.append(f"{where}: {stanza.name}: {error}")
            return
        if version(found) != (6 if stanza.family == "inet6" else 4):
            self.mistakes.append(f"{where}: {stanza.name}: {address} is not of the family {stanza.family}")
            return
        yield found

    def _valid(self, stanza: _Stanza, *names: str) -> Iterator[str]:
        value, where = stanza.one(*names)
        for word in value.split():
            try:
                yield str(ip_address(word))
            except ValueError:
                self.mistakes.append(f"{where}: {stanza.name}: {word[:60]!r} is no address")


_KNOWN = {
    "address", "netmask", "gateway", "dns-nameservers", "dns-nameserver", "vlan-raw-device", "hwaddress",
    "network", "broadcast",
}  # fmt: skip


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines in words, with their numbers; a backslash at the end goes on, a hash at the beginning is a comment."""
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not held and line.lstrip().startswith("#"):
            continue
        start = start if held else number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        words = (held + line).split()
        held = ""
        if words:
            yield start, words
    if words := held.split():
        yield start, words


def _block(one: Interface, residual: list[str]) -> Iterable[str]:
    if one.at_boot:
        yield f"auto {one.name}"
    options = [f"    hwaddress ether {one.mac}"] if one.mac else []
    if one.vlan is not None:
        options.append(f"    vlan-raw-device {one.parent}")
    options += [f"    dns-nameservers {' '.join(one.dns)}"] if one.dns else []
    residual += [f"{one.name}: {key}={value}" for key, value in one.more if " " not in key]
    for family, method in one.methods or (("inet", "manual"),):
        kind = 6 if family == "inet6" else 4
        addresses = [ip_interface(a) for a in one.addresses if version(a) == kind] if method == "static" else []
        gateways = [g for g in one.gateways if ip_address(g).version == kind]
        own = [f"    {key.split(' ', 1)[1]} {value}" for key, value in one.more if key.startswith(f"{family} ")]
        for at, address in enumerate(addresses or [None]):
            yield f"iface {one.name} {family} {method}"
            if address is not None:
                yield f"    address {address.ip}"
                yield f"    netmask {address.network.prefixlen if kind == 6 else address.netmask}"
            if at == 0:
                yield from (f"    gateway {g}" for g in gateways)
                yield from options
                yield from own
                options = []
