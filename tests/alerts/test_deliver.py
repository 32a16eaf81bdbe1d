"""Deliveries: order, failures, escalation, restarts; and the whole service."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.alerts.parts import until
from tests.alerts.samples import TWO, alert, event, notice, settings
from viguard.alerts.channels import Channel, DeliveryError
from viguard.alerts.deliver import Deliveries, utc_now
from viguard.alerts.groups import Groups
from viguard.alerts.memory import Memory, load_memory
from viguard.alerts.notice import Kind, Notice
from viguard.alerts.outbox import MOST_WAITING, Outbox
from viguard.alerts.secret import read_secret
from viguard.alerts.service import Alerting
from viguard.alerts.settings import Secret, Settings
from viguard.alerts.status import Status
from viguard.errors import InputError, StoreError


class Fake:
    """A channel that keeps what it takes."""

    def __init__(self) -> None:
        self.got: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        self.got.append(notice)


class Dead(Fake):
    """A channel that never answers, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error, self.tries = error, 0

    async def send(self, notice: Notice) -> None:  # noqa: ARG002 - a channel's signature
        self.tries += 1
        if self.error:
            raise self.error
        await asyncio.Event().wait()


async def wait(check: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not check():
            await asyncio.sleep(0.01)


def delivering(first: Channel, second: Channel, work: Callable[[Deliveries], object], text: str = TWO) -> Deliveries:
    made: list[Deliveries] = []

    async def main() -> None:
        deliveries = Deliveries(settings(text), {"first": first, "second": second}, {})
        made.append(deliveries)
        task = asyncio.create_task(deliveries.run())
        await work(deliveries)  # type: ignore[misc]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    return made[0]


def test_a_receiver_that_hangs_blocks_no_other() -> None:
    dead, good = Dead(), Fake()

    async def work(deliveries: Deliveries) -> None:
        for number in range(5):
            deliveries.push("first", notice(f"a{number}", group=f"a{number}"))
            deliveries.push("second", notice(f"b{number}", group=f"b{number}"))
        await wait(lambda: len(good.got) == 5)

    deliveries = delivering(dead, good, work)
    assert dead.tries == 1
    assert len(deliveries.outboxes["first"].waiting) == 5


@pytest.mark.parametrize("error", [DeliveryError("refused"), OSError(111, "Connection refused"), ValueError("defect")])
def test_what_is_not_taken_goes_to_the_fallback_and_shows(error: Exception) -> None:
    dead, good = Dead(error), Fake()

    async def work(deliveries: Deliveries) -> None:
        deliveries.push("first", notice())
        await wait(lambda: good.got)

    deliveries = delivering(dead, good, work)
    assert dead.tries == 3
    (told,) = good.got
    assert "Not delivered to first" in told.text
    assert told.key == "root@esx5"
    box = deliveries.outboxes["first"]
    assert box.failing_since is not None
    assert box.error
    assert len(box.waiting) == 1, "it is still tried"


def test_a_channel_that_takes_too_long_is_tried_again() -> None:
    dead, good = Dead(), Fake()
    text = TWO.replace("name: first,", "name: first, timeout_s: 1,")

    async def work(deliveries: Deliveries) -> None:
        deliveries.push("first", notice())
        await wait(lambda: deliveries.outboxes["first"].failures)

    deliveries = delivering(dead, good, work, text)
    assert "no answer within 1 s" in deliveries.outboxes["first"].error


def test_what_has_no_room_goes_to_the_fallback_at_once() -> None:
    good = Fake()

    async def work(deliveries: Deliveries) -> None:
        for number in range(MOST_WAITING + 1):
            deliveries.push("first", notice(f"n{number}", group=f"g{number}"))
        await wait(lambda: good.got)

    deliveries = delivering(Dead(), good, work)
    assert [n.id for n in good.got] == [f"n{MOST_WAITING}-first"]
    assert deliveries.outboxes["first"].dropped == 1


def test_a_fallback_that_is_dead_does_not_feed_itself() -> None:
    dead = Dead(DeliveryError("refused"))

    async def work(deliveries: Deliveries) -> None:
        deliveries.push("second", notice())
        await wait(lambda: dead.tries == 4)

    deliveries = delivering(Fake(), dead, work)
    assert len(deliveries.outboxes["second"].waiting) == 1


def test_a_dead_receiver_does_not_flood_the_fallback() -> None:
    dead, good = Dead(), Fake()

    async def main() -> Deliveries:
        limited = settings(TWO.replace("name: second,", "name: second, most_per_hour: 2,"))
        groups = Groups(limited)
        may = lambda name, one: groups.limits.may(name, one, utc_now())  # noqa: E731
        deliveries = Deliveries(limited, {"first": dead, "second": good}, {}, may=may)
        task = asyncio.create_task(deliveries.run())
        for number in range(MOST_WAITING + 50):
            deliveries.push("first", notice(f"n{number}", group=f"g{number}"))
        await wait(lambda: len(good.got) == 2)
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert groups.state.held_count == {"second": 48}
        return deliveries

    deliveries = asyncio.run(main())
    assert len(good.got) == 2
    assert deliveries.outboxes["first"].dropped == 50


SMS = """
fallback: sms
grouping: {{wait_s: 0.2}}
receivers:
- {{name: sms, smstools: {{outgoing: "{folder}/outgoing", numbers: ["32475123456"]}}}}
heartbeats: [{{receiver: sms, every_minutes: 60}}]
"""


def sms(folder: Path) -> Settings:
    return settings(SMS.format(folder=folder))


def serving(folder: Path, work: Callable[[Alerting], object]) -> Status:
    async def main() -> None:
        alerting = Alerting(sms(folder), folder / "state.json", folder / "status.json")
        task = asyncio.create_task(alerting.run())
        await work(alerting)  # type: ignore[misc]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    return msgspec.json.decode((folder / "status.json").read_bytes(), type=Status)


def outgoing(folder: Path) -> list[str]:
    return [f.read_text() for f in (folder / "outgoing").iterdir() if not f.name.endswith(".LOCK")]


def test_an_alert_leaves_and_the_status_says_so(tmp_path: Path) -> None:
    (tmp_path / "outgoing").mkdir()

    async def work(alerting: Alerting) -> None:
        alerting.take_events([event(), event(event="login.success.api"), event(event="console.connected", vm="web1")])
        alerting.set_consoles({"web1": 1, "web\x1b2": 3}, {"web\x1b2": ["an\x1b"]})
        alerting.take(alert())
        await wait(lambda: len(outgoing(tmp_path)) == 2)
        await alerting.drain(5)

    status = serving(tmp_path, work)
    assert any("Many failed logins: root@esx5" in text for text in outgoing(tmp_path))
    assert any("viguard is alive" in text for text in outgoing(tmp_path))
    assert status.counters["logins"] == 1
    assert status.counters["failures"] == 1
    assert status.consoles == {"web1": 1, "web\\u001b2": 3}
    assert status.holders == {"web\\u001b2": ("an\\u001b",)}
    assert status.counters["consoles"] == 1
    assert set(status.hosts) == {"esx5"}
    assert status.open == {"high": 1}
    assert status.receivers["sms"].delivered == 2
    assert status.last_alert is not None
    assert status.last_alert.key == "root@esx5"
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


def test_what_was_not_delivered_is_delivered_after_a_restart_and_what_was_is_not(tmp_path: Path) -> None:
    async def fails(alerting: Alerting) -> None:
        alerting.take(alert(1))
        await wait(lambda: len(alerting.deliveries.outboxes["sms"].waiting) == 2)
        await wait(lambda: alerting.deliveries.outboxes["sms"].failures)

    status = serving(tmp_path, fails)
    assert status.receivers["sms"].failing_since is not None
    assert status.receivers["sms"].waiting == 2
    (tmp_path / "outgoing").mkdir()

    async def works(alerting: Alerting) -> None:
        await wait(lambda: len(outgoing(tmp_path)) == 2)
        alerting.take(alert(1))
        await asyncio.sleep(0.5)

    status = serving(tmp_path, works)
    assert len(outgoing(tmp_path)) == 2
    assert status.receivers["sms"].waiting == 0
    assert status.receivers["sms"].failing_since is None


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.alerts.samples import alert
from tests.alerts.test_deliver import sms
from viguard.alerts.service import Alerting

async def main(folder):
    alerting = Alerting(sms(folder), folder / "state.json", folder / "status.json")
    alerting.take(alert(1))
    await alerting.run()

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_killed_process_loses_nothing_that_waits(tmp_path: Path) -> None:
    def waiting() -> bool:
        if not (tmp_path / "state.json").exists():
            return False
        boxes = load_memory(tmp_path / "state.json").outboxes
        return any(d.notice.kind is Kind.FIRING for box in boxes.values() for d in box.waiting)

    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], cwd=Path(__file__).parents[2])
    try:
        until(waiting, "the child has saved what waits")
    finally:
        child.kill()
        child.wait(10)
    (tmp_path / "outgoing").mkdir()

    async def works(alerting: Alerting) -> None:
        await wait(lambda: any("Many failed logins" in t for t in outgoing(tmp_path)))

    assert serving(tmp_path, works).open == {"high": 1}


