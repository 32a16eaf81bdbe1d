"""What reaches what over several devices, against packets that travel one by one."""

from __future__ import annotations

from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.network.brute import BASE, SERVICES, rule_sets
from viguard.network.addresses import Family, Range
from viguard.network.exact.sweep import Sweep
from viguard.network.reach.borders import borders
from viguard.network.reach.ground import Ground, Guard, Network, Router, Translation, layers
from viguard.network.reach.judging import Against, Answer, End, Judged, judge
from viguard.network.rules import Action, Packet, Rule, RuleSet

V4 = Family.V4
SPANS = {"a": Range(BASE, BASE + 1), "b": Range(BASE + 2, BASE + 3), "c": Range(BASE + 4, BASE + 7)}
NETWORKS = {**{name: Network(name=name, zone=name, addresses={V4: (span,)}) for name, span in SPANS.items()}}
NETWORKS["between"] = Network(name="between", zone="between", addresses={})
NAMES = [*NETWORKS]
ALIASES = range(BASE + 8, BASE + 12)

fine = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def unsure_sets(draw: st.DrawFn) -> RuleSet:
    one = draw(rule_sets)
    unsure = draw(st.lists(st.booleans(), min_size=len(one.rules), max_size=len(one.rules)))
    odd = draw(st.integers(0, 3)) == 0
    rules = (
        replace(rule, unsure="who knows" if odd and flag else "") for rule, flag in zip(one.rules, unsure, strict=True)
    )
    return replace(one, rules=tuple(rules))


@st.composite
def translations(draw: st.DrawFn) -> Translation:
    inside = SPANS[draw(st.sampled_from(sorted(SPANS)))]
    if draw(st.booleans()):
        one = draw(st.integers(inside.first, inside.last))
        inside = Range(one, one)
    first = draw(st.sampled_from(ALIASES))
    hides = inside.first != inside.last
    return Translation(
        on=draw(st.sampled_from(NAMES)), outside=Range(first, first), inside=inside, where="" if hides else "one"
    )


@st.composite
def routers(draw: st.DrawFn) -> Router:
    joins = tuple(sorted(draw(st.sets(st.sampled_from(NAMES), min_size=2, max_size=4))))
    places = [(name, way, V4) for name in joins for way in ("in", "out")]
    lists = {place: (draw(unsure_sets()),) for place in places if draw(st.integers(0, 3)) == 0}
    forward = {V4: tuple(draw(st.lists(unsure_sets(), max_size=1)))}
    nat = tuple(draw(st.lists(translations(), max_size=2, unique_by=lambda one: one.outside)))
    return Router(name="r", joins=joins, lists=lists, forward=forward, translations={V4: nat})


@st.composite
def guards(draw: st.DrawFn) -> Guard:
    first = draw(st.integers(BASE, BASE + 6))
    return Guard(
        name="guard",
        here={V4: (Range(first, first + draw(st.integers(0, 1))),)},
        into={V4: draw(unsure_sets())},
        out={V4: draw(unsure_sets())},
        each=draw(st.booleans()),
    )


@st.composite
def grounds(draw: st.DrawFn) -> tuple[Ground, list[Guard]]:
    some = draw(st.lists(guards(), max_size=2))
    its = tuple(replace(one, name=f"r{n}") for n, one in enumerate(draw(st.lists(routers(), max_size=3))))
    return Ground(networks=NETWORKS, routers=its, layers=layers(some)), some


# --- packets that travel


def _passes(one: RuleSet, packet: Packet, *, upper: bool) -> bool:
    for rule in one.rules:
        skipped = rule.unsure and (rule.action is Action.PERMIT) is not upper
        if not skipped and rule.fits(packet):
            return rule.action is Action.PERMIT
    return one.default is Action.PERMIT


