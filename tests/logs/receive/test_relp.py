from __future__ import annotations

import asyncio

import pytest

from tests.logs.receive.harness import Kept, listen, port, receiving, run, until
from tests.logs.receive.test_relp_frames import frame
from viguard.logs.receive import Limits, Receiver, State

pytestmark = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
OPEN = frame(1, b"open", b"relp_version=0\nrelp_software=test\ncommands=syslog")
OPENED = b"1 rsp 59 200 OK\nrelp_version=0\nrelp_software=viguard\ncommands=syslog\n"


def test_a_session(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("relp"), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver), local_addr=("127.0.0.7", 0))
            writer.write(OPEN)
            assert await reader.readexactly(len(OPENED)) == OPENED
            writer.write(frame(2, b"syslog", b"<13>one\n") + frame(3, b"syslog", b"<13>t\nw\0o"))
            assert await reader.readline() == b"2 rsp 6 200 OK\n"
            assert await reader.readline() == b"3 rsp 6 200 OK\n"
            writer.write(frame(4, b"syslog", b"") + frame(5, b"syslog", b"<13>last") + frame(6, b"close"))
            rest = b"4 rsp 6 200 OK\n5 rsp 6 200 OK\n6 rsp 0\n0 serverclose 0\n"
            assert await reader.read() == rest
            writer.close()
        assert kept.by_sender() == {("127.0.0.7", "relp"): [b"<13>one", b"<13>t#012w#000o", b"<13>last"]}

    run(loop, main())


def test_nothing_is_acknowledged_before_it_is_taken(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.failure = OSError(28, "No space left on device")
        async with receiving(listen("relp"), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(OPEN + frame(2, b"syslog", b"<13>one"))
            assert await reader.readexactly(len(OPENED)) == OPENED
            answered = asyncio.create_task(reader.readline())
            await until(lambda: kept.offered >= 3)
            assert receiver.status().state is State.BLOCKED
            assert not answered.done()
            kept.failure = None
            assert await answered == b"2 rsp 6 200 OK\n"
            assert kept.lines == [b"<13>one"]
            writer.close()

    run(loop, main())


def test_many_messages_on_their_way_at_once(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.wait_s = 0.002
        limits = Limits(pending_bytes=100_000, block_bytes=50_000)
        async with receiving(listen("relp"), taker=kept, limits=limits) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(OPEN)
            await reader.readexactly(len(OPENED))
            messages = [b"<13>message %d" % number for number in range(2, 50_002)]
            writer.write(b"".join(frame(number, b"syslog", message) for number, message in enumerate(messages, 2)))
            for number in range(2, 50_002):
                assert await reader.readline() == b"%d rsp 6 200 OK\n" % number
            assert kept.lines == messages
            writer.close()

    run(loop, main())


def test_a_message_of_64_kib_is_cut_and_acknowledged(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("relp"), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            long = b"<13>" + b"x" * 65_532
            messages = (b"<13>before", long, b"<13>after")
            writer.write(OPEN + b"".join(frame(n, b"syslog", message) for n, message in enumerate(messages, 2)))
            await reader.readexactly(len(OPENED))
            assert [await reader.readline() for _ in range(3)] == [b"%d rsp 6 200 OK\n" % n for n in (2, 3, 4)]
            assert receiver.status().counters.cut == 1
            writer.close()
        assert kept.lines == [b"<13>before", long[:17_408] + b" [viguard: cut from 65536 bytes]", b"<13>after"]

    run(loop, main())


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (b"<13>plain syslog\n", b"0 serverclose 0\n"),
        (frame(1, b"syslog", b"<13>before open"), b"1 rsp 21 500 not expected here\n0 serverclose 0\n"),
        (OPEN + frame(2, b"starttls"), OPENED + b"2 rsp 21 500 not expected here\n0 serverclose 0\n"),
        (OPEN + OPEN, OPENED + b"1 rsp 21 500 not expected here\n0 serverclose 0\n"),
    ],
)
def test_what_is_not_relp_is_refused(loop: str, sent: bytes, answers: bytes) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("relp"), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(sent)
            assert await reader.read() == answers
            writer.close()
            assert receiver.status().counters.broken == 1
        assert kept.lines == []

    run(loop, main())


def test_what_came_before_a_broken_frame_is_taken_and_acknowledged(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("relp"), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(OPEN + frame(2, b"syslog", b"<13>one") + b"rubbish\n" + frame(3, b"syslog", b"<13>two"))
            assert await reader.read() == OPENED + b"2 rsp 6 200 OK\n0 serverclose 0\n"
            writer.close()
        assert kept.lines == [b"<13>one"]

    run(loop, main())


def test_half_a_frame_is_no_line(loop: str) -> None:
    """It was not acknowledged, so it comes again."""

    async def main() -> None:
        kept = Kept()
        async with receiving(listen("relp"), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(OPEN + frame(2, b"syslog", b"<13>one") + b"3 syslog 20 <13>tw")
            await reader.readexactly(len(OPENED))
            await reader.readline()
            writer.close()
            await until(lambda: receiver.status().counters.connections == 0)
        assert kept.lines == [b"<13>one"]

    run(loop, main())


def test_a_stop_answers_for_what_was_read_and_says_goodbye(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.wait_s = 0.2
        receiver = Receiver([listen("relp")], kept)
        await receiver.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
        writer.write(OPEN + frame(2, b"syslog", b"<13>one"))
        await until(lambda: kept.offered)
        await receiver.stop()
        assert await reader.read() == OPENED + b"2 rsp 6 200 OK\n0 serverclose 0\n"
        assert kept.lines == [b"<13>one"]
        writer.close()

    run(loop, main())


def test_a_sender_that_takes_no_answers_is_not_read_for_ever(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        limits = Limits(stop_s=0.5)
        async with receiving(listen("relp"), taker=kept, limits=limits) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver), limit=1024)
            writer.write(OPEN)
            await reader.readexactly(len(OPENED))

            async def flood() -> None:
                number = 2
                while True:
                    writer.write(b"".join(frame(n, b"syslog", b"<13>x") for n in range(number, number + 1000)))
                    number += 1000
                    await writer.drain()

            flooding = asyncio.create_task(flood())
            heard = -1
            while heard != receiver.status().counters.lines or not heard:
                heard = receiver.status().counters.lines
                await asyncio.sleep(0.3)
            assert not flooding.done()
            flooding.cancel()
            await asyncio.gather(flooding, return_exceptions=True)
            writer.transport.abort()

    run(loop, main())