def test_what_waits_for_a_receiver_that_is_gone_goes_to_the_fallback(tmp_path: Path) -> None:
    (tmp_path / "outgoing").mkdir()
    old = Outbox()
    old.push(notice(), notice().at)
    (tmp_path / "state.json").write_bytes(msgspec.json.encode(Memory(outboxes={"gone": old})))

    async def work(alerting: Alerting) -> None:
        await wait(lambda: any("not delivered to gone" in t for t in outgoing(tmp_path)))

    assert "gone" not in serving(tmp_path, work).receivers


def test_a_state_that_is_torn_is_said_and_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"schema": "viguard-alert-state/1", "state": {"gro')
    with pytest.raises(StoreError, match="cannot be read"):
        load_memory(path)
    assert path.exists()


def test_a_state_that_cannot_be_written_is_a_problem_in_the_status(tmp_path: Path) -> None:
    (tmp_path / "outgoing").mkdir()
    gone = tmp_path / "gone"

    async def main() -> tuple[str, ...]:
        alerting = Alerting(sms(tmp_path), gone / "state.json", tmp_path / "status.json")
        task = asyncio.create_task(alerting.run())
        alerting.take(alert())
        await wait(lambda: alerting.status().problems)
        problems = alerting.status().problems
        gone.mkdir()
        await wait(lambda: not alerting.status().problems)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return problems

    (problem,) = asyncio.run(main())
    assert "No such file" in problem
    assert load_memory(gone / "state.json").state.alerts == 1


def test_a_secret_is_only_read_when_nobody_else_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "url"
    path.write_text("json://host/\n")
    path.chmod(0o640)
    with pytest.raises(InputError, match="others can read"):
        read_secret(Secret(path=str(path)))
    path.chmod(0o600)
    assert read_secret(Secret(path=str(path))) == "json://host/"
    with pytest.raises(InputError, match="cannot be read"):
        read_secret(Secret(path=str(tmp_path)))
    with pytest.raises(InputError, match="no secret"):
        read_secret(Secret(variable="VIGUARD_TEST_NOT_SET"))
    monkeypatch.setenv("VIGUARD_TEST_SET", " value ")
    assert read_secret(Secret(variable="VIGUARD_TEST_SET")) == "value"


def test_silences_can_change_while_it_runs_and_receivers_cannot(tmp_path: Path) -> None:
    (tmp_path / "outgoing").mkdir()
    plain = SMS.format(folder=tmp_path)
    silenced = settings(plain + 'silences: [{owner: A, reason: b, until: "2999-01-01T00:00Z", rules: ["*"]}]')

    async def work(alerting: Alerting) -> None:
        alerting.reload(silenced)
        alerting.take(alert())
        await wait(lambda: alerting.status().silenced == 1)
        assert not any("Many failed logins" in t for t in outgoing(tmp_path))
        alerting.reload(settings(plain))
        await wait(lambda: any("Many failed logins" in t for t in outgoing(tmp_path)))
        with pytest.raises(InputError, match="receivers"):
            alerting.reload(settings(plain.replace("32475123456", "32475999999")))

    assert serving(tmp_path, work).silenced == 0


def test_a_resolved_kind_is_shown_as_such(tmp_path: Path) -> None:
    (tmp_path / "outgoing").mkdir()

    async def work(alerting: Alerting) -> None:
        alerting.take(alert(1))
        await wait(lambda: any("HIGH" in t for t in outgoing(tmp_path)))
        alerting.take(alert(2, resolved=True))
        await wait(lambda: any("RESOLVED" in t for t in outgoing(tmp_path)))

    assert serving(tmp_path, work).open == {}
    assert Kind.RESOLVED == "resolved"
