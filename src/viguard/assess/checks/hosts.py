"""A host's certificate, logs and time. Source: report, "Central logging", Figure 2; guides for the rest."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from ipaddress import ip_address
from urllib.parse import urlsplit

from viguard.assess.context import Context
from viguard.assess.kind import expect, release
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, failed, passed, unknown
from viguard.model.facts import Fact, Reason, Resource, Unknown
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.policy.policy import Policy

RENEW_BEFORE = timedelta(days=60)
SERVERS_WANTED = 2


def certificate(subject: Resource, context: Context) -> Verdict:
    """The certificate is valid for 60 more days and an approved authority signed it, not the host itself."""
    host = expect(Host, subject)
    found = host.certificate
    if found is None or isinstance(found, Unknown):
        return unknown(found or "the host tells no certificate", context.evidence(host, "certificate"))
    tally = Tally("approved.certificate_issuers")
    ends = context.evidence(host, "certificate", found.not_after and found.not_after.isoformat(), part=".notAfter")
    if found.not_after is None:
        tally.miss("until when it is valid is not told")
    elif found.not_after < context.now:
        tally.fail(f"expired on {found.not_after:%Y-%m-%d}", ends)
    elif found.not_after < context.now + RENEW_BEFORE:
        tally.fail(f"expires on {found.not_after:%Y-%m-%d}, within 60 days", ends)
    else:
        tally.see(ends)
    _judge_issuer(host, found.issuer, found.subject, context, tally)
    return tally.verdict()


def remote_log(subject: Resource, context: Context) -> Verdict:
    """The host sends its log to an approved server.

    Undecided: any server that is not the host itself, as long as every host that tells one tells the same, which is
    what makes it central. Classic ESX keeps this in a file.
    """
    host = expect(Host, subject)
    sent = log_servers(host)
    key = "approved.log_servers"
    option = _log_option(host)
    if isinstance(sent, Unknown):
        field = "product" if isinstance(host.product, Unknown) else "options"
        return unknown(sent, context.evidence(host, field, sent, part=f"[{option}]" if option else ""), policy=key)
    evidence = context.evidence(host, "options", list(sent), part=f"[{option}]")
    remote = [name for name in sent if not _own(name)]
    if not remote:
        return failed("no log server is set" if not sent else "it logs only to itself", evidence, policy=key)
    approved = context.policy.approved.log_servers
    if approved is None:
        others = context.index(LogServers).told
        if len(others) == 1:
            return passed(evidence, reason="every host that tells a log server tells the same", policy=key)
        return unknown("the policy names no log server, and hosts do not agree on one", evidence, policy=key)
    extra = [n for n in remote if not any(fnmatchcase(n, _server(p)) for p in approved)]
    if extra:
        return failed(f"not an approved log server: {listed(extra)}", evidence, policy=key)
    return passed(evidence, policy=key)


def time(subject: Resource, context: Context) -> Verdict:
    """At least two time servers, all approved, and the NTP service runs and starts by itself."""
    host = expect(Host, subject)
    tally = Tally("approved.ntp_servers")
    servers = host.ntp_servers
    if isinstance(servers, Unknown):
        tally.miss(servers, context.evidence(host, "ntp_servers"))
    else:
        evidence = context.evidence(host, "ntp_servers")
        approved = context.policy.approved.ntp_servers
        extra = [s for s in servers if approved is not None and not any(fnmatchcase(s, p) for p in approved)]
        if len(set(servers)) < SERVERS_WANTED:
            tally.fail(f"{len(set(servers))} time servers, {SERVERS_WANTED} are needed")
        if extra:
            tally.fail(f"not an approved time server: {listed(extra)}")
        if approved is None:
            tally.miss("the policy does not say which time servers are approved", evidence)
        tally.see(evidence)
    _judge_service(host, context, tally)
    return tally.verdict()


class LogServers:
    """What the hosts of an estate tell as their log servers, each distinct set once."""

    def __init__(self, inventory: Inventory, _policy: Policy) -> None:
        told = (log_servers(host) for host in inventory.hosts)
        remote = (frozenset(n for n in t if not _own(n)) for t in told if not isinstance(t, Unknown))
        self.told = {names for names in remote if names}


def log_servers(host: Host) -> Fact[tuple[str, ...]]:
    """Names or addresses of the servers that a host sends its log to."""
    option = _log_option(host)
    if not option:
        why = release(host.product)
        return (
            why if isinstance(why, Unknown) else Unknown(reason=Reason.NO_SOURCE, detail="no source yet: syslog.conf")
        )
    if isinstance(host.options, Unknown):
        return host.options
    value = host.options.values.get(option)
    return tuple(name for name in (_server(part) for part in str(value or "").split(",")) if name)


def _log_option(host: Host) -> str:
    version = release(host.product)
    if isinstance(version, Unknown) or not host.is_esxi:
        return ""
    return "Syslog.global.logHost" if version >= (5, 0) else "Syslog.Remote.Hostname"


def _server(text: str) -> str:
    text = text.strip()
    try:
        return (urlsplit(text if "//" in text else f"//{text}").hostname or "").casefold()
    except ValueError:
        return text.casefold()


def _own(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


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
