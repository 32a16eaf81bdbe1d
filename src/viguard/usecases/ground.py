"""The ground on which packets of an estate travel, with the files that its policy names; and attack paths over it."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from viguard.attack.build import build
from viguard.attack.graph import Graph
from viguard.attack.reached import Reached
from viguard.attack.supplied import UNJUDGED
from viguard.content.tables import load_flows
from viguard.errors import InputError
from viguard.model.borders import Border, Exposure
from viguard.model.facts import Struct
from viguard.model.inventory import Inventory
from viguard.model.server import Product
from viguard.model.text import visible
from viguard.network.addresses import Family
from viguard.network.closed.derive import Level, derive
from viguard.network.closed.roles import cast
from viguard.network.exact.sweep import Sweep, choose
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


def drawn(inventory: Inventory, policy: Policy) -> Graph:
    """The attack graph of an estate, with what its firewalls let through where the policy names them.

    Raises: InputError for a file of the policy that cannot be read.
    """
    reach = Reached(ground_of(inventory, policy), sweep_here()) if policy.firewall.points else UNJUDGED
    return build(inventory, policy, reach)


SYSLOG = ("udp/514", "tcp/514", "tcp/6514")


class Told(Struct, frozen=True, kw_only=True):
    """What the rules of an estate tell an audit."""

    borders: tuple[Border, ...]
    exposures: dict[str, Exposure]


def told(inventory: Inventory, policy: Policy) -> Told:
    """What stands at the border of each network, and what reaches those who play a role.

    Raises: as ``ground_of``; InputError for a flow that means nothing.
    """
    ground, who = ground_of(inventory, policy, hosts=False), cast(inventory, policy)
    needed = derive(inventory, policy, load_flows(), level_of(inventory, policy))
    exposing = Exposing(ground, sweep_here(), needed, who)
    found = (exposing.of("log_server", [service_of(text) for text in SYSLOG]), exposing.of("update_manager"))
    return Told(borders=borders(ground), exposures={one.role: one for one in found})


def level_of(inventory: Inventory, policy: Policy) -> Level:
    """Which port table holds: by the profile of the policy, else by the versions of hosts."""
    products = [host.product for host in inventory.hosts if isinstance(host.product, Product)]
    is_new = any(
        product.version.partition(".")[0].isdecimal() and int(product.version.partition(".")[0]) > 4
        for product in products
    )
    if policy.profile is not None:
        is_new = policy.profile is Profile.MODERN
    return Level.MODERN if is_new else Level.CORRECTED


def ground_of(inventory: Inventory, policy: Policy, *, hosts: bool = True) -> Ground:
    """Everything that packets of an estate can meet; the firewalls of ``hosts`` or without.

    Raises: InputError for a file of the policy that cannot be read.
    """
    readings = {point.name: [_read(policy, point, name) for name in point.rules] for point in policy.firewall.points}
    return stand(inventory, policy, cast(inventory, policy), readings, hosts=hosts)


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
    family = Family.V6 if "ip6tables-save" in text[:200] else Family.V4
    return saved.parse(text, name, family)


def sweep_here() -> Sweep:
    """What goes through rule sets on this machine."""
    return choose(platformdirs.user_cache_path("viguard", appauthor=False) / "compiled")[0]
