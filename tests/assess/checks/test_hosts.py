"""host-certificate, log-remote-host, host-time-ntp."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.assess.checks.estate import ESX35, ESXI8, LOST, NOW, READ_AT, but, host, lost, vmk, world
from viguard.assess.checks.hosts import certificate, remote_log, time
from viguard.model.facts import Settings
from viguard.model.host import Certificate, Host, Service
from viguard.model.result import Status
from viguard.model.server import Product
from viguard.policy.policy import Approved, Policy

# host-certificate

SIGNED = Certificate(
    issuer="CN=BELNET CA", subject="CN=h1", not_before=READ_AT - timedelta(days=1), not_after=NOW + timedelta(days=61)
)
TRUSTED = Policy(approved=Approved(certificate_issuers=("cn=belnet*",)))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.PASS),
        ({"not_after": NOW + timedelta(days=59)}, Status.FAIL),
        ({"not_after": NOW - timedelta(days=1)}, Status.FAIL),
        ({"not_after": None}, Status.UNKNOWN),
        ({"not_before": READ_AT}, Status.PASS),
        ({"not_before": READ_AT + timedelta(seconds=1)}, Status.FAIL),  # even if it has become valid since
        ({"not_before": NOW + timedelta(days=1)}, Status.FAIL),
        ({"not_before": None}, Status.UNKNOWN),
        ({"not_before": None, "not_after": NOW - timedelta(days=1)}, Status.FAIL),
        ({"not_before": NOW + timedelta(days=1), "not_after": None}, Status.FAIL),
        ({"issuer": "CN=Other CA"}, Status.FAIL),
        ({"issuer": ""}, Status.UNKNOWN),
    ],
)
def test_valid_and_from_an_approved_authority(changes: dict[str, object], status: Status) -> None:
    assert certificate(host(certificate=but(SIGNED, **changes)), world(policy=TRUSTED)).status is status


def test_a_certificate_of_tomorrow_says_so() -> None:
    found = certificate(host(certificate=but(SIGNED, not_before=NOW + timedelta(days=1))), world(policy=TRUSTED))
    assert found.reason == "not valid before 2026-03-05"
    assert "HostCertificateManager.certificateInfo.notBefore" in [e.property for e in found.evidence]


def test_undecided_authorities_are_unknown_but_an_own_signature_fails() -> None:
    assert certificate(host(certificate=SIGNED), world()).status is Status.UNKNOWN
    assert certificate(host(certificate=but(SIGNED, issuer="CN=h1")), world()).status is Status.FAIL


def test_an_own_signature_fails_though_the_name_fits_a_pattern() -> None:
    own = but(SIGNED, issuer="CN=h1.belnet.be", subject="CN=h1.belnet.be")
    policy = Policy(approved=Approved(certificate_issuers=("*belnet*",)))
    assert certificate(host(certificate=own), world(policy=policy)).status is Status.FAIL


@pytest.mark.parametrize("found", [LOST, None])
def test_no_certificate_told_is_unknown(found: object) -> None:
    assert certificate(host(certificate=found), world(policy=TRUSTED)).status is Status.UNKNOWN


# log-remote-host


def logging(value: object, name: str = "h1", product: Product = ESXI8) -> Host:
    key = "Syslog.global.logHost" if product is ESXI8 else "Syslog.Remote.Hostname"
    return host(name, product=product, options=Settings(values={key: value}))  # type: ignore[dict-item]


LOGS = Policy(approved=Approved(log_servers=("log1.belnet.be", "10.0.0.9", "2001:db8::9")))


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("udp://log1.belnet.be:514", Status.PASS),
        ("ssl://LOG1.belnet.be:1514, tcp://10.0.0.9", Status.PASS),
        ("log1.belnet.be", Status.PASS),
        ("udp://log2.belnet.be:514", Status.FAIL),
        ("udp://log1.belnet.be:514,udp://elsewhere:514", Status.FAIL),
        ("", Status.FAIL),
        (None, Status.FAIL),
        ("udp://127.0.0.1:514", Status.FAIL),
        ("localhost", Status.FAIL),
        ("ssl://log1.belnet.be.:1514", Status.PASS),
        ("udp://log1.belnet.be:514, udp://localhost:514", Status.PASS),
        ("udp://[2001:0db8:0::9]:514", Status.PASS),
        ("udp://:514", Status.FAIL),
        ("udp://", Status.FAIL),
        ("udp://:514, udp://log1.belnet.be:514", Status.FAIL),
        (" , ", Status.FAIL),
    ],
)
def test_an_approved_server(value: str | None, status: Status) -> None:
    found = logging(value)
    assert remote_log(found, world(found, policy=LOGS)).status is status


ITSELF = [
    "localhost",
    "LOCALHOST.localdomain",
    "tcp://localhost6:514",
    "log.localhost",
    "udp://127.0.0.1:514",
    "udp://127.8.9.10",
    "127.1",
    "0x7f000001",
    "127.000.000.001",
    "udp://[::1]:514",
    "::1",
    "[0:0:0:0:0:0:0:1]",
    "udp://[::ffff:127.0.0.1]:514",
    "0.0.0.0",  # noqa: S104  (what a host is told, nothing listens here)
    "udp://0:514",
    "udp://[::]:514",
    "h1",
    "H1.example.org",
    "ssl://h1.example.org.:1514",
    "h1.mgmt.example.org",
    "10.9.0.1",
    "udp://[2001:db8:9::1]:514",
    "udp://10.9.0.1:514, udp://localhost:514",
]


@pytest.mark.parametrize("value", ITSELF)
@pytest.mark.parametrize("approved", [None, ("*",), ("h1*", "10.*", "localhost", "127.0.0.1", "::1")])
def test_a_host_is_no_remote_log_of_itself(value: str, approved: tuple[str, ...] | None) -> None:
    nic = but(vmk("vmk0", "management", "10.9.0.1"), ipv6=("2001:db8:9::1/64",))
    found = but(logging(value), vmkernel=(nic,), dns_name="h1.mgmt.example.org")
    policy = Policy(approved=Approved(log_servers=approved))
    for one in (found, but(found, name="h1.example.org"), but(found, name="H1.EXAMPLE.ORG.")):
        judged = remote_log(one, world(one, policy=policy))
        assert (judged.status, judged.reason) == (Status.FAIL, "it logs only to itself"), one.name


def test_a_host_in_the_inventory_by_its_address() -> None:
    policy = Policy(approved=Approved(log_servers=("*",)))
    by_address = but(logging("udp://10.9.0.7:514"), name="10.9.0.7")
    assert remote_log(by_address, world(by_address, policy=policy)).status is Status.FAIL
    by_name = but(logging("udp://h1.example.org:514"), name="10.9.0.7")
    assert remote_log(by_name, world(by_name, policy=policy)).status is Status.FAIL
    nameless = but(by_name, dns_name=None)
    assert remote_log(nameless, world(nameless, policy=policy)).status is Status.UNKNOWN
    other = but(logging("udp://log1.belnet.be:514"), name="10.9.0.7")
    assert remote_log(other, world(other, policy=policy)).status is Status.PASS


@pytest.mark.parametrize(
    "value", ["udp://log1.belnet.be", "udp://10.9.0.9:514", "ssl://[2001:db8::9]:514", "h10", "h2"]
)
def test_other_machines_are_remote(value: str) -> None:
    found = but(logging(value), vmkernel=(vmk("vmk0", "management", "10.9.0.1"),))
    policy = Policy(approved=Approved(log_servers=("*",)))
    judged = remote_log(found, world(found, policy=policy))
    assert judged.status is Status.PASS
    assert len(judged.evidence) == 2  # what it is set to, and what it was compared with


def test_no_pass_while_a_server_may_be_the_host_itself() -> None:
    policy = Policy(approved=Approved(log_servers=("log1.belnet.be", "10.0.0.9")))
    by_name, by_address = logging("log1.belnet.be"), logging("10.0.0.9")
    for found, fact in ((by_name, "dns_name"), (by_address, "vmkernel")):
        assert remote_log(lost(found, fact), world(found, policy=policy)).status is Status.UNKNOWN
        assert remote_log(lost(found, fact), world(found)).status is Status.UNKNOWN
    assert remote_log(lost(by_name, "vmkernel"), world(by_name, policy=policy)).status is Status.PASS
    assert remote_log(lost(by_address, "dns_name"), world(by_address, policy=policy)).status is Status.PASS
    elsewhere = lost(logging("log2.belnet.be"), "dns_name")  # unapproved whichever it is
    assert remote_log(elsewhere, world(elsewhere, policy=policy)).status is Status.FAIL
    both = lost(logging("log1.belnet.be,log2.belnet.be"), "dns_name")
    assert remote_log(both, world(both, policy=policy)).status is Status.UNKNOWN


def test_hosts_that_log_to_themselves_do_not_keep_others_from_agreeing() -> None:
    one, own = logging("a", "h1"), logging("localhost", "h2")
    assert remote_log(one, world(one, own)).status is Status.PASS
    assert remote_log(own, world(one, own)).status is Status.FAIL


def test_log_servers_may_be_approved_by_pattern() -> None:
    found = logging("udp://log3.belnet.be:514")
    for pattern, status in (
        ("log?.belnet.be", Status.PASS),
        ("LOG[1-3].*", Status.PASS),
        ("udp://log3.belnet.be:514", Status.PASS),
        ("udp://*.belnet.be:514", Status.PASS),
        ("log?", Status.FAIL),
        ("log[12].belnet.be", Status.FAIL),
    ):
        policy = Policy(approved=Approved(log_servers=(pattern,)))
        assert remote_log(found, world(found, policy=policy)).status is status, pattern


def test_undecided_hosts_must_agree() -> None:
    one, same, other, silent = (logging(v, n) for v, n in (("a", "h1"), ("udp://a:514", "h2"), ("b", "h3"), ("", "h4")))
    assert remote_log(one, world(one, same, silent)).status is Status.PASS
    assert remote_log(one, world(one, same, other)).status is Status.UNKNOWN
    assert remote_log(silent, world(one, silent)).status is Status.FAIL
    assert remote_log(one, world(one, lost(same, "options"))).status is Status.PASS


def test_versions_keep_it_elsewhere() -> None:
    old = logging("log1.belnet.be", product=but(ESXI8, version="4.1.0"))
    assert remote_log(old, world(old, policy=LOGS)).status is Status.PASS
    first = but(logging("log1.belnet.be"), product=but(ESXI8, version="5.0.0"))
    assert remote_log(first, world(first, policy=LOGS)).status is Status.PASS
    file = host(product=ESX35)
    found = remote_log(file, world(file, policy=LOGS))
    assert (found.status, found.reason) == (Status.UNKNOWN, "no source yet: syslog.conf")


@pytest.mark.parametrize("fact", ["options", "product"])
def test_log_is_unknown_without_a_fact(fact: str) -> None:
    found = lost(logging("log1.belnet.be"), fact)
    assert remote_log(found, world(found, policy=LOGS)).status is Status.UNKNOWN


# host-time-ntp


def ticking(*servers: str, running: bool = True, policy: str = "on") -> Host:
    return host(ntp_servers=servers, services=(Service(key="ntpd", running=running, policy=policy),))


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (ticking("a", "b"), Status.PASS),
        (ticking("a"), Status.FAIL),
        (ticking("a", "a"), Status.FAIL),
        (ticking(), Status.FAIL),
        (ticking("a", "A."), Status.FAIL),
        (ticking("a", ""), Status.FAIL),
        (ticking("a", "b", running=False), Status.FAIL),
        (ticking("a", "b", policy="off"), Status.FAIL),
        (ticking("a", "b", policy="automatic"), Status.FAIL),
        (but(ticking("a", "b"), services=()), Status.FAIL),
    ],
)
def test_two_servers_and_a_service_that_runs(found: Host, status: Status) -> None:
    context = world(policy=Policy(approved=Approved(ntp_servers=("a", "b"))))
    assert time(found, context).status is status


def test_time_servers_that_nobody_approved_are_unknown() -> None:
    assert time(ticking("a", "b"), world()).status is Status.UNKNOWN
    assert time(ticking("a"), world()).status is Status.FAIL


def test_approved_time_servers() -> None:
    context = world(policy=Policy(approved=Approved(ntp_servers=("ntp?.belnet.be",))))
    assert time(ticking("ntp1.belnet.be", "ntp2.belnet.be"), context).status is Status.PASS
    assert time(ticking("ntp1.belnet.be", "pool.ntp.org"), context).status is Status.FAIL


@pytest.mark.parametrize("own", ["127.127.1.0", "localhost", "::1", "0.0.0.1", "h1", "h1.example.org", "10.9.0.1"])
def test_the_clock_of_the_host_itself_is_no_time_server(own: str) -> None:
    context = world(policy=Policy(approved=Approved(ntp_servers=("*",))))
    nics = (vmk("vmk0", "management", "10.9.0.1"),)
    found = time(but(ticking("ntp1.belnet.be", own), vmkernel=nics), context)
    assert found.status is Status.FAIL
    assert found.reason == f"1 time servers, beside the host itself ({own}), 2 are needed"
    assert time(but(ticking("ntp1.belnet.be", "ntp2.belnet.be", own), vmkernel=nics), context).status is Status.PASS


def test_time_is_unknown_while_a_server_may_be_the_host_itself() -> None:
    context = world(policy=Policy(approved=Approved(ntp_servers=("*",))))
    for servers, fact in ((("a", "b"), "dns_name"), (("10.0.0.1", "10.0.0.2"), "vmkernel")):
        assert time(ticking(*servers), context).status is Status.PASS
        assert time(lost(ticking(*servers), fact), context).status is Status.UNKNOWN
        assert time(lost(ticking(servers[0]), fact), context).status is Status.FAIL


@pytest.mark.parametrize("fact", ["ntp_servers", "services"])
def test_time_is_unknown_without_a_fact(fact: str) -> None:
    context = world(policy=Policy(approved=Approved(ntp_servers=("a", "b"))))
    assert time(lost(ticking("a", "b"), fact), context).status is Status.UNKNOWN


def test_a_stopped_service_fails_even_when_the_servers_were_not_read() -> None:
    assert time(lost(ticking(running=False), "ntp_servers"), world()).status is Status.FAIL
