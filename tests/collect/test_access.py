"""Events in pages, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.vsphere.fake import reply
from viguard.collect.access import _reach, _records_logins, _told, _told_since
from viguard.model.access import Event, Permission
from viguard.model.facts import Reason, Unknown
from viguard.vsphere import calls
from viguard.vsphere.replies import parse_reply
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Ref

FIRST = datetime(2026, 11, 1, tzinfo=UTC)


class Log:
    """As much of a session as reading events needs: a manager with ``number`` events, an hour apart."""

    def __init__(self, number: int, page: int) -> None:
        self.version, self.refs = "8.0.3.0", {"eventManager": Ref("EventManager", "EventManager")}
        self.connection = SimpleNamespace(endpoint=SimpleNamespace(url="https://vc/sdk"))
        self._left, self._page = list(range(number)), page

    def raw(self, name: str, _this: Ref, _content: str) -> bytes:
        if name == "CreateCollectorForEvents":
            return reply(name, '<returnval type="EventHistoryCollector">c1</returnval>')
        now, self._left = self._left[: self._page], self._left[self._page :]
        if name != "ReadNextEvents":
            now, self._left = [], [*now, *self._left]
        return reply(name, "".join(f"<returnval>{_created(n)}</returnval>" for n in now))


def _created(number: int) -> str:
    return f"<key>{number}</key><createdTime>{(FIRST + timedelta(hours=number)).isoformat()}</createdTime>"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "EVENT_LIMIT", 20)
    monkeypatch.setattr(calls, "EVENT_PAGES", 5)


def read(number: int) -> tuple[Any, bool]:
    return calls.read_events(cast("Session", Log(number, 10)), ["UserLoginSessionEvent"], FIRST)


def test_a_few_events_are_all_there() -> None:
    events, whole = read(15)
    assert [e.findtext("key") for e in events] == [str(n) for n in range(15)]
    assert whole


def test_of_too_many_events_the_newest_are_kept_and_reach_back_to_the_oldest_of_them() -> None:
    events, whole = read(35)
    assert [e.findtext("key") for e in events] == [str(n) for n in range(15, 35)]
    assert not whole
    assert _reach(events, FIRST) == FIRST + timedelta(hours=15)


def test_more_events_than_are_ever_read_are_unknown_because_the_newest_were_not_reached() -> None:
    events, _ = read(100)
    assert isinstance(events, Unknown)


def test_a_server_that_tells_no_permission_at_all_hides_them() -> None:
    held = (Permission(entity="vc:root", principal="a", role_id=-2),)
    assert _told(held) == held
    assert isinstance(_told(()), Unknown)


def first(at: str) -> Any:
    return parse_reply(reply("ReadNextEvents", f"<returnval><createdTime>{at}</createdTime></returnval>"), "").findall(
        "returnval"
    )


def test_events_reach_back_no_further_than_the_oldest_that_the_server_has() -> None:
    now = FIRST + timedelta(days=31)
    assert _told_since(first("2026-11-30T10:00:00Z"), FIRST, now) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert _told_since(first("2026-01-01T10:00:00Z"), FIRST, now) == FIRST
    assert _told_since([], FIRST, now) == now
    assert _told_since(Unknown(reason=Reason.FAILED), FIRST, now) is None
    assert _told_since(first("soon"), FIRST, now) is None


@pytest.mark.parametrize(
    ("user", "minutes", "kind", "found"),
    [
        ("BELNET\\svc-audit", 0, "UserLoginSessionEvent", True),
        ("svc-audit@belnet.be", 1, "UserLoginSessionEvent", True),
        ("svc-audit", 5, "UserLoginSessionEvent", False),  # another login
        ("svc-nagios", 0, "UserLoginSessionEvent", False),
        ("svc-audit", 0, "UserLogoutSessionEvent", False),
    ],
)
def test_our_own_login_proves_that_logins_are_recorded(user: str, minutes: int, kind: str, found: bool) -> None:
    event = Event(key=1, type=kind, at=FIRST + timedelta(minutes=minutes), user=user)
    assert _records_logins((event,), "BELNET\\svc-audit", "2026-11-01T00:00:00Z") is found
    assert not _records_logins((event,), "BELNET\\svc-audit", "")
    assert not _records_logins((event,), "", "2026-11-01T00:00:00Z")
