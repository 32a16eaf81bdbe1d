"""Whether those who play a role are reached by whom they need, for what they need, and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from viguard.model.borders import Exposure
from viguard.network.addresses import Family, Ranges, common, joined, without
from viguard.network.closed.derive import Derived, Point
from viguard.network.closed.roles import Cast
from viguard.network.exact.sweep import Sweep
from viguard.network.reach.ground import Ground
from viguard.network.reach.judging import Against, Answer, End, Judged, Sides, judge
from viguard.network.reach.telling import case_line
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import Box


class Exposing:
    """Asks a ground, without the firewalls of hosts, about one role after the other."""

    def __init__(self, ground: Ground, sweep: Sweep, needed: Derived, who: Cast) -> None:
        self._ground, self._sweep, self._needed, self._who = ground, sweep, needed, who

    def of(self, role: str, services: Sequence[Box] = ()) -> Exposure:
        """What else reaches a role on some services; on every service, in both directions, where none is named."""
        opened, unknown, is_guarded = dict[str, None](), dict[str, None](), True
        for family in Family:
            players = self._who.players.get(role, ())
            spans = joined(span for one in players if one.family is family for span in one.addresses)
            is_guarded = is_guarded and common(spans, self._ground.guarded.get(family, ())) == spans
            for one in self._judged(family, spans, services) if spans else ():
                lines = [(case.sure, f"{one.source} to {one.destination}: {case_line(case, one)}") for case in one.wide]
                opened |= {line: None for is_sure, line in lines if is_sure}
                unknown |= {line: None for is_sure, line in lines if not is_sure}
                unknown |= {one.why: None} if one.answer is Answer.UNKNOWN and one.why else {}
        told = tuple(dict.fromkeys(one.why for one in self._who.players.get(role, ())))
        return Exposure(
            role=role, players=told, opened=tuple(opened), unknown=tuple(unknown), is_guarded=is_guarded and bool(told)
        )

    def _judged(self, family: Family, spans: Ranges, services: Sequence[Box]) -> Iterator[Judged]:
        against = Against(policy=self._policy(family, services), sides=Sides.WIDE)
        networks = [
            End(name=one.name, network=one.name, addresses={family: rest})
            for one in self._ground.networks.values()
            if (rest := without(one.addresses.get(family, ()), spans))
        ]
        own = list(self._ends(family, spans))
        for end in own:
            yield from judge(self._ground, self._sweep, against, end, networks)
        for network in networks if not services else ():
            yield from judge(self._ground, self._sweep, against, network, own)

    def _policy(self, family: Family, services: Sequence[Box]) -> RuleSet:
        """What is needed and nothing else; of other services than those that are asked for, everything."""
        needed = self._needed.rule_set("needed", family, Point())
        if not services:
            return needed
        every = family.every
        rest = Rule(action=Action.DENY, sources=every, destinations=every, services=tuple(services))
        return RuleSet(name="needed", family=family, rules=(*needed.rules, rest), default=Action.PERMIT)

    def _ends(self, family: Family, spans: Ranges) -> Iterator[End]:
        for name, found in self._ground.split(spans, family).items():
            yield End(name=f"those in {name or 'no zone'}", network=name, addresses={family: found})
