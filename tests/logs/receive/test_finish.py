"""A stop meets connections that end at the same moment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from viguard.logs.receive.connection import SyslogConnection
from viguard.logs.receive.counters import Counters
from viguard.logs.receive.settings import Limits


class Closed:
    """A transport of uvloop whose socket is gone before it says that it closes."""

    closed = False

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _name: str) -> None:
        return None

    def close(self) -> None:
        self.closed = True


def test_a_connection_whose_socket_is_gone_already_is_closed() -> None:
    shared: Any = SimpleNamespace(limits=Limits(), counters=Counters())
    book: Any = set()
    connection, transport = SyslogConnection(shared, "192.0.2.1", "tcp", book), Closed()
    connection._transport = transport  # type: ignore[assignment]
    connection.finish()
    assert transport.closed
