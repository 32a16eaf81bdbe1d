"""The text that `viguard init` writes: a policy with everything the estate shows, and what its owner must decide.

A line with '#' right before a word is a proposal that takes effect when the '#' goes; '# ' explains. Nothing is decided
for the owner but how zones are recognised; purposes and trust are marked as guesses.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from itertools import combinations

from viguard.model.inventory import Inventory
from viguard.policy.guess import TRUST, sharing
from viguard.policy.import_zones import Row
from viguard.policy.policy import POLICY_SCHEMA, CpuLimits, Limits, Policy, Sharing
from viguard.policy.quoting import quote, scalar
from viguard.policy.surroundings import Surroundings, look_around
from viguard.policy.survey import Candidate, Survey, describe, pattern_of
from viguard.policy.survey import survey as survey_of

MAX_PAIRS = 300

_HEAD = """\
# The policy of this estate, proposed by 'viguard init' from what was read on {day}: {guests} guests, {hosts} hosts.
#
# A line that begins with '# ' explains. A line with '#' right before a word is a proposal: take the '#' away to decide
# it. 'decide:' marks what only the owner knows; no control passes on what is not decided. docs/policy.md has every key.
schema: {schema}

# decide: which guide's expected values hold, report-2010 or modern. Left out: by the version of each resource.
#profile: modern
"""


def propose(
    inventory: Inventory, rows: Sequence[Row] = (), within: Container[str] | None = None, selection: str = ""
) -> str:
    """A commented policy.yaml for an estate; it loads without a mistake. ``rows`` name and complete the zones.

    ``within``: only zones that a guest of these ids is on; ``selection`` says in words which guests those are.
    """
    found = survey_of(inventory).narrowed(within)
    found.candidates = adopt(found.candidates, rows)
    around = look_around(inventory)
    head = _HEAD.format(
        day=inventory.read_at.date(), guests=found.guests, hosts=len(inventory.hosts), schema=POLICY_SCHEMA
    )
    if selection:
        head += f"\n# Only zones of guests in this selection: {quote(selection)}; counts are of the whole estate.\n"
    parts = [_zones(found), _pairs(found.candidates), _limits(), _approved(around), _rest(around)]
    return head + "".join("\n" + "\n".join(part) + "\n" for part in parts)


def adopt(candidates: Iterable[Candidate], rows: Sequence[Row]) -> list[Candidate]:
    """Candidates merged into the zones that imported rows name. A zone that the estate does not show is kept, too."""
    zones: dict[str, Candidate] = {}
    for row in rows:
        zone = zones.setdefault(row.zone, Candidate(name=row.zone))
        zone.vlans |= {row.vlan} if row.vlan is not None else set()
        zone.declared |= {row.subnet} if row.subnet else set()
        zone.owner = zone.owner or row.owner
    by_vlan = {vlan: zone for zone in zones.values() for vlan in zone.vlans}
    by_subnet = {subnet: zone for zone in zones.values() for subnet in zone.declared}
    left: list[Candidate] = []
    for candidate in candidates:
        hits = [by_vlan[v] for v in candidate.vlans if v in by_vlan]
        hits = hits or [by_subnet[s] for s in sorted(candidate.subnets) if s in by_subnet]
        if hits:
            hits[0].merge(candidate)
        else:
            left.append(candidate)
    taken = set(zones)
    for candidate in left:
        while candidate.name in taken:
            candidate.name += "-2"
        taken.add(candidate.name)
    return [*zones.values(), *left]


def zone_lines(zone: Candidate, found: Survey) -> list[str]:
    """One zone as lines of YAML with its comments, without indentation."""
    guess = zone.guess
    purpose = guess.purpose.value
    lines = [f"# {_coverage(zone, found)}"]
    if zone.shared_names:
        names = ", ".join(quote(name, 40) for name in sorted(zone.shared_names)[:6])
        lines.append(f"# decide: port groups of the same name lie on other networks, too: {names}")
    lines += [f"- name: {scalar(zone.name)}", "  match:"]
    lines += [f"    {key}: {_list(values)}" for key, values in recognition(zone, found) if values]
    lines += [f"    {line}" for line in _labels("tags", zone.tags, found.tags, zone)]
    lines += [f"    {line}" for line in _labels("folders", zone.folders, found.folders, zone)]
    why = f"guess: {guess.why}" if guess.why else "nothing told what it is for"
    lines.append(f"  purpose: {purpose}  # decide: {why}")
    lines.append(f"  trust: {TRUST[guess.purpose]}  # decide: a guess for {purpose}; 0 is the internet's side")
    lines.append(f"  owner: {scalar(zone.owner)}" if zone.owner else "  #owner: NAME  # decide:")
    return lines


def recognition(zone: Candidate, found: Survey) -> list[tuple[str, list[str]]]:
    """How a zone is recognised, by key. A subnet that other networks show, too, recognises nothing."""
    elsewhere = {s for c in (*found.candidates, *found.others) if c is not zone for s in c.subnets | c.declared}
    keys = [
        ("vlans", [str(v) for v in sorted(zone.vlans)]),
        ("port_groups", [pattern_of(name) for name in zone.own_port_groups]),
        ("subnets", sorted((zone.subnets - elsewhere) | zone.declared)),
    ]
    return keys if any(values for _, values in keys) else [("port_groups", [pattern_of(n) for n in zone.port_groups])]


def _coverage(zone: Candidate, found: Survey) -> str:
    vlan = f"VLAN {', '.join(map(str, sorted(zone.vlans)))}" if zone.vlans else "untagged"
    guests = f"{len(zone.guests)} of {found.guests} guests" if zone.guests else "no guest"
    guests += f", own NICs of {len(zone.own_nics)} hosts" if zone.own_nics else ""
    groups = f"port groups {describe(zone.port_groups)}" if zone.port_groups else "no port group in this estate"
    return f"{vlan}: {guests}; {groups}"


def _labels(key: str, here: dict[str, int], everywhere: dict[str, int], zone: Candidate) -> list[str]:
    """Tags or folders that most of the zone's guests have, with their coverage; those that no other guest has, offered.

    What more guests have elsewhere than here says nothing of the zone.
    """
    rows = sorted(here.items(), key=lambda row: (-row[1], row[0]))
    total = len(zone.guests)
    near = [(name, n, everywhere[name] - n) for name, n in rows if 2 * n >= total and everywhere[name] <= 2 * n][:3]
    sure = [(name, n) for name, n, others in near if not others]
    offer = [f"#{key}: {_list(pattern_of(name) for name, _ in sure)}  # {_told(sure, total)}"] if sure else []
    noun = key.removesuffix("s")
    return offer + [
        f"# {noun} {quote(name)}: {n} of {total} guests here, {others} elsewhere" for name, n, others in near if others
    ]


def _told(sure: list[tuple[str, int]], total: int) -> str:
    return ", ".join(str(n) for _, n in sure) + f" of {total} guests here, none elsewhere"


def _zones(found: Survey) -> list[str]:
    lines = [
        "# Zones, recognised by any hit; those with most guests first.",
        "# decide: names, purposes and trust; merge networks that are one zone; add what recognises guests better.",
        "zones:",
    ]
    for zone in found.candidates:
        lines += ["", *(f"  {line}" for line in zone_lines(zone, found))]
    lines += [""] if found.candidates else []
    empty = [str(v) for z in found.candidates if not z.guests and not z.own_nics for v in sorted(z.vlans)]
    if empty:
        lines.append(f"# decide: VLANs without any guest, are they still needed? {', '.join(empty)}")
    for subnet, count in found.unknown_subnets.most_common(40):
        lines.append(f"# decide: subnet {subnet} ({count} of {found.guests} guests) lies on no network that was read")
    if found.trunks:
        lines.append(f"# decide: these hand several VLANs to guests, no zone is proposed: {describe(found.trunks)}")
    if found.unread:
        lines.append(f"# decide: the VLAN of these could not be read: {describe(found.unread)}")
    if found.lost_guests:
        lines.append(f"# {found.lost_guests} of {found.guests} guests have a NIC whose port group could not be read.")
    return lines


def _pairs(zones: Sequence[Candidate]) -> list[str]:
    lines = [
        "# What two zones may share: share, share_own_nic, separate_host or separate_cluster.",
        "# decide: each pair; every pair without a line has pairs_default, and none when that is left out.",
        "pairs:",
    ]
    known = [(zone, zone.guess.purpose) for zone in zones]
    rows = [
        (one, other, wish)
        for (one, its), (other, others) in combinations(known, 2)
        if (wish := sharing(its, others)) is not Sharing.SHARE
    ]
    for one, other, wish in rows[:MAX_PAIRS]:
        both = len(one.hosts & other.hosts)
        today = f"  # today guests of both run on {both} host{'s' if both != 1 else ''}" if both else ""
        lines.append(f"  #- {{zones: [{_flow(one.name)}, {_flow(other.name)}], sharing: {wish.value}}}{today}")
    if len(rows) > MAX_PAIRS:
        lines.append(f"  # and {len(rows) - MAX_PAIRS} more pairs of different purposes")
    return [*lines, "#pairs_default: share"]


def _limits() -> list[str]:
    cpu, limits = CpuLimits(), Limits()
    return [
        "# What a guest may take. These values hold unless you change them.",
        "limits:",
        f"  cpu: {{floor_percent: {cpu.floor_percent:g}, ceiling_percent: {cpu.ceiling_percent:g}}}  # of its host",
        f"  console_sessions: {limits.console_sessions}",
        f"  template_age_days: {limits.template_age_days}",
        "  #log_size_bytes: 100000  # left out: the profile's value",
        "  #log_count: 10  # left out: the profile's value",
        "  #log_bytes_per_host_day: 2200000  # left out: the profile's value",
        "  #hosts_per_credential: 1  # decide: how many hosts one credential may administer",
    ]


def _approved(around: Surroundings) -> list[str]:
    return [
        "# What you approved. Left out: undecided.",
        "approved:",
        *_servers("log_servers", around.log_servers, around.log_hosts),
        *_servers("ntp_servers", around.ntp_servers, around.ntp_hosts),
        "  #lockdown_exceptions: []  # decide: accounts that may enter a locked-down host",
        "  #break_glass: []  # decide: accounts for emergencies",
        "  #vcenter_principals: []  # decide: who may hold rights on the guest that runs a vCenter",
        "  #templates: []  # decide: registered, hardened templates, by name or path",
    ]


def _servers(key: str, counts: dict[str, int], hosts: int) -> list[str]:
    """Servers on most hosts as a proposal, the others by name."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    usual = [name for name, count in rows if 2 * count > hosts]
    lines = []
    if usual:
        told = ", ".join(f"{quote(name, 60)} on {counts[name]} of {hosts} hosts" for name in usual[:6])
        lines.append(f"  #{key}: {_list(usual)}  # decide: {told}")
    else:
        lines.append(f"  #{key}: []  # decide: no server is set on most of {hosts} hosts")
    rare = [f"{quote(name, 60)} on {count}" for name, count in rows if 2 * count <= hosts]
    return [*lines, f"  # decide: seen on few hosts: {', '.join(rare[:8])}"] if rare else lines


