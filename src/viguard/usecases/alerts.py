"""alerts.yaml: what it means, whether each receiver takes a notice, and what belongs beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from viguard.alerts.build import channels_of
from viguard.alerts.channels import Channel
from viguard.alerts.deliver import Deliveries
from viguard.alerts.load import load_alerts
from viguard.alerts.mrtg import render_mrtg
from viguard.alerts.nagios import render_nagios
from viguard.alerts.notice import Kind, Notice
from viguard.alerts.outbox import Outbox
from viguard.alerts.routing import receivers_of, silenced_until
from viguard.alerts.settings import SIEM_WAYS, WAYS, Destination, NagiosTo, NscaTo, Receiver, Route, Settings, Silence
from viguard.alerts.times import end_of
from viguard.errors import InputError
from viguard.model.event import SEVERAL, EventSeverity
from viguard.model.facts import Struct
from viguard.model.text import plural, visible

_SLACK_S = 5


class Example(Struct, frozen=True, kw_only=True):
    """An alert as routes see it, and when it is raised."""

    rule: str = "bruteforce"
    key: str = "host=esx1 user=root"
    zones: tuple[str, ...] = ()
    severity: EventSeverity = EventSeverity.HIGH


class Sent(NamedTuple):
    """What came of a test notice: ``error`` is "" when it was taken."""

    receiver: str
    way: str
    error: str


def check(file: Path, example: Example, now: datetime | None = None) -> tuple[list[str], list[str]]:
    """What alerts.yaml means, as lines, and what is wrong with it now: nobody is told, or a secret cannot be read.

    Raises: PolicyError with every mistake of the file.
    """
    settings = load_alerts(file)
    now = now or datetime.now(UTC)
    return list(_meaning(settings, example, now)), _wrong(settings)


def send_test(file: Path, names: Sequence[str], now: datetime | None = None) -> list[Sent]:
    """Sends a notice that says that it is a test to the receivers of these names, else to every one.

    Raises: PolicyError with every mistake of the file; InputError for a name or a secret that is not there.
    """
    settings = load_alerts(file)
    known = {receiver.name: receiver for receiver in settings.receivers}
    for name in names:
        if name not in known:
            raise InputError(f"there is no receiver {name!r}", where=str(file), hint=f"there are: {', '.join(known)}")
    chosen = [known[name] for name in dict.fromkeys(names)] or list(settings.receivers)
    return asyncio.run(_send(chosen, _notice(now or datetime.now(UTC))))


def nagios(file: Path, name: str, *, contacts: str, own_hosts: bool, check: str) -> str:
    """The objects of Nagios for a receiver; "" is the only one of that kind.

    Raises: PolicyError; InputError when there is no such receiver, or Nagios could not read what is given.
    """
    settings = load_alerts(file)
    ways: dict[str, NagiosTo | NscaTo] = {r.name: to for r in settings.receivers if (to := r.nagios or r.nsca)}
    if (not name and len(ways) != 1) or (name and name not in ways):
        hint = f"name one of: {', '.join(ways)}" if ways else "add a receiver with nagios or nsca"
        raise InputError(f"no receiver {name!r} of Nagios" if name else "which receiver?", where=str(file), hint=hint)
    name = name or next(iter(ways))
    every = next((beat.every_minutes for beat in settings.heartbeats if beat.receiver == name), 0)
    return render_nagios(ways[name], every_minutes=every, contacts=contacts, own_hosts=own_hosts, check=check)


def mrtg(work_dir: Path, status: Path, program: str) -> str:
    """A whole mrtg.cfg. Raises: InputError for a path that MRTG would take for more."""
    return render_mrtg(work_dir, status, program)


def _meaning(settings: Settings, example: Example, now: datetime) -> Iterator[str]:
    """Lines for people; a name may hold anything, but breaks no line."""
    return map(visible, _said(settings, example, now))


def _said(settings: Settings, example: Example, now: datetime) -> Iterator[str]:
    yield from (_receiver(one, settings) for one in settings.receivers)
    yield from (_destination(one) for one in settings.siem)
    yield from (f"route: {_route(one, settings)}" for one in settings.routes)
    yield f"no route matches: {settings.fallback or 'nobody is told'}"
    yield from (_silence(one, now) for one in settings.silences)
    told = receivers_of(settings, example, now)
    quiet = silenced_until(settings.silences, example, now)
    about = f"{example.severity} alert {example.rule} about {example.key!r}" + _in_zones(example.zones)
    to = f"silenced until {quiet.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if quiet else ", ".join(told) or "nobody is told"
    yield f"example, now: {about}: {to}"


def _receiver(receiver: Receiver, settings: Settings) -> str:
    beats = [beat.every_minutes for beat in settings.heartbeats if beat.receiver == receiver.name]
    said = [way_of(receiver), f"gets {' and '.join(receiver.send) or 'heartbeats only'}"]
    said += [f"at most {plural(receiver.most_per_hour, 'notice')} an hour"] if receiver.most_per_hour else []
    said += [f"a heartbeat every {every} min" for every in beats]
    said += ["the fallback"] if receiver.name == settings.fallback else []
    return f"receiver {receiver.name}: {', '.join(said)}"


def way_of(receiver: Receiver) -> str:
    """The way in which a receiver is told."""
    return next(way for way in WAYS if getattr(receiver, way) is not None)


def _destination(one: Destination) -> str:
    way = next(way for way in SIEM_WAYS if getattr(one, way) is not None)
    return f"siem {one.name}: {way}, gets {', '.join(one.what)}"


def _route(route: Route, settings: Settings) -> str:
    said = [f"{route.at_least} or worse"] if route.at_least is not EventSeverity.INFO else ["every severity"]
    said += _patterns(route)
    said += [f"on {', '.join(route.weekdays)}"] if route.weekdays else []
    said += [f"at {route.hours}"] if route.hours else []
    said += [f"({route.time_zone or settings.time_zone})"] if route.weekdays or route.hours else []
    return f"{' '.join(said)}: {', '.join(route.receivers)}"


def _silence(silence: Silence, now: datetime) -> str:
    end = end_of(silence.until)
    state = "over since" if end and end <= now else "until"
    return f"silence {' '.join(_patterns(silence))}: {state} {silence.until}, {silence.owner}: {silence.reason}"


def _patterns(of: Route | Silence) -> list[str]:
    told = (("zones", of.zones), ("rules", of.rules), ("about", of.keys))
    return [f"{name} {' or '.join(patterns)}" for name, patterns in told if patterns]


def _in_zones(zones: tuple[str, ...]) -> str:
    return f" in {'zones' if len(zones) > 1 else 'zone'} {SEVERAL.join(zones)}" if zones else ""


def _wrong(settings: Settings) -> list[str]:
    """What is wrong now: receivers that could not be used, with why, or that there is none."""
    found = []
    for receiver in settings.receivers:
        try:
            _channels([receiver])
        except InputError as error:
            found.append(f"receiver {receiver.name}: {_on_one_line(error)}")
    return found or ([] if settings.receivers else ["there is no receiver: nobody is told of anything"])


def _on_one_line(error: InputError) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines())


def _channels(receivers: Sequence[Receiver]) -> dict[str, Channel]:
    return channels_of(Settings(receivers=tuple(receivers)), lambda: ())


async def _send(receivers: Sequence[Receiver], notice: Notice) -> list[Sent]:
    return await asyncio.gather(*(_send_one(receiver, notice) for receiver in receivers))


async def _send_one(receiver: Receiver, notice: Notice) -> Sent:
    """Through the worker of the running viguard, with its timeout and its words for what goes wrong; tried once."""
    try:
        channels = _channels([receiver])
    except InputError as error:
        return Sent(receiver.name, way_of(receiver), _on_one_line(error))
    boxes = {receiver.name: Outbox()}
    done = asyncio.Event()
    deliveries = Deliveries(Settings(receivers=(receiver,)), channels, boxes, changed=done.set)
    deliveries.push(receiver.name, notice)
    done.clear()
    worker = asyncio.create_task(deliveries.run())
    try:
        async with asyncio.timeout(receiver.timeout_s + _SLACK_S):
            await done.wait()
    except TimeoutError:
        pass
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    box = boxes[receiver.name]
    return Sent(receiver.name, way_of(receiver), "" if box.delivered else box.error or "it was not taken")


def _notice(now: datetime) -> Notice:
    return Notice(
        id=f"test-{now:%Y%m%dT%H%M%SZ}",
        kind=Kind.TROUBLE,
        title="This is a test: nothing has happened",
        severity=EventSeverity.LOW,
        at=now,
        text="Somebody ran `viguard alerts test` to see whether this receiver takes notices.",
    )
