from __future__ import annotations

import msgspec

from tests.alerts.samples import at, notice
from viguard.alerts.notice import Kind
from viguard.alerts.outbox import MOST_WAITING, Outbox


def test_tries_back_off_to_five_minutes_and_end_after_a_day() -> None:
    box = Outbox()
    box.push(notice(), at())
    now, pauses = at(), []
    while (delivery := box.next(now)) is not None:
        box.failed(delivery, "refused", now)
        pauses.append((box.next_at - now).total_seconds() if box.next_at else 0)
        now = box.next_at or now
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(pauses[10:]) == {300}
    assert (box.waiting, box.given_up, box.delivered) == ([], 1, 0)
    assert (now - at()).total_seconds() >= 24 * 3600


def test_the_third_failure_asks_for_the_fallback_once() -> None:
    box = Outbox()
    box.push(notice(), at())
    (delivery,) = box.waiting
    asked = [box.failed(delivery, "refused", at(n)) is not None for n in range(6)]
    assert asked == [False, False, True, False, False, False]
    assert box.error == "refused"
    assert box.failing_since == at()


def test_one_that_nobody_takes_blocks_nobody() -> None:
    box = Outbox()
    box.push(notice("poison", group="a"), at())
    box.push(notice("good", group="b"), at(1))
    poison = box.next(at(2))
    assert poison is not None
    box.failed(poison, "refused", at(2))
    good = box.next(at(3))
    assert good is not None
    assert good.notice.id == "good"
    box.succeeded(good, at(3))
    assert (box.failures, box.failing_since, box.error) == (0, None, "")
    again = box.next(at(3))
    assert again is not None
    assert again.notice.id == "poison"


def test_notices_of_one_group_keep_their_order() -> None:
    box = Outbox()
    box.push(notice("fires", group="a"), at())
    box.push(notice("ends", group="a", kind=Kind.RESOLVED), at(1))
    first = box.next(at(2))
    assert first is not None
    box.failed(first, "refused", at(2))
    again = box.next(at(3))
    assert again is not None
    assert again.notice.id == "fires"


def test_the_queue_is_bounded_and_counts_what_it_refuses() -> None:
    box = Outbox()
    for number in range(MOST_WAITING):
        assert box.push(notice(f"n{number}", group=f"g{number}"), at()) is None
    refused = box.push(notice("late"), at())
    assert refused is not None
    assert refused.id == "late"
    assert (len(box.waiting), box.dropped, box.lost_at) == (MOST_WAITING, 1, at())


def test_a_heartbeat_replaces_the_one_that_waits() -> None:
    box = Outbox()
    box.push(notice("h1", kind=Kind.HEARTBEAT, group=""), at())
    box.push(notice("h2", kind=Kind.HEARTBEAT, group=""), at(5))
    assert [d.notice.id for d in box.waiting] == ["h2"]


def test_it_survives_a_restart() -> None:
    box = Outbox()
    box.push(notice(), at())
    box.failed(box.waiting[0], "refused", at(1))
    assert msgspec.json.decode(msgspec.json.encode(box), type=Outbox) == box
