"""What a port of a physical switch is told to carry."""

from __future__ import annotations

from typing import Literal

from viguard.model.facts import Struct
from viguard.network.addresses import Ranges

VLANS = (1, 4094)
"""The first VLAN and the last. Source: IEEE 802.1Q."""


class PortConfig(Struct, frozen=True, kw_only=True):
    """One port of a switch, a port channel, or an interface with an address, as its configuration says.

    ``mode``: ``trunk``, ``access`` or ``routed``. ``allowed``: the VLANs of a trunk, None: every VLAN. ``native``: the
    VLAN of frames without a tag on a trunk, ``access``: that of an access port. ``channel``: the port channel that it
    belongs to. ``where``: the line that it starts at. A routed sub-interface has its own VLAN as ``allowed``.
    """

    device: str
    name: str
    mode: Literal["trunk", "access", "routed"]
    allowed: Ranges | None = None
    native: int | None = None
    access: int | None = None
    description: str = ""
    channel: str = ""
    shutdown: bool = False
    where: str = ""
