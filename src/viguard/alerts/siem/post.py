"""One HTTP POST over TLS with asyncio: what HEC and the bulk interface need, and no more."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import httptools

MOST_REPLY = 16_777_216


class ReplyError(OSError):
    """The server's answer is none, or too large."""


class _Reply:
    """Collects what the parser finds."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.done = False

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.done = True


def context_of(ca_file: str) -> ssl.SSLContext:
    """A context that checks the server's certificate and name. Raises: OSError when the file cannot be read."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def post(url: str, headers: dict[str, str], body: bytes, context: ssl.SSLContext | None) -> tuple[int, bytes]:
    """Status and body of the answer; redirects are not followed.

    Raises: OSError when there is none, and for a certificate that is not trusted.
    """
    parts = urlsplit(url)
    tls = context if parts.scheme == "https" else None
    port = parts.port or (443 if tls else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    reply, size = _Reply(), 0
    parser = httptools.HttpResponseParser(reply)
    while not reply.done:
        data = await reader.read(65_536)
        size += len(data)
        if size > MOST_REPLY:
            raise ReplyError("the answer is too large")
        try:
            parser.feed_data(data)
        except httptools.HttpParserError as err:
            raise ReplyError("the answer is not HTTP") from err
        if not data:
            break
    if not size:
        raise ReplyError("no answer")
    return parser.get_status_code(), bytes(reply.body)
