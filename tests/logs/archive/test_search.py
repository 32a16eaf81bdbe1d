"""Search: the right lines, in the right order, from the frames that can hold them and no others."""

from __future__ import annotations

import asyncio
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.logs.archive.made import NOON, block, fill, mixed, nothing_damaged, take_all
from viguard.errors import InputError
from viguard.logs.archive.query import Match, Query
from viguard.logs.archive.search import follow, search
from viguard.logs.archive.writer import Archive, Limits

START = datetime.fromtimestamp(NOON, UTC)
FROM_1 = "<166>Nov 23 10:00:00 esx1 Hostd: Rejected password for user root from 10.0.0.7"
FROM_2 = "<166>Nov 23 10:00:01 esx2 Hostd: Accepted password for user berry from 10.0.0.70"
ABOUT_2 = "<166>Nov 23 10:00:02 esx1 Hostd: heard of esx2 and 10.0.0.7"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    fill(
        tmp_path,
        [mixed(("192.0.2.1", FROM_1), ("192.0.2.2", FROM_2))],
        [block("nothing here", sender="192.0.2.3", at=NOON + 60)],
        [mixed(("192.0.2.1", ABOUT_2), ("192.0.2.9", FROM_1), ("192.0.2.9", "no header 10.0.0.7"), at=NOON + 120)],
        limits=Limits(segment_bytes=200),
    )
    return tmp_path


def _lines(directory: Path, query: Query, threads: int = 2) -> list[str]:
    return [match.line.decode() for match in search(directory, query, tell=nothing_damaged, threads=threads)]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_newest_line_comes_first_unless_the_oldest_is_asked_for(archive: Path, threads: int) -> None:
    newest = ["no header 10.0.0.7", FROM_1, ABOUT_2, FROM_2, FROM_1]
    assert _lines(archive, Query(text="10.0.0.7"), threads) == newest
    assert _lines(archive, Query(text="10.0.0.7", newest_first=False), threads) == newest[::-1]
    assert _lines(archive, Query(text="10.0.0.7", limit=2), threads) == newest[:2]


def test_a_line_that_holds_a_text_twice_is_found_once(tmp_path: Path) -> None:
    fill(tmp_path, [block("aa aa", "aa", "baab", "b")])
    assert _lines(tmp_path, Query(text="aa", newest_first=False)) == ["aa aa", "aa", "baab"]


@pytest.mark.parametrize("has_hyperscan", [True, False])
def test_a_text_is_a_text_whatever_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_hyperscan: bool
) -> None:
    if not has_hyperscan:
        monkeypatch.setitem(sys.modules, "hyperscan", None)
    fill(tmp_path, [block("a.b*[c]\\d", "axb*[c]\\d", "été a.b", "'a.b*[c]\\d'", "nul\0 one", "nul\0 two")])
    assert _lines(tmp_path, Query(text="a.b*[c]\\d", newest_first=False)) == ["a.b*[c]\\d", "'a.b*[c]\\d'"]
    assert _lines(tmp_path, Query(text="été")) == ["été a.b"]
    assert _lines(tmp_path, Query(text="nul\0 two")) == ["nul\0 two"]


def test_a_regular_expression_sees_one_line_at_a_time(tmp_path: Path) -> None:
    fill(tmp_path, [block("one 10.0.0.7", "two", "three 10.0.0.8 four")])
    find = lambda regex: _lines(tmp_path, Query(regex=regex, newest_first=False))  # noqa: E731
    assert find(r"10\.0\.0\.[78]$") == ["one 10.0.0.7"]
    assert find(r"^t\w+") == ["two", "three 10.0.0.8 four"]
    assert find(r"one[^x]*two") == []
    assert find(r"7\stwo") == []
    assert find(r"(?s)one.*two") == []
    assert find(r"\d (?=four)") == ["three 10.0.0.8 four"]  # RE2 has no lookahead: Python's engine looks
    assert find(r"two|four\Z") == ["two", "three 10.0.0.8 four"]
    assert find(r"[^a-z]*") == ["one 10.0.0.7", "two", "three 10.0.0.8 four"]


