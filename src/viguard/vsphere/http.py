"""HTTP/1.1 over one kept-alive TLS connection, with limits on size and time. Source: RFC 9112."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping

import httptools

from viguard.errors import ReplyError, UnreachableError
from viguard.model.facts import Struct
from viguard.vsphere import tls
from viguard.vsphere.endpoint import Endpoint

CHUNK = 1 << 14
"""A TLS record holds no more; a larger buffer would be asked from the system for each."""
HEAD_BYTES = 1 << 16
"""The longest head of a reply."""
CONNECT_S = 20.0
TOO_LARGE_HINT = "no vCenter or host says so much at once: is this its address, and is a proxy between?"
_TARGET = re.compile(r"/[!-~]*")
_VALUE = re.compile(r"[\t -~]*")


class Limits(Struct, frozen=True, kw_only=True):
    """What one reply may cost. ``idle_s`` is the longest silence, ``total_s`` the longest whole reply."""

    reply_bytes: int = 256 << 20
    idle_s: float = 60.0
    total_s: float = 600.0


DEFAULT_LIMITS = Limits()


class StaleError(Exception):
    """The server closed a kept-alive connection before it answered."""


class Answer(Struct, frozen=True, kw_only=True):
    """The answer to a request. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    body: bytes


class _Reading:
    """An answer while it is read: its methods are called by the parser.

    ``is_followed``: there is more after the end, which answers nothing.
    """

    def __init__(self) -> None:
        self.headers, self.cookies, self.parts = dict[str, str](), list[str](), list[bytes]()
        self.status, self.has_head, self.is_whole, self.is_followed, self.stays_open = 0, False, False, False, False
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take what was received. Raises: httptools.HttpParserError when it is no HTTP."""
        if self._parser:
            self._parser.feed_data(data)

    def end(self) -> Answer:
        """The answer. Lets go of the parser, which holds on to everything here."""
        self._parser = None
        return Answer(status=self.status, headers=self.headers, cookies=tuple(self.cookies), body=b"".join(self.parts))

    @property
    def length(self) -> int:
        """The length that the head announces, 0 when it announces none."""
        return int(self.headers.get("content-length") or 0)

    @property
    def ends_with_connection(self) -> bool:
        """Whether the end of the connection is the end of the answer."""
        return self.has_head and "content-length" not in self.headers and "transfer-encoding" not in self.headers

    def on_message_begin(self) -> None:
        """A message begins: the answer, or what nobody asked for."""
        self.is_followed = self.is_whole

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        if not self.is_followed:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self.headers[key] = text
            if key == "set-cookie":
                self.cookies.append(text)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self._parser and not self.is_followed:
            self.status, self.has_head = self._parser.get_status_code(), True
            self.stays_open = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if not self.is_followed:
            self.parts.append(body)

    def on_message_complete(self) -> None:
        """The message is whole; one before the answer proper (100 Continue) is forgotten."""
        if self.status // 100 == 1:
            self.headers, self.has_head = {}, False
        else:
            self.is_whole = True


class Link:
    """A connection that is opened when it is needed. Not for several threads at a time."""

    def __init__(self, endpoint: Endpoint, limits: Limits = DEFAULT_LIMITS) -> None:
        self.endpoint, self.limits = endpoint, limits
        self.context = tls.make_context(endpoint.trust)
        self._host = _host(endpoint)
        self._socket: ssl.SSLSocket | None = None

    def close(self) -> None:
        """End the connection; the next exchange opens a new one."""
        if self._socket:
            self._socket.close()
        self._socket = None

    def exchange(self, verb: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """The answer to a request. A kept-alive connection that the server closed meanwhile is opened again, once.

        Raises:
            UnreachableError, CertificateError: no connection, or it broke.
            ReplyError: too large, too slow, or ended early.
        """
        request = self._request(verb, target, headers, body)
        fresh = self._socket is None
        try:
            return self._once(request)
        except StaleError as error:
            if fresh:
                raise self._broken(error) from error
        try:
            return self._once(request)
        except StaleError as error:
            raise self._broken(error) from error

    def _once(self, request: bytes) -> Answer:
        reading = _Reading()
        try:
            if self._socket is None:
                self._socket = tls.connect(self.endpoint, self.context, min(self.limits.idle_s, CONNECT_S))
                self._socket.settimeout(self.limits.idle_s)
            self._ask(self._socket, request, reading)
        except TimeoutError as error:
            wait = f"{self.limits.idle_s:g} seconds"
            hint = "is the server overloaded?"
            raise ReplyError(f"no answer within {wait}", where=self.endpoint.url, hint=hint) from error
        except OSError as error:
            raise self._broken(error) from error
        finally:
            if not reading.is_whole or reading.is_followed or not reading.stays_open:
                self.close()  # it is in the middle of something
        return reading.end()

    def _ask(self, connection: ssl.SSLSocket, request: bytes, reading: _Reading) -> None:
        try:
            connection.sendall(request)
            first = connection.recv(CHUNK)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError) as error:
            raise StaleError(str(error)) from error
        if not first:
            raise StaleError("the server closed it without an answer")
        self._receive(connection, first, reading)

    def _receive(self, connection: ssl.SSLSocket, data: bytes, reading: _Reading) -> None:
        deadline, received = time.monotonic() + self.limits.total_s, 0
        while data:
            received += len(data)
            self._feed(reading, data)
            self._check(reading, received)
            if reading.is_whole:
                return
            if time.monotonic() > deadline:
                raise ReplyError(f"a reply took more than {self.limits.total_s:g} seconds", where=self.endpoint.url)
            data = connection.recv(CHUNK)
        if not reading.ends_with_connection:
            raise ended_early(self.endpoint.url)

    def _feed(self, reading: _Reading, data: bytes) -> None:
        try:
            reading.feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise UnreachableError(
                f"the answer is no HTTP: {error}", where=self.endpoint.url, hint="is this the port of the API?"
            ) from error

    def _check(self, reading: _Reading, received: int) -> None:
        limit = self.limits.reply_bytes
        if reading.length > limit or received > limit + HEAD_BYTES or (not reading.has_head and received > HEAD_BYTES):
            raise too_large(limit, self.endpoint.url)

    def _request(self, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = {"Host": self._host, **headers}
        if body or verb != "GET":
            lines["Content-Length"] = str(len(body))
        if not _TARGET.fullmatch(target) or not all(_VALUE.fullmatch(value) for value in lines.values()):
            raise ReplyError("a request cannot be written: a name has a character that HTTP forbids",
                             where=self.endpoint.url)  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{verb} {target} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body

    def _broken(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"the connection broke: {error}", where=self.endpoint.url, hint="try again")


def _host(endpoint: Endpoint) -> str:
    """What a request says it is for. Source: RFC 9110, 7.2."""
    try:
        named = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host.encode("idna").decode()
    except UnicodeError as error:
        raise UnreachableError(f"no name of a host: {error}", where=endpoint.url, hint="check the name") from error
    return named if endpoint.port == 443 else f"{named}:{endpoint.port}"


def too_large(limit: int, where: str) -> ReplyError:
    """The error for a reply of more than ``limit`` bytes."""
    return ReplyError(f"a reply is larger than {limit >> 20} MiB: refused", where=where, hint=TOO_LARGE_HINT)


def ended_early(where: str) -> ReplyError:
    """The error for a reply of which the end is missing."""
    return ReplyError("a reply ended early", where=where, hint="try again")
