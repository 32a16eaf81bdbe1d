"""A host's certificate, logs and time. Source: report, "Central logging", Figure 2; guides for the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from viguard.assess.addresses import Others, address, apart, server_of
from viguard.assess.context import Context
from viguard.assess.kind import expect, release
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, failed, passed, unknown
from viguard.model.facts import Fact, Reason, Resource, Unknown
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.result import Evidence
from viguard.policy.policy import Policy

RENEW_BEFORE = timedelta(days=60)
SERVERS_WANTED = 2


def certificate(subject: Resource, context: Context) -> Verdict:
    """The certificate was valid when it was read and is for 60 more days, and an approved authority signed it, not
    the host itself.
    """
    host = expect(Host, subject)
    found = host.certificate
    if found is None or isinstance(found, Unknown):
        return unknown(found or "the host tells no certificate", context.evidence(host, "certificate"))
    tally = Tally("approved.certificate_issuers")
    _judge_begin(host, found.not_before, context, tally)
    _judge_end(host, found.not_after, context, tally)
    _judge_issuer(host, found.issuer, found.subject, context, tally)
    return tally.verdict()


def remote_log(subject: Resource, context: Context) -> Verdict:
    """The host sends its log to an approved server, which is another machine: by no name or address its own.

    Undecided: any such server, as long as every host that tells one tells the same, which is what makes it central.
    Classic ESX keeps this in a file.
    """
    host = expect(Host, subject)
    told = log_settings(host)
    key = "approved.log_servers"
    option = _log_option(host)
    if isinstance(told, Unknown):
        field = "product" if isinstance(host.product, Unknown) else "options"
        return unknown(told, context.evidence(host, field, told, part=f"[{option}]" if option else ""), policy=key)
    evidence = context.evidence(host, "options", list(told), part=f"[{option}]")
    nameless = [entry for entry in told if not server_of(entry)]
    if not told or nameless:
        why = f"names no server: {listed(nameless)}" if nameless else "no log server is set"
        return failed(why, evidence, policy=key)
    return _judge_log_servers(host, apart(host, map(server_of, told)), evidence, context)


def time(subject: Resource, context: Context) -> Verdict:
    """At least two time servers beside the host itself, all approved, and the NTP service runs and starts by itself."""
    host = expect(Host, subject)
    tally = Tally("approved.ntp_servers")
    if isinstance(host.ntp_servers, Unknown):
        tally.miss(host.ntp_servers, context.evidence(host, "ntp_servers"))
    else:
        _judge_time_servers(host, host.ntp_servers, context, tally)
    _judge_service(host, context, tally)
    return tally.verdict()


class LogServers:
    """What the hosts of an estate tell as their log servers beside themselves, each distinct set once."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        told = ((host, log_settings(host)) for host in inventory.hosts)
        remote = (
            frozenset(apart(host, map(server_of, found)).remote)
            for host, found in told
            if not isinstance(found, Unknown)
        )
        self.told = {names for names in remote if names}


def log_settings(host: Host) -> Fact[tuple[str, ...]]:
    """Where a host sends its log, one entry for each server, as it is set: ``udp://log1:514``."""
    option = _log_option(host)
    if not option:
        why = release(host.product)
        return (
            why if isinstance(why, Unknown) else Unknown(reason=Reason.NO_SOURCE, detail="no source yet: syslog.conf")
        )
    if isinstance(host.options, Unknown):
        return host.options
    value = host.options.values.get(option)
    return tuple(part.strip() for part in str(value or "").split(",") if part.strip())


def _log_option(host: Host) -> str:
    version = release(host.product)
    if isinstance(version, Unknown) or not host.is_esxi:
        return ""
    return "Syslog.global.logHost" if version >= (5, 0) else "Syslog.Remote.Hostname"


def _judge_log_servers(host: Host, found: Others, evidence: Evidence, context: Context) -> Verdict:
    key = "approved.log_servers"
    approved = context.policy.approved.log_servers
    extra = _not_approved(found, approved)
    if extra:
        return failed(f"not an approved log server: {listed(extra)}", evidence, policy=key)
    if found.unsure:
        why = f"whether {listed(found.unsure)} is the host itself is not known: {found.why[0]}"
        return unknown(why, evidence, policy=key)
    if not found.remote:
        return failed("it logs only to itself", evidence, policy=key)
    beside = (evidence, *_told_of_itself(host, found.remote, context))
    if approved is not None:
        return passed(*beside, policy=key)
    if len(context.index(LogServers).told) == 1:
        return passed(*beside, reason="every host that tells a log server tells the same", policy=key)
    return unknown("the policy names no log server, and hosts do not agree on one", evidence, policy=key)