def _ways(ground: Ground, source: str, destination: str) -> list[list[tuple[Router, str, str]]]:
    """Every way of the fewest routers, found by trying all of them."""
    for length in range(4):
        found = []
        for steps in product(ground.routers, repeat=length):
            for middle in product(NAMES, repeat=max(length - 1, 0)):
                stops = [source, *middle, destination] if length else [source]
                if stops[-1] != destination or len(set(stops)) < len(stops):
                    continue
                legs = list(zip(steps, stops[:-1], stops[1:], strict=True))
                if all({came, goes} <= set(router.joins) for router, came, goes in legs):
                    found.append(legs)
        if found:
            return found
    return []


def _guarded(some: list[Guard], packet: Packet, way: str, *, upper: bool) -> bool:
    for guard in some:
        (span,) = guard.here[V4]
        own, other = (packet.destination, packet.source) if way == "into" else (packet.source, packet.destination)
        crosses = span.first <= own <= span.last and (guard.each or not span.first <= other <= span.last)
        if crosses and not _passes(getattr(guard, way)[V4], packet, upper=upper):
            return False
    return True


def _arrives(
    way: list[tuple[Router, str, str]], some: list[Guard], packet: Packet, wanted: int, *, upper: bool
) -> bool:
    """Whether a packet comes to ``wanted``; its destination may be an alias of it."""
    if not _guarded(some, packet, "out", upper=upper):
        return False
    for router, came, goes in way:
        if not all(_passes(one, packet, upper=upper) for one in router.lists.get((came, "in", V4), ())):
            return False
        for one in router.translations[V4]:
            is_here = one.on == came and not one.hides and one.inside.first == wanted != packet.destination
            if is_here and packet.destination == one.outside.first:
                packet = packet._replace(destination=wanted)
        if not all(_passes(one, packet, upper=upper) for one in router.forward[V4]):
            return False
        packet = _hidden(router, goes, packet)
        if not all(_passes(one, packet, upper=upper) for one in router.lists.get((goes, "out", V4), ())):
            return False
    return packet.destination == wanted and _guarded(some, packet, "into", upper=upper)


def _hidden(router: Router, goes: str, packet: Packet) -> Packet:
    if packet.source in ALIASES:
        return packet  # it was translated already
    for one in router.translations[V4]:
        if one.on == goes and one.inside.first <= packet.source <= one.inside.last:
            return packet._replace(source=one.outside.first)
    return packet


def _connects(ground: Ground, some: list[Guard], ends: tuple[str, str], packet: Packet, *, upper: bool) -> bool:
    """On any way at most, on every way at least, by the own address or an alias that the way knows."""
    by_way = []
    for way in _ways(ground, *ends):
        sent = [packet]
        for router, came, _ in way:
            known = (one for one in router.translations[V4] if one.on == came and not one.hides)
            sent += [
                packet._replace(destination=n.outside.first) for n in known if n.inside.first == packet.destination
            ]
        by_way.append(any(_arrives(way, some, each, packet.destination, upper=upper) for each in sent))
    return bool(by_way) and (any if upper else all)(by_way)


def _end(name: str) -> End:
    return End(name=name, network=name, addresses=NETWORKS[name].addresses)


def _holds(boxes: object, service: tuple[int, int, int]) -> bool:
    protocol, source_port, port = service
    return any(
        b.protocol.first <= protocol <= b.protocol.last
        and b.source_port.first <= source_port <= b.source_port.last
        and b.port.first <= port <= b.port.last
        for b in boxes  # type: ignore[attr-defined]
    )


@fine
@given(grounds(), rule_sets)
def test_what_reaches_what_is_what_packets_show(
    sweep: Sweep, made: tuple[Ground, list[Guard]], policy: RuleSet
) -> None:
    ground, some = made
    for destination in SPANS:
        found = judge(ground, sweep, Against(policy=policy), _end(destination), [_end(name) for name in SPANS])
        for source, one in zip(SPANS, found, strict=True):
            if not _ways(ground, source, destination):
                assert one.answer is Answer.UNKNOWN
                assert one.why == "no point joins these networks in IPv4"
                continue
            _agrees(ground, some, policy, one)