def _rest(around: Surroundings) -> list[str]:
    sites = f"#sites: {{attribute: {_flow(around.site_attribute)}}}  # decide: set on {around.site_hosts} hosts"
    return [
        "# decide: who owns, approves and reviews.",
        "#people:",
        "  #- {name: NAME, email: NAME@EXAMPLE.ORG, teams: [TEAM], accounts: [ACCOUNT]}",
        "",
        "# decide: when people may log in; the log server alarms at other hours.",
        "#working_hours:",
        "  #time_zone: UTC",
        "  #windows: [{days: [mon, tue, wed, thu, fri], start: 7, end: 19}]",
        "",
        "# decide: the zone of hosts that log in local time without naming one (ESX classic); else it counts as UTC.",
        "#time_zones:",
        '  #- {hosts: ["HOST*"], zone: Europe/Brussels}',
        "",
        f"audit_every_days: {Policy().audit_every_days}  # the report: about once every month",
        "",
        "# decide: which part of the estate is for testing, by name pattern.",
        "#test:",
        *[f"  #{key}: {_list(map(pattern_of, names))}" for key, names in around.test.items() if names],
        "",
        "# Where hosts stand, for the view by site: a custom attribute, or host patterns by site.",
        sites if around.site_attribute else '#sites: {hosts: {SITE: ["HOST*"]}}',
    ]


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(_flow(v) for v in values)}]"


def _flow(text: str) -> str:
    """A scalar inside brackets or braces."""
    return text if text.isdigit() and len(text) <= 4 else scalar(text)
