"""policy.yaml as typed, frozen values. None: the owner left it undecided, no control passes on it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from viguard.model.facts import Struct

POLICY_SCHEMA = "viguard-policy/1"

# Ranges, held when a policy file is read (``typed``); the structs themselves do not check.
VlanId: TypeAlias = Annotated[int, Meta(ge=0, le=4094)]
Percent: TypeAlias = Annotated[float, Meta(ge=0, le=100)]
Trust: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
Bytes: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Hour: TypeAlias = Annotated[int, Meta(ge=0, le=24)]
Days: TypeAlias = Annotated[int, Meta(ge=1, le=3650)]


class Profile(StrEnum):
    """Which guide's expected values hold where guides differ."""

    REPORT_2010 = "report-2010"
    MODERN = "modern"


class Sharing(StrEnum):
    """What two zones may share, loosest first."""

    SHARE = "share"
    SHARE_OWN_NIC = "share_own_nic"
    SEPARATE_HOST = "separate_host"
    SEPARATE_CLUSTER = "separate_cluster"


class Purpose(StrEnum):
    """What a zone is for, where controls need to know."""

    GUESTS = "guests"
    DMZ = "dmz"
    MANAGEMENT = "management"
    STORAGE = "storage"
    VMOTION = "vmotion"
    TEST = "test"


class Day(StrEnum):
    """Days of the week, Monday first, as ``datetime.weekday`` counts."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Window(Struct, frozen=True, kw_only=True):
    """A part of days in which people work: from the hour ``start`` to before ``end``."""

    days: tuple[Day, ...] = tuple(Day)
    start: Hour = 0
    end: Hour = 24


class WorkingHours(Struct, frozen=True, kw_only=True):
    """When people may log in, in an IANA time zone."""

    windows: tuple[Window, ...]
    time_zone: str = "UTC"


class TimeZone(Struct, frozen=True, kw_only=True):
    """The IANA time zone in which hosts write times that name none. ``hosts`` are patterns of name or address."""

    hosts: tuple[str, ...]
    zone: str
    line: int = 0


class Recognition(Struct, frozen=True, kw_only=True):
    """How a zone is recognised: any hit counts. Patterns are shell patterns, subnets CIDR."""

    vlans: tuple[VlanId, ...] = ()
    port_groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


class Zone(Struct, frozen=True, kw_only=True):
    """A trust zone. ``trust`` grows with what is at stake: 0 is the internet's side. ``line`` is where it stands."""

    name: str
    match: Recognition
    purpose: Purpose = Purpose.GUESTS
    trust: Trust = 0
    owner: str = ""
    line: int = 0


class PairRule(Struct, frozen=True, kw_only=True):
    """What two zones may share. Order does not matter."""

    zones: tuple[str, str]
    sharing: Sharing
    line: int = 0


class CpuException(Struct, frozen=True, kw_only=True):
    """Another CPU floor or ceiling for guests that match ``guest`` (a shell pattern)."""

    guest: str
    reason: str
    floor_percent: Percent | None = None
    ceiling_percent: Percent | None = None


class CpuLimits(Struct, frozen=True, kw_only=True):
    """CPU that a guest gets at least and at most, percent of its host. Source: report, "Limit the resources"."""

    floor_percent: Percent = 10
    ceiling_percent: Percent = 20
    exceptions: tuple[CpuException, ...] = ()


class Limits(Struct, frozen=True, kw_only=True):
    """Numbers that bound guests and credentials; None: the profile's value."""

    cpu: CpuLimits = CpuLimits()
    log_size_bytes: Bytes | None = None
    log_count: Count | None = None
    log_bytes_per_host_day: Bytes | None = None
    console_sessions: Count = 1
    hosts_per_credential: Count | None = None
    template_age_days: Days = 35


