"""Storage as hosts see it: iSCSI adapters, targets, datastores."""

from __future__ import annotations

from typing import Annotated

from viguard.model.facts import UNREAD, Api, Fact, Resource, Struct


class Chap(Struct, frozen=True, kw_only=True):
    """CHAP of an adapter or target; secrets are never read. Source: HostInternetScsiHbaAuthenticationProperties.

    ``one_way`` and ``mutual`` are chapRequired, chapPreferred, chapDiscouraged, chapProhibited;
    None where the version does not tell (before API 4.0 only ``enabled``).
    ``inherited``: a target that uses its adapter's setting.
    """

    enabled: bool = False
    name: str = ""
    one_way: str | None = None
    mutual: str | None = None
    inherited: bool = False


class IscsiTarget(Struct, frozen=True, kw_only=True):
    """A target that an adapter is told to use: a send target (``iqn`` empty) or a static one."""

    address: str
    port: int = 3260
    iqn: str = ""
    chap: Chap | None = None


class IscsiAdapter(Struct, frozen=True, kw_only=True):
    """An iSCSI adapter of a host. Source: vim.host.InternetScsiHba."""

    device: str
    iqn: str = ""
    software: bool = False
    chap: Chap = Chap()
    targets: tuple[IscsiTarget, ...] = ()


class Datastore(Resource, frozen=True, kw_only=True, tag_field="is", tag="datastore"):
    """A datastore and the hosts that mount it. Source: vim.Datastore."""

    type: Annotated[Fact[str], Api("summary.type")] = UNREAD
    capacity_bytes: Annotated[Fact[int], Api("summary.capacity")] = UNREAD
    shared: Annotated[Fact[bool | None], Api("summary.multipleHostAccess")] = UNREAD
    hosts: Annotated[Fact[tuple[str, ...]], Api("host")] = UNREAD  # resource ids
    volume: Annotated[Fact[str], Api("info")] = UNREAD  # VMFS UUID or NFS server:path, the volume's own identity
    nfs_servers: Annotated[Fact[tuple[str, ...]], Api("info")] = UNREAD  # names or addresses; empty on other volumes
