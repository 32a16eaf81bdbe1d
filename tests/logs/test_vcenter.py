"""The events of a vCenter, each heard once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

import lab
from viguard.errors import SourceError
from viguard.logs.classify import Classifier
from viguard.logs.fields import event_of
from viguard.logs.vcenter import EventSource, Position
from viguard.model.event import Event
from viguard.vsphere.credentials import Login
from viguard.vsphere.endpoint import Trust, parse_endpoint
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection

pytestmark = pytest.mark.real("lab")
POWERED_OFF = {"type": "VmPoweredOffEvent", "props": {"userName": "BELNET\\niels", "fullFormattedMessage": "off"}}


def opener(server: lab.Endpoint) -> Callable[[], Session]:
    who = server.account("auditor")
    endpoint = parse_endpoint(server.url, Trust(ca=str(server.ca_file)))
    return lambda: Session(Connection(endpoint), Login(who.user, who.password))


def source(server: lab.Endpoint, position: Position = Position()) -> EventSource:  # noqa: B008
    return EventSource(opener(server), position, datetime.now(UTC) - timedelta(seconds=30))


def drained(events: EventSource) -> list[bytes]:
    return [line for lines, _ in events.read() for line in lines]


def offs(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if b"[vim.event.VmPoweredOffEvent]" in line]


def classified(line: bytes) -> Event:
    (hit,) = Classifier().block(line + b"\n")
    return event_of(hit, line, datetime.now(UTC))


def test_a_thousand_and_one_events_of_one_moment_are_heard_once_each(today: lab.Endpoint) -> None:
    with closing(source(today)) as events:
        today.control("event", **POWERED_OFF, times=1001)
        assert len(set(offs(drained(events)))) == 1001
        assert offs(drained(events)) == []
        today.control("event", **POWERED_OFF)
        assert len(offs(drained(events))) == 1


def test_a_stop_in_the_middle_loses_nothing_and_doubles_nothing(today: lab.Endpoint) -> None:
    today.control("event", **POWERED_OFF, times=1500)
    with closing(source(today)) as first:
        lines, position = next(iter(first.read()))
    with closing(source(today, position)) as second:
        rest = drained(second)
    heard = offs(lines) + offs(rest)
    assert len(heard) == len(set(heard)) == 1500


def test_a_lost_session_is_taken_up_where_it_ended(today: lab.Endpoint) -> None:
    with closing(source(today)) as events:
        today.control("event", **POWERED_OFF, times=3)
        assert len(offs(drained(events))) == 3
        today.control("restart")
        today.control("event", **POWERED_OFF)
        with pytest.raises(SourceError):
            drained(events)
        assert len(offs(drained(events))) == 1


def test_a_database_that_was_put_back_counts_anew_and_is_heard(today: lab.Endpoint) -> None:
    with closing(source(today)) as events:
        today.control("event", **POWERED_OFF, times=3)
        assert len(offs(drained(events))) == 3
        today.control("restart", forget=True)
        today.control("event", **POWERED_OFF, times=2)
        with pytest.raises(SourceError):
            drained(events)
        assert len(offs(drained(events))) == 2


@pytest.mark.parametrize("kind", ["EventEx", "ExtendedEvent"])
def test_an_event_with_an_id_of_its_own_is_known_by_it(today: lab.Endpoint, kind: str) -> None:
    props = {
        "eventTypeId": "esx.audit.ssh.enabled",
        "userName": "root",
        "fullFormattedMessage": "SSH access has been enabled.",
    }
    more = {"severity": "warning"} if kind == "EventEx" else {"managedObject": "HostSystem:host-1"}
    with closing(source(today)) as events:
        today.control("event", type=kind, props={**props, **more})
        (line,) = [line for line in drained(events) if b"esx.audit.ssh.enabled" in line]
    event = classified(line)
    assert (event.event, event.user, event.program) == ("service.ssh.enabled", "root", "vpxd")


def test_a_login_tells_user_and_address(today: lab.Endpoint) -> None:
    with closing(source(today)) as events:
        lines = drained(events)
    (line,) = [line for line in lines if b"[vim.event.UserLoginSessionEvent]" in line][:1]
    event = classified(line)
    assert event.event == "login.success.api"
    assert event.user == today.account("auditor").user
    assert event.source_ip == "127.0.0.1"


def test_a_hostile_name_stays_on_one_line(today: lab.Endpoint) -> None:
    text = "VM x\n<13>1 forged] [root] \x1b[2J is powered off"
    with closing(source(today)) as events:
        today.control("event", type="VmPoweredOffEvent", props={"userName": "a]b", "fullFormattedMessage": text})
        (line,) = offs(drained(events))
    assert b"\n" not in line
    assert b"\x1b" not in line
    assert classified(line).event == "vm.poweroff"
