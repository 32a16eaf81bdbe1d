from __future__ import annotations

import asyncio
import socket
import time

import pytest

from tests.logs.receive.harness import Kept, listen, port, receiving, run, say, until
from viguard.errors import InputError
from viguard.logs.receive import Limits, Listen, Receiver, State

pytestmark = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


def test_both_framings_on_one_port_with_their_senders(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        before = time.time()
        async with receiving(listen("tcp"), taker=kept) as receiver:
            await say(port(receiver), b"<13>one\n", b"<13>two\n", sender="127.0.0.2")
            await say(port(receiver), b"7 <13>one8 <13>", b"four", sender="127.0.0.3")
            await until(lambda: len(kept.lines) == 4)
            counters = receiver.status().counters
        assert kept.by_sender() == {
            ("127.0.0.2", "tcp"): [b"<13>one", b"<13>two"],
            ("127.0.0.3", "tcp"): [b"<13>one", b"<13>four"],
        }
        assert (counters.lines, counters.bytes, counters.accepted) == (4, 33, 2)
        assert all(before <= block.received_at <= time.time() for block in kept.blocks)

    run(loop, main())


def test_runs_of_one_sender_are_one_run(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        limits = Limits(wait_s=0.5)
        async with receiving(listen("tcp"), taker=kept, limits=limits) as receiver:
            for number in range(10):
                sender = f"127.0.0.{2 + number % 2}"
                await say(port(receiver), b"<13>%d\n" % number, sender=sender)
            await until(lambda: len(kept.lines) == 10)
        assert len(kept.blocks) == 1
        assert sorted(run.sender for run in kept.blocks[0].runs) == ["127.0.0.2", "127.0.0.3"]
        assert kept.by_sender()["127.0.0.2", "tcp"] == [b"<13>%d" % number for number in range(0, 10, 2)]

    run(loop, main())


def test_blocks_hold_a_mebibyte_and_at_most_one_line_more(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        line = b"<13>" + b"x" * 995 + b"\n"
        async with receiving(listen("tcp"), taker=kept, limits=Limits(wait_s=5)) as receiver:
            await say(port(receiver), *[line * 100] * 50)
            await until(lambda: len(kept.blocks) == 4)
        assert [len(block.data) for block in kept.blocks[:4]] == [1_049_000] * 4  # 1,048,576 and the rest of a line
        assert kept.data == line * 5000

    run(loop, main())


def test_a_quiet_line_is_handed_over_soon(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("tcp"), taker=kept) as receiver:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(b"<13>one\n<13>tw")
            await until(lambda: kept.lines)
            assert kept.lines == [b"<13>one"]
            writer.write(b"o\n")
            await until(lambda: len(kept.lines) == 2)
            writer.close()
        assert kept.lines == [b"<13>one", b"<13>two"]

    run(loop, main())


def test_a_stop_takes_what_was_received(loop: str) -> None:
    """Also what the kernel still holds, and half a line."""

    async def main() -> None:
        kept = Kept()
        async with receiving(listen("tcp"), taker=kept) as receiver:
            with socket.create_connection(("127.0.0.1", port(receiver))) as sender:
                sender.sendall(b"<13>first\n")
                await until(lambda: kept.lines)
                sender.sendall(b"<13>line\n" * 10_000 + b"<13>half")  # the loop has not looked yet
                await receiver.stop()
                assert receiver.status().state is State.STOPPED
        assert len(kept.lines) == 10_002
        assert kept.lines[-1].startswith(b"<13>half")

    run(loop, main())


def test_a_stop_takes_what_waited_for_room(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.wait_s = 0.05
        limits = Limits(pending_bytes=100_000, block_bytes=50_000)
        async with receiving(listen("tcp"), taker=kept, limits=limits) as receiver:
            await say(port(receiver), b"<13>line\n" * 100_000)
            await until(lambda: receiver.status().state is State.SLOW)
        assert len(kept.lines) == 100_000

    run(loop, main())


def test_a_host_at_ten_times_the_rate_costs_eleven_others_nothing(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.wait_s = 0.002
        limits = Limits(pending_bytes=200_000, block_bytes=100_000)

        async def send(number: int, count: int) -> None:
            lines = [b"<13>host%d message %d\n" % (number, n) for n in range(count)]
            pieces = [b"".join(lines[at : at + 500]) for at in range(0, count, 500)]
            await say(port(receiver), *pieces, sender=f"127.0.0.{10 + number}")

        async with receiving(listen("tcp"), taker=kept, limits=limits) as receiver:
            await asyncio.gather(send(0, 50_000), *(send(number, 5_000) for number in range(1, 12)))
            await until(lambda: receiver.status().counters.lines == 105_000)
            assert receiver.status().counters.pending_bytes == 0
        for number in range(12):
            count = 50_000 if number == 0 else 5_000
            expected = [b"<13>host%d message %d" % (number, n) for n in range(count)]
            assert kept.by_sender()[f"127.0.0.{10 + number}", "tcp"] == expected

    run(loop, main())


def test_a_quiet_host_is_heard_while_a_loud_one_waits(loop: str) -> None:
    """The loud one has more to say than the test lasts; the quiet one's lines come through all the same."""

    async def main() -> None:
        kept = Kept()
        kept.wait_s = 0.01
        limits = Limits(pending_bytes=300_000, block_bytes=100_000, stop_s=0.2)
        async with receiving(listen("tcp"), taker=kept, limits=limits) as receiver:

            async def shout() -> None:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
                while True:
                    writer.write(b"<13>loud\n" * 10_000)
                    await writer.drain()

            loud = asyncio.create_task(shout())
            await until(lambda: receiver.status().state is State.SLOW)
            await say(port(receiver), b"<13>quiet\n" * 1000, sender="127.0.0.2")
            await until(lambda: len(kept.by_sender()["127.0.0.2", "tcp"]) == 1000)
            loud.cancel()
            await asyncio.gather(loud, return_exceptions=True)

    run(loop, main())


def test_what_waits_is_bounded_while_lines_cannot_be_taken(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.failure = OSError(28, "No space left on device")
        limits = Limits(pending_bytes=1_000_000)
        async with receiving(listen("tcp"), taker=kept, limits=limits) as receiver:
            senders = [
                asyncio.create_task(say(port(receiver), *[b"<13>line of one sender\n" * 1000] * 400)) for _ in range(3)
            ]
            await until(lambda: receiver.status().state is State.BLOCKED)
            await until(lambda: kept.offered >= 3)  # tried again, and nothing else happened meanwhile
            status = receiver.status()
            assert "No space left on device" in status.reason
            assert status.counters.pending_bytes < 2_000_000
            assert status.counters.lines == 0
            assert not any(sender.done() for sender in senders)
            kept.failure = None
            await asyncio.gather(*senders)
            await until(lambda: receiver.status().counters.lines == 1_200_000)
            assert receiver.status().state is State.RECEIVING
        assert len(kept.lines) == 1_200_000

    run(loop, main())


def test_a_stop_with_a_full_disk_ends_and_says_what_it_could_not_hand_over(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.failure = OSError(28, "No space left on device")
        receiver = Receiver([listen("tcp")], kept, Limits(stop_s=0.3))
        await receiver.start()
        await say(port(receiver), b"<13>one\n<13>two\n")
        await until(lambda: kept.offered)
        await say(port(receiver), b"<13>three\n")
        await receiver.stop()
        assert receiver.status().counters.abandoned == 3
        assert receiver.status().counters.lines == 0

    run(loop, main())


def test_a_defect_of_the_taker_is_told(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.failure = ValueError("a defect")
        receiver = Receiver([listen("tcp")], kept)
        await receiver.start()
        await say(port(receiver), b"<13>one\n")
        with pytest.raises(ValueError, match="a defect"):
            await receiver.wait()
        assert receiver.status().state is State.STOPPED
        assert "a defect" in receiver.status().reason
        with pytest.raises(ValueError, match="a defect"):
            await receiver.stop()

    run(loop, main())


def test_connections_are_limited_by_address_and_in_all(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        limits = Limits(connections=5, connections_per_address=2)
        async with receiving(listen("tcp"), taker=kept, limits=limits) as receiver:
            there = [
                await asyncio.open_connection("127.0.0.1", port(receiver), local_addr=(f"127.0.0.{2 + n // 3}", 0))
                for n in range(9)
            ]
            await until(lambda: receiver.status().counters.refused == 4)  # one of each address
            assert receiver.status().counters.connections == 5
            for _reader, writer in there:
                writer.close()
            await until(lambda: receiver.status().counters.connections == 0)
            await say(port(receiver), b"<13>room again\n", sender="127.0.0.2")
            await until(lambda: kept.lines)

    run(loop, main())


def test_a_connection_that_breaks_its_framing_is_closed(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("tcp"), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(b"7 <13>one<13>two\n")
            assert await reader.read() == b""
            writer.close()
            await until(lambda: len(kept.lines) == 2)
            assert receiver.status().counters.broken == 1
        assert kept.lines == [b"<13>one", b"<13>two#012 [viguard: no frame, connection closed]"]

    run(loop, main())


def test_a_reset_keeps_what_came_before_it(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("tcp"), taker=kept) as receiver:
            sender = socket.create_connection(("127.0.0.1", port(receiver)))
            sender.sendall(b"<13>one\n<13>tw")
            await until(lambda: kept.lines)
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            sender.close()
            await until(lambda: len(kept.lines) == 2)
        assert kept.lines == [b"<13>one", b"<13>tw [viguard: connection lost after 6 bytes]"]

    run(loop, main())


def test_an_address_in_use_is_said_so(loop: str) -> None:
    async def main() -> None:
        async with receiving(listen("tcp"), taker=Kept()) as receiver:
            taken = Listen(transport="tcp", address="127.0.0.1", port=port(receiver))
            second = Receiver([listen("udp"), taken], Kept())
            with pytest.raises(InputError, match="in use") as told:
                await second.start()
            assert told.value.where == f"tcp 127.0.0.1:{port(receiver)}"
            assert second.addresses == ()

    run(loop, main())


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (Listen(transport="tcp", address="loghost.example.org", port=0), "numeric"),
        (Listen(transport="tls", address="127.0.0.1", port=0), "certificate"),
    ],
)
def test_a_listener_that_cannot_be_is_refused(loop: str, wrong: Listen, why: str) -> None:
    async def main() -> None:
        with pytest.raises(InputError, match=why):
            await Receiver([wrong], Kept()).start()

    run(loop, main())


def test_ipv4_senders_on_an_ipv6_socket_have_their_own_address(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        try:
            async with receiving(Listen(transport="tcp", address="::", port=0), taker=kept) as receiver:
                await say(port(receiver), b"<13>one\n", sender="127.0.0.9")
                await until(lambda: kept.lines)
        except InputError as error:
            pytest.skip(f"no IPv6 here: {error}")
        assert list(kept.by_sender()) == [("127.0.0.9", "tcp")]

    run(loop, main())
