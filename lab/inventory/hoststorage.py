"""A host's storage in vSphere's words: adapters, iSCSI targets, mounted volumes."""

from __future__ import annotations

from typing import Any

from lab.inventory.ids import stable_mac
from lab.inventory.source import read
from lab.inventory.volumes import target_name, vmfs_volume

_LOCAL_ADAPTER = {
    "_type": "HostBlockHba",
    "key": "key-vim.host.BlockHba-vmhba0",
    "device": "vmhba0",
    "bus": 0,
    "status": "unknown",
    "model": "SAS1064E",
    "driver": "mptspi",
    "pci": "01:00.0",
}
# What every software iSCSI adapter can do, and how it looks for targets.
_ISCSI = {
    "discoveryProperties": {
        "iSnsDiscoveryEnabled": False,
        "slpDiscoveryEnabled": False,
        "staticTargetDiscoveryEnabled": True,
        "sendTargetsDiscoveryEnabled": True,
    },
    "discoveryCapabilities": {
        "iSnsDiscoverySettable": False,
        "slpDiscoverySettable": False,
        "staticTargetDiscoverySettable": False,
        "sendTargetsDiscoverySettable": False,
    },
    "authenticationCapabilities": {
        "chapAuthSettable": True,
        "krb5AuthSettable": False,
        "srpAuthSettable": False,
        "spkmAuthSettable": False,
        "mutualChapSettable": True,
        "targetChapSettable": True,
        "targetMutualChapSettable": True,
    },
    "ipCapabilities": {
        "addressSettable": False,
        "ipConfigurationMethodSettable": False,
        "subnetMaskSettable": False,
        "defaultGatewaySettable": False,
        "primaryDnsServerAddressSettable": False,
        "alternateDnsServerAddressSettable": False,
    },
}


def storage_device(name: str, cluster: str, facts: dict[str, Any], stores: list[dict[str, Any]]) -> dict[str, Any]:
    """HostStorageDeviceInfo; ``stores`` are the datastores that the host has mounted."""
    adapters = [_LOCAL_ADAPTER, _iscsi_adapter(name, cluster, facts["iscsi"])]
    return {
        "softwareInternetScsiEnabled": True,
        "hostBusAdapter": adapters,
        "scsiTopology": {
            "adapter": [
                {
                    "key": f"key-vim.host.ScsiTopology.Interface-{a['device']}",
                    "adapter": a["key"],
                    "target": [_target(i, s) for i, s in enumerate(stores) if "iqn" in s] if "iScsiName" in a else [],
                }
                for a in adapters
            ]
        },
    }


def file_systems(stores: list[dict[str, Any]]) -> dict[str, Any]:
    """HostFileSystemVolumeInfo."""
    return {
        "volumeTypeList": ["VMFS", "NFS"],
        "mountInfo": [
            {
                "mountInfo": {
                    "path": f"/vmfs/volumes/{s['name']}",
                    "accessMode": "readWrite",
                    "mounted": True,
                    "accessible": True,
                },
                "volume": {"_type": "HostVmfsVolume", **vmfs_volume(s["name"], s["size_gb"])},
            }
            for s in stores
        ],
    }


def _iscsi_adapter(name: str, cluster: str, iscsi: dict[str, Any]) -> dict[str, Any]:
    """The software iSCSI adapter with its targets."""
    storage = read("storage")
    authentication = _chap(name, iscsi["chap"], iscsi["mutual"])
    return {
        "_type": "HostInternetScsiHba",
        "key": f"key-vim.host.InternetScsiHba-{iscsi['adapter']}",
        "device": iscsi["adapter"],
        "bus": 33,
        "status": "online",
        "model": "iSCSI Software Adapter",
        "driver": iscsi["driver"],
        "isSoftwareBased": True,
        "canBeDisabled": True,
        "networkBindingSupport": "required",
        "iScsiName": f"iqn.1998-01.com.vmware:{name.split('.', maxsplit=1)[0]}",
        "iScsiAlias": name,
        **_ISCSI,
        "ipProperties": {"dhcpConfigurationEnabled": False, "mac": stable_mac(name, "iscsi")},
        "authenticationProperties": authentication,
        "configuredSendTarget": [
            {
                "address": storage["group_address"],
                "port": 3260,
                "authenticationProperties": authentication | {"chapInherited": True, "mutualChapInherited": True},
            }
        ],
        "configuredStaticTarget": [
            _static_target(name, a, iscsi) for a in storage["arrays"] if a["cluster"] == cluster
        ],
    }


def _static_target(name: str, array: dict[str, Any], iscsi: dict[str, Any]) -> dict[str, Any]:
    over = iscsi.get("targets", {}).get(array["name"], {})
    own = _chap(name, over.get("chap", iscsi["chap"]), over.get("mutual", iscsi["mutual"]))
    return {
        "address": array["portal"],
        "port": 3260,
        "iScsiName": target_name(array),
        "discoveryMethod": "sendTargetDiscovered",
        "authenticationProperties": own | {"chapInherited": not over, "mutualChapInherited": not over},
    }


def _chap(name: str, one_way: str, mutual: str) -> dict[str, Any]:
    """HostInternetScsiHbaAuthenticationProperties without its secrets: servers never return them."""
    on, both = one_way != "chapProhibited", mutual != "chapProhibited"
    out: dict[str, Any] = {
        "chapAuthEnabled": on,
        "chapAuthenticationType": one_way,
        "mutualChapAuthenticationType": mutual,
    }
    if on:
        out["chapName"] = name.split(".", maxsplit=1)[0]
    if both:
        out["mutualChapName"] = "eqlgroup"
    return out


def _target(number: int, store: dict[str, Any]) -> dict[str, Any]:
    """HostScsiTopologyTarget."""
    return {
        "key": f"key-target-{store['name']}",
        "target": number,
        "transport": {
            "_type": "HostInternetScsiTargetTransport",
            "iScsiName": store["iqn"],
            "iScsiAlias": "",
            "address": [store["portal"] + ":3260"],
        },
    }
