"""Lines that name no year, about the days on which that matters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from viguard.logs.classify import Classifier, events


@pytest.mark.parametrize(
    ("told", "received_at", "wanted"),
    [
        ("Dec 31 23:59:59", (2027, 1, 1, 0, 0, 30), (2026, 12, 31, 23, 59, 59)),
        ("Jan  1 00:00:00", (2027, 1, 1, 0, 0, 0), (2027, 1, 1, 0, 0, 0)),
        ("Jan  1 00:00:10", (2026, 12, 31, 23, 59, 58), (2027, 1, 1, 0, 0, 10)),  # a clock that is ahead
        ("Jan  1 00:30:00", (2026, 12, 31, 22, 59, 59), (2027, 1, 1, 0, 30, 0)),
        ("Dec 31 12:00:00", (2026, 1, 2, 9, 0, 0), (2025, 12, 31, 12, 0, 0)),
        ("Feb 29 23:59:59", (2028, 3, 1, 0, 0, 1), (2028, 2, 29, 23, 59, 59)),
        ("Feb 29 10:00:00", (2027, 1, 1, 0, 0, 0), (2024, 2, 29, 10, 0, 0)),
    ],
)
def test_over_new_year_and_leap_days(told: str, received_at: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    line = f"<38>{told} esx1 Hostd: Accepted password for user root from 192.0.2.1\n".encode()
    year, month, day, hour, minute, second = received_at
    (event,) = events(Classifier(), line, datetime(year, month, day, hour, minute, second, tzinfo=UTC))
    assert event.time is not None
    assert event.time.timetuple()[:6] == wanted
