"""A server for tests that speaks enough HTTP to be a HEC or a bulk interface."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Request(NamedTuple):
    """What came in; names of headers are in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request], tuple[int, bytes]]


def tls(folder: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


async def http(answer: Answer, context: ssl.SSLContext | None, port: int = 0) -> tuple[asyncio.Server, int]:
    """A server and its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            status, text = answer(Request(head[0].split(" ")[1], headers, body))
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    return server, server.sockets[0].getsockname()[1]
