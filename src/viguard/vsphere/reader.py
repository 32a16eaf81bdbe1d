"""Bulk reads: every object of a type, page by page, so that one bad object never loses a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from viguard.errors import ReplyError, SessionLostError
from viguard.model.facts import Reason, Unknown
from viguard.vsphere.faults import Fault, GoneFault, InvalidPropertyFault, NoPermissionFault
from viguard.vsphere.pages import Found, Page
from viguard.vsphere.replies import Element
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Ref, Reply, element, method, reference
from viguard.vsphere.versions import knows

PAGE = 100
"""Objects of one request: the best of 25 to 1000 when measured."""


class Batch:
    """Objects that were asked for together. ``received`` is the reply as it came, b"" when there was none.

    ``is_whole``: what was received tells everything about these objects. Known when they have been looked at.
    """

    def __init__(self, reader: Reader, refs: Sequence[Ref], paths: Sequence[str], reply: Reply | None) -> None:
        self._reader, self.refs, self._paths, self._reply = reader, refs, paths, reply
        self.received = reply.received if reply else b""
        self.is_whole = False

    def objects(self) -> list[Found]:
        """The objects, in the order asked.

        Raises:
            SourceError: reading as a whole failed.
        """
        connection = self._reader.session.connection
        before = connection.calls
        found = self._reader.objects(self.refs, self._paths, self._reply)
        self.is_whole = bool(self._reply) and connection.calls == before and all(f.is_sure for f in found)
        return found


class Reader:
    """Reads objects of one server. ``gone`` counts objects that were deleted while it read.

    ``refused`` are the property paths that the server turned out not to know, by type.
    """

    def __init__(self, session: Session, page: int = PAGE) -> None:
        self.session, self.page, self.gone = session, page, 0
        self.refused: dict[str, dict[str, Unknown]] = defaultdict(dict)
        self._collector = session.refs["propertyCollector"]
        self._pages = knows(session.version, "4.1")

    def survey(self, types: Sequence[str]) -> dict[str, list[Ref]]:
        """The root folder and every object below it, by concrete type.

        Raises:
            SourceError: the list cannot be read.
        """
        try:
            return self._survey(types)
        except (SessionLostError, GoneFault):  # a view ends with its session
            self.session.log_in_again()
        try:
            return self._survey(types)
        except GoneFault as fault:
            where = self.session.connection.endpoint.url
            raise SessionLostError("the server ended the session again", where=where, hint="try again later") from fault

    def read(self, refs: Sequence[Ref], paths: Sequence[str]) -> Iterator[Found]:
        """The objects with these properties, in the order asked. All of one type.

        Raises:
            SourceError: reading as a whole failed (connection, session, reply).
        """
        for batch in self.batches(refs, paths):
            yield from batch.objects()

    def batches(self, refs: Sequence[Ref], paths: Sequence[str]) -> Iterator[Batch]:
        """The replies with these objects, a page each, not yet looked into.

        Raises:
            SourceError: reading as a whole failed.
        """
        for start in range(0, len(refs), self.page):
            part = refs[start : start + self.page]
            yield Batch(self, part, paths, self._first_reply(part, paths))

    def property(self, ref: Ref | None, path: str) -> Element | Unknown | None:
        """One property of one object; None when it is unset.

        Raises:
            SourceError: the connection or session failed.
        """
        if ref is None:
            return Unknown(reason=Reason.NOT_IN_VERSION, detail="the server does not have this part of the API")
        for found in self.read([ref], [path]):
            values, missing = found.values(self.session.connection.endpoint.url)
            value = values.get(path)
            return value if value is not None else missing.get(path, self.refused[ref.type].get(path))
        return None

    def _survey(self, types: Sequence[str]) -> dict[str, list[Ref]]:
        call = self.session.connection.call
        container = reference("container", self.session.refs["rootFolder"])
        wanted = "".join(element("type", t) for t in types)
        made = call(
            method(
                "CreateContainerView",
                self.session.refs["viewManager"],
                f"{container}{wanted}{element('recursive', 'true')}",
            )
        )
        view = Ref("ContainerView", made.findtext("returnval") or "")
        found: dict[str, list[Ref]] = defaultdict(list)
        root = self.session.refs["rootFolder"]
        if {root.type, "ManagedEntity"} & set(types):  # a view leaves its container out
            found[root.type].append(root)
        for content in self._pages_of([view], ["view"]):
            values, _ = content.values(self.session.connection.endpoint.url)
            for ref in values.get("view", ()):
                found[ref.get("type", "")].append(Ref(ref.get("type", ""), ref.text or ""))
        call(method("DestroyView", view))
        return found

    def _first_reply(self, refs: Sequence[Ref], paths: Sequence[str]) -> Reply | None:
        try:
            return self.session.connection.fetch(self._body(refs, self._asked(refs, paths)))
        except ReplyError:  # smaller requests may do
            return None

    def _asked(self, refs: Sequence[Ref], paths: Sequence[str]) -> list[str]:
        return [p for p in paths if p not in self.refused[refs[0].type]]

    def objects(self, refs: Sequence[Ref], paths: Sequence[str], reply: Reply | None = None) -> list[Found]:
        """A page; what the server refuses of it is narrowed down to the objects or paths that it refuses.

        ``reply`` is the answer when it is there already.

        Raises:
            SourceError: reading as a whole failed.
        """
        if not refs:
            return []
        asked = self._asked(refs, paths)
        try:
            return self._request(refs, asked, reply)
        except InvalidPropertyFault as fault:
            return self._without_path(refs, asked, fault)
        except GoneFault as fault:
            return self._without_object(refs, asked, fault)
        except (NoPermissionFault, Fault, ReplyError) as fault:
            if not isinstance(fault, Fault) and len(refs) == 1:
                raise
            return self._halves(refs, asked, fault)

    def _without_path(self, refs: Sequence[Ref], paths: Sequence[str], fault: InvalidPropertyFault) -> list[Found]:
        if fault.name not in paths:
            return self._halves(refs, paths, fault)
        self.refused[refs[0].type][fault.name] = fault.unknown
        return self.objects(refs, [p for p in paths if p != fault.name])

    def _without_object(self, refs: Sequence[Ref], paths: Sequence[str], fault: GoneFault) -> list[Found]:
        rest = [r for r in refs if r.moid != fault.moid]
        if len(rest) == len(refs) and len(refs) > 1:
            return self._halves(refs, paths, fault)
        self.gone += 1
        return self.objects(rest, paths)

    def _halves(self, refs: Sequence[Ref], paths: Sequence[str], fault: Fault | ReplyError) -> list[Found]:
        if len(refs) > 1:
            middle = len(refs) // 2
            return self.objects(refs[:middle], paths) + self.objects(refs[middle:], paths)
        if isinstance(fault, GoneFault):
            self.gone += 1
            return []
        if len(paths) > 1:
            middle = len(paths) // 2
            return _join(self.objects(refs, paths[:middle]), self.objects(refs, paths[middle:]))
        lost = Found(refs[0], [], b"")
        if paths and isinstance(fault, Fault):
            lost.lost[paths[0]] = fault.unknown
        return [lost]

    def _request(self, refs: Sequence[Ref], paths: Sequence[str], reply: Reply | None = None) -> list[Found]:
        """All objects of a page, its continuations included. A lost session is taken up once, from the start."""
        try:
            return self._pages_of(refs, paths, reply)
        except SessionLostError:
            self.session.log_in_again()
            return self._pages_of(refs, paths)

    def _pages_of(self, refs: Sequence[Ref], paths: Sequence[str], reply: Reply | None = None) -> list[Found]:
        where = self.session.connection.endpoint.url
        first = reply or self.session.connection.fetch(self._body(refs, paths))
        page = Page(first.body(), where)
        found = page.objects
        while page.token:
            more = method("ContinueRetrievePropertiesEx", self._collector, element("token", page.token))
            page = Page(self.session.connection.post(more), where)
            found += page.objects
        return found

    def _body(self, refs: Sequence[Ref], paths: Sequence[str]) -> str:
        wanted = element("type", refs[0].type) + "".join(element("pathSet", p) for p in paths)
        objects = "".join(f"<objectSet>{reference('obj', r)}</objectSet>" for r in refs)
        specification = f"<specSet><propSet>{wanted}</propSet>{objects}</specSet>"
        if not self._pages:
            return method("RetrieveProperties", self._collector, specification)
        return method("RetrievePropertiesEx", self._collector, f"{specification}<options/>")


def _join(left: list[Found], right: list[Found]) -> list[Found]:
    if not left or not right:
        return left or right
    left[0].join(right[0])
    return left
