from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.logs.receive.relp import Frame, Frames, answer

LIMIT = 100


def frame(number: int, command: bytes, data: bytes = b"") -> bytes:
    return b"%d %b %d%b\n" % (number, command, len(data), b" " + data if data else b"")


def walked(stream: bytes, size: int) -> tuple[list[Frame], Frames]:
    frames = Frames(LIMIT)
    found: list[Frame] = []
    for at in range(0, len(stream), size):
        found += frames.feed(stream[at : at + size])
    return found, frames


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_frames_of_a_session(size: int) -> None:
    stream = b"1 open 14 relp_version=0\n2 syslog 7 <13>one\n3 syslog 9 <13>t\nwo\n\n4 close 0\n"
    found, frames = walked(stream, size)
    assert found == [
        Frame(1, b"open", b"relp_version=0", 14),
        Frame(2, b"syslog", b"<13>one", 7),
        Frame(3, b"syslog", b"<13>t\nwo\n", 9),
        Frame(4, b"close", b"", 0),
    ]
    assert not frames.broken


@pytest.mark.parametrize("size", [1, 5, 1000, 100_000])
def test_a_message_of_64_kib_keeps_its_start_and_its_neighbours(size: int) -> None:
    long = b"<13>" + b"9 syslog 3 abc\n" * 4369
    stream = frame(1, b"syslog", b"<13>one") + frame(2, b"syslog", long) + frame(3, b"syslog", b"<13>three")
    found, frames = walked(stream, size)
    assert found == [
        Frame(1, b"syslog", b"<13>one", 7),
        Frame(2, b"syslog", long[:LIMIT], 65_539),
        Frame(3, b"syslog", b"<13>three", 9),
    ]
    assert not frames.broken


@pytest.mark.parametrize(
    "wrong",
    [
        b"x syslog 3 abc\n",
        b"2 sys!log 3 abc\n",
        b"2 syslog -3 abc\n",
        b"2 syslog 3 abcd\n",
        b"2 syslog 999999999 a",
        b"1234567890 syslog 3 abc\n",
        b"2 syslog 3\n",
        b"<13>plain syslog\n",
        b"2 syslog 200 " + b"x" * 201 + b"\n",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_is_no_frame_ends_the_walk(wrong: bytes, size: int) -> None:
    found, frames = walked(frame(1, b"syslog", b"<13>one") + wrong + frame(3, b"syslog", b"abc"), size)
    assert found == [Frame(1, b"syslog", b"<13>one", 7)]
    assert frames.broken


def test_answers() -> None:
    assert answer(7) == b"7 rsp 6 200 OK\n"
    assert answer(8, b"") == b"8 rsp 0\n"
    assert answer(9, b"500 no\nnever") == b"9 rsp 12 500 no\nnever\n"


@given(st.lists(st.binary(max_size=300)), st.integers(1, 400))
def test_every_message_is_one_frame_however_it_is_read(messages: list[bytes], size: int) -> None:
    stream = b"".join(frame(number, b"syslog", data) for number, data in enumerate(messages, 1))
    found, frames = walked(stream, size)
    assert found == [Frame(n, b"syslog", data[:LIMIT], len(data)) for n, data in enumerate(messages, 1)]
    assert not frames.broken


@given(st.binary(max_size=1000), st.integers(1, 50))
def test_anything_at_all_is_borne(noise: bytes, size: int) -> None:
    walked(noise, size)
