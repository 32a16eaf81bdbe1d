"""The ground of an estate: zones and points as the policy names them, with the rules of devices and hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from viguard.model.inventory import Inventory
from viguard.model.text import visible
from viguard.network.addresses import Family, Ranges, joined, read
from viguard.network.closed.roles import Cast, outside
from viguard.network.parse.imported import Imported
from viguard.network.reach.ground import INTERNET, Ground, Guard, Network, Router, layers
from viguard.network.reach.guards import before, guarded_by, of_hosts, unclear
from viguard.network.reach.routers import Joining
from viguard.policy.policy import Policy

Readings = Mapping[str, Sequence[Imported]]
"""What was read of the files of each point, by its name."""


def stand(inventory: Inventory, policy: Policy, who: Cast, readings: Readings, *, hosts: bool = True) -> Ground:
    """Everything that packets of an estate can meet, as far as it is known; the firewalls of ``hosts`` or without."""
    networks, notes, routers = _networks(policy), list[str](), list[Router]()
    guards: list[Guard] = [*of_hosts(inventory)] if hosts else []
    guarded: dict[Family, Ranges] = dict.fromkeys(Family, ())
    for point in policy.firewall.points:
        files = readings.get(point.name, ())
        notes += [f"{point.name}: {note}" for file in files for note in file.notes]
        if point.between:
            made = Joining(policy, point, networks)
            routers.append(made.router(files))
            notes += made.notes
            continue
        here = guarded_by(point, inventory, policy, who)
        guards += before(point, files, here)
        for family in {family for file in files if not unclear(file) for family in file.families}:
            guarded[family] = joined((*guarded[family], *here[family]))
    known = {one.zone for one in networks.values() if one.addresses}
    notes += [f"no address of zone {zone.name} is known" for zone in policy.zones or () if zone.name not in known]
    return Ground(
        networks=networks,
        routers=tuple(routers),
        layers=layers(guards),
        isolated=frozenset(one.name for one in networks.values() if one.zone in policy.firewall.isolated),
        guarded=guarded,
        notes=tuple(dict.fromkeys(visible(note, 400) for note in notes)),
    )


def _networks(policy: Policy) -> dict[str, Network]:
    """A network for each subnet of a zone, as each may be behind another list; and the internet."""
    found: dict[str, Network] = {}
    every: dict[Family, list[Ranges]] = {family: [] for family in Family}
    for zone in policy.zones or ():
        by_family: dict[Family, list[str]] = {family: [] for family in Family}
        for text in zone.match.subnets:
            family, span = read(text)
            by_family[family].append(text)
            every[family].append((span,))
        is_one = all(len(texts) < 2 for texts in by_family.values())
        for family, texts in by_family.items():
            for text in texts:
                name = zone.name if is_one else f"{zone.name} ({text})"
                before = found[name].addresses if name in found else {}
                found[name] = Network(name=name, zone=zone.name, addresses={**before, family: (read(text)[1],)})
    addresses = {family: outside(every[family], family) for family in Family}
    found[INTERNET] = Network(name=INTERNET, zone=INTERNET, addresses=addresses)
    zones = {one.zone for one in found.values()}
    for name in (name for point in policy.firewall.points for name in point.between):
        if name not in zones:
            found[name] = Network(name=name, zone=name, addresses={})
    return found
