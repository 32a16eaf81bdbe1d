"""Events in the shape of OCSF. Numbers by hand from the schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from viguard.logs.classes import classes
from viguard.logs.classify import Classifier, events
from viguard.logs.ocsf import mapped, mapping, shape
from viguard.model.event import Event, EventSeverity

RECEIVED = datetime(2026, 11, 23, 12, tzinfo=UTC)


def shaped(line: str) -> dict[str, Any]:
    (event,) = events(Classifier(), f"<13>2026-11-23T10:15:00.500Z esx1 {line}\n".encode(), RECEIVED)
    return shape(event)


def test_a_login_is_an_authentication() -> None:
    found = shaped("Hostd: Rejected password for user eve from 192.0.2.7")
    assert found.pop("metadata")["event_code"] == "login.failure.api"
    assert found.pop("message") == found.pop("raw_data")
    assert found == {
        "class_uid": 3002, "class_name": "Authentication", "category_uid": 3, "activity_id": 1, "type_uid": 300201,
        "time": 1_795_428_900_500, "severity_id": 2, "status_id": 2, "status": "Failure",
        "device": {"hostname": "esx1", "type_id": 1}, "src_endpoint": {"ip": "192.0.2.7"}, "user": {"name": "eve"},
        "unmapped": {"channel": "api", "program": "Hostd"},
    }  # fmt: skip


def test_an_account_has_who_did_it_and_whom_it_is_about() -> None:
    event = Event(event="account.created", user="root", fields={"target_user": "eve"}, severity=EventSeverity.HIGH)
    found = shape(event)
    assert (found["type_uid"], found["severity_id"], found["status_id"]) == (300101, 4, 0)
    assert (found["actor"], found["user"]) == ({"user": {"name": "root"}}, {"name": "eve"})
    assert "time" not in found
    assert "unmapped" not in found


def test_a_command_is_a_process() -> None:
    found = shaped("shell[12]: [root]: esxcli system account list")
    assert (found["class_uid"], found["activity_id"]) == (1007, 1)
    assert found["process"] == {"cmd_line": "esxcli system account list"}
    assert found["actor"] == {"user": {"name": "root"}}


@pytest.mark.parametrize(
    ("event", "type_uid"),
    [
        ("login.success.ssh", 300201), ("session.closed.api", 300202), ("account.removed", 300106),
        ("account.locked", 300109), ("permission.granted.admin", 300501), ("group.membership.changed", 300699),
        ("login.after-failures", 99), ("firewall.disabled", 99), ("vm.kill", 99),
    ],
)  # fmt: skip
def test_classes(event: str, type_uid: int) -> None:
    assert shape(Event(event=event))["type_uid"] == type_uid


def test_every_entry_stands_for_a_class_and_every_class_has_an_entry() -> None:
    assert {mapped(event) for event in classes()} == set(mapping())
