from __future__ import annotations

from tests.alerts.samples import HOSTILE, at, event
from viguard.alerts.tally import MOST_NAMES, OTHERS, Tally
from viguard.model.event import NOISE


def test_logins_failures_and_noise() -> None:
    tally = Tally()
    tally.take([event(), event(), event(event="login.success.ssh"), event(event=NOISE, host="esx6")], at())
    assert (tally.counters["logins"], tally.counters["failures"], tally.counters["events"]) == (1, 2, 3)
    assert tally.hosts == {"esx5": at(), "esx6": at()}


def test_consoles_that_were_opened() -> None:
    tally = Tally()
    opened, closed = event(event="console.connected", vm="web1"), event(event="console.disconnected", vm="web1")
    tally.take([opened, opened, closed, event(event="console.count", vm="web1", fields={"count": 3})], at())
    assert tally.counters["consoles"] == 2


def test_names_are_printable_and_bounded() -> None:
    tally = Tally()
    tally.take([event(host=name) for name in HOSTILE], at())
    assert all(name.isprintable() for name in tally.hosts)
    tally.take([event(host=f"h{n}") for n in range(MOST_NAMES + 100)], at())
    assert len(tally.hosts) == MOST_NAMES + 1
    assert OTHERS in tally.hosts
