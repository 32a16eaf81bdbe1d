"""What a rule looks at, before its verdict: addresses and services, and chains of rules made into one list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.network.addresses import Family, Range, Ranges, common, without
from viguard.network.rules import Action, Interface, Rule
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, EVERY_SERVICE, Box

MOST_RULES = 1_000_000
"""How many rules a list of rules may become when its chains are followed."""


class Match(Struct, frozen=True, kw_only=True):
    """Packets with any of ``sources``, ``destinations`` and ``services``; ``unsure`` says what else is looked at that
    nobody can know beforehand, ``interfaces`` what is asked of those by which packets come and leave."""

    sources: Ranges
    destinations: Ranges
    services: tuple[Box, ...] = (EVERY_SERVICE,)
    unsure: str = ""
    interfaces: tuple[Interface, ...] = ()

    def also(self, other: Match) -> Match | None:
        """Packets that fit both; None: there are none."""
        sources, destinations = common(self.sources, other.sources), common(self.destinations, other.destinations)
        services = tuple(dict.fromkeys(b for one in self.services for two in other.services if (b := meet(one, two))))
        if not (sources and destinations and services):
            return None
        return Match(
            sources=sources,
            destinations=destinations,
            services=services,
            unsure=_joined(self.unsure, other.unsure),
            interfaces=tuple(dict.fromkeys((*self.interfaces, *other.interfaces))),
        )


def _joined(*parts: str) -> str:
    return "; ".join(dict.fromkeys(part for part in parts if part))


def everything(family: Family) -> Match:
    """Every packet of a family."""
    return Match(sources=family.every, destinations=family.every)


def meet(one: Box, other: Box) -> Box | None:
    """Services of both boxes; None: there are none."""
    spans = [Range(max(a.first, b.first), min(a.last, b.last)) for a, b in zip(one, other, strict=True)]
    return Box(*spans) if all(span.first <= span.last for span in spans) else None


def other_protocols(protocol: int) -> tuple[Box, ...]:
    """Every service but those of one protocol."""
    return tuple(Box(span) for span in without((EVERY_PROTOCOL,), (Range(protocol, protocol),)))


def ports(spans: Ranges, *, is_source: bool = False, negated: bool = False) -> tuple[Box, ...]:
    """Services with these ports, or with every other one; of which protocol is said apart."""
    wanted = without((EVERY_PORT,), spans) if negated else spans
    return tuple(Box(source_port=span) if is_source else Box(port=span) for span in wanted)


class Verdict(Struct, frozen=True, kw_only=True):
    """What a line of a chain says: an ``action``, or where to go on.

    ``jump`` comes back at the end of that chain, ``goto`` does not; ``is_return`` goes back at once. None of them: the
    next line is asked. ``elsewhere``: something that is not here decides.
    """

    action: Action | None = None
    jump: str = ""
    goto: str = ""
    is_return: bool = False
    elsewhere: str = ""

    @property
    def ends(self) -> bool:
        """Whether no packet that fits comes to the next line."""
        return bool(self.action or self.goto or self.is_return or self.elsewhere)


class Line(Struct, frozen=True, kw_only=True):
    """One line of a chain: for the packets that fit, a verdict. ``matches`` None: no first packet of a flow fits."""

    match: Match | None
    verdict: Verdict
    where: str
    text: str = ""
    why: str = ""


class _Place(Struct, frozen=True):
    """A line of a chain, to go on at."""

    chain: str
    line: int


class Chains:
    """Chains of lines, followed from one of them: a list of rules of which the first that fits decides.

    A jump puts the rules of its chain in its place, for the packets that fit: who falls out of the chain goes on with
    the next rule by itself. A return cannot be said so, as the rest of its chain is to be left out: packets that fit it
    get everything that comes after the jump as rules of their own.
    """

    def __init__(self, chains: Mapping[str, Sequence[Line]], family: Family) -> None:
        self._chains, self._family = chains, family
        self._default, self._count = Action.DENY, 0

    def rules(self, start: str, default: Action) -> tuple[Rule, ...]:
        """What decides a packet that enters at ``start``; ``default`` is for those that leave it again.

        Raises: InputError for a chain that is not there, one that leads back to itself, and too many rules.
        """
        self._default, self._count = default, 0
        return tuple(self._through(_Place(start, 0), everything(self._family), ()))

    def _through(self, at: _Place, reached: Match, back: tuple[_Place, ...]) -> Iterator[Rule]:
        """Rules for packets that stand at a place; ``back`` is where they go on afterwards, the next one last."""
        for number, line in enumerate(self._chains[at.chain][at.line :], at.line + 1):
            fits = reached.also(line.match) if line.match else None
            if fits is None:
                continue
            yield from self._said(line, fits, _Place(at.chain, number), back)
            if line.verdict.ends and fits == reached and not fits.unsure:
                return  # nobody comes past it

    def _said(self, line: Line, fits: Match, after: _Place, back: tuple[_Place, ...]) -> Iterator[Rule]:
        verdict = line.verdict
        if verdict.action:
            yield self._rule(line, fits, verdict.action)
        elif verdict.elsewhere:
            unsure = _joined(verdict.elsewhere, fits.unsure)
            yield self._rule(line, replace(fits, unsure=unsure), Action.PERMIT)
            yield self._rule(line, fits, Action.DENY)
        elif verdict.jump:
            yield from self._through(self._start(line, verdict.jump, (*back, after)), fits, (*back, after))
        elif verdict.goto:
            yield from self._through(self._start(line, verdict.goto, (*back, after)), fits, back)
            yield from self._rest(line, fits, back)
        elif verdict.is_return:
            yield from self._rest(line, fits, back)

    def _rest(self, line: Line, fits: Match, back: tuple[_Place, ...]) -> Iterator[Rule]:
        """Everything that is still to come for packets that leave their chain at a line."""
        for depth in range(len(back) - 1, -1, -1):
            yield from self._through(back[depth], fits, back[:depth])
        yield self._rule(line, fits, self._default)

    def _start(self, line: Line, name: str, open_places: tuple[_Place, ...]) -> _Place:
        if name not in self._chains:
            raise InputError(f"there is no chain {name!r}", where=line.where)
        if any(place.chain == name for place in open_places):
            raise InputError(f"the chain {name!r} leads back to itself", where=line.where)
        return _Place(name, 0)

    def _rule(self, line: Line, fits: Match, action: Action) -> Rule:
        self._count += 1
        if self._count > MOST_RULES:
            raise InputError(f"its chains come to more than {MOST_RULES:,} rules", where=line.where)
        return Rule(
            action=action,
            sources=fits.sources,
            destinations=fits.destinations,
            services=fits.services,
            where=line.where,
            text=line.text,
            why=line.why,
            unsure=_joined(*(f"it also looks at {one}" for one in fits.interfaces), fits.unsure),
            interfaces=fits.interfaces,
            besides=fits.unsure,
        )
