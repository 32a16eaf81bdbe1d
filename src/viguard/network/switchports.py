"""Ports of physical switches, as their configurations say."""

from __future__ import annotations

from typing import Literal

from viguard.model.facts import Struct
from viguard.network.addresses import Range

Mode = Literal["trunk", "access", "routed"]


class SwitchPort(Struct, frozen=True, kw_only=True):
    """A port of a switch, or a bundle of ports. ``where`` is its place in the file that it was read from.

    ``allowed`` are the VLANs of a trunk, None: every VLAN. ``native`` is the VLAN of untagged frames on a trunk, None:
    the default of the device, VLAN 1. ``channel`` names the bundle that the port is part of.
    """

    device: str
    name: str
    mode: Mode
    allowed: tuple[Range, ...] | None = None
    native: int | None = None
    access: int | None = None
    description: str = ""
    channel: str = ""
    shutdown: bool = False
    where: str = ""
