"""An array's volume as hosts and datastores tell of it."""

from __future__ import annotations

from typing import Any

from lab.inventory.ids import stable_uuid
from lab.inventory.source import read


def target_name(array: dict[str, Any]) -> str:
    """The iSCSI name of an array's volume."""
    word = stable_uuid(array["name"], array["volume"]).replace("-", "")
    return f"{read('storage')['iqn_prefix']}:0-8a0906-{word[:9]}-{word[9:25]}-{array['volume']}"


def vmfs_volume(name: str, size_gb: int) -> dict[str, Any]:
    """HostVmfsVolume."""
    return {
        "type": "VMFS",
        "name": name,
        "capacity": size_gb << 30,
        "blockSizeMb": 1,
        "maxBlocks": 62914560,
        "majorVersion": 3,
        "version": "3.33",
        "uuid": stable_uuid("vmfs", name),
        "extent": [{"diskName": f"naa.{stable_uuid('naa', name).replace('-', '')}", "partition": 1}],
        "vmfsUpgradable": False,
    }
