"""However datagrams are taken, what comes of them is the same."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from viguard.logs.receive.datagrams import BATCH, Datagrams, OneByOne, Together, waiting_at

WAYS = pytest.mark.parametrize("way", [OneByOne, Together])


def bound(family: int, address: str) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind((address, 0))
    made.settimeout(0)
    return made


def send(family: int, sender: str, to: tuple[str, int], *messages: bytes) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as own:
        own.bind((sender, 0))
        for message in messages:
            own.sendto(message, to)


@WAYS
def test_messages_come_by_sender_in_their_order_whatever_the_port(way: Callable[[socket.socket], Datagrams]) -> None:
    with bound(socket.AF_INET, "127.0.0.1") as heard:
        to = heard.getsockname()
        send(socket.AF_INET, "127.0.0.2", to, b"one", b"", b"two\0\n")
        send(socket.AF_INET, "127.0.0.3", to, b"x" * 65_507)
        send(socket.AF_INET, "127.0.0.2", to, b"three")
        taking = way(heard)
        assert taking.take() == ({"127.0.0.2": [b"one", b"two\0\n", b"three"], "127.0.0.3": [b"x" * 65_507]}, 5)
        assert taking.take() == ({}, 0)


@WAYS
def test_a_socket_of_ipv6_hears_both(way: Callable[[socket.socket], Datagrams]) -> None:
    with bound(socket.AF_INET6, "::") as heard:
        port = heard.getsockname()[1]
        send(socket.AF_INET6, "::1", ("::1", port), b"six")
        send(socket.AF_INET, "127.0.0.2", ("127.0.0.1", port), b"four")
        assert way(heard).take() == ({"::1": [b"six"], "::ffff:127.0.0.2": [b"four"]}, 2)


@WAYS
def test_no_more_than_a_batch_at_a_time_and_shorter_ones_after_longer(
    way: Callable[[socket.socket], Datagrams],
) -> None:
    messages = [b"m" * (300 - n % 300) for n in range(BATCH + 40)]
    with bound(socket.AF_INET, "127.0.0.1") as heard:
        send(socket.AF_INET, "127.0.0.1", heard.getsockname(), *messages)
        taking = way(heard)
        assert taking.take() == ({"127.0.0.1": messages[:BATCH]}, BATCH)
        assert taking.take() == ({"127.0.0.1": messages[BATCH:]}, 40)


@WAYS
def test_an_empty_datagram_is_something_and_no_message(way: Callable[[socket.socket], Datagrams]) -> None:
    with bound(socket.AF_INET, "127.0.0.1") as heard:
        send(socket.AF_INET, "127.0.0.1", heard.getsockname(), b"")
        assert way(heard).take() == ({}, 1)


def test_linux_takes_them_together() -> None:
    with bound(socket.AF_INET, "127.0.0.1") as heard:
        assert isinstance(waiting_at(heard), Together)
