"""GET /metrics and /healthz on loopback, with asyncio alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address

from viguard.alerts.metrics import CONTENT_TYPE, metrics_of
from viguard.alerts.status import Status

MOST_HEAD = 8_192
MOST_CLIENTS = 32
TIMEOUT_S = 5


class Endpoint:
    """Answers Prometheus. ``names``: what the Host header may say beside addresses and localhost."""

    def __init__(self, status: Callable[[], Status], names: frozenset[str] = frozenset()) -> None:
        self._status, self._names = status, names
        self._clients = 0

    async def start(self, host: str = "127.0.0.1", port: int = 9750) -> asyncio.Server:
        """Listen. Raises: OSError when the address is not free."""
        return await asyncio.start_server(self._serve, host, port, limit=MOST_HEAD)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            if self._clients <= MOST_CLIENTS:
                async with asyncio.timeout(TIMEOUT_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._clients -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3:
            return _reply("400 Bad Request", "no request")
        if words[0] not in {"GET", "HEAD"}:
            return _reply("405 Method Not Allowed", "GET only", "Allow: GET, HEAD")
        hosts = [line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("host:")]
        if len(hosts) != 1 or not self._ours(hosts[0]):
            return _reply("421 Misdirected Request", "this name is not served here")
        path = words[1].partition("?")[0]
        if path == "/healthz":
            reply = _reply("200 OK", "alive\n")
        elif path == "/metrics":
            reply = _reply("200 OK", metrics_of(self._status()), kind=CONTENT_TYPE)
        else:
            reply = _reply("404 Not Found", "there are /metrics and /healthz")
        return reply if words[0] == "GET" else reply.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def _ours(self, host: str) -> bool:
        """Whether the Host header is an address or a known name: a web page that rebinds its name gets nothing."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
        name = name.strip("[]").lower()
        if name == "localhost" or name in self._names:
            return True
        try:
            return bool(ip_address(name))
        except ValueError:
            return False


def _reply(status: str, body: str, *headers: str, kind: str = "text/plain; charset=utf-8") -> bytes:
    data = body.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}", "Connection: close"]
    lines += ["X-Content-Type-Options: nosniff", "Cache-Control: no-store", *headers]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + data
