"""host-certificate, log-remote-host, host-time-ntp."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.assess.checks.estate import ESX35, ESXI8, LOST, NOW, but, host, lost, world
from viguard.assess.checks.hosts import certificate, remote_log, time
from viguard.model.facts import Settings
from viguard.model.host import Certificate, Host, Service
from viguard.model.result import Status
from viguard.model.server import Product
from viguard.policy.policy import Approved, Policy

# host-certificate

SIGNED = Certificate(issuer="CN=BELNET CA", subject="CN=h1", not_after=NOW + timedelta(days=61))
TRUSTED = Policy(approved=Approved(certificate_issuers=("cn=belnet*",)))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.PASS),
        ({"not_after": NOW + timedelta(days=59)}, Status.FAIL),
        ({"not_after": NOW - timedelta(days=1)}, Status.FAIL),
        ({"not_after": None}, Status.UNKNOWN),
        ({"issuer": "CN=Other CA"}, Status.FAIL),
        ({"issuer": ""}, Status.UNKNOWN),
    ],
)
def test_valid_and_from_an_approved_authority(changes: dict[str, object], status: Status) -> None:
    assert certificate(host(certificate=but(SIGNED, **changes)), world(policy=TRUSTED)).status is status


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


LOGS = Policy(approved=Approved(log_servers=("log1.belnet.be", "10.0.0.9")))


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
    ],
)
def test_an_approved_server(value: str | None, status: Status) -> None:
    found = logging(value)
    assert remote_log(found, world(found, policy=LOGS)).status is status


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


@pytest.mark.parametrize("fact", ["ntp_servers", "services"])
def test_time_is_unknown_without_a_fact(fact: str) -> None:
    context = world(policy=Policy(approved=Approved(ntp_servers=("a", "b"))))
    assert time(lost(ticking("a", "b"), fact), context).status is Status.UNKNOWN


def test_a_stopped_service_fails_even_when_the_servers_were_not_read() -> None:
    assert time(lost(ticking(running=False), "ntp_servers"), world()).status is Status.FAIL