def _not_approved(found: Others, approved: tuple[str, ...] | None) -> list[str]:
    """Servers beside the host that nobody approved; those that may be the host count when none at all is approved."""
    if approved is None:
        return []
    perhaps = [*found.remote, *found.unsure]
    return [
        n for n in (found.remote if any(_fits(n, approved) for n in perhaps) else perhaps) if not _fits(n, approved)
    ]


def _judge_time_servers(host: Host, servers: tuple[str, ...], context: Context, tally: Tally) -> None:
    evidence = context.evidence(host, "ntp_servers")
    approved = context.policy.approved.ntp_servers
    extra = [s for s in servers if approved is not None and not _fits(server_of(s), approved)]
    found = apart(host, dict.fromkeys(name for name in map(server_of, servers) if name))
    if len(found.remote) + len(found.unsure) < SERVERS_WANTED:
        itself = f", beside the host itself ({listed(found.own)})" if found.own else ""
        tally.fail(f"{len(found.remote) + len(found.unsure)} time servers{itself}, {SERVERS_WANTED} are needed")
    elif len(found.remote) < SERVERS_WANTED:
        tally.miss(f"whether {listed(found.unsure)} is the host itself is not known: {found.why[0]}", evidence)
    if extra:
        tally.fail(f"not an approved time server: {listed(extra)}")
    if approved is None:
        tally.miss("the policy does not say which time servers are approved", evidence)
    tally.see(evidence, *_told_of_itself(host, found.remote, context))


def _told_of_itself(host: Host, remote: tuple[str, ...], context: Context) -> list[Evidence]:
    """What shows that servers are not the host: its own addresses or name, whichever they were compared with."""
    kinds = {bool(address(name)) for name in remote}
    nics = [n.address for n in host.vmkernel if n.address] if isinstance(host.vmkernel, tuple) else []
    return [
        *([context.evidence(host, "vmkernel", nics, part=".spec.ip")] if True in kinds else []),
        *([context.evidence(host, "dns_name")] if False in kinds else []),
    ]


def _fits(name: str, approved: tuple[str, ...]) -> bool:
    """Whether a server is one of those approved: shell patterns, or servers written as hosts write them."""
    written = (p if "?" in p else server_of(p) for p in approved)  # in a URL the mark would end the name
    return bool(name) and any(fnmatchcase(name, p.casefold()) for p in (*approved, *written))


def _judge_begin(host: Host, begins: datetime | None, context: Context, tally: Tally) -> None:
    evidence = context.evidence(host, "certificate", begins and begins.isoformat(), part=".notBefore")
    if begins is None:
        tally.miss("from when on it is valid is not told")
    elif begins > context.inventory.read_at:
        tally.fail(f"not valid before {begins:%Y-%m-%d}", evidence)
    else:
        tally.see(evidence)


def _judge_end(host: Host, ends: datetime | None, context: Context, tally: Tally) -> None:
    evidence = context.evidence(host, "certificate", ends and ends.isoformat(), part=".notAfter")
    if ends is None:
        tally.miss("until when it is valid is not told")
    elif ends < context.now:
        tally.fail(f"expired on {ends:%Y-%m-%d}", evidence)
    elif ends < context.now + RENEW_BEFORE:
        tally.fail(f"expires on {ends:%Y-%m-%d}, within 60 days", evidence)
    else:
        tally.see(evidence)


def _judge_issuer(host: Host, issuer: str, subject: str, context: Context, tally: Tally) -> None:
    evidence = context.evidence(host, "certificate", issuer, part=".issuer")
    approved = context.policy.approved.certificate_issuers
    if not issuer:
        tally.miss("who issued it is not told")
    elif issuer == subject:  # whatever the policy approves: a pattern can fit the host's own name
        tally.fail("the host signed it itself", evidence)
    elif approved is None:
        tally.miss("the policy does not say which authorities are approved", evidence)
    elif not any(fnmatchcase(issuer.casefold(), pattern.casefold()) for pattern in approved):
        tally.fail(f"not issued by an approved authority: {listed([issuer])}", evidence)
    else:
        tally.see(evidence)


def _judge_service(host: Host, context: Context, tally: Tally) -> None:
    if isinstance(host.services, Unknown):
        tally.miss(host.services, context.evidence(host, "services"))
        return
    found = next((s for s in host.services if s.key == "ntpd"), None)
    told = f"running {str(found.running).lower()}, policy {found.policy}" if found else "absent"
    tally.see(context.evidence(host, "services", told, part="[ntpd]"))
    if found is None or not found.running:
        tally.fail("the NTP service does not run")
    if found is not None and found.policy != "on":
        tally.fail(f"the NTP service does not start by itself (policy {listed([found.policy])})")
