from __future__ import annotations

import asyncio
import socket

import pytest

from tests.logs.receive.harness import Kept, datagrams, listen, port, receiving, run, until
from viguard.logs.receive import Limits

pytestmark = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


def test_a_datagram_is_a_line_of_its_sender(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("udp"), taker=kept) as receiver:
            datagrams(port(receiver), b"<13>one", b"<13>two\n", b"", b"\n", b"<13>a\nb\0c\xff", sender="127.0.0.2")
            datagrams(port(receiver), b"7 <13>x", sender="127.0.0.3")
            await until(lambda: len(kept.lines) == 4)
        assert kept.by_sender() == {
            ("127.0.0.2", "udp"): [b"<13>one", b"<13>two", b"<13>a#012b#000c\xff"],
            ("127.0.0.3", "udp"): [b"7 <13>x"],
        }

    run(loop, main())


def test_a_datagram_of_nearly_64_kib_is_cut_and_keeps_its_neighbours(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("udp"), taker=kept) as receiver:
            datagrams(port(receiver), b"<13>before", b"x" * 65_000, b"<13>after")
            await until(lambda: len(kept.lines) == 3)
            assert receiver.status().counters.cut == 1
        assert kept.lines == [b"<13>before", b"x" * 17_408 + b" [viguard: cut from 65000 bytes]", b"<13>after"]

    run(loop, main())


def test_many_datagrams_are_taken_in_few_wakeups_and_none_is_lost(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("udp"), taker=kept) as receiver:
            messages = [b"<13>message %d of a burst" % n for n in range(5000)]
            datagrams(port(receiver), *messages)  # all before the loop looks once
            await until(lambda: len(kept.lines) == 5000)
            assert receiver.status().counters.dropped == 0
        assert kept.lines == messages

    run(loop, main())


def test_what_the_kernel_dropped_is_counted(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("udp"), taker=kept, limits=Limits(udp_buffer_bytes=4096)) as receiver:
            datagrams(port(receiver), *[b"x" * 1000] * 200)
            await until(lambda: kept.lines)
            await asyncio.sleep(0.1)
            dropped = receiver.status().counters.dropped
            if dropped is None:
                pytest.skip("this kernel does not tell what it dropped")
            assert dropped > 0
            assert dropped + len(kept.lines) == 200

    run(loop, main())


def test_datagrams_wait_in_the_kernel_while_there_is_no_room(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        kept.failure = OSError(28, "No space left on device")
        limits = Limits(pending_bytes=10_000, block_bytes=5_000)
        async with receiving(listen("udp"), taker=kept, limits=limits) as receiver:
            messages = [b"<13>%04d" % n for n in range(4000)]
            for at in range(0, 4000, 100):
                datagrams(port(receiver), *messages[at : at + 100])
                await asyncio.sleep(0.001)
            await until(lambda: kept.offered > 1)
            assert receiver.status().counters.pending_bytes < 20_000
            kept.failure = None
            await until(lambda: len(kept.lines) == 4000)
            assert receiver.status().counters.dropped in {0, None}
        assert kept.lines == messages

    run(loop, main())


def test_a_stop_takes_what_the_kernel_has(loop: str) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("udp"), taker=kept) as receiver:
            datagrams(port(receiver), *[b"<13>%d" % n for n in range(3000)])
        assert len(kept.lines) == 3000

    run(loop, main())


def test_the_receive_buffer_is_as_large_as_the_system_allows(loop: str) -> None:
    async def main() -> None:
        async with receiving(listen("udp"), taker=Kept()) as receiver:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as usual:
                unasked = usual.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            assert receiver.udp_buffer_bytes()[0] > unasked

    run(loop, main())
