"""What other parts of viguard tell an attack graph: reach between networks, and facts no inventory holds."""

from __future__ import annotations

from collections.abc import Mapping

from viguard.model.facts import Struct


class Passage(Struct, frozen=True, kw_only=True):
    """A service that gets from one network into another. ``rule`` says which rules decide, with device and line.

    ``source`` and ``destination`` are VLANs (``110``) or zones of the policy by name. ``service`` is ``tcp/443``, or
    ``any``.
    """

    source: str
    destination: str
    service: str
    rule: str


class Reach(Struct, frozen=True, kw_only=True):
    """What gets from network to network. Pairs of ``judged`` networks that no passage joins are closed.

    Networks that were not judged are joined to all others by what is possible, not shown.
    """

    passages: tuple[Passage, ...] = ()
    judged: frozenset[str] = frozenset()


class Kept(Struct, frozen=True, kw_only=True):
    """A guest that keeps the password of an account: a backup, monitoring, log or update server. ``told`` by whom."""

    guest: str  # resource id
    principal: str
    server: str  # resource id of the vCenter or host that knows the account
    told: str


class Supplied(Struct, frozen=True, kw_only=True):
    """Facts that no inventory holds. What is missing here was not read, so its steps stay possible.

    ``forwards``: whether a guest forwards packets, by id. ``flaws``: the flaw of a guest's open service, "" for none.
    ``logins``: who has a password that opens a host or vCenter (by id), "" for nobody. ``updates``: hosts by the guest
    that hands them software. ``same``: groups of credentials with one secret; ``compared``: those that were looked at.
    A credential is ``root at <host id>``, ``chap of <host id> <device>``, or an account as rights spell it.
    """

    forwards: Mapping[str, bool] = {}
    flaws: Mapping[str, str] = {}
    logins: Mapping[str, str] = {}
    updates: Mapping[str, tuple[str, ...]] = {}
    kept: tuple[Kept, ...] = ()
    same: tuple[tuple[str, ...], ...] = ()
    compared: frozenset[str] = frozenset()


NOTHING = Supplied()
UNJUDGED = Reach()
