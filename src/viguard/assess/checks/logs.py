"""That logs arrive, stay within bounds, are understood, and reach people. Source: report, "Monitoring the security"."""

from __future__ import annotations

from datetime import timedelta

from viguard.assess.addresses import address
from viguard.assess.context import Context
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, failed, passed, unknown
from viguard.model.access import Access
from viguard.model.coverage import Coverage, Heard
from viguard.model.facts import Resource, Scalar, Unknown
from viguard.model.host import Host
from viguard.model.plugged import interfaces
from viguard.model.result import Evidence
from viguard.model.server import Server
from viguard.model.text import visible
from viguard.policy.policy import Profile

FRESH = timedelta(minutes=30)
BUDGET = 2_200_000
"""Bytes of one host a day. Source: report, "Central logging": about 2.2 MB in 24 hours."""
BUDGET_KEY = "limits.log_bytes_per_host_day"
DAYS = 7
"""Whole days that are looked at."""
WAYS = tuple(
    f"{channel}/{attempt}"
    for channel in ("api", "dcui", "ssh", "techsupport")
    for attempt in ("right-password", "wrong-password", "unknown-user")
)
REACHED_WITHIN = timedelta(days=7)


def received(subject: Resource, context: Context) -> Verdict:
    """The central log got a line from this host within 30 minutes."""
    coverage = _current(context)
    if isinstance(coverage, Verdict):
        return coverage
    heard = _heard(subject, coverage)
    if not heard:
        evidence = _evidence(coverage, "hosts", len(coverage.hosts))
        silent = "the central log has never heard this host by any of its names or addresses"
        return failed(silent, evidence)
    last = max(h.last for h in heard)
    evidence = _evidence(coverage, f"hosts[{heard[0].name}].last", last.isoformat())
    age = coverage.written_at - last
    if age > FRESH:
        return failed(f"last heard {int(age.total_seconds() // 60)} minutes before the log server told", evidence)
    return passed(evidence)


def volume(subject: Resource, context: Context) -> Verdict:
    """What is kept of this host's log stays within its budget on each of the last whole days."""
    coverage = _current(context)
    if isinstance(coverage, Verdict):
        return coverage
    budget = context.policy.limits.log_bytes_per_host_day
    if budget is None and context.profile is Profile.MODERN:
        why = f"the policy does not say how much a host may log a day ({BUDGET_KEY})"
        return unknown(why, _evidence(coverage, "hosts", len(coverage.hosts)), policy=BUDGET_KEY)
    allowed = BUDGET if budget is None else budget
    heard = _heard(subject, coverage)
    kept: dict[str, int] = {}
    for one in heard:
        for day, bytes_ in one.days.items():
            kept[day] = kept.get(day, 0) + bytes_.kept
    if not kept:
        evidence = _evidence(coverage, "hosts", len(coverage.hosts))
        return unknown("the central log has not kept a whole day of this host yet", evidence, policy=BUDGET_KEY)
    last = sorted(kept)[-DAYS:]
    evidences = [_evidence(coverage, f"hosts[{heard[0].name}].days[{day}].kept", kept[day]) for day in last]
    over = [day for day in last if kept[day] > allowed]
    if over:
        return failed(f"{kept[over[-1]]:,} bytes on {over[-1]}, {allowed:,} may be kept", *evidences, policy=BUDGET_KEY)
    return passed(*evidences, policy=BUDGET_KEY)


def noticed(_subject: Resource, context: Context) -> Verdict:
    """The log server's own test of each way in and each outcome raised an alert."""
    coverage = _current(context)
    if isinstance(coverage, Verdict):
        return coverage
    evidences = [_evidence(coverage, f"noticed[{way}]", coverage.noticed.get(way)) for way in WAYS]
    missed = [way for way in WAYS if coverage.noticed.get(way) is False]
    untested = [way for way in WAYS if way not in coverage.noticed]
    if missed:
        return failed(f"no alert for {listed(missed)}", *evidences)
    if untested:
        return unknown(f"the log server has not tested {listed(untested)}", *evidences)
    return passed(*evidences)


def reached(_subject: Resource, context: Context) -> Verdict:
    """Every vCenter has an alarm that does something, and every receiver of viguard's alerts took one within a week."""
    tally = Tally()
    for access in context.inventory.all(Access):
        server = context.inventory.by_id.get(access.server)
        if isinstance(server, Server) and server.is_vcenter:
            _alarms(tally, access, server, context)
    coverage = _current(context)
    if isinstance(coverage, Verdict):
        tally.miss(coverage.reason, *coverage.evidence)
    else:
        _receivers(tally, coverage)
    return tally.verdict()


def _alarms(tally: Tally, access: Access, server: Server, context: Context) -> None:
    evidence = about(context, access, "alarms")
    if isinstance(access.alarms, Unknown):
        tally.miss(access.alarms, evidence)
    elif any(alarm.enabled and alarm.actions for alarm in access.alarms):
        tally.see(evidence)
    else:
        tally.fail(f"no alarm of {visible(server.name, 60)} does anything", evidence)


def _receivers(tally: Tally, coverage: Coverage) -> None:
    if not coverage.receivers:
        tally.fail("viguard's alerts go nowhere: no receiver is configured", _evidence(coverage, "receivers", 0))
    for name, told in coverage.receivers.items():
        evidence = _evidence(coverage, f"receivers[{name}].last", told.last.isoformat() if told.last else None)
        shown = visible(name, 60)
        if told.failing:
            tally.fail(f"alerts do not reach {shown} ({told.failing})", evidence)
        elif told.last is None or coverage.written_at - told.last > REACHED_WITHIN:
            tally.fail(f"nothing has reached {shown} within {REACHED_WITHIN.days} days: send a test", evidence)
        else:
            tally.see(evidence)


def _current(context: Context) -> Coverage | Verdict:
    """What the log server told, or why that does not count."""
    logs = context.derived.logs
    if isinstance(logs, Unknown):
        return unknown(logs, Evidence(property="logs", unknown=str(logs)))
    age = context.now - logs.written_at
    if age > FRESH:
        why = f"the log server has not told of itself for {int(age.total_seconds() // 60)} minutes: does it run?"
        return unknown(why, _evidence(logs, "written_at", logs.written_at.isoformat()))
    return logs


def _heard(subject: Resource, coverage: Coverage) -> list[Heard]:
    """The senders that are this host, by its names or the addresses of its interfaces."""
    names = [subject.name]
    addresses = {str(found)} if (found := address(subject.name)) else set()
    if isinstance(subject, Host):
        names += [subject.dns_name] if isinstance(subject.dns_name, str) else []
        told = interfaces(subject)
        if not isinstance(told, Unknown):
            addresses |= {str(ip) for nic in told if (ip := address(nic.address))}
    return [h for h in coverage.hosts if any(_same(h.name, n) for n in names) or {h.name, *h.senders} & addresses]


def _same(one: str, other: str) -> bool:
    """Whether two names mean one host: equal, or one without the domain that the other has."""
    a, b = (name.strip().rstrip(".").casefold() for name in (one, other))
    if not a or address(a) or address(b):
        return False
    return a == b or ("." not in a and a == b.partition(".")[0]) or ("." not in b and b == a.partition(".")[0])


def _evidence(coverage: Coverage, part: str, value: Scalar) -> Evidence:
    return Evidence(property=f"logs.{part}", value=value, read_at=coverage.written_at, source="viguard log server")
