"""What stands at the border of each network, as the rules of its routers tell."""

from __future__ import annotations

from viguard.model.facts import Fact, Struct


class Border(Struct, frozen=True, kw_only=True):
    """A network of a zone: the devices that join it to others, and whether each of them has rules for it.

    ``bare`` are those without: everything passes there. Unknown: rules or the way itself were not read.
    """

    network: str
    devices: tuple[str, ...]
    bare: Fact[tuple[str, ...]]


class Exposure(Struct, frozen=True, kw_only=True):
    """Those who play a role: what else than they need reaches them (``opened``), and what nobody knows.

    ``players``: how each is known. ``is_guarded``: their own firewall was read, or one right before them; else what is
    opened by routers may still be closed there.
    """

    role: str
    players: tuple[str, ...]
    opened: tuple[str, ...]
    unknown: tuple[str, ...]
    is_guarded: bool
