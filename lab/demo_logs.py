"""`make demo`, the logs: a day of the report's test set-up, heard as `viguard serve` hears it, within seconds.

Run as ``python -m lab.demo_logs``. Needs neither the lab nor sockets.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from lab import replay
from viguard.logs import keep
from viguard.logs.block import Block, Run
from viguard.logs.detect.reading import shipped
from viguard.logs.volumes import Volumes
from viguard.logs.watch import Watch, self_test
from viguard.model.coverage import Coverage
from viguard.model.event import Alert, Event, EventSeverity
from viguard.model.text import plural, printable
from viguard.store import coverage

STEP = timedelta(minutes=5)
ALARMS, LOGINS = 20, 26
"""Lines of each list that are shown at most."""
_SENDER = "192.0.2.40"
_REPLACED = {"bruteforce.account"}
"""Alarms that tell of the same attack as another one that is shown."""


class Heard(NamedTuple):
    """What a day came to: lines and bytes received and kept, by host too, events, alerts, and how long it took."""

    received: keep.Count
    volumes: Volumes
    events: list[Event]
    alerts: list[Alert]
    took_s: float = 0.0


def main() -> int:
    """0."""
    show(hear(replay.day()))
    return 0


def show(heard: Heard) -> None:
    """Print it."""
    for text in shown(heard):
        print(printable(text))


def write_coverage(heard: Heard, directory: Path, now: datetime | None = None) -> None:
    """What a log server that heard the day until now tells an audit (``--logs``). Its alerts go to nobody."""
    now = now or datetime.now(UTC)
    later = now - (replay.DAY + timedelta(days=1))
    day, yesterday = replay.DAY.date().isoformat(), (now - timedelta(days=1)).date().isoformat()
    hosts = tuple(
        msgspec.structs.replace(host, last=host.last + later, days={yesterday: host.days[day]})
        for host in heard.volumes.hosts(replay.DAY + timedelta(days=1))
    )
    noticed = self_test(shipped())
    said = Coverage(written_at=now, started_at=now - timedelta(days=1), hosts=hosts, noticed=noticed)
    (directory / coverage.NAME).write_bytes(msgspec.json.encode(said))


def shown(heard: Heard) -> Iterator[str]:
    """What there is to see, a line each: the volume, the alarms, worst first, and the logins."""
    yield ""
    yield f"The logs of a day: one ESXi host, two Linux guests, one Windows guest (replayed in {heard.took_s:.1f} s)"
    yield ""
    yield from _volume(heard.received)
    yield ""
    yield from _alarms(heard.alerts)
    yield ""
    yield from _logins(heard.events)


def hear(lines: Sequence[replay.Line]) -> Heard:
    """The lines through the classes, the merger and the detections, in blocks of five minutes."""
    began = time.monotonic()
    watch, wanted = Watch(shipped()), keep.kinds(keep.Filter(name=keep.REPORT))
    count, volumes, events, alerts = keep.Count(), Volumes(), list[Event](), list[Alert]()
    for _, group in groupby(lines, key=lambda line: (line.at - replay.DAY) // STEP):
        for block in _blocks(list(group)):
            hits = watch.look(block)
            kept = keep.keep(block, hits, wanted)
            volumes.take(kept, datetime.fromtimestamp(block.received_at, UTC))
            for one in kept.counts().values():
                count += one
            seen = watch.judge(block, hits)
            events += seen.events
            alerts += seen.alerts
    seen = watch.flush()
    took_s = time.monotonic() - began
    return Heard(count, volumes, events + seen.events, alerts + seen.alerts, took_s)


def _blocks(lines: Sequence[replay.Line]) -> Iterator[Block]:
    """A block for each second that has lines: what is received together."""
    for at, group in groupby(lines, key=lambda line: line.at.replace(microsecond=0)):
        data = "".join(f"{line.text}\n" for line in group).encode()
        yield Block(data, at.timestamp(), (Run(_SENDER, "tcp", 0, len(data)),))


def _volume(count: keep.Count) -> Iterator[str]:
    share = count.kept_bytes / count.bytes
    yield "Volume in 24 hours"
    yield f"  received                     {count.bytes / 1e3:9,.1f} kB  {count.lines:7,} lines"
    yield f"  kept by the filter `report`  {count.kept_bytes / 1e3:9,.1f} kB  {count.kept_lines:7,} lines  ({share:.2%})"


def _alarms(alerts: Sequence[Alert]) -> Iterator[str]:
    """One line for each trouble (rule and key), with its newest alert."""
    newest: dict[tuple[str, str], tuple[int, Alert]] = {}
    for alert in alerts:
        number, _ = newest.get((alert.rule, alert.key), (0, alert))
        newest[alert.rule, alert.key] = (number + 1, alert)
    found = [one for (rule, _), one in newest.items() if rule not in _REPLACED]
    found.sort(key=lambda one: (-list(EventSeverity).index(one[1].severity), one[1].rule not in _FIRST, one[1].time))
    yield f"Alarms, worst first: {plural(len(found), 'trouble')}"
    for number, alert in found[:ALARMS]:
        times = f" x{number}" if number > 1 else ""
        yield f"  {alert.severity.upper():8} {alert.time:%H:%M}  {alert.title}{times}: {_about(alert)}"
        if alert.rule == "console.multiple":
            yield f"  {'':16}open now: {_holders(alert.events[0])}"
    if len(found) > ALARMS:
        yield f"  and {len(found) - ALARMS} more, none worse than these"


_FIRST = ("console.multiple", "bruteforce")


def _about(alert: Alert) -> str:
    fields = alert.events[0].fields
    return f"{fields['count']} of guest {alert.events[0].vm}" if alert.rule == "console.multiple" else alert.key


def _holders(event: Event) -> str:
    users, addresses = (str(event.fields[name]).split(", ") for name in ("users", "source_ips"))
    return ", ".join(f"{user} from {address}" for user, address in zip(users, addresses, strict=False))


def _logins(events: Sequence[Event]) -> Iterator[str]:
    logins = sorted((e for e in events if e.event.startswith("login.")), key=_time)
    runs = [list(group) for _, group in groupby(logins, key=lambda e: (e.channel, e.user, e.source_ip, e.outcome))]
    yield f"Logins: {len(logins)}"
    yield f"  {'time':12} {'way':12} {'user':12} {'from':16} outcome"
    for group in runs[:LOGINS]:
        first, last = group[0], group[-1]
        when = f"{first.time:%H:%M}" + (f"-{last.time:%H:%M}" if len(group) > 1 else "")
        reason = f" ({first.fields['reason']})" if first.fields.get("reason") else ""
        times = f", {len(group)} times" if len(group) > 1 else ""
        user, address, way = first.user or "not told", first.source_ip or "the host itself", first.channel or "-"
        yield f"  {when:12} {way:12} {user:12} {address:16} {first.outcome}{reason}{times}"
    if len(runs) > LOGINS:
        yield f"  and {len(runs) - LOGINS} more"


def _time(event: Event) -> float:
    return event.time.timestamp() if event.time else 0.0


if __name__ == "__main__":
    sys.exit(main())
