"""The test estate apart from production. Source: report, "Existing setup": vSphere is tested completely separately."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from viguard.assess.context import Context
from viguard.assess.kind import not_read
from viguard.assess.segments import PRIVATE, Distributed, groups_of
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, unknown
from viguard.model.facts import Fact, Resource, Unknown
from viguard.model.host import Hardware, Host
from viguard.model.inventory import Inventory
from viguard.model.network import DvPortGroup, StandardPortGroup
from viguard.model.plugged import ranges
from viguard.model.result import Evidence
from viguard.model.server import Cluster, Datacenter, Server
from viguard.model.storage import Datastore
from viguard.policy.policy import Policy, TestEstate
from viguard.policy.rights import credential, global_permissions
from viguard.policy.zones import TRUNK

KEY = "test"


def tests_apart(_subject: Resource, context: Context) -> Verdict:
    """The part of the estate that the policy names for tests shares nothing with the rest.

    Compared: management servers, accounts with permissions, VLANs, machines (by hardware id) and volumes. A local
    account of the same name at two servers is two accounts; whether they have one password is not judged here.
    Trunks, and untagged port groups on both sides, leave the answer open: which network they are in is not told.
    """
    parts = context.index(Parts)
    if not parts.decided:
        return unknown("the policy does not say which part is for tests", policy=KEY)
    if not parts.test or not parts.production:
        missing = "for tests" if not parts.test else "beside the part for tests"
        return unknown(f"no host was read {missing}", policy=KEY)
    tally = Tally(KEY)
    for why in parts.unsure:
        tally.miss(why)
    _judge_servers(parts, context, tally)
    _judge_accounts(parts, context, tally)
    _judge_vlans(parts, context, tally)
    _judge_machines(parts, context, tally)
    _judge_volumes(parts, context, tally)
    return tally.verdict("nothing is shared")


class Parts:
    """The hosts for tests and the others. ``unsure``: why a host may be on the other side, or missing from both."""

    def __init__(self, inventory: Inventory, policy: Policy) -> None:
        self.decided = policy.test is not None
        self.test: list[Host] = []
        self.production: list[Host] = []
        self.unsure: dict[str, None] = {}
        for host in inventory.hosts:
            chosen = policy.test is not None and _is_test(host, policy.test, inventory)
            (self.test if chosen else self.production).append(host)
            if policy.test is not None and not chosen and _unplaced(host, policy.test, inventory):
                self.unsure[f"where {listed([host.name])} stands was not read"] = None
        for cluster in inventory.all(Cluster):
            if isinstance(cluster.hosts, Unknown):
                self.unsure[f"the hosts of {listed([cluster.name])}: {cluster.hosts}"] = None
            elif any(inventory.get(Host, id_) is None for id_ in cluster.hosts):
                self.unsure[f"a host of {listed([cluster.name])} was not read"] = None


def _is_test(host: Host, test: TestEstate, inventory: Inventory) -> bool:
    return any(
        r is not None and fnmatchcase(r.name, p) for patterns, _, r in _named(host, test, inventory) for p in patterns
    )


def _unplaced(host: Host, test: TestEstate, inventory: Inventory) -> bool:
    return any(patterns and id_ and r is None for patterns, id_, r in _named(host, test, inventory))


def _named(
    host: Host, test: TestEstate, inventory: Inventory
) -> tuple[tuple[tuple[str, ...], str, Resource | None], ...]:
    """What the policy may name a host by: patterns, and the id and record of what they are compared with."""
    return (
        (test.servers, host.server, inventory.get(Server, host.server)),
        (test.datacenters, host.datacenter, inventory.get(Datacenter, host.datacenter)),
        (test.clusters, host.cluster, inventory.get(Cluster, host.cluster)),
        (test.hosts, host.id, host),
    )


def _judge_servers(parts: Parts, context: Context, tally: Tally) -> None:
    shared = {h.server for h in parts.test} & {h.server for h in parts.production}
    names = [_name(context, id_) for id_ in sorted(shared)]
    _compare("management servers", names, context, tally)


def _judge_accounts(parts: Parts, context: Context, tally: Tally) -> None:
    sides: list[set[str]] = []
    for hosts in (parts.test, parts.production):
        names: set[str] = set()
        for server in {h.server for h in hosts}:
            if untold := global_permissions(context.inventory.get(Server, server)):
                tally.miss(f"accounts of {listed([_name(context, server)])}: {untold}")
            access = context.inventory.access.get(server)
            if access is None or isinstance(access.permissions, Unknown):
                why = access.permissions if access else not_read("not read")
                tally.miss(f"accounts of {listed([_name(context, server)])}: {why}")
                continue
            names |= {credential(p.principal, server) for p in access.permissions}
        sides.append(names)
    _compare("accounts", sorted(sides[0] & sides[1]), context, tally)


def _judge_vlans(parts: Parts, context: Context, tally: Tally) -> None:
    sides = [_vlans(hosts, context, tally) for hosts in (parts.test, parts.production)]
    for why in context.index(Distributed).unread:
        tally.miss(why)
    (test, test_trunks), (production, production_trunks) = sides
    _compare("VLANs", [str(v) for v in sorted((test & production) - {0})], context, tally)
    if (test_trunks & (production | production_trunks)) | (production_trunks & test):
        tally.miss(TRUNK)
    if 0 in test & production:
        tally.miss("both have untagged port groups, and which network those are in is not told")


def _vlans(hosts: list[Host], context: Context, tally: Tally) -> tuple[set[int], set[int]]:
    """VLANs that port groups of the hosts are in (0: untagged), and those that trunks let through."""
    fixed, trunks = set[int](), set[int]()
    for host in hosts:
        for group in _groups(host, context, tally):
            if isinstance(group.vlan, Unknown):
                tally.miss(f"the VLAN of {listed([group.name])}: {group.vlan}")
            elif group.vlan.is_trunk:
                trunks.update(v for low, high in ranges(group.vlan) for v in range(max(low, 1), min(high, 4094) + 1))
            else:
                fixed.add(group.vlan.id)
                if group.vlan.private:
                    tally.miss(f"the VLAN of {listed([group.name])}: {PRIVATE}")
    return fixed, trunks


def _groups(host: Host, context: Context, tally: Tally) -> Iterable[StandardPortGroup | DvPortGroup]:
    groups = groups_of(host, context)
    if isinstance(groups, Unknown):
        tally.miss(f"the port groups of {listed([host.name])}: {groups}")
    else:
        yield from groups
    yield from context.index(Distributed).of(host)


def _judge_machines(parts: Parts, context: Context, tally: Tally) -> None:
    sides: list[dict[str, str]] = []
    for hosts in (parts.test, parts.production):
        found: dict[str, str] = {}
        for host in hosts:
            if isinstance(host.hardware, Hardware) and host.hardware.uuid:
                found[host.hardware.uuid.casefold()] = host.name
            else:
                tally.miss(f"which machine {listed([host.name])} is was not read")
        sides.append(found)
    _compare("hosts", [sides[0][uuid] for uuid in sorted(sides[0].keys() & sides[1].keys())], context, tally)


def _judge_volumes(parts: Parts, context: Context, tally: Tally) -> None:
    test, production = {h.id for h in parts.test}, {h.id for h in parts.production}
    sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for store in context.inventory.all(Datastore):
        volume: Fact[str] = store.volume
        if isinstance(store.hosts, Unknown) or isinstance(volume, Unknown):
            why = store.hosts if isinstance(store.hosts, Unknown) else volume
            tally.miss(f"the volume {listed([store.name])}: {why}")
            continue
        for side, hosts in zip(sides, (test, production), strict=True):
            if hosts.intersection(store.hosts):
                side[volume or store.id] = store.name
    stores = context.inventory.by_id
    unread = [h.name for h in (*parts.test, *parts.production) if not _known(h.datastores, stores)]
    if unread:
        tally.miss(f"the datastores of {listed(unread)} were not read")
    _compare("volumes", [sides[0][v] for v in sorted(sides[0].keys() & sides[1].keys())], context, tally)


def _known(ids: Fact[tuple[str, ...]], records: Mapping[str, Resource]) -> bool:
    return not isinstance(ids, Unknown) and all(id_ in records for id_ in ids)


def _compare(what: str, shared: list[str], context: Context, tally: Tally) -> None:
    inventory = context.inventory
    evidence = Evidence(property=f"shared {what}", value=list(shared[:20]), read_at=inventory.read_at, source="viguard")
    if shared:
        tally.fail(f"shared {what}: {listed(shared)}", evidence)
    else:
        tally.see(evidence)


def _name(context: Context, server: str) -> str:
    found = context.inventory.get(Server, server)
    return found.name if found else server
