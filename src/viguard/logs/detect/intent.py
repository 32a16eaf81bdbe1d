"""What detections need to know of the owner's intent and of the estate; all of it is handed in."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

import msgspec

from viguard.model.facts import Struct
from viguard.policy.policy import NO_POLICY, Day, Policy, Purpose, TimeZone, WorkingHours
from viguard.policy.time_zones import zone_named

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Hours(Struct, frozen=True, kw_only=True):
    """When people may log in: ``days`` 0 (Monday) to 6, ``start`` to before ``end`` as whole hours, 0 to 24."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: int = 0
    end: int = 24


class Intent(Struct, frozen=True, kw_only=True):
    """What is intended, as far as detections ask. None: undecided, so nothing is judged by it.

    ``networks`` are those that administrators log in from (CIDR), ``hours`` when, in ``time_zone``.
    ``addresses`` of hosts by name and ``relays`` (log servers that pass lines on) show who may send a host's lines.
    ``zones`` are the zones by name of guest or host (one word for one of them), ``subnets`` by network.
    ``time_zones`` date the lines of hosts that write local time (see ``logs.clocks``).
    """

    console_sessions: int = 1
    networks: tuple[str, ...] | None = None
    hours: tuple[Hours, ...] | None = None
    time_zone: str = "UTC"
    addresses: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    relays: tuple[str, ...] = ()
    zones: dict[str, str | tuple[str, ...]] = msgspec.field(default_factory=dict)
    subnets: dict[str, str] = msgspec.field(default_factory=dict)
    time_zones: tuple[TimeZone, ...] = ()

    @property
    def undecided(self) -> tuple[str, ...]:
        """What detections cannot judge for want of a decision or a fact, as sentences."""
        missing = []
        if self.networks is None:
            missing.append("from where people may log in is not decided: give a zone the purpose management")
        if self.hours is None:
            missing.append("when people may log in is not decided: set working_hours in the policy")
        if not self.addresses:
            missing.append("the addresses of hosts are not known, so a false sender is not noticed")
        return tuple(missing)


def intent_of(
    policy: Policy = NO_POLICY,
    *,
    addresses: Mapping[str, tuple[str, ...]] | None = None,
    relays: tuple[str, ...] = (),
    zones: Mapping[str, tuple[str, ...]] | None = None,
) -> Intent:
    """What a policy intends, with facts of the estate. People log in from the subnets of zones for management."""
    known, hours = policy.zones or (), policy.working_hours
    networks = [net for zone in known if zone.purpose is Purpose.MANAGEMENT for net in zone.match.subnets]
    return Intent(
        console_sessions=policy.limits.console_sessions,
        networks=tuple(networks) or None,
        hours=_hours(hours) if hours else None,
        time_zone=hours.time_zone if hours else "UTC",
        addresses=dict(addresses or {}),
        relays=relays,
        zones=dict(zones or {}),
        subnets={net: zone.name for zone in known for net in zone.match.subnets},
        time_zones=policy.time_zones,
    )


def _hours(working: WorkingHours) -> tuple[Hours, ...]:
    days = list(Day)
    return tuple(Hours(days=tuple(map(days.index, w.days)), start=w.start, end=w.end) for w in working.windows)


class Sight:
    """An intent made ready for many questions. Every answer may be None: not known.

    Raises: InputError for a time zone that is none, ValueError for a network that is none.
    """

    def __init__(self, intent: Intent) -> None:
        self.intent = intent
        self._networks = None if intent.networks is None else [network_of(n) for n in intent.networks]
        self._subnets = sorted(
            ((network_of(net), zone) for net, zone in intent.subnets.items()), key=lambda pair: -pair[0].prefixlen
        )
        self._zone = zone_named(intent.time_zone)
        self._addresses = {host.casefold(): {address_of(a) for a in some} for host, some in intent.addresses.items()}
        self._relays = {address_of(a) for a in intent.relays}
        self._zones = {
            name.casefold(): (some,) if isinstance(some, str) else some for name, some in intent.zones.items()
        }

    def local(self, time: datetime) -> datetime:
        """A time in the owner's time zone."""
        return time.astimezone(self._zone)

    def is_source_allowed(self, source: str | None) -> bool | None:
        """Whether people may log in from an address. The host itself and an address that is none are not judged."""
        address = address_of(source)
        if self._networks is None or address is None or address.is_loopback or address.is_unspecified:
            return None
        return any(address in network for network in self._networks)

    def is_time_allowed(self, time: datetime | None) -> bool | None:
        """Whether people may log in at that time."""
        if self.intent.hours is None or time is None:
            return None
        at = self.local(time)
        return any(at.weekday() in one.days and one.start <= at.hour < one.end for one in self.intent.hours)

    def is_sender_known(self, host: str, sender: str) -> bool | None:
        """Whether lines of a host may come from a sender."""
        known, address = self._addresses.get(host.casefold()), address_of(sender)
        if known is None or address is None:
            return None
        return address in known or address in self._relays

    def zones_of(self, name: str) -> tuple[str, ...]:
        """The zones of a guest or host, none when they are not known."""
        return self._zones.get(name.casefold(), ())

    def zone_of_address(self, source: str | None) -> str | None:
        """The zone of the smallest network that an address is in."""
        address = address_of(source)
        return None if address is None else next((zone for net, zone in self._subnets if address in net), None)


def network_of(text: str) -> Network:
    """A network in CIDR notation. Raises: ValueError."""
    return ipaddress.ip_network(text, strict=False)


@lru_cache(maxsize=4096)
def address_of(text: str | None) -> Address | None:
    """An address as lines write it, without zone id; IPv4 that is written as IPv6 is IPv4. None: no address."""
    try:
        address = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
