"""What reaches what in an estate, over every point of its policy; and where that is not what the policy asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from viguard.content.tables import load_flows
from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.model.inventory import Inventory
from viguard.network.addresses import Family
from viguard.network.closed.derive import Level, Point, derive
from viguard.network.reach import telling
from viguard.network.reach.ground import INTERNET, Ground
from viguard.network.reach.judging import Against, Answer, End, Judged, Sides, judge
from viguard.network.reach.names import addresses_named, by_family
from viguard.network.reach.verifying import verify
from viguard.network.rules import Action, RuleSet
from viguard.policy.load import load
from viguard.policy.policy import NO_POLICY, Policy
from viguard.policy.quoting import quote
from viguard.policy.typed import suggest
from viguard.usecases.demo import recorded
from viguard.usecases.enforced import Rules
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate

FINDINGS, INCOMPLETE = 3, 4


class Request(Struct, frozen=True, kw_only=True):
    """Which estate: sources with a policy, or the recorded one of the demo."""

    sources: Sources
    policy: Path | None = None
    demo: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """What passes, or how it differs from the policy, and what is not known beside it."""

    judged: tuple[Judged, ...]
    notes: tuple[str, ...]
    complete: bool


def between(request: Request, source: str, destination: str, person: Person) -> Found:
    """What passes from one thing to another: guests, hosts, zones, ``internet``, addresses or networks.

    Raises: ViguardError when a source, the policy or a file of it cannot be read, or a name means no address.
    """
    inventory, policy = _opened(request, person)
    rules, out = Rules(inventory, policy), list[Judged]()
    ground, sweep = rules.ground, rules.sweep
    for family in Family:
        here, there = (list(_ends(ground, inventory, policy, name, family)) for name in (source, destination))
        nothing, everything = (
            Against(policy=RuleSet(name="", family=family, rules=(), default=default), sides=sides)
            for default, sides in ((Action.DENY, Sides.WIDE), (Action.PERMIT, Sides.NARROW))
        )
        for end in there if here else ():
            passing, closed = (judge(ground, sweep, against, end, here) for against in (nothing, everything))
            for one, other in zip(passing, closed, strict=True):
                out.append(replace(one, narrow=other.narrow, is_all=one.is_all and other.is_all))
    if not out:
        for name in (source, destination):
            _check(inventory, policy, name)
        raise InputError(f"{quote(source)} and {quote(destination)} have no addresses of one family")
    return Found(judged=tuple(out), notes=ground.notes, complete=inventory.complete)


def verified(request: Request, level: str, person: Person) -> Found:
    """Where networks of an estate let through more or less than the policy asks for.

    Raises: as ``between``; InputError for a flow that means nothing.
    """
    inventory, policy = _opened(request, person)
    needed = derive(inventory, policy, load_flows(), Level(level))
    sets = {family: needed.rule_set("policy", family, Point()) for family in Family}
    person.progress("comparing networks", 0, 0)
    rules = Rules(inventory, policy)
    judged = tuple(verify(rules.bare, rules.ground, rules.sweep, sets))
    return Found(judged=judged, notes=(*rules.ground.notes, *needed.notes), complete=inventory.complete)


def exit_code(found: Found) -> int:
    """3 when more or less passes than should, 4 when something is not known, else 0. What may be is not known."""
    cases = [case for one in found.judged for case in (*one.wide, *one.narrow)]
    if any(case.sure for case in cases):
        return FINDINGS
    is_open = bool(cases) or any(one.answer is Answer.UNKNOWN for one in found.judged)
    return INCOMPLETE if is_open or found.notes or not found.complete else 0


def between_lines(found: Found) -> list[str]:
    """What passes as lines for people."""
    return [*telling.of_ends(found.judged), *telling.of_notes(found.notes)]


def verified_lines(found: Found) -> list[str]:
    """What is open beside the policy, and closed against it, as lines for people."""
    return [*telling.of_policy(found.judged), *telling.of_notes(found.notes)]


def _opened(request: Request, person: Person) -> tuple[Inventory, Policy]:
    if request.demo:
        with recorded() as (sources, policy, _):
            return open_estate(sources, person).inventory, load(request.policy or policy)
    policy_read = load(request.policy) if request.policy else NO_POLICY
    return open_estate(request.sources, person).inventory, policy_read


def _ends(ground: Ground, inventory: Inventory, policy: Policy, name: str, family: Family) -> Iterator[End]:
    """A thing by its name, once for each network that it is in."""
    if name == INTERNET:
        yield End(name=name, network=name, addresses=ground.networks[INTERNET].addresses)
        return
    by_network = ground.split(by_family(addresses_named(name, inventory, policy))[family], family)
    for network, spans in by_network.items():
        title = name if len(by_network) == 1 else f"{name} in {network or 'no zone'}"
        yield End(name=title, network=network, addresses={family: spans})


def _check(inventory: Inventory, policy: Policy, name: str) -> None:
    if name != INTERNET and not list(addresses_named(name, inventory, policy)):
        zones = [zone.name for zone in policy.zones or ()]
        hint = suggest(name, {INTERNET, *zones, *(one.name for one in (*inventory.guests, *inventory.hosts))})
        raise InputError(f"no address of {quote(name)} is known", hint=hint)
