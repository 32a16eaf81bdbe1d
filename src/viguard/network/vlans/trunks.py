"""What the uplinks of hosts need against what their switch ports carry: lines to prune, and what breaks.

Nothing is called fine that was not read: an uplink without its port, a need that may be larger than told, a guest that
takes several VLANs tagged: each leaves the answer unknown, and then nothing is proposed to be taken away.

Source: report, "Existing setup" (not every ESX server needs every VLAN), "Routers and Switches" (no change expected).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec.structs import replace

from viguard.model.change import Commands, Risk, Step
from viguard.model.facts import Struct, Unknown
from viguard.model.inventory import Inventory
from viguard.model.text import visible
from viguard.network.addresses import Range, Ranges, joined, without
from viguard.network.vlans.cabling import Cabling
from viguard.network.vlans.need import UNTAGGED, HostNeed, UplinkNeed, Use, needs
from viguard.network.vlans.switchports import PortConfig

EVERY: Ranges = (Range(1, 4094),)
DEFAULT_NATIVE = 1
BY_LINE = 20
"""Ranges in one line of a switch, which cuts long ones."""


class State(StrEnum):
    """What is to be done about a port."""

    FINE = "no change needed"
    PRUNE = "prune"
    LACKS = "lacks VLANs"
    UNKNOWN = "unknown"


class Lack(Struct, frozen=True, kw_only=True):
    """A VLAN that is needed and not carried, why, and whose traffic breaks.

    ``now``: no uplink that could carry it does; else it breaks when traffic moves to this uplink. None: not known.
    """

    vlan: int
    why: str
    use: Use
    now: bool | None = None


class Uplink(Struct, frozen=True, kw_only=True):
    """One uplink: its need, its port, what the port carries too much, and what it lacks.

    ``allowed`` are the VLANs that a trunk should carry after a change; None: nothing is proposed.
    """

    need: UplinkNeed
    state: State
    port: PortConfig | None = None
    surplus: Ranges = ()
    lacks: tuple[Lack, ...] = ()
    allowed: Ranges | None = None
    unknown: tuple[str, ...] = ()


class HostTrunks(Struct, frozen=True, kw_only=True):
    """The uplinks of a host."""

    need: HostNeed
    uplinks: tuple[Uplink, ...]


class Trunks(Struct, frozen=True, kw_only=True):
    """Every host. ``compared``: configurations of switches were given; else the need alone is told."""

    hosts: tuple[HostTrunks, ...]
    compared: bool

    @property
    def no_change_needed(self) -> bool:
        """Whether every uplink was compared and none needs anything."""
        return self.compared and all(u.state is State.FINE for h in self.hosts for u in h.uplinks)

    @property
    def wrong(self) -> bool:
        """Whether any port carries too much or too little."""
        return any(u.state in {State.PRUNE, State.LACKS} for h in self.hosts for u in h.uplinks)

    @property
    def unsure(self) -> bool:
        """Whether anything that the answer needs is not known."""
        return any(h.need.unsure or any(u.unknown for u in h.uplinks) for h in self.hosts)


def compare(inventory: Inventory, ports: Sequence[PortConfig]) -> Trunks:
    """The need of every uplink against its port."""
    cabling = Cabling(ports, inventory.hosts)
    hosts = []
    for host, need in zip(inventory.hosts, needs(inventory), strict=True):
        uplinks = []
        for uplink in need.uplinks:
            if not cabling.known:
                uplinks.append(Uplink(need=uplink, state=State.UNKNOWN))
                continue
            port = cabling.port_of(host, uplink.device)
            if isinstance(port, Unknown):
                uplinks.append(Uplink(need=uplink, state=State.UNKNOWN, unknown=(str(port),)))
            else:
                uplinks.append(_judge(uplink, port, need))
        hosts.append(HostTrunks(need=need, uplinks=tuple(_break(uplinks))))
    return Trunks(hosts=tuple(hosts), compared=cabling.known)


def carried(port: PortConfig) -> Ranges:
    """The VLANs that a port carries, tagged or not."""
    if port.shutdown or port.mode == "routed":
        return ()
    if port.mode == "access":
        return (Range(port.access, port.access),) if port.access is not None else ()
    return EVERY if port.allowed is None else joined(port.allowed)


def _judge(need: UplinkNeed, port: PortConfig, host: HostNeed) -> Uplink:
    lacks = tuple(lack for use in need.uses if (lack := _lack(use, port)))
    unknown = [*host.unsure]
    unknown += [
        f"{_names(o.guests)} may use any VLAN that {visible(o.port_group, 60)} lets through: "
        f"{', '.join(f'{a}-{b}' for a, b in o.vlans)}"
        for o in need.open
    ]
    keep = [Range(use.vlan, use.vlan) for use in need.uses if use.vlan != UNTAGGED]
    if any(use.vlan == UNTAGGED for use in need.uses) or any(a == UNTAGGED for o in need.open for a, _ in o.vlans):
        untagged = port.access if port.mode == "access" else port.native or DEFAULT_NATIVE
        keep += [Range(untagged, untagged)] if untagged else []
    keep += [Range(max(a, 1), b) for a, b in (*host.held, *(r for o in need.open for r in o.vlans))]
    surplus = without(carried(port), joined(keep)) if not host.unsure else ()
    state = State.LACKS if lacks else State.PRUNE if surplus else State.UNKNOWN if unknown else State.FINE
    made = Uplink(need=need, state=state, port=port, surplus=surplus, lacks=lacks, unknown=tuple(unknown))
    return replace(made, allowed=_allowed(made)) if surplus or lacks else made


def _lack(use: Use, port: PortConfig) -> Lack | None:
    """Why a port does not carry a VLAN to the host, if it does not."""
    why = ""
    native = port.native or DEFAULT_NATIVE
    if port.shutdown:
        why = "the port is shut down"
    elif port.mode == "routed":
        why = "the port is routed"
    elif port.mode == "access":
        if use.vlan != UNTAGGED:
            why = "the port is an access port and takes no tags"
    elif use.vlan == UNTAGGED:
        why = "" if _in(native, carried(port)) else f"the native VLAN {native} is not allowed"
    elif not _in(use.vlan, carried(port)):
        why = "it is not allowed on the trunk"
    elif use.vlan == native:
        why = "it is the native VLAN of the trunk: the switch sends it without a tag"
    return Lack(vlan=use.vlan, why=why, use=use) if why else None


def _allowed(uplink: Uplink) -> Ranges | None:
    """What a trunk should carry; None where a list of VLANs cannot mend it."""
    port = uplink.port
    if port is None or port.mode != "trunk" or port.shutdown:
        return None
    native = port.native or DEFAULT_NATIVE
    more = [lack.vlan or native for lack in uplink.lacks if lack.vlan != native]
    after = joined([*without(carried(port), uplink.surplus), *(Range(v, v) for v in more)])
    return after if after != carried(port) else None


def _break(uplinks: Sequence[Uplink]) -> Iterable[Uplink]:
    """Each lack, told apart by whether another uplink carries the VLAN."""
    for uplink in uplinks:
        lacks = []
        for lack in uplink.lacks:
            others = [u for u in uplinks if u is not uplink and any(x.vlan == lack.vlan for x in u.need.uses)]
            fails = [any(x.vlan == lack.vlan for x in u.lacks) for u in others]
            known = [u.port is not None for u in others]
            carries = any(k and not f for k, f in zip(known, fails, strict=True))
            lacks.append(replace(lack, now=False if carries else True if all(known) else None))
        yield replace(uplink, lacks=tuple(lacks)) if lacks else uplink


def steps(trunks: Trunks, order: int = 1) -> list[Step]:
    """Each trunk's list of VLANs as it should be: what is missing first, what is too much after it.

    A bundle that several uplinks have is written once, with what any of them needs.
    """
    wanted: dict[tuple[str, str], list[tuple[HostTrunks, Uplink]]] = {}
    for host in trunks.hosts:
        for uplink in host.uplinks:
            if uplink.port is not None:
                wanted.setdefault((uplink.port.device, uplink.port.name), []).append((host, uplink))
    made = []
    for (device, name), users in wanted.items():
        port = users[0][1].port
        if port is None or all(u.allowed is None for _, u in users):
            continue
        # Only what none of its uplinks keeps is taken away.
        after = joined(r for _, u in users for r in (carried(port) if u.allowed is None else u.allowed))
        if after == carried(port):
            continue
        added = bool(without(after, carried(port)))
        hosts = ", ".join(dict.fromkeys(f"{visible(h.need.host, 60)} {u.need.device}" for h, u in users))
        made.append(
            Step(
                order=order if added else order + 1,
                resource=device,
                name=f"{device} {name}",
                property="allowed VLANs",
                before=told(carried(port)) if port.allowed is not None else "all",
                after=told(after),
                call=Commands(dialect="ios", device=device, lines=lines(name, after)),
                risk=Risk.NONE,
                reason=f"what {hosts} needs" if added else f"{hosts} needs no more",
                rollback=Commands(dialect="ios", device=device, lines=lines(name, port.allowed)),
            )
        )
    return made


def lines(port: str, allowed: Ranges | None) -> tuple[str, ...]:
    """The list of a trunk for IOS and NX-OS; None: every VLAN."""
    if allowed is None:
        return (f"interface {port}", " switchport trunk allowed vlan all")
    if not allowed:
        return (f"interface {port}", " switchport trunk allowed vlan none")
    parts = [allowed[n : n + BY_LINE] for n in range(0, len(allowed), BY_LINE)]
    head = " switchport trunk allowed vlan"
    return (f"interface {port}", *(f"{head} {'add ' if n else ''}{told(part, ',')}" for n, part in enumerate(parts)))


def told(some: Iterable[Range], between: str = ", ") -> str:
    """Ranges of VLANs as people and switches write them."""
    return between.join(str(r.first) if r.first == r.last else f"{r.first}-{r.last}" for r in some)


def _in(vlan: int, some: Ranges) -> bool:
    return any(r.first <= vlan <= r.last for r in some)


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(visible(n, 60) for n in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "a guest"
