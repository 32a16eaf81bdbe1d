"""SOAP over one kept-alive TLS connection, with limits on size and time."""

from __future__ import annotations

import http.client
import re
import ssl
import time
import zlib
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

import msgspec

from viguard.errors import ReplyError, UnreachableError
from viguard.model.facts import Struct
from viguard.vsphere import tls
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.replies import Element, parse_reply

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
)
TAIL = "</soapenv:Body></soapenv:Envelope>"
CHUNK = 1 << 18
_PLAIN = re.compile(r"[\w.:-]*", re.ASCII)
STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)
"""How a kept-alive connection looks that the server has closed meanwhile."""


class Limits(Struct, frozen=True, kw_only=True):
    """What one reply may cost. ``idle_s`` is the longest silence, ``total_s`` the longest whole reply."""

    reply_bytes: int = 256 << 20
    idle_s: float = 60.0
    total_s: float = 600.0


DEFAULT_LIMITS = Limits()


class Ref(Struct, frozen=True):
    """A managed object of a server: its type and id."""

    type: str
    moid: str


def element(name: str, value: str | int | bool) -> str:  # noqa: FBT001  (it is the value)
    """An XML element with escaped text; characters that XML forbids become U+FFFD."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _PLAIN.fullmatch(text):
        text = escape("".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in text))
    return f"<{name}>{text}</{name}>"


def reference(name: str, ref: Ref) -> str:
    """An XML element that names a managed object."""
    if _PLAIN.fullmatch(ref.type) and _PLAIN.fullmatch(ref.moid):
        return f'<{name} type="{ref.type}">{ref.moid}</{name}>'
    quoted = escape(ref.type, {'"': "&quot;"})
    return f'<{name} type="{quoted}">{escape(ref.moid)}</{name}>'


def method(name: str, this: Ref, content: str = "") -> str:
    """The body of a call of ``name`` on ``this``."""
    return f'<{name} xmlns="urn:vim25">{reference("_this", this)}{content}</{name}>'


class Reply:
    """A reply as it was received: still packed when the server packed it. Equal bytes: nothing changed."""

    __slots__ = ("_limit", "_packed", "_where", "received")

    def __init__(self, received: bytes, where: str, *, packed: bool, limit: int) -> None:
        self.received, self._where, self._packed, self._limit = received, where, packed, limit

    def body(self) -> bytes:
        """The reply itself.

        Raises:
            ReplyError: it is too large, damaged, or ended early.
        """
        if not self._packed:
            return self.received
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            body = unpacker.decompress(self.received, self._limit + 1)
        except zlib.error as error:
            raise ReplyError(f"a packed reply is damaged: {error}", where=self._where, hint="try again") from error
        if len(body) > self._limit:
            raise _too_large(self._limit, self._where)
        if not unpacker.eof:
            raise _ended_early(self._where)
        return body


class Connection:
    """One connection to a server. Not for several threads at a time.

    ``version`` is the API version that is spoken, ``cookie`` the session.
    ``calls`` and ``received_bytes`` count what was asked and read.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits = DEFAULT_LIMITS) -> None:
        self.endpoint, self.limits = endpoint, limits
        self.context = tls.make_context(endpoint.trust)
        self.version, self.cookie = "", ""
        self.calls = self.received_bytes = 0
        self._http: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; the next call opens a new one."""
        if self._http:
            self._http.close()
        self._http = None

    def call(self, body: str) -> Element:
        """The response element of a call, names without namespaces.

        Raises:
            SourceError: no connection, no usable reply, or a fault.
        """
        return parse_reply(self.post(body), self.endpoint.url)

    def post(self, body: str) -> bytes:
        """The raw reply to a call. A fault is not looked at.

        Raises:
            SourceError: as fetch, and what Reply.body raises.
        """
        return self.fetch(body).body()

    def fetch(self, body: str) -> Reply:
        """The reply to a call as it comes, not unpacked.

        Raises:
            UnreachableError, CertificateError: no connection.
            ReplyError: too large, too slow, or no reply of the API.
        """
        action = f"urn:vim25/{self.version}" if self.version else "urn:vim25"
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
        self.calls += 1
        status, reply = self._exchange("POST", "/sdk", (HEAD + body + TAIL).encode(), headers)
        if status not in {HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR}:
            raise ReplyError(f"the server answers HTTP {status}", where=self.endpoint.url, hint="is the API enabled?")
        return reply

    def get(self, path: str) -> bytes | None:
        """A document of the server, or None when it has none there."""
        status, reply = self._exchange("GET", path, None, {})
        return reply.body() if status == HTTPStatus.OK else None

    def exchange_json(self, verb: str, path: str, body: object, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and raw reply of the REST API; ``body`` None sends none.

        Raises:
            UnreachableError, CertificateError: no connection.
            ReplyError: too large or too slow.
        """
        self.calls += 1
        sent = None if body is None else msgspec.json.encode(body)
        kind = {} if sent is None else {"Content-Type": "application/json"}
        status, reply = self._exchange(verb, path, sent, {"Accept": "application/json", **kind, **headers})
        return status, reply.body()

    def _exchange(self, verb: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Reply]:
        headers = {**headers, "Accept-Encoding": "gzip", "User-Agent": "viguard"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        fresh = self._http is None
        try:
            return self._once(verb, path, body, headers)
        except STALE as error:
            self.close()
            if fresh:
                raise self._broken(error) from error
        try:  # a kept-alive connection that the server closed meanwhile
            return self._once(verb, path, body, headers)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise self._broken(error) from error

    def _once(self, verb: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Reply]:
        try:
            link = self._http or self._open()
            link.request(verb, path, body, headers)
            response = link.getresponse()
            reply = self._read(response)
        except STALE:
            raise
        except TimeoutError as error:
            self.close()
            wait = f"{self.limits.idle_s:g} seconds"
            raise ReplyError(
                f"no answer within {wait}", where=self.endpoint.url, hint="is the server overloaded?"
            ) from error
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise self._broken(error) from error
        except BaseException:  # an interrupted reply leaves the connection in the middle of it
            self.close()
            raise
        for cookie in response.headers.get_all("Set-Cookie") or []:
            self.cookie = cookie.partition(";")[0]
        return response.status, reply

    def _open(self) -> http.client.HTTPConnection:
        link = http.client.HTTPConnection(self.endpoint.host, self.endpoint.port, timeout=self.limits.idle_s)
        link.sock = tls.connect(self.endpoint, self.context, min(self.limits.idle_s, 20.0))
        link.sock.settimeout(self.limits.idle_s)
        self._http = link
        return link

    def _read(self, response: http.client.HTTPResponse) -> Reply:
        deadline = time.monotonic() + self.limits.total_s
        limit, where = self.limits.reply_bytes, self.endpoint.url
        if (response.length or 0) > limit:
            raise self._too_large()
        parts, room = [], limit
        while chunk := response.read1(CHUNK):
            parts.append(chunk)
            self.received_bytes += len(chunk)
            room -= len(chunk)
            if room < 0:
                raise self._too_large()
            if time.monotonic() > deadline:
                raise ReplyError(f"a reply took more than {self.limits.total_s:g} seconds", where=where)
        if response.length:
            raise _ended_early(where)
        response.close()  # read1 alone does not tell the connection that the reply is over
        packed = (response.getheader("Content-Encoding") or "").lower() == "gzip"
        return Reply(b"".join(parts), where, packed=packed, limit=limit)

    def _too_large(self) -> ReplyError:
        self.close()
        return _too_large(self.limits.reply_bytes, self.endpoint.url)

    def _broken(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"the connection broke: {error}", where=self.endpoint.url, hint="try again")


def _too_large(limit: int, where: str) -> ReplyError:
    return ReplyError(f"a reply is larger than {limit >> 20} MiB: refused", where=where, hint="read smaller pages")


def _ended_early(where: str) -> ReplyError:
    return ReplyError("a reply ended early", where=where, hint="try again")
