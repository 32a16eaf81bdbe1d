"""Each fact behind a step is needed by it: taken away, exactly the steps that name it are no longer shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.attack.conftest import GONE, named, with_records
from viguard.attack.build import build
from viguard.attack.graph import Edge, Graph
from viguard.attack.supplied import Kept, Passage, Reach, Supplied
from viguard.model.access import Access, Session
from viguard.model.facts import Resource, Settings
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import SecurityPolicy, StandardPortGroup, Vlan
from viguard.model.server import Server
from viguard.model.storage import Datastore
from viguard.policy.policy import Policy

EACH = 6
"""Facts of each kind of step that are taken away; a rebuilt graph costs a thirtieth of a second."""

FROM_OTHERS = frozenset({"bridge", "guest_service", "host_login", "vcenter_login", "permitted"})
"""Steps that need a fact from elsewhere, and are possible without."""

SHOWN_2010 = frozenset({
    "administers", "boot_media", "chap_login", "chap_secret", "clone", "configures", "console", "disks", "escalates",
    "escape", "holds", "host_guests", "host_networks", "iscsi", "login_seen", "management", "memory_file", "mounts",
    "nic", "reconfigures", "same_vlan", "service_account", "session", "shared_credential", "sniff", "surplus_vlan",
    "target_volume", "trunk_nic", "update_path", "vcenter_guest", "vcenter_hosts", "vcenter_interface", "vmotion",
})  # fmt: skip
"""Kinds that the estate of 2010 shows, with what ``_planted`` adds. Written by hand."""


def _planted(inventory: Inventory) -> tuple[Inventory, Supplied]:
    """The estate with a suspended guest, a session and a login from guests, and what other parts supply."""
    nagios, finance, backup = (named(inventory, n) for n in ("nagios1", "finance1", "backup1"))
    access = next(a for a in inventory.all(Access) if a.server == nagios.server)
    assert isinstance(access.sessions, tuple)
    assert isinstance(access.events, tuple)
    assert isinstance(nagios, Guest)
    assert isinstance(finance, Guest)
    sessions = (*access.sessions, Session(user=r"BELNET\svc-nagios", login_at=inventory.read_at, address="10.23.0.45"))
    events = tuple(replace(e, address="10.23.0.45") if e.user == "root" else e for e in access.events)
    changed = (replace(access, sessions=sessions, events=events), replace(finance, power="suspended"))
    hosts = [h for h in inventory.hosts if h.server == nagios.server]
    supplied = Supplied(
        forwards={backup.id: True},
        flaws={finance.id: "MS08-067"},
        logins={hosts[0].id: "the installer's password"},
        updates={named(inventory, "updatemgr1").id: (hosts[0].id,)},
        kept=(Kept(guest=backup.id, principal="svc-backup", server=nagios.server, told="the vault"),),
        same=((f"root at {hosts[0].id}", f"root at {hosts[1].id}"),),
    )
    return with_records(inventory, *changed), supplied


def _shown(graph: Graph) -> set[Edge]:
    """Shown steps that lead on: where nothing listens any more, the network is the same and the step leads nowhere."""
    starts = {e.source for e in graph.edges if e.real}
    return {e for e in graph.edges if e.real and (e.kind != "same_vlan" or e.target in starts)}


def _facts(graph: Graph) -> dict[str, list[tuple[str, str]]]:
    """Facts by kind of step, spread over its steps."""
    found: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for edge in _shown(graph):
        for seen in edge.evidence:
            if seen.field:
                found[edge.kind][seen.resource, seen.field] = None
    return {kind: sorted(facts)[:: max(1, len(facts) // EACH)] for kind, facts in found.items()}


@pytest.mark.parametrize("estate", ["belnet", "today"])
def test_a_fact_taken_away_takes_the_steps_that_need_it_and_no_others(
    estate: str, policy: Policy, request: pytest.FixtureRequest
) -> None:
    inventory: Inventory = request.getfixturevalue(estate)
    supplied = Supplied()
    if estate == "belnet":
        inventory, supplied = _planted(inventory)
    graph = build(inventory, policy, supplied=supplied)
    before = _shown(graph)
    for kind, facts in _facts(graph).items():
        for id_, field in facts:
            without = with_records(inventory, replace(inventory.by_id[id_], **{field: GONE}))
            after = _shown(build(without, policy, supplied=supplied))
            wanted = {e for e in before if not any((s.resource, s.field) == (id_, field) for s in e.evidence)}
            starts = {e.source for e in wanted}
            wanted = {e for e in wanted if e.kind != "same_vlan" or e.target in starts}
            where = f"{kind}: {field} of {inventory.by_id[id_].path}"
            assert {_ends(graph, e) for e in wanted - after} == set(), f"lost without need: {where}"
            assert {_ends(graph, e) for e in after - wanted} == set(), f"still shown: {where}"


def _ends(graph: Graph, edge: Edge) -> tuple[str, str, str]:
    return edge.kind, graph.node(edge.source).name, graph.node(edge.target).name


def test_the_estate_of_2010_shows_these_kinds(belnet: Inventory, policy: Policy) -> None:
    inventory, supplied = _planted(belnet)
    shown = {e.kind for e in build(inventory, policy, supplied=supplied).edges if e.real}
    assert shown == SHOWN_2010 | FROM_OTHERS - {"permitted", "vcenter_login"}


def test_what_nobody_told_is_possible_and_apart(belnet: Inventory, policy: Policy) -> None:
    told = {e.kind for e in build(belnet, policy).edges if e.real}
    assert not told & FROM_OTHERS
    for edge in build(belnet, policy).edges:
        assert edge.real or all(edge.missing)


def test_what_was_told_closed_is_not_even_possible(belnet: Inventory, policy: Policy) -> None:
    guest, host = named(belnet, "backup1"), named(belnet, "esxblade12.fw.belnet.be")
    supplied = Supplied(forwards={guest.id: False}, flaws={guest.id: ""}, logins={host.id: ""})
    kinds = {(e.kind, e.on) for e in build(belnet, policy, supplied=supplied).edges}
    assert not kinds & {("bridge", guest.id), ("guest_service", guest.id), ("host_login", host.id)}


def test_judged_networks_are_joined_by_their_passages_only(belnet: Inventory, policy: Policy) -> None:
    passage = Passage(source="dmz-web", destination="10", service="tcp/443", rule="fw1:17")
    reach = Reach(passages=(passage,), judged=frozenset({"dmz-web", "10", "dmz-mail"}))
    found = {(e.source, e.target): e for e in build(belnet, policy, reach=reach).edges if e.kind == "permitted"}
    step = found["zone:110", "service:zone:10:tcp/443"]
    assert step.real
    assert step.evidence[0].value == "tcp/443 from dmz-web to 10: fw1:17"
    assert ("zone:120", "service:zone:10:tcp/443") not in found  # judged, and no passage
    assert not found["zone:130", "service:zone:10:tcp/443"].real  # nobody judged it


Fault = tuple[str, str, type[Resource], Callable[[Any], Any]]
MENDED: list[Fault] = [
    ("escape", "esxblade8.fw.belnet.be", Host, lambda h: replace(h, product=replace(h.product, build="300000"))),
    ("iscsi", "esxblade3.fw.belnet.be", Host, lambda h: replace(h, iscsi=tuple(_chapped(a) for a in h.iscsi))),
    ("console", "finance1", Guest, lambda g: replace(g, consoles=0)),
    ("nic", "backup1", Guest, lambda g: replace(g, nics=tuple(replace(n, connected=False) for n in g.nics))),
    ("bridge", "backup1", Guest, lambda g: replace(g, nics=g.nics[:1])),
    ("trunk_nic", "Sniffer", StandardPortGroup, lambda p: replace(p, vlan=Vlan(id=210))),
    ("sniff", "DMZ Test", StandardPortGroup, lambda p: replace(p, security=SecurityPolicy())),
    ("intercept", "DMZ Test", StandardPortGroup, lambda p: replace(p, security=SecurityPolicy())),
    ("surplus_vlan", "Old DMZ", StandardPortGroup, lambda p: replace(p, vlan=Vlan(id=140))),
    ("mounts", "int-vmfs02", Datastore, lambda d: replace(d, hosts=())),
    ("disks", "vcenter1", Guest, lambda g: replace(g, datastores=())),
    ("boot_media", "dc1", Guest, lambda g: replace(g, devices=())),
    ("vcenter_guest", "vc-main", Server, lambda s: replace(s, settings=Settings())),
    ("vcenter_interface", "vc-main", Server, lambda s: replace(s, settings=Settings())),
    ("holds", "vc-main", Access, lambda a: replace(a, permissions=())),
    ("administers", "vc-main", Access, lambda a: replace(a, permissions=())),
    ("clone", "vc-main", Access, lambda a: replace(a, events=())),
    ("vmotion", "esxblade1.fw.belnet.be", Host, lambda h: replace(h, vmotion_device=None)),
    ("management", "esxblade1.fw.belnet.be", Host, lambda h: replace(h, console_nics=())),
    ("host_login", "esxblade12.fw.belnet.be", Host, lambda h: replace(h, admin_disabled=True)),
]  # fmt: skip


def _chapped(adapter: object) -> object:
    return replace(adapter, chap=replace(adapter.chap, enabled=True))  # type: ignore[attr-defined,type-var]


@pytest.mark.parametrize("fault", MENDED, ids=[m[0] for m in MENDED])
def test_mending_a_fault_ends_its_steps_the_possible_ones_too(fault: Fault, belnet: Inventory, policy: Policy) -> None:
    kind, name, of, mend = fault
    resource = named(belnet, name, of)

    def steps(inventory: Inventory) -> list[Edge]:
        found = (e for e in build(inventory, policy).edges if e.kind == kind)
        return [e for e in found if resource.id in {s.resource for s in e.evidence}]

    assert steps(belnet)
    assert not steps(with_records(belnet, mend(resource)))


def test_guests_of_a_host_that_was_not_read_are_noted(belnet: Inventory) -> None:
    hosts = {h.id for h in belnet.all(Host)}
    records = [r for r in belnet.by_id.values() if r.id not in hosts]
    graph = build(Inventory(records, read_at=belnet.read_at))
    assert "the host of a guest was not read: www1" in graph.notes
    assert not [e for e in graph.edges if e.kind == "host_guests"]


def test_an_nfs_export_is_possible(belnet: Inventory) -> None:
    store = next(s for s in belnet.all(Datastore) if s.name == "int-vmfs01")
    graph = build(with_records(belnet, replace(store, nfs_servers=("10.90.0.20",))))
    steps = [e for e in graph.edges if e.kind == "nfs"]
    assert steps
    assert {(e.source, e.target, e.missing) for e in steps} == {
        ("service:zone:900:tcp/2049", store.id, ("which addresses the export admits",))
    }


def test_members_of_a_private_vlan_reach_each_other_only_possibly(belnet: Inventory) -> None:
    groups = [
        replace(g, vlan=Vlan(id=210, private=True))
        for g in belnet.all(StandardPortGroup)
        if g.name == "Internal Servers"
    ]
    steps = [e for e in build(with_records(belnet, *groups)).edges if e.kind == "same_vlan"]
    private = {f"zone:{g.id}" for g in groups}
    assert {e.real for e in steps if e.source in private} == {False}
    assert {e.real for e in steps if e.source not in private} == {True}


def test_global_permissions_are_noted_where_there_are_any(belnet: Inventory, today: Inventory) -> None:
    assert not [n for n in build(belnet).notes if "global permissions" in n]
    assert [n for n in build(today).notes if n.startswith("vc-today: global permissions are not in the vSphere API")]
