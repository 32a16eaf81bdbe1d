"""What other parts of viguard tell an attack graph: reach between networks, and facts no inventory holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

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


class Way(NamedTuple):
    """Whether a service gets from one network into another; None: nobody knows. ``told``: by which rules, or why."""

    is_open: bool | None
    told: str = "which rules stand between the two networks"


class Reaches(Protocol):
    """Tells what gets from network to network. Networks are known by their VLAN (``110``) and their zones' names.

    ``by_address``: the answer depends on the address that a service has.
    """

    @property
    def by_address(self) -> bool:
        """See above."""
        ...

    def way(self, source: frozenset[str], destination: frozenset[str], service: str, addresses: tuple[str, ...]) -> Way:
        """Whether a service (``tcp/443``, or ``any``) gets there; ``addresses`` are those it has, where known."""
        ...


class Reach(Struct, frozen=True, kw_only=True):
    """What gets from network to network, as a list. Pairs of ``judged`` networks that no passage joins are closed.

    Networks that were not judged are joined to all others by what is possible, not shown.
    """

    passages: tuple[Passage, ...] = ()
    judged: frozenset[str] = frozenset()
    by_address: bool = False

    def way(self, source: frozenset[str], destination: frozenset[str], service: str, addresses: tuple[str, ...]) -> Way:
        """See ``Reaches``. Passages are of whole networks."""
        _ = addresses
        for one in self.passages:
            if one.source in source and one.destination in destination and one.service in {service, "any"}:
                return Way(is_open=True, told=f"{one.service} from {one.source} to {one.destination}: {one.rule}")
        return Way(is_open=False if source & self.judged and destination & self.judged else None)


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
