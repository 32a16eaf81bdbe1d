from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from tests.logs.receive.conftest import Certificates
from tests.logs.receive.harness import Kept, listen, port, receiving, run, until
from viguard.errors import InputError
from viguard.logs.receive import Limits, Receiver, Tls

pytestmark = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


def served(certificates: Certificates, *, asks_client: bool = False) -> Tls:
    certificate, key = certificates.of("server")
    return Tls(certificate=certificate, key=key, client_ca=certificates.authority if asks_client else None)


def client(certificates: Certificates, name: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificates.authority))
    if name:
        context.load_cert_chain(*certificates.of(name))
    return context


async def say(to_port: int, context: ssl.SSLContext, *data: bytes) -> None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", to_port, ssl=context)
    for piece in data:
        writer.write(piece)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def test_both_framings_over_tls(loop: str, certificates: Certificates) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("tls", tls=served(certificates)), taker=kept) as receiver:
            await say(port(receiver), client(certificates), b"7 <13>o", b"ne8 <13>four")
            await say(port(receiver), client(certificates), b"<13>two\n" * 100_000)
            await until(lambda: len(kept.lines) == 100_002)
        assert kept.by_sender()["127.0.0.1", "tls"] == [b"<13>one", b"<13>four", *[b"<13>two"] * 100_000]

    run(loop, main())


def test_a_sender_that_never_reads_and_closes_loses_nothing(loop: str, certificates: Certificates) -> None:
    """What a server writes after the handshake would make the sender's close a reset."""

    async def main() -> None:
        kept = Kept()
        sent = b"<13>line\n" * 1000

        def send() -> None:
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", port(receiver))) as plain:
                    secured = client(certificates).wrap_socket(plain, server_hostname="127.0.0.1")
                    secured.sendall(sent)
                    secured.close()

        async with receiving(listen("tls", tls=served(certificates)), taker=kept) as receiver:
            await asyncio.to_thread(send)
            await until(lambda: len(kept.lines) == 20_000)
        assert set(kept.lines) == {b"<13>line"}

    run(loop, main())


@pytest.mark.parametrize("name", ["", "stranger"])
def test_a_sender_without_a_certificate_of_the_authority_is_not_heard(
    loop: str, certificates: Certificates, name: str
) -> None:
    async def main() -> None:
        kept = Kept()
        tls = served(certificates, asks_client=True)
        async with receiving(listen("tls", tls=tls), taker=kept) as receiver:
            with contextlib.suppress(OSError):  # in TLS 1.3 a client may believe that it was let in
                await say(port(receiver), client(certificates, name), b"<13>forged\n")
            await until(lambda: receiver.status().counters.failed_hellos == 1)
            await say(port(receiver), client(certificates, "client"), b"<13>one\n")
            await until(lambda: kept.lines)
            await until(lambda: receiver.status().counters.connections == 0)
        assert kept.lines == [b"<13>one"]

    run(loop, main())


def test_who_does_not_greet_is_sent_away(loop: str, certificates: Certificates) -> None:
    async def main() -> None:
        kept = Kept()
        limits = Limits(hello_s=0.2, connections_per_address=2)
        async with receiving(listen("tls", tls=served(certificates)), taker=kept, limits=limits) as receiver:
            silent = [await asyncio.open_connection("127.0.0.1", port(receiver)) for _ in range(3)]
            await until(lambda: receiver.status().counters.refused == 1)  # half-open ones count
            for reader, writer in silent:
                assert await reader.read() == b""
                writer.close()
            await until(lambda: receiver.status().counters.connections == 0)
            assert receiver.status().counters.failed_hellos == 2
            await say(port(receiver), client(certificates), b"<13>one\n")
            await until(lambda: kept.lines)

    run(loop, main())


def test_plain_text_on_the_tls_port_is_refused(loop: str, certificates: Certificates) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("tls", tls=served(certificates)), taker=kept) as receiver:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver))
            writer.write(b"<13>plain\n")
            await reader.read()
            writer.close()
            await until(lambda: receiver.status().counters.failed_hellos == 1)
        assert kept.lines == []

    run(loop, main())


def test_a_stop_takes_what_was_received(loop: str, certificates: Certificates) -> None:
    async def main() -> None:
        kept = Kept()
        async with receiving(listen("tls", tls=served(certificates)), taker=kept) as receiver:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port(receiver), ssl=client(certificates))
            writer.write(b"<13>line\n" * 50_000)
            await writer.drain()
            await until(lambda: kept.lines)
            await receiver.stop()
            writer.transport.abort()
        assert len(kept.lines) == 50_000

    run(loop, main())


def test_slow_taking_loses_nothing(loop: str, certificates: Certificates) -> None:
    async def main() -> None:
        kept = Kept()
        kept.wait_s = 0.01
        limits = Limits(pending_bytes=200_000, block_bytes=100_000)
        lines = [b"<13>message %d" % n for n in range(100_000)]
        async with receiving(listen("tls", tls=served(certificates)), taker=kept, limits=limits) as receiver:
            pieces = [b"\n".join(lines[n : n + 100]) + b"\n" for n in range(0, 100_000, 100)]
            await say(port(receiver), client(certificates), *pieces)
            await until(lambda: len(kept.lines) == 100_000)
        assert kept.lines == lines

    run(loop, main())


def test_two_thousand_idle_connections(loop: str, certificates: Certificates) -> None:
    """They cost little, and one more is heard among them."""

    async def main() -> None:
        kept = Kept()
        limits = Limits(connections_per_address=3000, connections=3000, hello_s=25)
        context = client(certificates)
        async with receiving(listen("tls", tls=served(certificates)), taker=kept, limits=limits) as receiver:
            there = []
            for _ in range(40):
                opened = (asyncio.open_connection("127.0.0.1", port(receiver), ssl=context) for _ in range(50))
                there += await asyncio.gather(*opened)
            await until(lambda: receiver.status().counters.accepted == 2000)
            assert receiver.status().counters.connections == 2000
            assert receiver.status().counters.pending_bytes == 0
            there[1234][1].write(b"<13>one\n")
            await until(lambda: kept.lines)
            for _reader, writer in there:
                writer.transport.abort()
            await until(lambda: receiver.status().counters.connections == 0)

    run(loop, main())


def test_a_certificate_that_cannot_be_used_is_said_so(loop: str, certificates: Certificates, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    certificate, key = certificates.of("server")
    wrong = {
        "key": Tls(certificate=certificate, key=certificates.of("client")[1]),
        "none": Tls(certificate=tmp_path / "missing.pem", key=key),
        "text": Tls(certificate=tmp_path / "no.pem", key=key),
        "authority": Tls(certificate=certificate, key=key, client_ca=tmp_path / "no.pem"),
    }

    async def main() -> None:
        for tls in wrong.values():
            with pytest.raises(InputError, match="cannot be used") as told:
                await Receiver([listen("tls", tls=tls)], Kept()).start()
            assert str(told.value.where).endswith(".pem")

    run(loop, main())
