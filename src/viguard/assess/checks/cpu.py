"""CPU that guests are sure of, may take, and take from each other. Source: report, "Limit the resources"."""

from __future__ import annotations

from fnmatch import fnmatchcase

from viguard.assess.context import Context
from viguard.assess.kind import capacity_mhz, expect, guests_on, host_of, not_read
from viguard.assess.reservations import Reserved, room_mhz
from viguard.assess.shares import NORMAL_SHARES, Pools, fair, pools_above
from viguard.assess.tally import Tally, about, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Fact, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Hardware, Host
from viguard.model.resources import Allocation
from viguard.model.server import Cluster
from viguard.policy.policy import CpuException, Policy, Profile


def floor(subject: Resource, context: Context) -> Verdict:
    """A guest is sure of its share of the host's CPU: a reservation of at least the floor (10 %).

    In ``modern`` shares of level normal or high (or custom ones worth as much) do too: they hold under contention what
    a reservation holds always, and 10 % each would admit ten guests a host. Guests that are off count: they can start.

    Shares count among neighbours in one pool only, so every pool above the guest must hold its part, too. A pool with
    low shares gives its guests less than their part: shares do not count then, the reservation decides, as without any.
    A pool with a limit, or with custom shares, may be wide enough or not, by what else is in and beside it: unknown,
    unless the reservation is enough by itself. The root pool of a cluster or host is all there is, and has neighbours
    no more.
    """
    guest = expect(Guest, subject)
    template = _template(guest, context)
    if template:
        return template
    percent, key = _percent(guest, context.policy, "floor_percent")
    tally = Tally(key)
    allocation = guest.cpu
    if isinstance(allocation, Unknown):
        tally.miss(allocation, context.evidence(guest, "cpu"))
        return tally.verdict()
    tally.see(context.evidence(guest, "cpu", allocation.reservation, part=".reservation"))
    pools = Pools()
    if context.profile is Profile.MODERN and fair(guest, allocation, context, tally):
        pools = pools_above(guest, context)
        tally.see(*pools.evidence)
        if not pools.low and not pools.doubts:
            return tally.verdict("its shares hold its part when CPU is scarce")
    hardware = _hardware(guest, context, tally)
    if isinstance(hardware, Hardware):
        wanted = int(hardware.total_mhz * percent / 100)
        if allocation.reservation < wanted and tally.clean:
            _too_little(
                f"{allocation.reservation} MHz reserved, {wanted} MHz is {percent:g} % of its host", pools, tally
            )
    return tally.verdict()


def _too_little(reason: str, pools: Pools, tally: Tally) -> None:
    """Its reservation is not enough: a failure, unless shares count and it is not known how far."""
    if pools.low:
        tally.fail(f"its resource pool {listed([pools.low])} has low shares, and {reason}")
    elif pools.doubts:
        for doubt in pools.doubts:
            tally.miss(f"{doubt}: whether its shares hold its part there is not known")
    else:
        tally.fail(reason)


def ceiling(subject: Resource, context: Context) -> Verdict:
    """A guest cannot take more than its ceiling (20 %) of the host's CPU, by its limit or by its number of CPUs.

    What a guest can take is the smaller of its limit and its virtual CPUs at the speed of one core.
    """
    guest = expect(Guest, subject)
    template = _template(guest, context)
    if template:
        return template
    percent, key = _percent(guest, context.policy, "ceiling_percent")
    tally = Tally(key)
    if isinstance(guest.cpu, Unknown):
        tally.miss(guest.cpu, context.evidence(guest, "cpu"))
    else:
        limit = "unlimited" if guest.cpu.limit is None else guest.cpu.limit
        tally.see(context.evidence(guest, "cpu", limit, part=".limit"))
    hardware = _hardware(guest, context, tally)
    if isinstance(hardware, Hardware) and isinstance(guest.cpu, Allocation):
        _judge_ceiling(guest, hardware, percent, context, tally)
    return tally.verdict()


def overcommit(subject: Resource, context: Context) -> Verdict:
    """Reservations leave room, and no guest can starve the others.

    Room: running guests reserve no more than the host has; and in a cluster with HA, its guests together no more
    than is left when its largest host fails. A cluster of one host has nowhere to go, so HA asks nothing of it.
    Starving: no guest, running or not, has unlimited CPU together with high shares, or custom ones above normal.
    """
    host = expect(Host, subject)
    tally = Tally()
    guests = guests_on(host, context)
    if isinstance(guests, Unknown):
        tally.miss(guests, context.evidence(host, "guests", guests))
    else:
        tally.see(context.evidence(host, "guests", [g.name for g in guests[:20]]))
        _judge_greed([g for g in guests if g.template is not True], context, tally)
    hardware, reserved = capacity_mhz(host), context.index(Reserved).on(host, context)
    if isinstance(hardware, Unknown):
        tally.miss(hardware, context.evidence(host, "hardware", hardware))
    else:
        tally.see(context.evidence(host, "hardware", hardware.total_mhz, part=" (MHz)"))
    if isinstance(reserved, Unknown):
        tally.miss(reserved, context.evidence(host, "guests", reserved, part=".config.cpuAllocation.reservation"))
    else:
        tally.see(context.evidence(host, "guests", reserved, part=".config.cpuAllocation.reservation (sum, MHz)"))
    if isinstance(reserved, int) and isinstance(hardware, Hardware) and reserved > hardware.total_mhz:
        tally.fail(f"running guests reserve {reserved} MHz, the host has {hardware.total_mhz} MHz")
    _judge_failover(host, context, tally)
    return tally.verdict(f"{reserved} MHz reserved")


