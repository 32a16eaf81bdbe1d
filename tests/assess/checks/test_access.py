"""access-custom-roles, access-root-use-minimised, blast-radius-shared-credential."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.assess.checks.estate import (
    ESXI8,
    LOST,
    READ_AT,
    VC5,
    VC8,
    access,
    but,
    host,
    lost,
    named,
    old_vcenter,
    permission,
    role,
    tree,
    world,
)
from viguard.assess.checks.access import blast_radius, custom_roles, root_use
from viguard.model.access import Access, Account, Event, Permission, Session
from viguard.model.facts import Resource, Unknown
from viguard.model.host import Host
from viguard.model.result import Status
from viguard.model.server import Cluster, Product
from viguard.policy.policy import Approved, Limits, Policy

ADMIN, READ_ONLY, OPERATOR, COPY = -1, -2, 10, 11
EVERY = ("System.Read", "Host.Config.Network", "VirtualMachine.Interact.PowerOn")
ROLES = [
    role(ADMIN, "Admin", *EVERY),
    role(READ_ONLY, "ReadOnly", "System.Read"),
    role(OPERATOR, "operator", "System.Read", "VirtualMachine.Interact.PowerOn"),
    role(COPY, "all", *EVERY),
]
WORK = permission("BELNET\\operators", OPERATOR, "vc:vf")


def estate(*permissions: Permission) -> list[Resource]:
    return [old_vcenter(), *tree(), *ROLES, access(*permissions), host("h1"), host("h2")]


# access-custom-roles


def roles(*permissions: Permission, break_glass: tuple[str, ...] = ()) -> Status:
    context = world(*estate(*permissions), policy=Policy(approved=Approved(break_glass=break_glass)))
    return custom_roles(old_vcenter(), context).status


def test_purpose_made_roles_pass() -> None:
    assert roles(WORK, permission("BELNET\\auditors", READ_ONLY)) is Status.PASS


@pytest.mark.parametrize("role_id", [ADMIN, COPY])
def test_administrator_of_everything_fails(role_id: int) -> None:
    assert roles(WORK, permission("BELNET\\ann", role_id)) is Status.FAIL


@pytest.mark.parametrize(
    "held",
    [
        permission("BELNET\\ann", ADMIN, propagate=False),
        permission("BELNET\\ann", ADMIN, "vc:c1"),
        permission("vpxuser", ADMIN),
    ],
    ids=["not below", "not at the root", "product's own"],
)
def test_what_is_not_administrator_of_everything(held: Permission) -> None:
    assert roles(WORK, held) is Status.PASS


def test_break_glass_accounts_may_in_either_spelling() -> None:
    held = permission("VSPHERE.LOCAL\\Administrator", ADMIN)
    assert roles(WORK, held, break_glass=("administrator@vsphere.local",)) is Status.PASS
    assert roles(WORK, held, break_glass=("administrator@other.local",)) is Status.FAIL


def test_some_purpose_made_role_is_in_use() -> None:
    assert roles(permission("BELNET\\auditors", READ_ONLY)) is Status.FAIL
    assert roles() is Status.FAIL


def test_custom_roles_of_a_host_read_directly_and_of_a_managed_one() -> None:
    direct = [old_vcenter(product=ESXI8), *tree(), *ROLES, access(WORK, permission("root", ADMIN))]
    found = custom_roles(host(), world(*direct))
    assert (found.status, found.reason) == (Status.FAIL, "Administrator of everything: root")
    assert custom_roles(host(), world(*estate(WORK))).status is Status.NOT_APPLICABLE


def test_custom_roles_is_unknown_without_a_fact() -> None:
    records = estate(WORK, permission("BELNET\\ann", COPY))

    def without(kind: type[Resource], *fields: str, name: str = "") -> Status:
        kept = [lost(r, *fields) if isinstance(r, kind) and r.name == (name or r.name) else r for r in records]
        return custom_roles(old_vcenter(), world(*kept)).status

    def missing(name: str) -> Status:
        return custom_roles(old_vcenter(), world(*(r for r in records if r.name != name))).status

    assert without(Access, "permissions") is Status.UNKNOWN
    assert without(type(ROLES[0]), "privileges", name="all") is Status.UNKNOWN
    assert without(type(ROLES[0]), "privileges", name="Admin") is Status.UNKNOWN
    assert missing("access") is Status.UNKNOWN
    assert missing("all") is Status.UNKNOWN
    assert missing("root") is Status.UNKNOWN
    only = estate(permission("BELNET\\operators", OPERATOR, "vc:vf"))
    assert custom_roles(old_vcenter(), world(*(r for r in only if r.name != "operator"))).status is Status.UNKNOWN
    assert custom_roles(host(), world(lost(old_vcenter(), "product"), *records[1:])).status is Status.UNKNOWN


def vcenters() -> list[tuple[Product | Unknown, bool]]:
    """Products, and whether the API tells all permissions of one."""
    told = [but(VC5, api_version="5.5"), but(VC5, api_version="", version="5.5.0"), but(ESXI8, api_version="8.0.3.0")]
    untold = [but(VC8, api_version="6.0"), but(VC8, api_version="8.0.3.0"), VC8, but(VC8, api_version="", version="")]
    return [*[(p, True) for p in told], *[(p, False) for p in untold], (LOST, False)]


@pytest.mark.parametrize(("product", "all_told"), vcenters())
def test_no_pass_beside_global_permissions_that_nobody_tells(product: Product | Unknown, all_told: bool) -> None:
    records = [old_vcenter(product=product), *estate(WORK, permission("BELNET\\ann", ADMIN, "vc:c1"))[1:]]
    wanted = Status.PASS if all_told else Status.UNKNOWN
    assert custom_roles(old_vcenter(product=product), world(*records)).status is wanted
    for person in ("BELNET\\ann", "BELNET\\operators"):
        assert blast_radius(account(person), world(*records)).status is wanted


def test_what_permissions_on_objects_prove_fails_beside_global_ones() -> None:
    today = old_vcenter(product=VC8)
    records = [today, *estate(permission("BELNET\\ann", ADMIN))[1:]]
    assert custom_roles(today, world(*records)).status is Status.FAIL
    policy = Policy(limits=Limits(hosts_per_credential=1))
    assert blast_radius(account("BELNET\\ann"), world(*records, policy=policy)).status is Status.FAIL


def test_global_permissions_are_the_reason() -> None:
    today = old_vcenter(product=VC8)
    found = custom_roles(today, world(today, *estate(WORK)[1:]))
    assert found.reason.startswith("global permissions are not in the vSphere API")


def test_global_permissions_of_another_vcenter_are_about_domain_accounts_only() -> None:
    records = [*estate(permission("BELNET\\ann", ADMIN, "vc:c1"), permission("eve", ADMIN, "vc:c1"))]
    records += [old_vcenter("vb", product=VC8), *tree("vb")[:4], access(of="vb")]
    assert blast_radius(account("BELNET\\ann"), world(*records)).status is Status.UNKNOWN
    assert blast_radius(account("eve"), world(*records)).status is Status.PASS


# access-root-use-minimised


def logins(*who: tuple[str, str, float], since_hours: float = 25, **facts: Any) -> Status:
    events = tuple(
        Event(key=i, type="UserLoginSessionEvent", at=READ_AT - timedelta(hours=hours), user=user, address=address)
        for i, (user, address, hours) in enumerate(who)
    )
    held = {"events_since": READ_AT - timedelta(hours=since_hours), "own_login": True, "sessions": (), **facts}
    told = access(events=events, **held)
    return root_use(old_vcenter(), world(old_vcenter(), told)).status


@pytest.mark.parametrize(
    ("user", "address", "hours", "status"),
    [
        ("BELNET\\ann", "10.0.0.5", 1, Status.PASS),
        ("root", "10.0.0.5", 1, Status.FAIL),
        ("root", "10.0.0.5", 24, Status.FAIL),
        ("root", "10.0.0.5", 24.1, Status.PASS),
        ("Administrator", "10.0.0.5", 1, Status.FAIL),
        ("VSPHERE.LOCAL\\Administrator", "10.0.0.5", 1, Status.FAIL),
        ("administrator@vsphere.local", "", 1, Status.FAIL),
        ("rooter", "10.0.0.5", 1, Status.PASS),
        ("root", "127.0.0.1", 1, Status.UNKNOWN),
    ],
)
def test_nobody_logs_in_as_root(user: str, address: str, hours: float, status: Status) -> None:
    assert logins((user, address, hours)) is status


def test_the_window_covers_a_day() -> None:
    assert logins(since_hours=24) is Status.PASS
    assert logins(since_hours=23.9) is Status.UNKNOWN
    assert logins(("root", "10.0.0.5", 1), since_hours=2) is Status.FAIL


def test_a_server_that_does_not_show_our_own_login_may_record_none() -> None:
    assert logins(own_login=False) is Status.UNKNOWN
    assert logins(("root", "10.0.0.5", 1), own_login=False) is Status.FAIL


@pytest.mark.parametrize(
    ("user", "address", "idle_hours", "status"),
    [
        ("root", "10.0.0.5", 0, Status.FAIL),
        ("VSPHERE.LOCAL\\Administrator", "10.0.0.5", 23, Status.FAIL),
        ("root", "", 0, Status.UNKNOWN),  # before API 5.0 no session tells its address
        ("root", "10.0.0.5", None, Status.FAIL),
        ("root", "10.0.0.5", 25, Status.PASS),
        ("root", "127.0.0.1", 0, Status.UNKNOWN),
        ("BELNET\\ann", "10.0.0.5", 0, Status.PASS),
    ],
)
def test_sessions_of_root_count_as_use(user: str, address: str, idle_hours: float | None, status: Status) -> None:
    active = None if idle_hours is None else READ_AT - timedelta(hours=idle_hours)
    open_ = Session(user=user, login_at=READ_AT - timedelta(hours=50), active_at=active, address=address)
    assert logins(sessions=(open_,)) is status


def test_root_use_is_unknown_without_a_fact() -> None:
    assert logins(sessions=LOST) is Status.UNKNOWN
    assert root_use(old_vcenter(), world(old_vcenter())).status is Status.UNKNOWN
    assert root_use(old_vcenter(), world(old_vcenter(), access(events=LOST))).status is Status.UNKNOWN
    assert root_use(old_vcenter(), world(old_vcenter(), access(events=(), events_since=None))).status is Status.UNKNOWN


# blast-radius-shared-credential


def account(name: str, of: str = "vc") -> Account:
    return named(Account, name, server=of)  # type: ignore[no-any-return]


def second(hosts: tuple[str, ...] = ("vc:h3",)) -> list[Resource]:
    """A second cluster at the same vCenter."""
    return [named(Cluster, "c2", parent="vc:hf", hosts=hosts), host("h3", cluster="vc:c2")]


@pytest.mark.parametrize(
    ("held", "allowed", "status"),
    [
        (permission("ann", ADMIN, "vc:c1"), None, Status.PASS),
        (permission("ann", ADMIN), None, Status.FAIL),
        (permission("ann", COPY), None, Status.FAIL),
        (permission("ann", OPERATOR), None, Status.PASS),
        (permission("ann", READ_ONLY), None, Status.PASS),
        (permission("ann", ADMIN, propagate=False), None, Status.PASS),
        (permission("ann", ADMIN, "vc:h1", propagate=False), 1, Status.PASS),
        (permission("ann", ADMIN, "vc:c1"), 1, Status.FAIL),
        (permission("ann", ADMIN), 3, Status.PASS),
        (permission("ann", ADMIN), 2, Status.FAIL),
    ],
)
def test_hosts_that_one_credential_opens(held: Permission, allowed: int | None, status: Status) -> None:
    context = world(*estate(held), *second(), policy=Policy(limits=Limits(hosts_per_credential=allowed)))
    assert blast_radius(account("ann"), context).status is status


def test_a_nearer_permission_replaces_an_inherited_one() -> None:
    held = (permission("ann", ADMIN), permission("ann", READ_ONLY, "vc:c2"))
    assert blast_radius(account("ann"), world(*estate(*held), *second())).status is Status.PASS


def test_a_domain_account_counts_with_its_hosts_at_every_server() -> None:
    def at_both(name: str) -> Status:
        other = [old_vcenter("vb"), *tree("vb"), role(ADMIN, "Admin", *EVERY, of="vb"), host("h1", of="vb")]
        held = [access(permission(name, ADMIN, "vb:root"), of="vb")]
        return blast_radius(account(name), world(*estate(permission(name, ADMIN)), *other, *held)).status

    assert at_both("BELNET\\ann") is Status.FAIL
    assert at_both("ann") is Status.PASS
    assert at_both("administrator@vsphere.local") is Status.PASS


def test_blast_radius_is_unknown_without_a_fact() -> None:
    records = estate(permission("BELNET\\ann", COPY, "vc:c1"))
    ann = account("BELNET\\ann")
    assert blast_radius(ann, world(*records)).status is Status.PASS
    for name in ("all", "hf", "c1", "access"):
        assert blast_radius(ann, world(*(r for r in records if r.name != name))).status is Status.UNKNOWN
    for name in ("h1", "h2"):  # a host that was not read may be one more
        assert blast_radius(ann, world(*(r for r in records if r.name != name))).status is Status.UNKNOWN
    nameless = [lost(r, "hosts") if isinstance(r, Cluster) else r for r in records]
    assert blast_radius(ann, world(*nameless)).status is Status.UNKNOWN
    blind = [*records, old_vcenter("vb"), *tree("vb"), lost(access(of="vb"), "permissions")]
    assert blast_radius(ann, world(*blind)).status is Status.UNKNOWN
    hidden = [lost(r, "permissions") if isinstance(r, Access) else r for r in records]
    assert blast_radius(old_vcenter(), world(*hidden)).status is Status.UNKNOWN
    assert blast_radius(old_vcenter(), world(*records)).status is Status.NOT_APPLICABLE
    assert blast_radius(old_vcenter(), world(old_vcenter())).status is Status.UNKNOWN


def test_five_hosts_are_named() -> None:
    hosts: list[Host] = [host(f"n{i}", cluster="", datacenter="vc:dc") for i in range(8)]
    found = blast_radius(account("ann"), world(*estate(permission("ann", ADMIN)), *hosts))
    assert found.reason.endswith("/vc/n0, /vc/n1, /vc/n2, /vc/n3 and 4 more")
    assert found.policy == "limits.hosts_per_credential"
