"""test-separate: ``vt`` holds the tests, ``vp`` production."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.assess.checks.estate import (
    LOST,
    VC8,
    access,
    but,
    group,
    host,
    lost,
    named,
    old_vcenter,
    permission,
    tree,
    world,
)
from viguard.assess.checks.separation import tests_apart as apart
from viguard.assess.targets import ESTATE
from viguard.model.access import Access
from viguard.model.facts import Resource
from viguard.model.host import Host
from viguard.model.network import DistributedSwitch, DvMember, DvPortGroup, StandardPortGroup, Vlan
from viguard.model.result import Status
from viguard.model.server import Cluster
from viguard.model.storage import Datastore
from viguard.policy.policy import Policy
from viguard.policy.policy import TestEstate as Part

POLICY = Policy(test=Part(servers=("vt",)))


def side(name: str, vlan: int | Vlan, person: str, **facts: Any) -> list[Resource]:
    """A server with one host, port group, volume and account."""
    volume = named(Datastore, "vol", server=name, hosts=(f"{name}:h1",), volume=f"volume-{name}")
    held = access(permission(person, -1, f"{name}:root"), of=name)
    one = host("h1", of=name, port_groups=("pg",), datastores=(f"{name}:vol",), **facts)
    places = [but(r, hosts=(one.id,)) if isinstance(r, Cluster) else r for r in tree(name)]
    return [old_vcenter(name), *places, held, one, group("pg", vlan, of=name), volume]


def estate(**facts: Any) -> list[Resource]:
    return [*side("vp", 10, "BELNET\\admins"), *side("vt", 90, "BELNET\\testers", **facts)]


def judged(records: list[Resource], policy: Policy = POLICY) -> tuple[Status, str]:
    found = apart(ESTATE, world(*records, policy=policy))
    return found.status, found.reason


def test_nothing_shared_passes() -> None:
    assert judged(estate()) == (Status.PASS, "nothing is shared")


def test_a_shared_management_server_fails() -> None:
    records = [*side("vp", 10, "a"), host("t1", of="vp", cluster=""), *side("vt", 90, "b")]
    status, reason = judged(records, Policy(test=Part(hosts=("t*",))))
    assert status is Status.FAIL
    assert reason == "shared management servers: vp; shared accounts: a at vp"


def test_a_shared_account_fails_and_a_local_name_is_not_one() -> None:
    shared = [*side("vp", 10, "BELNET\\ann"), *side("vt", 90, "ann@BELNET")]
    assert judged(shared) == (Status.FAIL, "shared accounts: ann@belnet")
    assert judged([*side("vp", 10, "root"), *side("vt", 90, "root")])[0] is Status.PASS


def test_global_permissions_that_nobody_tells_leave_no_pass() -> None:
    records = [old_vcenter("vt", product=VC8) if r.id == "vt" else r for r in estate()]
    status, reason = judged(records)
    assert status is Status.UNKNOWN
    assert reason.startswith("accounts of vt: global permissions are not in the vSphere API")


def test_a_shared_vlan_fails() -> None:
    assert judged([*side("vp", 10, "a"), *side("vt", 10, "b")]) == (Status.FAIL, "shared VLANs: 10")
    trunk = [*side("vp", 10, "a"), *side("vt", 4095, "b")]
    assert judged(trunk)[0] is Status.UNKNOWN  # what the physical switch sends into it is not known
    assert judged([*side("vp", 4095, "a"), *side("vt", 10, "b")])[0] is Status.UNKNOWN
    assert judged([*side("vp", Vlan(trunk=((20, 30),)), "a"), *side("vt", 10, "b")])[0] is Status.PASS
    dv = named(DistributedSwitch, "dvs", server="vt", members=(DvMember(host="vt:h1"),))
    pg = named(DvPortGroup, "dvpg", server="vt", key="k", switch="vt:dvs", vlan=Vlan(id=10))
    assert judged([*estate(), dv, pg]) == (Status.FAIL, "shared VLANs: 10")
    assert judged([*estate(), lost(dv, "members"), pg])[0] is Status.UNKNOWN
    assert judged([*estate(), dv, lost(pg, "vlan")])[0] is Status.UNKNOWN


def test_a_private_vlan_may_stand_in_one_of_the_other_side() -> None:
    private = Vlan(id=10, private=True)
    assert judged([*side("vp", 20, "a"), *side("vt", private, "b")])[0] is Status.UNKNOWN
    assert judged([*side("vp", 10, "a"), *side("vt", private, "b")])[0] is Status.FAIL


def test_untagged_networks_on_both_sides_are_unknown() -> None:
    assert judged([*side("vp", 0, "a"), *side("vt", 0, "b")])[0] is Status.UNKNOWN


def test_a_shared_machine_fails() -> None:
    records = [but(r, hardware=host("h1", of="vp").hardware) if r.id == "vt:h1" else r for r in estate()]
    assert judged(records) == (Status.FAIL, "shared hosts: h1")


def test_a_shared_volume_fails() -> None:
    records = [but(r, volume="one") if isinstance(r, Datastore) else r for r in estate()]
    assert judged(records) == (Status.FAIL, "shared volumes: vol")


@pytest.mark.parametrize(
    "part",
    [Part(servers=("vt",)), Part(datacenters=("only",)), Part(clusters=("only",)), Part(hosts=("only",))],
    ids=["server", "datacenter", "cluster", "host"],
)
def test_how_the_part_is_named(part: Part) -> None:
    renamed = {"vt:dc", "vt:c1", "vt:h1"}
    records = [but(r, name="only") if r.id in renamed else r for r in estate()]
    assert judged(records, Policy(test=part))[0] is Status.PASS


def test_unknown_while_undecided_or_when_one_side_is_missing() -> None:
    assert judged(estate(), Policy())[0] is Status.UNKNOWN
    assert judged(side("vp", 10, "a"))[0] is Status.UNKNOWN
    assert judged(side("vt", 10, "a"))[0] is Status.UNKNOWN


MISSING: dict[str, Callable[[Resource], Resource]] = {
    "permissions": lambda r: lost(r, "permissions") if isinstance(r, Access) else r,
    "port groups": lambda r: lost(r, "port_groups") if isinstance(r, Host) else r,
    "vlan": lambda r: lost(r, "vlan") if isinstance(r, StandardPortGroup) else r,
    "hardware": lambda r: lost(r, "hardware") if isinstance(r, Host) else r,
    "hosts of a volume": lambda r: lost(r, "hosts") if isinstance(r, Datastore) else r,
    "identity of a volume": lambda r: lost(r, "volume") if isinstance(r, Datastore) else r,
    "datastores": lambda r: lost(r, "datastores") if isinstance(r, Host) else r,
    "hosts of a cluster": lambda r: lost(r, "hosts") if isinstance(r, Cluster) else r,
    "another host of a cluster": lambda r: but(r, hosts=(*r.hosts, "h9")) if isinstance(r, Cluster) else r,  # type: ignore[misc]
}


@pytest.mark.parametrize("change", MISSING.values(), ids=MISSING.keys())
def test_unknown_without_a_fact(change: Callable[[Resource], Resource]) -> None:
    status, reason = judged([change(r) for r in estate()])
    assert status is Status.UNKNOWN
    assert str(LOST) in reason or "not read" in reason


def test_unknown_without_a_record() -> None:
    for id_ in ("vt:access", "vt:h1/pg", "vt:vol"):
        assert judged([r for r in estate() if r.id != id_])[0] is Status.UNKNOWN


@pytest.mark.parametrize(("part", "id_"), [(Part(datacenters=("only",)), "vp:dc"), (Part(clusters=("only",)), "vp:c1")])
def test_unknown_where_a_host_stands_that_may_be_for_tests(part: Part, id_: str) -> None:
    records = [but(r, name="only") if r.id in {"vt:dc", "vt:c1"} else r for r in estate() if r.id != id_]
    assert judged(records, Policy(test=part))[0] is Status.UNKNOWN


def test_unknown_without_the_switch_of_a_distributed_port_group() -> None:
    pg = named(DvPortGroup, "dvpg", server="vt", key="k", switch="vt:dvs", vlan=Vlan(id=90))
    assert judged([*estate(), pg])[0] is Status.UNKNOWN
