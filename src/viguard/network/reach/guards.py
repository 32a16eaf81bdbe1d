"""What stands before single addresses: the firewalls of hosts, and points of the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from viguard.model.facts import Reason, Unknown
from viguard.model.host import Firewall, Host
from viguard.model.inventory import Inventory
from viguard.model.text import visible
from viguard.network.addresses import Family, Ranges, joined
from viguard.network.closed.roles import Cast
from viguard.network.parse import esxi
from viguard.network.parse.imported import INTO, OUT, Imported
from viguard.network.reach.checks import unread
from viguard.network.reach.ground import NO_FILE, Guard
from viguard.network.reach.names import addresses_named, addresses_of_host, by_family
from viguard.network.rules import Action, RuleSet
from viguard.policy.policy import EnforcementPoint, Policy

_PROFILES = {"Domain", "Private", "Public"}


def of_hosts(inventory: Inventory) -> Iterator[Guard]:
    """The firewall of each host that has one, before its own addresses."""
    for host in inventory.hosts:
        here = by_family(addresses_of_host(host))
        wall = host.firewall
        if isinstance(wall, Unknown) and wall.reason is Reason.NOT_IN_VERSION:
            continue
        found = esxi.parse(wall if isinstance(wall, Firewall | Unknown) else None, visible(host.name, 60))
        into, out = (
            {one.rules.family: _besides(host, one.rules) for one in found.points if one.direction in words}
            for words in (INTO, OUT)
        )
        yield Guard(name=f"the firewall of {visible(host.name, 60)}", here=here, into=into, out=out)


def _besides(host: Host, one: RuleSet) -> RuleSet:
    """Classic ESX opens ports beside its services, which its API does not tell."""
    if not host.is_classic or one.default is Action.PERMIT:
        return one
    rule = esxi.anything(one.family, f"{visible(host.name, 60)}:firewall", "of classic ESX the API tells services only")
    return replace(one, rules=(*one.rules, rule))


def before(point: EnforcementPoint, files: Sequence[Imported], here: Mapping[Family, Ranges]) -> Iterator[Guard]:
    """Guards of a point: one for each rule set, as packets meet all of them one after the other."""
    if not files:
        yield from _unread(NO_FILE, point, here, Family)
    for file in files:
        if why := unclear(file):
            yield from _unread(why, point, here, Family)
            continue
        for one in file.points:
            sets = {one.rules.family: one.rules}
            into, out = (sets if one.direction in words else {} for words in (INTO, OUT))
            if into or out:
                yield Guard(name=point.name, here=here, into=into, out=out, each=file.is_before_each)
    told = {family for file in files for family in file.families}
    for family in set(Family) - told if files else ():
        yield from _unread(f"its rules of IPv{family.value} were not read", point, here, (family,))


def unclear(file: Imported) -> str:
    """Why nobody knows what a file means before an address, "" when it is known."""
    if file.by_interface:
        return "its rules are those of interfaces: name it with 'between'"
    if len({one.place for one in file.points} & _PROFILES) > 1:
        return "which of its profiles is active is not known"
    return ""


def _unread(
    why: str, point: EnforcementPoint, here: Mapping[Family, Ranges], families: Iterable[Family]
) -> Iterator[Guard]:
    sets = {family: unread(why, point.name, family) for family in families}
    yield Guard(name=point.name, here=here, into=sets, out=sets)


def guarded_by(point: EnforcementPoint, inventory: Inventory, policy: Policy, who: Cast) -> dict[Family, Ranges]:
    """The addresses that a point stands before."""
    found = by_family(text for name in point.before for text in addresses_named(name, inventory, policy))
    players = [player for name in point.before for player in who.players.get(name, ())]
    return {
        family: joined((*found[family], *(span for one in players if one.family is family for span in one.addresses)))
        for family in Family
    }
