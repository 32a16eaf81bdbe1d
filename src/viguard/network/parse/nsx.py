"""The distributed firewall of NSX from JSON of its Policy API, as rule sets: at the sender and at the receiver.

Reads security policies, groups and services wherever they stand in the JSON: in an ``/infra`` tree, or in lists of
results. Groups by tag, name or segment are unsure unless their addresses are given; so is every rule that is applied to
a part of the guests only.
Source: NSX-T Data Center REST API, Policy: SecurityPolicy, Rule; NSX Administration Guide, Distributed Firewall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family, Ranges, joined, without
from viguard.network.match import Chains, Line, Match, Verdict, everything
from viguard.network.parse.imported import Imported, Point
from viguard.network.parse.nsx_objects import Groups, Object, Placed, Services, addresses, objects, strings
from viguard.network.rules import Action, RuleSet

_CATEGORIES = ("Ethernet", "Emergency", "Infrastructure", "Environment", "Application")
_KINDS = {"SecurityPolicy": "policies", "Group": "groups", "Service": "services"}
_MOST_DEPTH = 64
_ACTIONS = {"ALLOW": Action.PERMIT, "DROP": Action.DENY, "REJECT": Action.DENY}
_TEXT = 400


class _Policy(NamedTuple):
    """A policy with its rules in order."""

    said: Object
    category: str
    rules: list[Placed]


def parse(text: str, name: str, members: Mapping[str, Sequence[str]] | None = None) -> Imported:
    """What leaves guests (``out``) and reaches them (``in``). ``members``: addresses of groups by path, where known.

    Raises: InputError with the place in the JSON for what cannot be read.
    """
    export = _Export(name)
    try:
        export.walk(msgspec.json.decode(text), name, 0)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InputError(f"this is no JSON: {error}", where=name) from error
    if not export.policies:
        raise InputError("there is no security policy in it", where=name)
    groups, services = Groups(export.groups, members or {}), Services(export.services)
    policies = sorted((_policy(one) for one in export.policies.values()), key=_place)
    points = tuple(
        Point(place=name, direction=direction, rules=_Reader(groups, services, family, direction).set(policies, name))
        for direction in ("in", "out")
        for family in Family
    )
    notes = ["guests that are excluded from the firewall, and hosts where it is off, are not known here"]
    if any(policy.category == "Ethernet" for policy in policies):
        notes.append("rules of the category Ethernet are not looked at, but for what they may block")
    if any(policy.said.get("stateful") is False for policy in policies):
        notes.append("some policies keep no state: answers need rules of their own")
    return Imported(points=points, notes=tuple(notes), is_before_each=True)


class _Export:
    """The objects of an export by their paths."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.policies: dict[str, Placed] = {}
        self.groups: dict[str, Placed] = {}
        self.services: dict[str, Placed] = {}

    def walk(self, said: object, where: str, depth: int) -> None:
        """Takes what is in it, whatever it is in."""
        if depth > _MOST_DEPTH:
            raise InputError("too many objects within each other", where=self._name)
        if isinstance(said, list):
            for at, one in enumerate(said):
                self.walk(one, f"{where}[{at}]", depth + 1)
        elif isinstance(said, dict):
            kind = _KINDS.get(str(said.get("resource_type")))
            if kind and not said.get("marked_for_delete"):
                key = str(said.get("path") or where)
                getattr(self, kind)[key] = Placed(said, where)
            for key, one in said.items():
                if isinstance(one, dict | list) and not (kind == "policies" and key == "rules"):
                    self.walk(one, f"{where}.{key}", depth + 1)


def _policy(placed: Placed) -> _Policy:
    said, where = placed
    category = str(said.get("category", "Application"))
    if category not in _CATEGORIES:
        raise InputError(f"there is no category {visible(category)!r}", where=where)
    rules = objects(said.get("rules") or [], f"{where}.rules")
    for child in objects(said.get("children") or [], f"{where}.children"):
        inner = child.said.get("Rule")
        if isinstance(inner, Mapping):
            rules.append(Placed(inner, f"{child.where}.Rule"))
    return _Policy(said, category, sorted(rules, key=lambda rule: _sequence(rule.said, rule.where)))


def _place(policy: _Policy) -> tuple[int, int]:
    return _CATEGORIES.index(policy.category), _sequence(policy.said, "")


def _sequence(said: Object, where: str) -> int:
    found = said.get("internal_sequence_number", said.get("sequence_number", 0))
    if not isinstance(found, int):
        raise InputError("a sequence number that is none", where=where)
    return found


