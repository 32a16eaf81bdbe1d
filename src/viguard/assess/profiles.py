"""Which profile holds for a resource: the policy's, or else the one of its product's age."""

from __future__ import annotations

from viguard.assess.operators import version
from viguard.model.facts import Resource
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import StandardPortGroup, StandardSwitch
from viguard.model.server import Product, Server
from viguard.policy.policy import Policy, Profile

_MODERN_SINCE = (5, 0, 0, 0, 0, 0)


def profile_of(subject: Resource, inventory: Inventory, policy: Policy) -> Profile:
    """The profile of a resource.

    Without a choice in the policy, products before version 5 are judged by ``report-2010``: a host by its own version,
    a guest, switch or port group by its host's, anything else by its server's. Unknown ages are judged by ``modern``.
    """
    if policy.profile:
        return policy.profile
    host = _host_of(subject, inventory)
    found = _age(host.product) if host else None
    if found is None:
        found = _server_age(subject, inventory)
    return Profile.REPORT_2010 if found is not None and found < _MODERN_SINCE else Profile.MODERN


def estate_profile(inventory: Inventory, policy: Policy) -> Profile:
    """The profile of the estate as a whole: ``report-2010`` only when every server is that old."""
    if policy.profile:
        return policy.profile
    ages = [_age(server.product, api=True) for server in inventory.servers]
    old = ages and all(age is not None and age < _MODERN_SINCE for age in ages)
    return Profile.REPORT_2010 if old else Profile.MODERN


def _host_of(subject: Resource, inventory: Inventory) -> Host | None:
    if isinstance(subject, Host):
        return subject
    if isinstance(subject, Guest):
        return inventory.host_of(subject)
    if isinstance(subject, StandardSwitch | StandardPortGroup):
        return inventory.get(Host, subject.host)
    return None


def _server_age(subject: Resource, inventory: Inventory) -> tuple[int, ...] | None:
    server = subject if isinstance(subject, Server) else inventory.get(Server, subject.server)
    return _age(server.product, api=True) if server else None


def _age(product: object, *, api: bool = False) -> tuple[int, ...] | None:
    if not isinstance(product, Product):
        return None
    return version((product.api_version if api else "") or product.version)
