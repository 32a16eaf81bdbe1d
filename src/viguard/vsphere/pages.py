"""A page of objects, cut into the bytes of each object: what did not change is never parsed."""

from __future__ import annotations

import re

from lxml import etree

from viguard.errors import SessionLostError
from viguard.model.facts import Reason, Unknown
from viguard.vsphere.faults import no_permission
from viguard.vsphere.plain import Lifted, lift
from viguard.vsphere.replies import XSI, Element, parse, parse_reply, strip_namespaces, xsi_type
from viguard.vsphere.soap import Ref

_START = re.compile(rb"<(returnval|objects)><obj\b")
_SPACE = re.compile(rb"""\sxmlns:([\w.-]+)=["']([^"']*)["']""")
_DEFAULT = re.compile(rb"""\sxmlns=["']urn:vim25["']""")
_OBJ = re.compile(rb"""<obj\s[^>]*?type=["']([^"']+)["'][^>]*>([^<&]+)</obj>""")
_REF = re.compile(rb"""<(\w+)\b[^>]*?\stype=["'](\w+)["'][^>]*>([^<&]+)</""")
_END = re.compile(rb"</[\w.-]+:Envelope>\s*$")
_SESSION_LOST = re.compile(rb"""<fault\b[^<>]*\btype=["'](?:\w+:)?NotAuthenticated["']""")
"""A lost session is no fault of RetrievePropertiesEx: every property of every object is just missing."""
_TOKEN = re.compile(rb"<token>([^<]*)</token>")


class Found:
    """One object as a server gave it.

    ``raw`` are its bytes (equal bytes: nothing changed); ``lost`` the paths that could not be read, with why.
    """

    __slots__ = ("lost", "parts", "ref", "wrapper")

    def __init__(self, ref: Ref, parts: list[bytes], wrapper: bytes) -> None:
        self.ref, self.parts, self.wrapper = ref, parts, wrapper
        self.lost: dict[str, Unknown] = {}

    @property
    def raw(self) -> bytes:
        """What the server said of the object."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)

    @property
    def is_sure(self) -> bool:
        """Whether ``raw`` is everything there is to know: no request for it failed."""
        return not self.lost

    def join(self, other: Found) -> None:
        """Take in what another reply said: more of the same object, or of one that belongs to it."""
        self.parts += other.parts
        self.lost |= other.lost
        self.wrapper = self.wrapper or other.wrapper

    def peek(self, path: str) -> str | None:
        """The text of a simple property without parsing, None when it is not to be seen that way."""
        name = re.escape(path.encode())
        found = re.search(rb"<name>" + name + rb"</name><val\b[^>]*>([^<&]*)</val>", self.raw)
        return found.group(1).decode("ascii", "replace") if found else None

    def peek_refs(self, path: str) -> dict[str, Ref]:
        """The references inside a property, by element name, without parsing; empty when not to be seen that way."""
        start = self.raw.find(b"<name>%s</name>" % path.encode())
        part = self.raw[start : self.raw.find(b"</propSet>", start)] if start >= 0 else b""
        return {m.group(1).decode(): Ref(m.group(2).decode(), m.group(3).decode()) for m in _REF.finditer(part)}

    def values(self, where: str, lifted: Lifted | None = None) -> tuple[dict[str, Element], dict[str, Unknown]]:
        """Property values by path, and why others are missing.

        What can be ``lifted`` without a parser is left out of the values, when the caller takes it.

        Raises:
            ReplyError: the bytes are no XML, even after cleaning.
        """
        values: dict[str, Element] = {}
        missing = dict(self.lost)
        for whole in self.parts:
            part = whole if lifted is None else lift(whole, self.wrapper, lifted)
            content = parse(b"<r" + self.wrapper + b">" + part + b"</r>", where)[0]
            if content.tag not in {"objects", "returnval"}:
                strip_namespaces(content)
            for entry in content:
                if entry.tag == "propSet" and len(entry) == 2:
                    values[entry[0].text or ""] = entry[1]
                elif entry.tag == "missingSet":
                    missing[entry.findtext("path") or ""] = _why_missing(entry)
        return values, missing


class Page:
    """The objects of one reply, and the token that asks for the next, "" at the end."""

    __slots__ = ("objects", "token")

    def __init__(self, body: bytes, where: str) -> None:
        if b"missingSet" in body and _SESSION_LOST.search(body):
            raise SessionLostError("the server ended the session", where=where)
        self.token = ""
        first = _START.search(body)
        plain = (
            first
            and _END.search(body, len(body) - 200 if len(body) > 200 else 0)
            and _DEFAULT.search(body, 0, first.start())
            and b"<!" not in body  # a document type, a comment, CDATA
        )
        self.objects = _cut(body, first) if first and plain else []
        if not self.objects:
            self._read_slowly(body, where)
        elif token := _TOKEN.search(body, 0, first.start()) if first else None:
            self.token = token.group(1).decode()

    def _read_slowly(self, body: bytes, where: str) -> None:
        """For replies in another spelling than vSphere's, and for faults."""
        response = parse_reply(body, where)
        self.token = response.findtext("returnval/token") or ""
        for content in response.iter("returnval", "objects"):
            obj = content.find("obj")
            if obj is None:
                continue
            etree.cleanup_namespaces(content)
            part = etree.tostring(content, with_tail=False)
            self.objects.append(Found(Ref(obj.get("type", ""), obj.text or ""), [part], b""))


def _cut(body: bytes, first: re.Match[bytes]) -> list[Found]:
    """The objects of a page in vSphere's own spelling; none when one of them looks otherwise."""
    name = first.group(1)
    opening, closing = b"<" + name + b"><obj", b"</" + name + b">"
    wrapper = _wrapper(body[: first.start()])
    found = []
    start = first.start()
    while start >= 0:
        following = body.find(opening, start + 1)
        # The objects of RetrievePropertiesEx stand inside one more returnval: the last one ends by its own tag.
        end = following if following >= 0 else body.find(closing, start) + len(closing)
        named = _OBJ.search(body, start, start + 2000)
        if named is None or body.rfind(closing, start, end) < 0:
            return []
        found.append(Found(Ref(named.group(1).decode(), named.group(2).decode()), [body[start:end]], wrapper))
        start = following
    return found


def _wrapper(head: bytes) -> bytes:
    """Every prefix that the envelope declares, the API's own default namespace left out: names come out plain."""
    spaces = {m.group(1): m.group(2) for m in _SPACE.finditer(head)}
    spaces.setdefault(b"xsi", XSI.encode())
    return b"".join(b' xmlns:%s="%s"' % pair for pair in spaces.items())


def _why_missing(entry: Element) -> Unknown:
    inner = entry.find("fault/fault")
    kind = xsi_type(inner) if inner is not None else ""
    if inner is not None and kind in {"NoPermission", "SecurityError"}:
        return no_permission(inner.findtext("privilegeId") or "")
    return Unknown(reason=Reason.FAILED, detail=f"the server answers {kind or 'a fault'}")
