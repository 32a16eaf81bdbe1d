"""Storage: iSCSI adapters and their targets, datastores."""

from __future__ import annotations

from viguard.collect.decode.place import NO_VALUE, Place, facts
from viguard.collect.decode.values import Values, boolean, find, integer, number, text, texts
from viguard.model.storage import Chap, Datastore, IscsiAdapter, IscsiTarget
from viguard.vsphere.replies import Element, xsi_type


def iscsi_adapters(element: Element) -> tuple[IscsiAdapter, ...]:
    """The iSCSI adapters among the bus adapters. Source: vim.host.InternetScsiHba."""
    return tuple(_adapter(a) for a in element if xsi_type(a) == "HostInternetScsiHba")


def _adapter(element: Element) -> IscsiAdapter:
    targets = [*element.iterfind("configuredSendTarget"), *element.iterfind("configuredStaticTarget")]
    return IscsiAdapter(
        device=find(element, "device"),
        iqn=find(element, "iScsiName"),
        software=find(element, "isSoftwareBased") == "true",
        chap=chap(element.find("authenticationProperties")) or Chap(),
        targets=tuple(_target(t) for t in targets),
    )


def _target(element: Element) -> IscsiTarget:
    return IscsiTarget(
        address=find(element, "address"),
        port=number(find(element, "port"), 3260),
        iqn=find(element, "iScsiName"),
        chap=chap(element.find("authenticationProperties")),
    )


def chap(element: Element | None) -> Chap | None:
    """CHAP settings; secrets are never looked at. Source: vim.host.InternetScsiHba.AuthenticationProperties."""
    if element is None:
        return None
    return Chap(
        enabled=find(element, "chapAuthEnabled") == "true",
        name=find(element, "chapName"),
        one_way=element.findtext("chapAuthenticationType"),
        mutual=element.findtext("mutualChapAuthenticationType"),
        inherited=find(element, "chapInherited") == "true",
    )


def decode_datastore(place: Place, values: Values) -> Datastore:
    """A datastore."""
    return Datastore(
        **place.identity,
        **facts(Datastore, FACTS, values),  # type: ignore[arg-type]
        hosts=values.fact("host", lambda mounts: place.resources(m for e in mounts for m in e.iterfind("key")), ()),
    )


def volume(element: Element) -> str:
    """A volume's own identity: VMFS UUID, NFS server:path, else its URL. Source: vim.Datastore.Info."""
    if uuid := find(element, "vmfs/uuid"):
        return uuid
    server, path = find(element, "nas/remoteHost"), find(element, "nas/remotePath")
    return f"{server}:{path}" if server else find(element, "url") or find(element, "name")


def nfs_servers(element: Element) -> tuple[str, ...]:
    """The servers of an NFS volume; version 4.1 may have several. Source: vim.host.NasVolume."""
    told = ",".join([*texts(element.iterfind("nas/remoteHostNames")), find(element, "nas/remoteHost")])
    return tuple(dict.fromkeys(server.strip() for server in told.split(",") if server.strip()))


FACTS: dict[str, tuple[object, object]] = {
    "type": (text, NO_VALUE),
    "capacity_bytes": (integer, NO_VALUE),
    "shared": (boolean, None),
    "volume": (volume, NO_VALUE),
    "nfs_servers": (nfs_servers, NO_VALUE),
}
"""Decoder of each fact, and the fact when the server holds no value."""
