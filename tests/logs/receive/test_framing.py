from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viguard.logs.receive.counters import Counters
from viguard.logs.receive.framing import Stream

LIMIT = 100


def heard(*pieces: bytes, cleanly: bool = True, limit: int = LIMIT) -> tuple[bytes, Stream, Counters]:
    """What a connection gives that brings these pieces, and then ends."""
    counters = Counters()
    stream = Stream(limit, counters)
    lines = b"".join(stream.feed(bytearray(piece + b"rest of the buffer\n"), len(piece)) for piece in pieces)
    return lines + stream.close(cleanly=cleanly), stream, counters


def framed(*messages: bytes) -> bytes:
    return b"".join(b"%d %b" % (len(message), message) for message in messages)


def test_lines_pass_as_they_are() -> None:
    lines, stream, counters = heard(b"<13>one\n<13>two\n")
    assert lines == b"<13>one\n<13>two\n"
    assert not stream.broken
    assert counters == Counters()


def test_frames_become_lines() -> None:
    assert heard(b"7 <13>one8 <13>four")[0] == b"<13>one\n<13>four\n"


WHOLE = b"12 <13>user n\nd7 <13>two"


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_framing_is_told_however_the_first_bytes_come(cut: int) -> None:
    assert heard(WHOLE[:cut], WHOLE[cut:])[0] == b"<13>user n#012d\n<13>two\n"


@pytest.mark.parametrize(
    "line",
    [b"2010-11-23T10:00:00Z host Hostd: x", b"12 monkeys", b"0 <13>x", b"12345678 <13>x", b" 7 <13>x", b"5", b"12"],
)
def test_what_does_not_begin_with_a_length_and_a_priority_is_a_line(line: bytes) -> None:
    assert heard(line + b"\n")[0] == line + b"\n"
    assert heard(line)[0] == line + b"\n"


def test_a_frame_inside_a_message_is_text() -> None:
    inside = b"<13>login of 9 <166>root as root\n30 <166>forged"
    assert heard(framed(inside, b"<13>next"))[0] == inside.replace(b"\n", b"#012") + b"\n<13>next\n"


def test_a_sender_that_leaves_octet_counting_is_refused_with_what_it_sent() -> None:
    lines, stream, counters = heard(framed(b"<13>one") + b"<13>two\n<13>three\n", b"7 <13>one")
    assert lines == b"<13>one\n<13>two#012<13>three#012 [viguard: no frame, connection closed]\n"
    assert stream.broken
    assert counters.broken == 1


@pytest.mark.parametrize(
    "head", [b"07 <13>one", b"-7 <13>one", b"+7 <13>one", b"1_0 <13>one", b" <13>one", b"12345678 "]
)
def test_a_length_is_digits_only(head: bytes) -> None:
    lines, stream, _counters = heard(framed(b"<13>one") + head)
    assert stream.broken
    assert lines == b"<13>one\n" + head + b" [viguard: no frame, connection closed]\n"


def test_a_line_that_looks_like_a_frame_stays_a_line() -> None:
    """Who can put a newline into a message must not be able to end the connection of its sender."""
    lines, stream, counters = heard(b"<13>one\n7 <13>two\n<13>three\n")
    assert lines == b"<13>one\n7 <13>two\n<13>three\n"
    assert not stream.broken
    assert counters.broken == 0


@pytest.mark.parametrize("size", [1, 7, 1000, 70_000])
def test_a_line_of_64_kib_is_cut_and_keeps_its_neighbours(size: int) -> None:
    stream = b"<13>before\n" + b"x" * 65_536 + b"\n<13>after\n"
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    lines, _stream, counters = heard(*pieces)
    assert lines == b"<13>before\n" + b"x" * LIMIT + b" [viguard: cut from 65536 bytes]\n<13>after\n"
    assert counters.cut == 1


@pytest.mark.parametrize("size", [1, 7, 1000, 70_000])
def test_a_frame_of_64_kib_is_cut_and_keeps_its_neighbours(size: int) -> None:
    stream = framed(b"<13>before", b"9 <13>x" + b"8 <13>y" * 9362 + b"zz", b"<13>after")
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    lines, _stream, counters = heard(*pieces)
    kept = (b"9 <13>x" + b"8 <13>y" * 14)[:LIMIT]
    assert lines == b"<13>before\n" + kept + b" [viguard: cut from 65543 bytes]\n<13>after\n"
    assert counters.cut == 1


