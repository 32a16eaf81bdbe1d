"""SOAP over one connection, and the REST calls beside it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from types import TracebackType
from typing import Self

import msgspec

from viguard.errors import ReplyError
from viguard.model.facts import Struct
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.http import DEFAULT_LIMITS, Limits, Link, ended_early, too_large
from viguard.vsphere.replies import Element, parse_reply

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
)
TAIL = "</soapenv:Body></soapenv:Envelope>"
ALWAYS = {"Accept-Encoding": "gzip", "User-Agent": "viguard"}
ENVELOPE_WITHIN = 2000
"""A fault of the API comes as HTTP 500 in an envelope that begins within so many bytes."""
PIECE_BYTES = 4 << 20
"""A reply is unpacked in pieces of this size; nearly every reply is one."""
_PLAIN = re.compile(r"[\w.:-]*", re.ASCII)


class Ref(Struct, frozen=True):
    """A managed object of a server: its type and id."""

    type: str
    moid: str


def element(name: str, value: str | int | bool) -> str:  # noqa: FBT001  (it is the value)
    """An XML element with escaped text; characters that XML forbids become U+FFFD."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _PLAIN.fullmatch(text):
        text = escape("".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in text), quote=False)
    return f"<{name}>{text}</{name}>"


def reference(name: str, ref: Ref) -> str:
    """An XML element that names a managed object."""
    if _PLAIN.fullmatch(ref.type) and _PLAIN.fullmatch(ref.moid):
        return f'<{name} type="{ref.type}">{ref.moid}</{name}>'
    return f'<{name} type="{escape(ref.type)}">{escape(ref.moid, quote=False)}</{name}>'


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
        says_bytes = int.from_bytes(self.received[-4:], "little")  # its end says how large it is: RFC 1952, 2.3.1
        try:
            if says_bytes > self._limit:
                self._unpack(keep=False)
            return self._unpack(keep=True)
        except zlib.error as error:
            raise ReplyError(f"a packed reply is damaged: {error}", where=self._where, hint="try again") from error

    def _unpack(self, *, keep: bool) -> bytes:
        """In pieces: one call for everything would need the limit twice before it is reached. Or only looked at."""
        unpacker, pieces, size, packed = zlib.decompressobj(16 + zlib.MAX_WBITS), list[bytes](), 0, self.received
        while not unpacker.eof:
            piece = unpacker.decompress(packed, PIECE_BYTES)
            packed, size = unpacker.unconsumed_tail, size + len(piece)
            if size > self._limit:
                raise too_large(self._limit, self._where)
            if not (piece or packed or unpacker.eof):
                raise ended_early(self._where)
            if keep:
                pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Connection:
    """One connection to a server. Not for several threads at a time.

    ``version`` is the API version that is spoken, ``cookie`` the session.
    ``calls`` counts what was asked.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits = DEFAULT_LIMITS) -> None:
        self.endpoint, self.limits = endpoint, limits
        self.version, self.cookie = "", ""
        self.calls = 0
        self._link = Link(endpoint, limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; the next call opens a new one."""
        self._link.close()

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
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and b"Envelope" not in reply.body()[:ENVELOPE_WITHIN]:
            hint = "is the API running? Look at what stands between, and at the server's own logs"
            raise ReplyError(
                f"the server answers HTTP {status} and no fault of the API", where=self.endpoint.url, hint=hint
            )
        return reply

    def get(self, path: str) -> bytes | None:
        """A document of the server, or None when it has none there."""
        status, reply = self._exchange("GET", path, b"", {})
        return reply.body() if status == HTTPStatus.OK else None

    def exchange_json(self, verb: str, path: str, body: object, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and raw reply of the REST API; ``body`` None sends none.

        Raises:
            UnreachableError, CertificateError: no connection.
            ReplyError: too large or too slow.
        """
        self.calls += 1
        sent = b"" if body is None else msgspec.json.encode(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        status, reply = self._exchange(verb, path, sent, {"Accept": "application/json", **kind, **headers})
        return status, reply.body()

    def _exchange(self, verb: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Reply]:
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        answer = self._link.exchange(verb, path, {**ALWAYS, **cookie, **headers}, body)
        for told in answer.cookies:
            self.cookie = told.partition(";")[0]
        packed = answer.headers.get("content-encoding", "").lower() == "gzip"
        reply = Reply(answer.body, self.endpoint.url, packed=packed, limit=self.limits.reply_bytes)
        return answer.status, reply