def test_what_is_no_regular_expression_is_said(archive: Path) -> None:
    with pytest.raises(InputError, match="no regular expression"):
        search(archive, Query(regex="(unclosed"), tell=nothing_damaged)


def test_text_and_expression_both_hold(archive: Path) -> None:
    assert _lines(archive, Query(text="password", regex=r"user b")) == [FROM_2]


def test_a_sender_is_the_address_and_a_host_what_the_line_claims(archive: Path) -> None:
    assert _lines(archive, Query(sender="192.0.2.9", text="esx1")) == [FROM_1]
    assert _lines(archive, Query(host="esx2")) == [FROM_2]
    assert _lines(archive, Query(host="esx1", sender="192.0.2.1")) == [ABOUT_2, FROM_1]
    assert _lines(archive, Query(host="esx")) == []


def test_names_of_hosts_are_the_same_in_either_case(archive: Path) -> None:
    assert _lines(archive, Query(host="ESX2")) == [FROM_2]
    assert _lines(archive, Query(host="Esx1", sender="192.0.2.1", fields={"source_ip": "10.0.0.7"})) == [FROM_1]
    assert _lines(archive, Query(host="ESX")) == []


def test_a_host_is_found_among_more_than_its_frame_names(tmp_path: Path) -> None:
    many = [f"<166>Nov 23 10:00:00 esx{n} Hostd: text" for n in range(3000)]
    fill(tmp_path, [block(*many)])
    assert _lines(tmp_path, Query(host="esx2741")) == [many[2741]]


def test_times_are_those_of_receipt_the_end_excluded(archive: Path) -> None:
    minute = timedelta(minutes=1)
    assert _lines(archive, Query(since=START + minute, until=START + 2 * minute)) == ["nothing here"]
    assert len(_lines(archive, Query(since=START + 2 * minute))) == 3
    assert len(_lines(archive, Query(until=START))) == 0
    assert len(_lines(archive, Query())) == 6


def test_fields_are_those_of_the_event(archive: Path) -> None:
    failed = list(search(archive, Query(fields={"event": "login.failure.api"}), tell=nothing_damaged))
    assert [match.sender for match in failed] == ["192.0.2.9", "192.0.2.1"]
    assert [match.event.user for match in failed if match.event] == ["root", "root"]
    assert _lines(archive, Query(fields={"user": "berry", "outcome": "success"})) == [FROM_2]
    assert _lines(archive, Query(fields={"source_ip": "10.0.0.7"}, sender="192.0.2.1", host="esx1")) == [FROM_1]
    assert _lines(archive, Query(fields={"source_ip": "10.0.0.7"}, text="berry")) == []
    assert _lines(archive, Query(fields={"event": "login.failure.api"}, regex="Accepted")) == []


def test_a_match_says_where_it_stands(archive: Path) -> None:
    (match,) = search(archive, Query(text="berry"), tell=nothing_damaged)
    assert (match.received_at, match.sender, match.transport) == (START, "192.0.2.2", "udp")
    assert match.segment == "00000001-20260921T141320Z"
    assert match.start == len(FROM_1) + 1


def test_it_also_finds_what_was_just_taken(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        asyncio.run(take_all(archive, [block("just now")]))
        assert _lines(tmp_path, Query(text="just")) == ["just now"]


def test_following_gives_what_comes_in_over_segments(tmp_path: Path) -> None:
    found: list[Match] = []
    ready, ended = threading.Event(), threading.Event()

    def is_ended() -> bool:
        ready.set()
        return ended.is_set()

    def run() -> None:
        query = Query(text="wanted", limit=3)
        found.extend(follow(tmp_path, query, tell=nothing_damaged, ended=is_ended, every_s=0.01))

    with Archive(tmp_path, Limits(segment_bytes=100)) as archive:
        asyncio.run(take_all(archive, [block("wanted, but before")]))
        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert ready.wait(30)
            for n in range(4):
                asyncio.run(take_all(archive, [block(f"wanted {n}", "noise")]))
            thread.join(30)
        finally:
            ended.set()
            thread.join(30)
    assert [match.line for match in found] == [b"wanted 0", b"wanted 1", b"wanted 2"]