@pytest.mark.parametrize("length", [LIMIT - 1, LIMIT, LIMIT + 1])
@pytest.mark.parametrize("counted", [True, False])
def test_the_limit_is_exact(length: int, *, counted: bool) -> None:
    message = b"<13>".ljust(length, b"x")
    stream = framed(message, b"<13>next") if counted else message + b"\n<13>next\n"
    kept = message if length <= LIMIT else message[:LIMIT] + b" [viguard: cut from 101 bytes]"
    for size in (1, len(stream)):
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert heard(*pieces)[0] == kept + b"\n<13>next\n"


def test_a_cut_line_at_the_end_of_a_connection_is_kept() -> None:
    assert heard(b"y" * 300, b"y" * 300)[0] == b"y" * LIMIT + b" [viguard: cut from 600 bytes]\n"


def test_the_last_line_may_lack_its_newline() -> None:
    lines, _stream, counters = heard(b"<13>one\n<13>two")
    assert lines == b"<13>one\n<13>two\n"
    assert counters.partial == 0


def test_the_last_line_of_a_lost_connection_says_that_it_may_lack_its_end() -> None:
    lines, _stream, counters = heard(b"<13>one\n<13>us", cleanly=False)
    assert lines == b"<13>one\n<13>us [viguard: connection lost after 6 bytes]\n"
    assert counters.partial == 1


@pytest.mark.parametrize("cleanly", [True, False])
def test_the_last_frame_of_a_connection_says_what_it_lacks(*, cleanly: bool) -> None:
    lines, _stream, counters = heard(b"7 <13>one20 <13>us\ner", cleanly=cleanly)
    assert lines == b"<13>one\n<13>us#012er [viguard: connection closed after 9 of 20 bytes]\n"
    assert counters.partial == 1


def test_nul_newlines_and_bytes_that_are_no_text() -> None:
    assert heard(b"<13>a\0b\xff\xfe\r\n<13>c\0\0\n<13>d\0\r\n")[0] == b"<13>a#000b\xff\xfe\n<13>c\n<13>d\n"
    assert heard(framed(b"<13>a\0b\nc\xff\r\n", b"<13>d\n", b"<13>e\0"))[0] == b"<13>a#000b#012c\xff\n<13>d\n<13>e\n"


def test_frames_that_hold_nothing_but_ends_of_lines_are_no_lines() -> None:
    assert heard(framed(b"<13>a", b"\n", b"\r\n\0"))[0] == b"<13>a\n"


def test_a_connection_that_says_nothing() -> None:
    assert heard()[0] == b""
    assert heard(b"")[0] == b""


MESSAGE = st.binary(max_size=3 * LIMIT).map(lambda rest: b"<13>" + rest)


@settings(max_examples=300)
@given(st.lists(MESSAGE, min_size=1), st.booleans(), st.lists(st.integers(0, 2000)))
def test_how_a_stream_is_cut_into_reads_changes_nothing(messages: list[bytes], counted: bool, cuts: list[int]) -> None:
    stream = framed(*messages) if counted else b"\n".join(messages) + b"\n"
    at = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(at)]
    assert heard(*pieces)[0] == heard(stream)[0]


@given(st.lists(MESSAGE.filter(lambda m: len(m) <= LIMIT and not m.endswith((b"\n", b"\r", b"\0"))), min_size=1))
def test_every_frame_is_one_line_and_nothing_else_is(messages: list[bytes]) -> None:
    expected = [m.replace(b"\n", b"#012").replace(b"\0", b"#000") for m in messages]
    assert heard(framed(*messages))[0].split(b"\n") == [*expected, b""]


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_anything_at_all_gives_whole_lines_of_bounded_length(noise: bytes, size: int) -> None:
    pieces = [noise[at : at + size] for at in range(0, len(noise), size)]
    lines = heard(*pieces)[0]
    assert lines == b"" or lines.endswith(b"\n")
    assert b"\0" not in lines
    assert max(map(len, lines.split(b"\n"))) <= 4 * LIMIT + 60
