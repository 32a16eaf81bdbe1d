"""The rules of an estate's enforcement points, and what rests on them: reach, attack paths, facts for an audit."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import platformdirs

from viguard.attack.build import build
from viguard.attack.graph import Graph
from viguard.attack.reached import Reached
from viguard.attack.supplied import UNJUDGED
from viguard.content.tables import load_flows
from viguard.errors import InputError
from viguard.model.borders import Border, Exposure
from viguard.model.inventory import Inventory
from viguard.model.server import Product
from viguard.model.text import visible
from viguard.network.closed.derive import Level, derive
from viguard.network.closed.roles import cast
from viguard.network.exact.sweep import choose
from viguard.network.parse import saved
from viguard.network.parse.imported import Imported
from viguard.network.reach.borders import borders
from viguard.network.reach.exposed import Exposing
from viguard.network.reach.ground import Ground
from viguard.network.reach.stand import stand
from viguard.network.services import read as service_of
from viguard.policy.policy import EnforcementPoint, Policy, Profile

LARGEST = 64 * 2**20
"""Bytes of a saved configuration; a larger file is none."""


SYSLOG = ("udp/514", "tcp/514", "tcp/6514")


class Rules:
    """What the enforcement points of an estate let through. The files that the policy names are read once."""

    def __init__(self, inventory: Inventory, policy: Policy) -> None:
        """Raises: InputError for a file that cannot be read."""
        self._inventory, self._policy, self.who = inventory, policy, cast(inventory, policy)
        points = policy.firewall.points
        self._readings = {point.name: [_read(policy, point, name) for name in point.rules] for point in points}
        self.sweep = choose(platformdirs.user_cache_path("viguard", appauthor=False) / "compiled")[0]

    @cached_property
    def ground(self) -> Ground:
        """Everything that packets can meet."""
        return stand(self._inventory, self._policy, self.who, self._readings)

    @cached_property
    def bare(self) -> Ground:
        """The same without the firewalls of hosts."""
        return stand(self._inventory, self._policy, self.who, self._readings, hosts=False)

    def drawn(self) -> Graph:
        """The attack graph, with what the rules let through where the policy names any."""
        has_points = bool(self._policy.firewall.points)
        reach = Reached(self.ground, self.sweep) if has_points else UNJUDGED
        return build(self._inventory, self._policy, reach)

    def borders(self) -> tuple[Border, ...]:
        """What stands at the border of each network."""
        return borders(self.bare)

    def exposures(self) -> dict[str, Exposure]:
        """What reaches those who play a role, beside what they need. Raises: InputError for a senseless flow."""
        needed = derive(self._inventory, self._policy, load_flows(), level_of(self._inventory, self._policy))
        exposing = Exposing(self.bare, self.sweep, needed, self.who)
        found = (exposing.of("log_server", [service_of(text) for text in SYSLOG]), exposing.of("update_manager"))
        return {one.role: one for one in found}


def level_of(inventory: Inventory, policy: Policy) -> Level:
    """Which port table holds: by the profile of the policy, else by the versions of hosts."""
    if policy.profile is not None:
        return Level.MODERN if policy.profile is Profile.MODERN else Level.CORRECTED
    told = [host.product.version for host in inventory.hosts if isinstance(host.product, Product)]
    majors = [first for version in told if (first := version.partition(".")[0]).isdecimal()]
    return Level.MODERN if any(int(major[:4]) > 4 for major in majors) else Level.CORRECTED


def _read(policy: Policy, point: EnforcementPoint, name: str) -> Imported:
    where, path = f"{policy.file}:{point.line}", Path(policy.file).parent / name
    try:
        size = path.stat().st_size
        text = path.read_bytes().decode("utf-8", "backslashreplace") if size <= LARGEST else ""
    except OSError as error:
        hint = "paths are taken from the folder of the policy"
        raise InputError(f"{visible(str(path))} cannot be read: {error.strerror}", where=where, hint=hint) from error
    if size > LARGEST:
        raise InputError(f"{visible(str(path))} is too large for a saved configuration", where=where)
    return saved.parse(text, name, saved.family_of(text))
