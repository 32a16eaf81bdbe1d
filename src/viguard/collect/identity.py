"""Who a server is: an id that stays the same from run to run, and a name for people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from viguard.model.facts import Scalar
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.session import About

OWN = ("instance.id", "VirtualCenter.InstanceName", "VirtualCenter.ManagedIP")
"""What an old VirtualCenter says of itself that stays."""


def server_id(about: About, settings: Mapping[str, Scalar], endpoint: Endpoint, hardware_uuid: str = "") -> str:
    """The id of a server: its instanceUuid; of a host read directly, its hardware UUID.

    VirtualCenter before API 4.0 has no instanceUuid: its own number, name and address,
    or else the address that we use, stand in.
    """
    if about.instance_uuid:
        return about.instance_uuid.lower()
    if hardware_uuid:
        return hardware_uuid.lower()
    own = [f"{key}={settings[key]}" for key in OWN if settings.get(key) not in {None, ""}]
    seed = "\n".join(own) if settings.get("VirtualCenter.InstanceName") else f"{endpoint.host}:{endpoint.port}"
    return f"{about.line or 'server'}-{hashlib.sha256(seed.encode()).hexdigest()[:24]}"


def server_name(settings: Mapping[str, Scalar], endpoint: Endpoint) -> str:
    """The alias that the owner gave, else the server's own name for itself, else its address."""
    own = (settings.get(k) for k in ("VirtualCenter.FQDN", "VirtualCenter.InstanceName"))
    return endpoint.name or next((str(name) for name in own if name), endpoint.host)
