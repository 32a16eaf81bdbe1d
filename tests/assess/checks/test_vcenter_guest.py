"""vc-vm-access-limited."""

from __future__ import annotations

import pytest

from tests.assess.checks.estate import (
    ESXI8,
    VC8,
    access,
    group,
    guest,
    host,
    lost,
    old_vcenter,
    permission,
    role,
    tree,
    world,
)
from viguard.assess.checks.vcenter_guest import access_limited
from viguard.model.access import Access, Permission
from viguard.model.facts import Resource, Settings
from viguard.model.guest import Guest, GuestNic
from viguard.model.network import StandardPortGroup
from viguard.model.result import Status
from viguard.model.server import Server
from viguard.policy.policy import Approved, Policy, Purpose, Recognition, Zone

ZONES = (
    Zone(name="management", match=Recognition(vlans=(10,)), purpose=Purpose.MANAGEMENT),
    Zone(name="web", match=Recognition(vlans=(20,))),
)
POLICY = Policy(zones=ZONES, approved=Approved(vcenter_principals=("BELNET\\vcadmins",)))
VCENTER = old_vcenter(url="https://vc.belnet.be/sdk")
RUNNING = guest("vcguest", plug="mgmt", host_name="VC.belnet.be")
PEOPLE = (permission("BELNET\\vcadmins", -1), permission("BELNET\\auditors", -2), permission("BELNET\\helpers", 10))
ROLES = (role(-1, "Admin", "System.Read", "Host.Config.Network"), role(10, "looker", "System.Read", "System.View"))


def estate(*people: Permission, vlan: int = 10, running: Guest = RUNNING) -> list[Resource]:
    held = access(*(people or PEOPLE))
    return [VCENTER, *tree(), *ROLES, held, host(guests=("vcguest",)), group("mgmt", vlan), running, guest("web")]


def judged(*records: Resource, policy: Policy = POLICY, of: Server = VCENTER) -> Status:
    return access_limited(of, world(*records, policy=policy)).status


def test_few_people_and_the_management_zone_pass() -> None:
    found = access_limited(VCENTER, world(*estate(), policy=POLICY))
    assert (found.status, found.reason) == (Status.PASS, "runs on vcguest")


def test_the_wrong_zone_and_no_zone_fail() -> None:
    assert judged(*estate(vlan=20)) is Status.FAIL
    assert judged(*estate(vlan=30)) is Status.FAIL


@pytest.mark.parametrize("entity", ["vc:root", "vc:vf", "vc:p1", "vc:c1", "vc:vcguest"])
def test_somebody_else_with_rights_through_any_parent_fails(entity: str) -> None:
    assert judged(*estate(*PEOPLE, permission("BELNET\\bob", -1, entity))) is Status.FAIL


def test_rights_elsewhere_do_not_count() -> None:
    assert judged(*estate(*PEOPLE, permission("BELNET\\bob", -1, "vc:h1"))) is Status.PASS
    assert judged(*estate(*PEOPLE, permission("BELNET\\bob", -1, "vc:web"))) is Status.PASS
    assert judged(*estate(*PEOPLE, permission("BELNET\\bob", -1, "vc:vf", propagate=False))) is Status.PASS


def test_break_glass_accounts_are_approved() -> None:
    policy = Policy(zones=ZONES, approved=Approved(vcenter_principals=("BELNET\\vcadmins",), break_glass=("root",)))
    assert judged(*estate(*PEOPLE, permission("root", -1)), policy=policy) is Status.PASS


@pytest.mark.parametrize(
    ("known", "of"),
    [
        (
            guest("vcguest", plug="mgmt", addresses=(GuestNic(addresses=("10.1.1.1/24",)),)),
            old_vcenter(url="https://10.1.1.1/sdk"),
        ),
        (guest("vc.belnet.be", plug="mgmt"), old_vcenter(url="https://vc.belnet.be:8443/sdk")),
        (guest("vc", plug="mgmt"), old_vcenter(url="https://vc.belnet.be/sdk")),
        (
            guest("appliance", plug="mgmt", host_name="vc.belnet.be"),
            old_vcenter(
                url="https://127.0.0.1:5000/sdk", settings=Settings(values={"VirtualCenter.FQDN": "vc.belnet.be"})
            ),
        ),
    ],
    ids=["address", "name", "short name", "own setting"],
)
def test_how_the_guest_is_found(known: Guest, of: Server) -> None:
    assert judged(*estate(running=known), policy=POLICY, of=of) is Status.PASS


def test_a_guest_that_is_not_found_or_not_one_is_unknown() -> None:
    assert judged(*estate(running=guest("else", plug="mgmt"))) is Status.UNKNOWN
    twin = guest("twin", plug="mgmt", host_name="vc.belnet.be")
    assert judged(*estate(), twin) is Status.UNKNOWN
    assert judged(*estate(), of=old_vcenter("x", url="https://localhost/sdk")) is Status.UNKNOWN


def test_a_host_is_no_vcenter() -> None:
    assert judged(*estate(), of=old_vcenter(product=ESXI8)) is Status.NOT_APPLICABLE


def test_global_permissions_that_nobody_tells_leave_no_pass() -> None:
    records = [old_vcenter(url=VCENTER.url, product=VC8), *estate()[1:]]
    found = access_limited(VCENTER, world(*records, policy=POLICY))
    assert found.status is Status.UNKNOWN
    assert found.reason.startswith("global permissions are not in the vSphere API")
    wrong = [records[0], *estate(*PEOPLE, permission("BELNET\\bob", -1))[1:]]
    assert judged(*wrong) is Status.FAIL


def test_unknown_while_undecided() -> None:
    assert judged(*estate(), policy=Policy(zones=ZONES)) is Status.UNKNOWN
    assert judged(*estate(), policy=Policy(approved=POLICY.approved)) is Status.UNKNOWN


def test_unknown_without_a_fact() -> None:
    records = estate()

    def without(kind: type[Resource], field: str) -> Status:
        return judged(*(lost(r, field) if isinstance(r, kind) else r for r in records))

    assert without(Access, "permissions") is Status.UNKNOWN
    assert without(Guest, "nics") is Status.UNKNOWN
    assert without(Guest, "pool") is Status.UNKNOWN
    assert without(StandardPortGroup, "vlan") is Status.UNKNOWN
    for name in ("access", "looker", "vf", "p1", "mgmt"):
        assert judged(*(r for r in records if r.name != name)) is Status.UNKNOWN
    assert judged(*estate(running=lost(RUNNING, "host_name"))) is Status.UNKNOWN
    assert judged(*estate(running=guest("vc.belnet.be"))) is Status.UNKNOWN  # without a NIC