class _Reader:
    """Reads the rules of one direction and family."""

    def __init__(self, groups: Groups, services: Services, family: Family, direction: str) -> None:
        self._groups, self._services, self._family, self._direction = groups, services, family, direction

    def set(self, policies: Sequence[_Policy], name: str) -> RuleSet:
        """All policies as one rule set."""
        before: list[Line] = []
        application: list[Line] = []
        has_default = False
        for policy in policies:
            lines = application if policy.category == "Application" else before
            for rule in policy.rules:
                has_default |= bool(rule.said.get("is_default")) and policy.category != "Ethernet"
                lines += self._lines(policy, rule)
        if not has_default:
            unsure = "the default rule was not exported"
            rest = replace(everything(self._family), unsure=unsure)
            application.append(Line(match=rest, verdict=Verdict(action=Action.PERMIT), where=name))
        last = Line(match=everything(self._family), verdict=Verdict(goto="application"), where=name)
        rules = Chains({"first": [*before, last], "application": application}, self._family).rules("first", Action.DENY)
        is_stateful = all(policy.said.get("stateful", True) is not False for policy in policies)
        title = f"{name} {self._direction}"
        return RuleSet(name=title, family=self._family, rules=rules, stateful=is_stateful)

    def _lines(self, policy: _Policy, rule: Placed) -> Iterator[Line]:
        said, where = rule
        if said.get("disabled") is True or not self._is_here(said, where):
            return
        verdict = self._verdict(policy, said, where)
        if verdict is None:
            return
        unsure = _narrowed(policy, said)
        text = msgspec.json.encode(said).decode()
        text = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
        why = visible(str(said.get("display_name", said.get("id", ""))))
        matches = [everything(self._family)] if policy.category == "Ethernet" else self._matches(said, where)
        for match in matches:
            whole = "; ".join(part for part in (match.unsure, *unsure) if part)
            match = replace(match, unsure=visible(f"it also looks at {whole}", 400) if whole else "")  # noqa: PLW2901
            yield Line(match=match, verdict=verdict, where=where, text=text, why=why)

    def _is_here(self, said: Object, where: str) -> bool:
        direction, protocol = str(said.get("direction", "IN_OUT")), str(said.get("ip_protocol", "IPV4_IPV6"))
        if direction not in {"IN", "OUT", "IN_OUT"} or protocol not in {"IPV4", "IPV6", "IPV4_IPV6"}:
            raise InputError("its direction or its protocol is not understood", where=where)
        return self._direction.upper() in direction.split("_") and f"IPV{int(self._family)}" in protocol.split("_")

    def _verdict(self, policy: _Policy, said: Object, where: str) -> Verdict | None:
        """None: it says nothing about packets of IP that others would not say as well."""
        action = str(said.get("action", ""))
        if policy.category == "Ethernet":
            return Verdict(action=Action.DENY) if action != "ALLOW" else None
        if action == "JUMP_TO_APPLICATION" and policy.category != "Application":
            return Verdict(goto="application")
        if action not in _ACTIONS:
            raise InputError(f"there is no action {visible(action)!r}", where=where)
        return Verdict(action=_ACTIONS[action])

    def _matches(self, said: Object, where: str) -> list[Match]:
        every = self._family.every
        found = [everything(self._family)]
        for side in ("source", "destination"):
            ways = []
            for some, hidden in self._side(said, side, where):
                here = some if side == "source" else every
                there = every if side == "source" else some
                ways.append(Match(sources=here, destinations=there, unsure=hidden))
            found = [both for one in found for way in ways if (both := one.also(way))]
        ways = self._offered(said, where)
        return [both for one in found for way in ways if (both := one.also(way))]

    def _side(self, said: Object, side: str, where: str) -> list[tuple[Ranges, str]]:
        """Addresses of one side that are sure, and all when some of them are not known."""
        every = self._family.every
        told = strings(said.get(f"{side}_groups", ["ANY"]))
        if not told or "ANY" in told:
            return [(every, "")]
        parts = [
            self._groups.members(one) if one.startswith("/") else addresses([one], f"{where}.{side}_groups")
            for one in told
        ]
        sure = joined(span for part in parts for span in part.of(self._family))
        hidden = "; ".join(dict.fromkeys(part.hidden for part in parts if part.hidden))
        if said.get(f"{side}s_excluded") is True:
            return [(without(every, sure), hidden)]
        known = [(sure, "")] if sure else []
        return [*known, (every, hidden)] if hidden else known

    def _offered(self, said: Object, where: str) -> list[Match]:
        """Services that are sure, and all when some of them are not known."""
        every = self._family.every
        told = strings(said.get("services", ["ANY"]))
        entries = objects(said.get("service_entries") or [], f"{where}.service_entries")
        if not entries and (not told or "ANY" in told):
            return [everything(self._family)]
        offered = [self._services.of(path, self._family) for path in told if path != "ANY"]
        offered.append(self._services.entries(entries, self._family))
        boxes = tuple(dict.fromkeys(one for offer in offered for one in offer.boxes))
        hidden = "; ".join(dict.fromkeys(offer.hidden for offer in offered if offer.hidden))
        found = [Match(sources=every, destinations=every, services=boxes)] if boxes else []
        return [*found, *([Match(sources=every, destinations=every, unsure=hidden)] if hidden else [])]


def _narrowed(policy: _Policy, said: Object) -> list[str]:
    """What else a rule depends on."""
    scopes = [strings(policy.said.get("scope", [])), strings(said.get("scope", []))]
    found = [f"whether the guest is in {', '.join(one)}" for one in scopes if one and "ANY" not in one]
    profiles = strings(said.get("profiles", []))
    if profiles and "ANY" not in profiles:
        found.append(f"the profiles {', '.join(profiles)}")
    if policy.said.get("scheduler_path"):
        found.append("the time of day")
    if policy.category == "Ethernet":
        found.append("addresses of Ethernet")
    return list(dict.fromkeys(found))
