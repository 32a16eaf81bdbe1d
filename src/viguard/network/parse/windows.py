"""The Windows firewall as rule sets: for each profile, direction and family, with what blocks before what allows.

Reads what ``netsh advfirewall firewall show rule name=all verbose`` says, with or without what ``netsh advfirewall show
allprofiles`` says before it, and JSON of Get-NetFirewallRule: a list of objects with the properties of the rule and of
its port, address, application, service and interface filters, or an object with such ``Rules`` and ``Profiles`` of
Get-NetFirewallProfile. A rule for one program or service, and one that asks for security, is unsure.
Source: Microsoft, netsh advfirewall; NetSecurity module; MS-FASP (a block wins over an allow).
"""

from __future__ import annotations

from itertools import product

from viguard.errors import InputError
from viguard.network.addresses import Family
from viguard.network.match import Match
from viguard.network.parse.esxi import anything
from viguard.network.parse.imported import Imported, Point
from viguard.network.parse.windows_exports import PROFILES, Profile, RawRule, exported
from viguard.network.parse.windows_rules import matches
from viguard.network.rules import Action, Rule, RuleSet

_ORDER = {"bypass": 0, "block": 1, "allow": 2}
_ACTIONS = {"bypass": Action.PERMIT, "block": Action.DENY, "allow": Action.PERMIT}


def parse(text: str, name: str) -> Imported:
    """What comes in and goes out under each profile. ``Point.place`` is ``domain``, ``private`` or ``public``.

    Raises: InputError with ``name:line`` or the place in the JSON for what cannot be read.
    """
    export = exported(text, name)
    if not export.rules and not export.profiles:
        hint = "the output of netsh has to be in English"
        raise InputError("there are no firewall rules in it", where=name, hint=hint)
    ordered = sorted((rule for rule in export.rules if rule.is_enabled), key=lambda rule: _ORDER[rule.action])
    read = {family: [(raw, _rules(raw, family)) for raw in ordered] for family in Family}
    points = []
    for profile, direction, family in product(PROFILES, ("in", "out"), Family):
        its = [(raw, made) for raw, made in read[family] if raw.direction == direction and profile in raw.profiles]
        rules = [rule for _, made in its for rule in made]
        said = export.profiles.get(profile, Profile(None, None, None))
        one = _set(said, f"{name} {profile} {direction}", direction, family, rules)
        points.append(Point(place=profile, direction=direction, rules=one))
    notes = [_note(profile, export.profiles.get(profile)) for profile in PROFILES]
    return Imported(points=tuple(points), notes=tuple(note for note in notes if note))


def _note(profile: str, said: Profile | None) -> str:
    if said is None or None in {said.is_on, said.inbound, said.outbound}:
        return f"what the profile {profile} does with the rest is not said: export the profiles, too"
    return "" if said.is_on else f"the profile {profile} is off, so everything passes"


def _set(said: Profile, title: str, direction: str, family: Family, rules: list[Rule]) -> RuleSet:
    default = said.inbound if direction == "in" else said.outbound
    if said.is_on is False:
        return RuleSet(name=title, family=family, rules=(), default=Action.PERMIT)
    if said.is_shut and direction == "in" and said.is_on:
        return RuleSet(name=title, family=family, rules=())
    if said.is_on is None:  # if it is off, what it blocks passes as well
        rules = [anything(family, title, "whether the profile is on is not said"), *rules]
    if default is None:
        rules = [*rules, anything(family, title, "what becomes of the rest is not said")]
    return RuleSet(
        name=title, family=family, rules=tuple(rules), default=Action.PERMIT if default == "allow" else Action.DENY
    )


def _rules(raw: RawRule, family: Family) -> list[Rule]:
    try:
        return [_rule(raw, match) for match in matches(raw, family)]
    except ValueError as error:
        raise InputError(str(error), where=raw.where) from error


def _rule(raw: RawRule, match: Match) -> Rule:
    return Rule(
        action=_ACTIONS[raw.action],
        sources=match.sources,
        destinations=match.destinations,
        services=match.services,
        where=raw.where,
        text=raw.text,
        why=raw.name,
        unsure=match.unsure,
    )
