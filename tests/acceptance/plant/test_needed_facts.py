"""No evidence, no pass: each fact that a pass rests on is taken away from the lab's real inventory.

Three estates are read: as it was (VirtualCenter 2.5, vCenter 4.0 and a lone ESXi), as it would run today (vCenter 8),
and a pair of servers of which one is for tests and shares nothing with the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

import lab
from tests.acceptance.plant import test_distributed, test_separation
from tests.acceptance.plant.harness import POLICY, Bench, collect
from tests.acceptance.plant.removal import Estate, all_facts, facts, passing, untold
from viguard.assess import controls
from viguard.assess.engine import assess
from viguard.model.access import Access
from viguard.model.derived import Derived
from viguard.model.facts import Reason, Struct, Unknown
from viguard.model.host import Certificate, Firewall, Hardware, Host, Ruleset
from viguard.model.inventory import Inventory
from viguard.model.network import SecurityPolicy
from viguard.model.result import Status
from viguard.model.storage import Chap
from viguard.policy.policy import Sharing

pytestmark = pytest.mark.real("lab")

THEN, NOW, PAIR = "then", "now", "pair"

OPTION = ("Host.product", "Host.options")
SERVICE = ("Host.product", "Host.services")
RIGHTS = ("Access", "Access.permissions", "Role", "Role.privileges")
GUESTS = ("Guest", "Guest.nics", "Host.guests")
NETWORK = ("StandardPortGroup", "StandardPortGroup.vlan", "Host.vmkernel")
SIZE = ("Guest.host", "Guest.template", "Host", "Host.hardware")

NEEDED: dict[str, tuple[str, ...]] = {
    # Facts without which no resource passes any more. ``@then``: in that estate only.
    "access-custom-roles": (*RIGHTS, "Server.product"),
    "access-root-use-minimised": ("Access", "Access.events", "Access.sessions", "Server.product"),
    "blast-radius-shared-credential": (
        "Access", "Access.permissions", "Folder", "Datacenter", "Cluster", "Cluster.hosts", "Host",
        "Server.product",
    ),
    "vc-vm-access-limited": (
        *RIGHTS, "Server.product", "Guest", "Guest.nics", "Guest.host", "Guest.addresses", "Guest.pool", "Folder",
        "Datacenter", "Cluster", "ResourcePool", "StandardPortGroup", "StandardPortGroup.vlan",
    ),
    "console-session-threshold": ("Guest.consoles",),
    "vm-max-mks-connections": ("Server.product", "Server", "Guest.extra_config@then", "Guest.max_consoles@now"),
    "vm-no-passthrough": ("Guest.devices",),
    "vm-log-rotate-size": ("Guest.extra_config",),
    "vm-log-keep-old": ("Guest.extra_config",),
    "host-hw-tpm": ("Host.product", "Host.tpm_supported", "Host.tpm_version", "Host.tpm_attestation"),
    "host-hw-secureboot": ("Host.product", "Host.secure_boot"),
    "host-hw-virtual-nic": OPTION,
    "host-audit-local": OPTION,
    "host-audit-remote": OPTION,
    "host-audit-persistent": OPTION,
    "host-log-persistent": OPTION,
    "host-password-quality": OPTION,
    "host-ad-admins-autoadd": OPTION,
    "host-ad-admins-group": OPTION,
    "host-shell-interactive-timeout": OPTION,
    "host-shell-timeout": OPTION,
    "host-tls-protocols": OPTION,
    "host-exec-installed-only": OPTION,
    "host-ssh-off": SERVICE,
    "host-shell-off": SERVICE,
    "host-slp-off": SERVICE,
    "host-vib-acceptance": ("Host.product", "Host.acceptance_level", "Host.packages"),
    "host-kernel-modules": ("Host.product", "Host.modules"),
    "host-supported": ("Host.product",),
    "vc-supported": ("Server.product",),
    "host-certificate": ("Host.certificate",),
    "host-root-lockdown": ("Host.product", "Host.lockdown_mode"),
    "host-lockdown-exceptions": ("Host.product", "Host.lockdown_exceptions"),
    "vm-one-vlan-per-vnic": ("Guest.nics", "Guest.host@then", "StandardPortGroup@then", "StandardPortGroup.vlan@then"),
    "vm-vnic-count-limit": ("Guest.nics", "Guest.version", "Guest.host", "Host", "Host.product"),
    "fw-host-table-closed": ("Host.product", "Host.firewall"),
    "fw-host-restrict-sources": ("Host.product", "Host.firewall"),
    "host-vmk-management": (*NETWORK, "Host.vmkernel_services@now"),
    "host-vmk-vmotion": (*NETWORK, *GUESTS, "Guest.host@then", "Host.port_groups", "Host.vmkernel_services"),
    "log-remote-host": (*OPTION, "Host.dns_name"),
    "host-time-ntp": ("Host.services", "Host.ntp_servers", "Host.dns_name"),
    "vm-cpu-reservation-floor": ("Guest.cpu", "Guest.template", *(f"{fact}@then" for fact in SIZE)),
    "vm-cpu-limit-ceiling": ("Guest.cpu", *SIZE),
    "host-cpu-overcommit-dos": (
        "Guest", "Guest.cpu", "Guest.power", "Host.guests", "Host.hardware", "Cluster", "Cluster.ha@now",
        "Cluster.hosts@now",
    ),
    "vm-mem-limit-shares": ("Guest.memory", "Guest.memory_mib", *SIZE),
    "vm-unused-devices": ("Guest.devices",),
    "iscsi-chap-mutual": ("Host.iscsi",),
    "san-vlan-isolated": (
        *NETWORK, *GUESTS, "Guest.host@then", "Host.port_groups", "Host.iscsi", "Host.vmkernel_services",
        "Host.datastores", "Datastore", "Datastore.type", "Datastore.nfs_servers",
    ),
    "dvpg-reject-forged": (
        "DvPortGroup.security+DistributedSwitch.security", "DvPortGroup.security_override+DistributedSwitch.security",
    ),
    "dvpg-reject-mac": (
        "DvPortGroup.security+DistributedSwitch.security", "DvPortGroup.security_override+DistributedSwitch.security",
    ),
    "dvpg-reject-promisc": (
        "DvPortGroup.security+DistributedSwitch.security", "DvPortGroup.security_override+DistributedSwitch.security",
    ),
    "dvpg-no-vgt": ("DvPortGroup.vlan", "DvPortGroup.vlan_override"),
    "dvs-port-mirror": ("DistributedSwitch.mirrors",),
    "vss-reject-forged": ("StandardPortGroup.security+StandardSwitch.security",),
    "vss-reject-mac": ("StandardPortGroup.security+StandardSwitch.security",),
    "vss-reject-promisc": ("StandardPortGroup.security+StandardSwitch.security",),
    "vss-no-vgt": ("StandardPortGroup.vlan",),
    "template-used-for-deploy": ("Access", "Access.events", "Guest.template"),
    "template-current": ("Guest.template", "Guest.modified"),
    "dmz-physical-nic": (
        *NETWORK, *GUESTS, "Guest.addresses", "Host.port_groups",
        "StandardPortGroup.uplinks+StandardSwitch.uplinks@then",
        "Host.console_nics@then", "Guest.host@then", "DistributedSwitch@now", "DistributedSwitch.members@now",
        "DvPortGroup@now", "DvPortGroup.key@now", "DvPortGroup.switch@now", "DvPortGroup.vlan@now",
    ),
    "dmz-same-zone-host": (
        *GUESTS, "Guest.addresses", "Guest.host@then", "StandardPortGroup@then", "StandardPortGroup.vlan@then",
        "StandardPortGroup.vlan+DvPortGroup.vlan@now",
    ),
    "test-separate": (
        "Access", "Access.permissions", "Server.product", "StandardPortGroup", "StandardPortGroup.vlan",
        "Host.port_groups", "Host.hardware", "Datastore", "Datastore.hosts", "Datastore.volume", "Host.datastores",
        "Cluster.hosts",
    ),
}  # fmt: skip

PARTLY: list[tuple[str, str, str, str]] = [
    # control, estate, fact, and the hosts, switches or guests (end of their name) whose pass rests on it
    ("blast-radius-shared-credential", THEN, "Role.privileges", "BELNET\\svc-scarlet"),
    ("vm-one-vlan-per-vnic", NOW, "DvPortGroup.vlan", "www1"),
    ("vm-one-vlan-per-vnic", NOW, "DvPortGroup", "www1"),
    ("vm-one-vlan-per-vnic", NOW, "DvPortGroup.vlan_override", "www1"),
    ("vm-one-vlan-per-vnic", NOW, "StandardPortGroup.vlan", "crm1"),
    ("vm-one-vlan-per-vnic", NOW, "Guest.host", "crm1"),
    ("host-vmk-management", THEN, "Host.product", "esxblade1.fw.belnet.be"),
    ("host-vmk-management", THEN, "Host.console_nics", "esxblade1.fw.belnet.be"),
    ("host-vmk-management", THEN, "Host.vmkernel_services", "esxblade12.fw.belnet.be"),
    ("host-vmk-vmotion", THEN, "Host.console_nics", "esxblade1.fw.belnet.be"),
    ("host-vmk-vmotion", THEN, "Host.vmotion_device", "esxblade1.fw.belnet.be"),
    ("host-vmk-vmotion", THEN, "Host.iscsi", "esxblade1.fw.belnet.be"),
    ("host-vmk-vmotion", NOW, "DvPortGroup.vlan", "esxblade5.fw.belnet.be"),
    ("host-vmk-vmotion", NOW, "Guest.host", "esxblade1.fw.belnet.be"),
    ("host-cpu-overcommit-dos", THEN, "Cluster.ha", "esxblade11.fw.belnet.be"),
    ("host-cpu-overcommit-dos", THEN, "Cluster.hosts", "esxblade11.fw.belnet.be"),
    ("san-vlan-isolated", THEN, "Host.console_nics", "esxblade1.fw.belnet.be"),
    ("san-vlan-isolated", NOW, "DvPortGroup.vlan", "esxblade5.fw.belnet.be"),
    ("san-vlan-isolated", NOW, "Guest.host", "esxblade1.fw.belnet.be"),
    ("dmz-same-zone-host", NOW, "DvPortGroup.vlan", "esxblade5.fw.belnet.be"),
    ("dmz-same-zone-host", NOW, "Guest.host", "esxblade1.fw.belnet.be"),
]

NEVER = {
    "host-vlan-only-needed": "nothing tells which VLANs the physical switch sends",
    "san-authorisation-per-host": "nothing tells whom the array lets in",
}
"""Controls that find failures but cannot pass yet, and why."""

NOT_OF_THE_API = {
    "audit-monthly",
    "event-login-coverage",
    "fw-log-server-514",
    "fw-update-manager-table",
    "log-filter-size",
    "log-received-fresh",
    "monitor-hooks",
    "net-vlan-acl-present",
}
"""Judged from viguard's own store, below, from what a log server tells (tests/assess/checks/test_logs.py), or from what
devices saved (test_borders.py there)."""


@pytest.fixture(scope="module")
def estates(lab_parts: None) -> Mapping[str, Estate]:
    now = datetime.now(UTC)
    found = {}
    with lab.up() as running:
        found[THEN] = Estate(collect(running["vc-main"], running["vc-test"], running["esxi-test"]), POLICY, now)
        today = Bench(running["vc-today"], proven=set())
        test_distributed.unmirror(today)
        found[NOW] = Estate(collect(running["vc-today"]), POLICY, now)
    for pair in test_separation.apart(set()):
        found[PAIR] = Estate(collect(*pair.servers), pair.policy, now)
    return found


@pytest.mark.parametrize("control", NEEDED)
def test_no_pass_without_a_needed_fact(estates: Mapping[str, Estate], control: str) -> None:
    tried = set()
    for name, estate in estates.items():
        before = passing(estate.judged(control))
        for fact, _, where in (row.partition("@") for row in NEEDED[control]):
            if before and where in {"", name}:
                tried.add(fact)
                assert passing(estate.judged(control, fact)) == set(), f"{control} passes without {fact} ({name})"
    assert tried == {row.partition("@")[0] for row in NEEDED[control]}


@pytest.mark.parametrize(("control", "where", "fact", "name"), PARTLY)
def test_no_pass_of_a_resource_without_its_fact(
    estates: Mapping[str, Estate], control: str, where: str, fact: str, name: str
) -> None:
    estate = estates[where]
    ids = [r.id for r in (*estate.inventory.by_id.values(), *estate.inventory.accounts) if r.name == name]
    before, after = estate.judged(control), estate.judged(control, fact)
    assert Status.PASS in {before.get(id_) for id_ in ids}
    assert Status.PASS not in {after.get(id_) for id_ in ids}


def test_every_control_is_listed() -> None:
    decided = {id_ for id_, c in controls.load().items() if c.evaluable}
    assert {*NEEDED, *NEVER, *NOT_OF_THE_API} == decided


@pytest.mark.parametrize("control", NEVER)
def test_what_cannot_pass_yet(estates: Mapping[str, Estate], control: str) -> None:
    for estate in estates.values():
        assert passing(estate.judged(control)) == set()


@pytest.mark.parametrize("where", [THEN, NOW, PAIR])
def test_no_failure_becomes_a_pass_by_not_reading(estates: Mapping[str, Estate], where: str) -> None:
    estate, chosen = estates[where], {id_: c for id_, c in controls.load().items() if c.evaluable}
    before = estate.judged_all(chosen)
    for fact in all_facts():
        for control, after in estate.judged_all(chosen, fact).items():
            turned = {id_ for id_ in passing(after) if before[control].get(id_) is Status.FAIL}
            assert turned == set(), f"{control} passes without {fact}"


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("where", [THEN, NOW, PAIR])
def test_nothing_known_nothing_passes(estates: Mapping[str, Estate], where: str, reason: Reason) -> None:
    estate = estates[where]
    gone = Unknown(reason=reason, detail="taken away by the test")
    records = [
        msgspec.structs.replace(r, **dict.fromkeys(facts(type(r)), gone)) for r in estate.inventory.by_id.values()
    ]
    empty = Inventory(records, read_at=estate.inventory.read_at, complete=False)
    found = assess(empty, estate.policy, Derived(), controls.load(), (), estate.now).results
    assert {r.control for r in found if r.status is Status.PASS} == set()


def test_audits_are_known_from_the_store_only(estates: Mapping[str, Estate]) -> None:
    estate, chosen = estates[THEN], {"audit-monthly": controls.load()["audit-monthly"]}
    for derived, status in (
        (Derived(last_audit_at=estate.now - timedelta(days=2)), Status.PASS),
        (Derived(), Status.UNKNOWN),
    ):
        (result,) = assess(estate.inventory, estate.policy, derived, chosen, (), estate.now).results
        assert result.status is status


UNTOLD: dict[str, tuple[tuple[type[Struct], str], ...]] = {
    "access-root-use-minimised": ((Access, "events_since"), (Access, "own_login")),
    "template-used-for-deploy": ((Access, "events_since"),),
    "fw-host-table-closed": ((Firewall, "incoming_blocked"), (Firewall, "outgoing_blocked")),
    "fw-host-restrict-sources": ((Ruleset, "all_addresses"),),
    "host-certificate": ((Certificate, "not_before"), (Certificate, "not_after")),
    "iscsi-chap-mutual": ((Chap, "one_way"), (Chap, "mutual")),
    "vss-reject-forged": ((SecurityPolicy, "forged_transmits"),),
    "vss-reject-mac": ((SecurityPolicy, "mac_changes"),),
    "vss-reject-promisc": ((SecurityPolicy, "promiscuous"),),
    "dvpg-reject-forged": ((SecurityPolicy, "forged_transmits"),),
    "dvpg-reject-mac": ((SecurityPolicy, "mac_changes"),),
    "dvpg-reject-promisc": ((SecurityPolicy, "promiscuous"),),
    "vm-cpu-limit-ceiling": ((Hardware, "cpu_mhz"),),
    "host-cpu-overcommit-dos": ((Hardware, "cpu_mhz"),),
    "vm-mem-limit-shares": ((Hardware, "memory_bytes"),),
}
"""Parts of facts that servers may leave out, without which no resource passes."""


@pytest.mark.parametrize("control", UNTOLD)
def test_no_pass_without_a_part_of_a_fact(estates: Mapping[str, Estate], control: str) -> None:
    modern_only = {"iscsi-chap-mutual"}  # before API 4.0 no server tells these, and the report asks for less
    chosen = [estates[NOW]] if control in modern_only else list(estates.values())
    assert any(passing(estate.judged(control)) for estate in chosen)
    for estate in chosen:
        for kind, field in UNTOLD[control]:
            blind = Estate(untold(estate.inventory, kind, field), estate.policy, estate.now)
            assert passing(blind.judged(control)) == set(), f"{control} passes without {field}"


UNDECIDED = {
    "host-kernel-modules": ("approved", "kernel_modules"),
    "host-certificate": ("approved", "certificate_issuers"),
    "vc-vm-access-limited": ("approved", "vcenter_principals"),
    "host-vmk-management": ("zones",),
    "dmz-physical-nic": ("zones",),
    "dmz-same-zone-host": ("zones",),
    "test-separate": ("test",),
}
"""Keys of the policy without which nobody knows what is right."""


@pytest.mark.parametrize("control", UNDECIDED)
def test_no_pass_while_the_policy_does_not_decide(estates: Mapping[str, Estate], control: str) -> None:
    passed = 0
    for estate in estates.values():
        passed += len(passing(estate.judged(control)))
        *above, key = UNDECIDED[control]
        policy = estate.policy
        if above:
            approved = msgspec.structs.replace(policy.approved, **{key: None})
            policy = msgspec.structs.replace(policy, approved=approved)
        else:
            policy = msgspec.structs.replace(policy, **{key: None})
        assert passing(Estate(estate.inventory, policy, estate.now).judged(control)) == set()
    assert passed


def test_zones_that_need_clusters_of_their_own_need_the_whole_cluster(estates: Mapping[str, Estate]) -> None:
    policy = msgspec.structs.replace(POLICY, pairs_default=Sharing.SEPARATE_CLUSTER)
    estate = Estate(estates[THEN].inventory, policy, estates[THEN].now)
    assert passing(estate.judged("dmz-same-zone-host"))
    for fact in ("Cluster.hosts", "Cluster", "Host.guests"):
        lone = passing(estate.judged("dmz-same-zone-host", fact))
        hosts = [h for h in estate.inventory.all(Host) if h.id in lone]
        assert {h.name for h in hosts} <= {"esxi-test.fw.belnet.be"}  # stands in no cluster