def _agrees(ground: Ground, some: list[Guard], policy: RuleSet, one: Judged) -> None:
    ends = one.source, one.destination
    wide, narrow = False, False
    pairs = list(product(*(range(SPANS[end].first, SPANS[end].last + 1) for end in ends)))
    for service in SERVICES:
        packets = [Packet(a, b, *service) for a, b in pairs]
        most = [_connects(ground, some, ends, packet, upper=True) for packet in packets]
        least = [_connects(ground, some, ends, packet, upper=False) for packet in packets]
        assert _holds(one.most, service) == any(most), (ends, service)
        assert _holds(one.least, service) == any(least), (ends, service)
        allowed = [policy.decides(packet)[0] is Action.PERMIT for packet in packets]
        wide |= any(m and not a for m, a in zip(most, allowed, strict=True))
        narrow |= any(a and not m for m, a in zip(least, allowed, strict=True))
    for case in (*one.wide, *one.narrow):
        is_wide = case in one.wide
        assert (policy.decides(case.packet)[0] is Action.DENY) == is_wide
        assert _connects(ground, some, ends, case.packet, upper=is_wide) == is_wide
        assert case.sure == (_connects(ground, some, ends, case.packet, upper=not is_wide) == is_wide)
    # services beside those that are tried may differ, too: these here must not be missed
    assert wide <= bool(one.wide)
    assert narrow <= bool(one.narrow)


def test_an_isolated_zone_is_closed_because_its_owner_says_so(sweep: Sweep) -> None:
    ground = Ground(networks=NETWORKS, routers=(), layers=(), isolated=frozenset({"c"}))
    policy = RuleSet(name="policy", family=V4, rules=())
    (found,) = judge(ground, sweep, Against(policy=policy), _end("c"), [_end("a")])
    assert found.answer is Answer.CLOSED
    assert found.why == "no router has an address in c, as the policy says"


def test_a_router_whose_rules_nobody_read_leaves_the_answer_open(sweep: Sweep) -> None:
    router = Router(
        name="core", joins=("a", "b"), lists={}, forward={}, translations={}, unread="its rules were not read"
    )
    ground = Ground(networks=NETWORKS, routers=(router,), layers=())
    policy = RuleSet(name="policy", family=V4, rules=())
    (found,) = judge(ground, sweep, Against(policy=policy), _end("b"), [_end("a")])
    assert found.answer is Answer.UNKNOWN
    assert [str(box) for box in found.most] == ["any"]
    (case,) = found.wide
    assert not case.sure


def test_a_case_names_the_rule_of_each_device(sweep: Sweep) -> None:
    every = V4.every
    web = Rule(action=Action.PERMIT, sources=every, destinations=every, where="core:7", text="permit ip any any")
    one = RuleSet(name="core", family=V4, rules=(web,))
    router = Router(name="core", joins=("a", "b"), lists={("a", "in", V4): (one,)}, forward={}, translations={})
    ground = Ground(networks=NETWORKS, routers=(router,), layers=())
    policy = RuleSet(name="policy", family=V4, rules=())
    (found,) = judge(ground, sweep, Against(policy=policy), _end("b"), [_end("a")])
    (case,) = found.wide
    assert case.sure
    assert [(told.place, told.rule.where if told.rule else "") for told in case.told] == [("core", "core:7")]


def test_borders_of_networks() -> None:
    """A list on either side counts; a router without one is named; where rules or the way are not known, so it is."""
    nothing = RuleSet(name="list", family=V4, rules=())
    lists = {("a", "in", V4): (nothing,)}
    core = Router(name="core", joins=("a", "b"), lists=lists, forward={}, translations={}, families=(V4,))
    six = Network(name="six", zone="six", addresses={Family.V6: Family.V6.every})
    ground = Ground(networks={**NETWORKS, "six": six}, routers=(core,), layers=(), isolated=frozenset({"c"}))
    found = {one.network: one for one in borders(ground)}
    assert found["a"].bare == ()
    assert found["b"].bare == ("core",)
    assert "c" not in found
    assert str(found["six"].bare).endswith("no point joins six in IPv6")