class Approved(Struct, frozen=True, kw_only=True):
    """What the owner approved; None: undecided."""

    log_servers: tuple[str, ...] | None = None
    ntp_servers: tuple[str, ...] | None = None
    lockdown_exceptions: tuple[str, ...] = ()
    certificate_issuers: tuple[str, ...] | None = None
    kernel_modules: tuple[str, ...] | None = None
    port_mirrors: tuple[str, ...] = ()
    vcenter_principals: tuple[str, ...] | None = None
    break_glass: tuple[str, ...] = ()
    templates: tuple[str, ...] | None = None  # names or paths of registered, hardened templates
    passthrough_guests: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()  # "GUEST-PATTERN:VirtualSerialPort" that are needed


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who owns, approves or reviews. ``accounts`` are principals of the estate."""

    name: str
    email: str = ""
    teams: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


class Attestation(Struct, frozen=True, kw_only=True):
    """A dated statement for a control that no machine can decide. It counts until ``expires``."""

    control: str
    statement: str
    owner: str
    dated: date
    expires: date
    evidence: str = ""
    line: int = 0


class TestEstate(Struct, frozen=True, kw_only=True):
    """Which part of the estate is for testing, by name pattern of server, datacenter, cluster or host."""

    servers: tuple[str, ...] = ()
    datacenters: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Flow(Struct, frozen=True, kw_only=True):
    """A flow that guests need: who may open connections to whom, for which services (``tcp/443``).

    Ends are zones, roles, addresses, networks, ``internet`` (what is in no zone) or ``any``.
    """

    sources: tuple[str, ...] = msgspec.field(name="from")
    destinations: tuple[str, ...] = msgspec.field(name="to")
    services: tuple[str, ...]
    why: str = ""
    line: int = 0


class Nat(Struct, frozen=True, kw_only=True):
    """Addresses that a point translates: in its network ``on`` those ``inside`` are seen as those ``outside``.

    As many outside as inside: one for one, in both directions. One outside for many inside: they hide behind it.
    """

    on: str
    outside: str
    inside: str
    line: int = 0


class EnforcementPoint(Struct, frozen=True, kw_only=True):
    """A device that enforces rules. ``rules`` are the files that it saved, by their path from the policy's folder.

    Either it joins networks, ``between`` zones, ``internet`` and networks that only routers are in; or it stands
    ``before`` guests, hosts, zones, roles or addresses and looks at what comes to them and leaves them. ``interfaces``
    says to which network an interface belongs where its address and VLAN do not tell.
    """

    name: str
    rules: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    interfaces: dict[str, str] = msgspec.field(default_factory=dict)
    nat: tuple[Nat, ...] = ()
    line: int = 0


class Separation(Struct, frozen=True, kw_only=True):
    """Two zones between which nothing may pass, in neither direction."""

    zones: tuple[str, str]
    why: str = ""
    line: int = 0


class Firewall(Struct, frozen=True, kw_only=True):
    """What firewalls let through. ``roles`` are addresses, networks, zones or guests that play one (``dns_server``).

    ``separate``: no flow may join these zones. ``points`` are the devices that enforce it. ``isolated`` are zones in
    which no router has an address.
    """

    roles: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    separate: tuple[Separation, ...] = ()
    points: tuple[EnforcementPoint, ...] = ()
    isolated: tuple[str, ...] = ()


class Sites(Struct, frozen=True, kw_only=True):
    """How the site of a host is known: a custom attribute, or host patterns by site name."""

    attribute: str = ""
    hosts: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Policy(Struct, frozen=True, kw_only=True):
    """What the owner intends. ``file`` is where it came from, empty for the policy that holds when there is none.

    ``zones`` and ``working_hours`` None: undecided. ``profile`` None: by the version of each resource.
    ``lines`` maps a dotted key (``limits.cpu``) to its line, for explanations.
    """

    file: str = ""
    schema: str = POLICY_SCHEMA
    profile: Profile | None = None
    zones: tuple[Zone, ...] | None = None
    pairs: tuple[PairRule, ...] = ()
    pairs_default: Sharing | None = None
    limits: Limits = Limits()
    approved: Approved = Approved()
    people: tuple[Person, ...] = ()
    working_hours: WorkingHours | None = None
    time_zones: tuple[TimeZone, ...] = ()
    audit_every_days: Days = 31
    test: TestEstate | None = None
    sites: Sites = Sites()
    firewall: Firewall = Firewall()
    attestations: tuple[Attestation, ...] = ()
    lines: dict[str, int] = msgspec.field(default_factory=dict)

    def sharing(self, one: str, other: str) -> Sharing | None:
        """What two zones may share, or None when the owner did not say. A zone may share with itself."""
        if one == other:
            return Sharing.SHARE
        for rule in self.pairs:
            if set(rule.zones) == {one, other}:
                return rule.sharing
        return self.pairs_default

    def where(self, key: str) -> str:
        """``file:line`` of a dotted key, or empty."""
        line = self.lines.get(key)
        return f"{self.file}:{line}" if self.file and line else ""


NO_POLICY = Policy()
"""What holds when the owner has not written a policy."""