def _template(guest: Guest, context: Context) -> Verdict | None:
    if isinstance(guest.template, Unknown):
        return unknown(guest.template, context.evidence(guest, "template"))
    return not_applicable("a template does not run", context.evidence(guest, "template")) if guest.template else None


def _percent(guest: Guest, policy: Policy, field: str) -> tuple[float, str]:
    for exception in policy.limits.cpu.exceptions:
        value = _of_exception(exception, field)
        if value is not None and fnmatchcase(guest.name, exception.guest):
            return value, "limits.cpu.exceptions"
    cpu = policy.limits.cpu
    return (cpu.floor_percent if field == "floor_percent" else cpu.ceiling_percent), f"limits.cpu.{field}"


def _of_exception(exception: CpuException, field: str) -> float | None:
    return exception.floor_percent if field == "floor_percent" else exception.ceiling_percent


def _hardware(guest: Guest, context: Context, tally: Tally) -> Fact[Hardware]:
    host = host_of(guest, context)
    if isinstance(host, Unknown):
        tally.miss(host, context.evidence(guest, "host", host))
        return host
    found = capacity_mhz(host)
    if isinstance(found, Unknown):
        tally.miss(found, about(context, host, "hardware", found))
    else:
        tally.see(about(context, host, "hardware", found.total_mhz, part=" (MHz)"))
    return found


def _judge_ceiling(guest: Guest, hardware: Hardware, percent: float, context: Context, tally: Tally) -> None:
    limit = guest.cpu.limit if isinstance(guest.cpu, Allocation) else None
    allowed = hardware.total_mhz * percent / 100
    if limit is not None and limit <= allowed:
        return
    if isinstance(guest.cpus, Unknown):
        tally.miss(guest.cpus, context.evidence(guest, "cpus"))
        return
    by_cpus = guest.cpus * hardware.cpu_mhz
    tally.see(context.evidence(guest, "cpus"))
    if by_cpus > allowed:
        most = by_cpus if limit is None else min(limit, by_cpus)
        tally.fail(f"it can take {most} MHz, {percent:g} % of its host is {allowed:.0f} MHz")


def _judge_greed(guests: list[Guest], context: Context, tally: Tally) -> None:
    greedy: list[Guest] = []
    for guest in guests:
        found = guest.cpu
        if isinstance(found, Unknown):
            tally.miss(found, about(context, guest, "cpu"))
        elif found.limit is None and found.level == "high":
            greedy.append(guest)
        elif found.limit is None and found.level == "custom":
            if isinstance(guest.cpus, Unknown):
                tally.miss(guest.cpus, about(context, guest, "cpus"))
            elif found.shares > NORMAL_SHARES * guest.cpus:
                greedy.append(guest)
    if greedy:
        tally.fail(
            f"unlimited CPU with more than normal shares: {listed(g.name for g in greedy)}",
            *(about(context, g, "cpu") for g in greedy[:5]),
        )


def _judge_failover(host: Host, context: Context, tally: Tally) -> None:
    cluster = context.inventory.get(Cluster, host.cluster)
    if host.cluster and cluster is None:
        tally.miss("its cluster was not read")
    if cluster is None or cluster.lone or not cluster.ha:
        return
    if isinstance(cluster.ha, Unknown) or isinstance(cluster.hosts, Unknown):
        field = "ha" if isinstance(cluster.ha, Unknown) else "hosts"
        tally.miss("whether its cluster has room for a failed host was not read", about(context, cluster, field))
        return
    hosts = [context.inventory.get(Host, id_) for id_ in cluster.hosts]
    sizes = [room_mhz(h) if h else not_read("a host was not read") for h in hosts]
    reserved = [context.index(Reserved).on(h, context) for h in hosts if h]
    missing = next((f for f in (*sizes, *reserved) if isinstance(f, Unknown)), None)
    if missing:
        tally.miss(f"room in its cluster: {missing}", about(context, cluster, "hosts"))
    elif len(hosts) > 1:
        _judge_room(cluster, [f for f in sizes if isinstance(f, int)], reserved, context, tally)


def _judge_room(cluster: Cluster, sizes: list[int], reserved: list[Fact[int]], context: Context, tally: Tally) -> None:
    left, wanted = sum(sizes) - max(sizes), sum(r for r in reserved if isinstance(r, int))
    tally.see(about(context, cluster, "ha"), about(context, cluster, "hosts", wanted, part=" (reserved, MHz)"))
    if wanted > left:
        tally.fail(f"guests of its cluster reserve {wanted} MHz, {left} MHz are left when its largest host fails")
