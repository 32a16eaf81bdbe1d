"""What each host sends and what of it is kept, by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from viguard.logs.block import Block, Run
from viguard.logs.keep import Kept
from viguard.logs.volumes import DAYS, EVERY, EXACT_BYTES, HOSTS, SENDERS, Volumes
from viguard.model.coverage import Volume

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def line(host: str, text: str = "x") -> bytes:
    return f"<166>Nov 23 10:00:00 {host} Hostd: {text}\n".encode()


def block(*lines: bytes, sender: str = "192.0.2.1") -> Block:
    data = b"".join(lines)
    return Block(data, AT.timestamp(), (Run(sender, "tcp", 0, len(data)),))


def whole(made: Block) -> Kept:
    return Kept(made, made)


def test_received_and_kept_are_counted_by_host_and_whole_day() -> None:
    volumes = Volumes()
    volumes.take(Kept(block(line("esx1", "kept")), block(line("esx1", "kept"), line("esx1", "dropped"))), AT)
    volumes.take(Kept(None, block(line("esx2"))), AT)
    assert [host.days for host in volumes.hosts(AT)] == [{}, {}], "today is not whole yet"
    first, second = volumes.hosts(AT + DAY)
    kept, dropped = len(line("esx1", "kept")), len(line("esx1", "dropped"))
    assert (first.name, first.days) == ("esx1", {"2026-11-23": Volume(received=kept + dropped, kept=kept)})
    assert (second.name, second.days) == ("esx2", {"2026-11-23": Volume(received=len(line("esx2")), kept=0)})


def test_totals_are_of_all_days_with_the_current_one() -> None:
    volumes = Volumes()
    one = whole(block(line("esx1")))
    volumes.take(one, AT)
    volumes.take(one, AT + DAY)
    volumes.take(Kept(None, block(line("esx2"))), AT + DAY)
    size = len(line("esx1"))
    assert volumes.totals() == [
        ("esx1", 2 * size, 2 * size, "2026-11-23", "2026-11-24"),
        ("esx2", size, 0, "2026-11-24", "2026-11-24"),
    ]


def test_it_is_the_same_after_a_restart() -> None:
    volumes, again = Volumes(), Volumes()
    volumes.take(whole(block(line("esx1"))), AT)
    again.restore(volumes.dump())
    assert again.hosts(AT + DAY) == volumes.hosts(AT + DAY)
    with pytest.raises(ValueError, match="Expected"):
        again.restore(b"[]")


def test_large_blocks_are_counted_by_samples_that_stand_for_all() -> None:
    volumes = Volumes()
    large = block(*[line("esx1", "x" * 1000)] * (1 + EXACT_BYTES // 1000))
    for _ in range(EVERY):
        volumes.take(whole(large), AT)
    (host,) = volumes.hosts(AT + DAY)
    assert host.days["2026-11-23"].received == EVERY * len(large.data)


def test_news_are_told_once() -> None:
    volumes = Volumes()
    volumes.take(whole(block(line("esx1"))), AT)
    assert volumes.news() == {"esx1": AT}
    assert volumes.news() == {}
    volumes.take(whole(block(line("esx2"))), AT + DAY)
    assert volumes.news() == {"esx2": AT + DAY}
    assert volumes.heard() == {"esx1": AT, "esx2": AT + DAY}


def test_invented_names_do_not_grow_memory_without_end() -> None:
    volumes = Volumes()
    for number in range(HOSTS + 10):
        volumes.take(whole(block(line(f"esx{number}"))), AT)
    assert len(volumes.heard()) == HOSTS
    assert len(volumes.news()) == HOSTS
    assert "esx0" not in volumes.heard(), "the longest silent goes"


def test_days_and_senders_are_bounded() -> None:
    volumes = Volumes()
    for number in range(DAYS + 5):
        volumes.take(whole(block(line("esx1"), sender=f"192.0.2.{number}")), AT + number * DAY)
    (host,) = volumes.hosts(AT + (DAYS + 5) * DAY)
    assert len(host.days) == DAYS
    assert len(host.senders) == SENDERS
