"""One server over the vSphere API: from objects to records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

import viguard
from viguard.collect.access import read_access
from viguard.collect.decode.cluster import decode_cluster, decode_pool
from viguard.collect.decode.guest import decode_guest
from viguard.collect.decode.host import ACCOUNTS_ELSEWHERE, REACHED, connection_of, decode_host
from viguard.collect.decode.network import (
    decode_port_group,
    decode_switch,
    standard_port_groups,
    standard_switches,
)
from viguard.collect.decode.place import Place
from viguard.collect.decode.storage import decode_datastore
from viguard.collect.decode.values import Values, find
from viguard.collect.gaps import Gaps
from viguard.collect.places import Node, Tree, true_name
from viguard.collect.sink import Sink
from viguard.collect.subject import Options, Progress, Subject
from viguard.errors import ReplyError
from viguard.model.facts import UNREAD, Fact, Reason, Resource, Settings, Unknown, escape
from viguard.model.server import Datacenter, Folder
from viguard.model.snapshot import SCHEMA
from viguard.vsphere import calls
from viguard.vsphere.pages import Found
from viguard.vsphere.plain import Lifted
from viguard.vsphere.properties import KINDS, asking
from viguard.vsphere.reader import Batch
from viguard.vsphere.replies import Element
from viguard.vsphere.soap import Ref
from viguard.vsphere.versions import knows

STRUCTURE = (
    "Folder",
    "StoragePod",
    "Datacenter",
    "ComputeResource",
    "ClusterComputeResource",
    "ResourcePool",
    "VirtualApp",
)
LEAVES = tuple(kind for kind in KINDS if kind not in STRUCTURE)
DATACENTER = frozenset({"Datacenter"})
CERTIFICATE = "certificateInfo"
NO_CERTIFICATE = Unknown(reason=Reason.NOT_IN_VERSION, detail="known from API 6.0")
CLUSTER = frozenset({"ComputeResource", "ClusterComputeResource"})


class Collection:
    """The reading of one server into a sink. Gaps are noted; nothing that one object does ends it."""

    def __init__(  # noqa: PLR0913  (what it reads, where to, and how)
        self, subject: Subject, sink: Sink, gaps: Gaps, *, options: Options, now: datetime, progress: Progress
    ) -> None:
        self.subject, self.server = subject, subject.server
        self.session, self.reader = subject.session, subject.reader
        self.sink, self.gaps, self.options, self.now, self._progress = sink, gaps, options, now, progress
        self._where = self.session.connection.endpoint.url
        self._tree = Tree(self.server.path, direct=not self.server.is_vcenter)
        self._fields: dict[str, str] = {}
        self._basis = b""

    def run(self) -> None:
        """Read everything.

        Raises:
            SourceError: reading as a whole failed; what was read until then is in the sink.
        """
        self._put(self.server)
        self._fields = self._field_names()
        refs = self.reader.survey(["ManagedEntity"])
        self._read_structure(refs)
        for managed_type in LEAVES:
            self._read_leaves(managed_type, refs.get(managed_type, []))
        for record in read_access(self.subject, self.gaps, self.options, self.now):
            self._put(record)
        if self.session.relogins:
            self.gaps.add(self.server.path, "session", "the server ended the session once; it was taken up again")

    def _read_structure(self, refs: Mapping[str, list[Ref]]) -> None:
        """Everything that others stand in: first all of it into the tree, then its records."""
        held: list[tuple[Ref, Values]] = []
        for managed_type in STRUCTURE:
            for found in self._read(managed_type, refs.get(managed_type, [])):
                if values := self._parse(found):
                    held.append((found.ref, values))
                    name, parent = true_name(values.text("name")), values.text("parent") or values.text("parentFolder")
                    self._tree.add(found.ref.moid, Node(found.ref.type, name, parent))
        for ref, values in held:
            self._put(self._structure_record(ref, values))
        self._basis = self._make_basis()

    def _make_basis(self) -> bytes:
        """What every record depends on beside its own object: a change of it makes every record anew."""
        versions = [viguard.__version__, SCHEMA, self.session.version]
        everything = [versions, self.options, self.server.path, self._fields, self._tree.nodes]
        return hashlib.sha256(msgspec.json.encode(everything)).digest()

    def _structure_record(self, ref: Ref, values: Values) -> Resource:
        place, kind = self._place(ref, values), KINDS[ref.type]
        if kind is Folder:
            return Folder(**place.identity, parent=place.parent)
        if kind is Datacenter:
            return Datacenter(**place.identity, parent=place.parent)
        if ref.type in CLUSTER:
            return decode_cluster(place, values, lone=ref.type == "ComputeResource")
        return decode_pool(place, values)

    def _read_leaves(self, managed_type: str, refs: list[Ref]) -> None:
        done = 0
        for batch in self.reader.batches(refs, asking(managed_type, self.session.version).paths):
            seal = "" if managed_type == "HostSystem" else self._seal(batch)  # hosts depend on calls too
            taken_over = self.sink.reuse_sealed(seal) if seal else None
            if taken_over is None:
                self._keep_all(batch, seal, done, len(refs))
            else:
                self._note_gaps(taken_over)
            done += len(batch.refs)
            if done == len(refs) or taken_over is not None:
                self._progress(self.server.name, managed_type, done, len(refs))

    def _seal(self, batch: Batch) -> str:
        """Stands for everything that the records of a batch are made from. Equal: not even unpacked."""
        made_from = self._made_from(batch.refs)
        made_from.update(batch.received)
        return made_from.hexdigest()[:32] if batch.received else ""

    def _keep_all(self, batch: Batch, seal: str, before: int, total: int) -> None:
        kept, objects = [], batch.objects()
        lacking = self._add_certificates([f for f in objects if f.ref.type == "HostSystem"])
        for done, found in enumerate(objects, before + 1):
            replies = self._host_replies(found, lacking) if found.ref.type == "HostSystem" else {}
            kept.append(self._keep(found, replies))
            if done % 50 == 0 and done < total:
                self._progress(self.server.name, found.ref.type, done, total)
        if seal and batch.is_whole and all(kept):
            self.sink.seal(seal, kept)

    def _keep(self, found: Found, replies: Mapping[str, calls.Reply]) -> str:
        """Hand an object to the sink, as it has it already or decoded. Its id, "" when it cannot be decoded."""
        of, digest = f"{self.server.id}:{found.ref.moid}", self._digest(found, replies)
        taken_over = self.sink.reuse(of, digest) if found.is_sure else None
        if taken_over is not None:
            self._note_gaps(taken_over)
        elif values := self._parse(found):
            records = self._records(found.ref, values, replies)
            lost = self._note_gaps(records)
            self.sink.put(of, digest if found.is_sure else "", records, lost=lost)
        else:
            return ""
        return of

    def _note_gaps(self, records: Sequence[Resource]) -> bool:
        lost = [self.gaps.of(record) for record in records]
        return any(lost)

    def _digest(self, found: Found, replies: Mapping[str, calls.Reply]) -> str:
        made_from = self._made_from([found.ref])
        made_from.update(found.raw)
        for field, reply in replies.items():
            made_from.update(field.encode())
            made_from.update(str(reply).encode() if isinstance(reply, Unknown) else reply)
        return made_from.hexdigest()[:32]

    def _made_from(self, refs: Sequence[Ref]) -> hashlib._Hash:
        """A hash of everything that records of these objects are made from beside what the server says of them."""
        beside = [[str(self._tags(ref)) for ref in refs], sorted(self.reader.refused[refs[0].type])]
        made_from = hashlib.sha256(self._basis)
        made_from.update(msgspec.json.encode(beside))
        return made_from

    def _records(self, ref: Ref, values: Values, replies: Mapping[str, calls.Reply]) -> list[Resource]:
        place = self._place(ref, values)
        match ref.type:
            case "HostSystem":
                return self._host_records(place, values, replies)
            case "VirtualMachine":
                return [decode_guest(place, values)]
            case "Datastore":
                return [decode_datastore(place, values)]
            case "DistributedVirtualPortgroup":
                return [decode_port_group(place, values)]
            case _:
                return [decode_switch(place, values)]

    def _host_records(self, place: Place, values: Values, replies: Mapping[str, calls.Reply]) -> list[Resource]:
        returned = {field: calls.returned(self.session, reply) for field, reply in replies.items()}
        records: list[Resource] = [decode_host(place, values, returned)]
        if connection_of(values) == REACHED:
            for path, parts in (
                ("config.network.vswitch", standard_switches),
                ("config.network.portgroup", standard_port_groups),
            ):
                element = values.element(path)
                if element is not None and not isinstance(element, Unknown):
                    records += parts(place, element)
        return records

    def _add_certificates(self, hosts: Sequence[Found]) -> dict[Ref, Unknown]:
        """Lay the certificates of hosts, read together, beside what was read of each; of the others, why not."""
        lacking = {host.ref: NO_CERTIFICATE if self.options.calls else UNREAD for host in hosts}
        if not self.options.calls or not knows(self.session.version, "6.0"):
            return lacking
        asked = [(host.peek_refs("configManager").get("certificateManager"), host) for host in hosts if _answers(host)]
        managers = {manager: host for manager, host in asked if manager}
        for found in self.reader.read(list(managers), [CERTIFICATE]):
            managers[found.ref].join(found)
            del lacking[managers[found.ref].ref]
        refused = self.reader.refused["HostCertificateManager"].get(CERTIFICATE)
        return {host.ref: refused for host in hosts} if refused else lacking

    def _host_replies(self, found: Found, lacking: Mapping[Ref, Unknown]) -> dict[str, calls.Reply]:
        """The replies to the calls on a host; a host that does not answer its vCenter is not called."""
        replies: dict[str, calls.Reply] = {"certificate": lacking[found.ref]} if found.ref in lacking else {}
        if not self.options.calls or not _answers(found):
            return replies
        return replies | calls.host_calls(self.session, found.peek_refs("configManager")) | self._accounts()

    def _accounts(self) -> dict[str, calls.Reply]:
        return {"accounts": ACCOUNTS_ELSEWHERE if self.server.is_vcenter else calls.local_accounts(self.session)}

    def _read(self, managed_type: str, refs: list[Ref]) -> Iterator[Found]:
        return self.reader.read(refs, asking(managed_type, self.session.version).paths)

    def _parse(self, found: Found) -> Values | None:
        """The property values of an object; None when its bytes are no XML, which is a gap."""
        lifted = Lifted()
        try:
            values, missing = found.values(self._where, lifted)
        except ReplyError as error:
            self.gaps.add(f"{self.server.path}/{escape(found.ref.moid)}", "everything", error.message)
            return None
        unknown = asking(found.ref.type, self.session.version).unknown
        return Values(values, {**unknown, **self.reader.refused[found.ref.type], **missing}, lifted)

    def _place(self, ref: Ref, values: Values) -> Place:
        parent = values.text("parent") or values.text("parentVApp") or values.text("parentFolder")
        name = true_name(values.text("name"))
        return Place(
            id=f"{self.server.id}:{ref.moid}",
            name=name,
            path=self._tree.below(parent, name),
            server=self.server.id,
            parent=self._id(parent),
            datacenter=self._id(self._tree.above(parent, DATACENTER)),
            cluster=self._id(self._tree.above(values.text("owner") or parent, CLUSTER)),
            tags=self._tags(ref),
            custom=values.fact("customValue", self._custom, Settings()),
        )

    def _tags(self, ref: Ref) -> Fact[tuple[str, ...]]:
        every = self.subject.tags
        return every if isinstance(every, Unknown) else every.get(ref.moid, ())

    def _id(self, moid: str) -> str:
        return f"{self.server.id}:{moid}" if moid else ""

    def _custom(self, element: Element) -> Settings:
        return Settings(values={self._fields.get(find(v, "key"), find(v, "key")): find(v, "value") for v in element})

    def _field_names(self) -> dict[str, str]:
        found = self.reader.property(self.session.refs.get("customFieldsManager"), "field")
        fields = () if found is None or isinstance(found, Unknown) else found
        return {find(f, "key"): find(f, "name") for f in fields}

    def _put(self, record: Resource) -> None:
        self.gaps.of(record)
        self.sink.put(record.id, "", [record])


def _answers(host: Found) -> bool:
    """Whether a host answers its vCenter, as far as can be seen."""
    return host.peek("runtime.connectionState") in {REACHED, None}
