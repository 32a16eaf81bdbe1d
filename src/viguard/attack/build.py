"""An attack graph of an inventory: every step that its facts show, and those that they do not rule out."""

from __future__ import annotations

from viguard.attack import escape, management, network, roles, servers, storage, uplinks
from viguard.attack.estate import Estate
from viguard.attack.graph import Edge, Graph
from viguard.attack.supplied import NOTHING, UNJUDGED, Reaches, Supplied
from viguard.model.inventory import Inventory
from viguard.policy.policy import NO_POLICY, Policy

FAMILIES = (
    escape.edges,
    network.edges,
    uplinks.edges,
    storage.edges,
    management.edges,
    roles.edges,
    servers.edges,
    servers.secrets,  # after those that name secrets
    network.between,  # after those that name services
)


def build(
    inventory: Inventory,
    policy: Policy = NO_POLICY,
    reach: Reaches = UNJUDGED,
    supplied: Supplied = NOTHING,
) -> Graph:
    """The graph. A step whose fact was not read is possible, which no answer mixes with what was shown."""
    estate = Estate(inventory, policy, reach, supplied)
    for resource in (*estate.machines, *inventory.hosts, *estate.vcenters):
        estate.at(resource)
    found: list[Edge] = []
    for family in FAMILIES:
        found.extend(family(estate))
    edges = list(dict.fromkeys(found))
    return Graph(estate.nodes, edges, tuple(estate.notes))
