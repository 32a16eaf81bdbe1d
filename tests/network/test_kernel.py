"""What is rendered, loaded into the kernel, lets through exactly what the rule set says: the kernel is asked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.network.kernel import Router, missing, program, router
from viguard.network.addresses import Family, Range, joined
from viguard.network.exact.space import Space
from viguard.network.exact.sweep import Sweep
from viguard.network.render import iptables, nftables
from viguard.network.rules import Action, Packet, Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_SERVICE, ICMP, ICMP6, TCP, UDP, Box, box, icmp

PACKETS = 5000
BASES = {Family.V4: int(ip_address("10.20.0.0")), Family.V6: int(ip_address("2001:db8:20::"))}
SPAN = 1 << 12


@pytest.fixture(scope="module")
def kernel() -> Iterator[Router]:
    if why := missing("nftables", "nft") or missing("iptables", "iptables-nft-restore"):
        pytest.skip(why)
    with router() as made:
        yield made


def some_rules(family: Family, seed: int, count: int = 80) -> RuleSet:
    """Networks, ranges and sets of them in a small part of the space, so that rules overlap; every kind of service."""
    draw = random.Random(seed)
    base, echo = BASES[family], (ICMP, 8) if family is Family.V4 else (ICMP6, 128)

    def addresses() -> tuple[Range, ...]:
        kind = draw.choice(["host", "net", "net", "range", "several", "any"])
        if kind == "any":
            return family.every
        if kind == "several":
            return joined(Range(base + n, base + n + draw.randrange(9)) for n in draw.sample(range(SPAN - 9), 3))
        if kind == "net":
            size = 1 << draw.randrange(4, 11)
            first = base + draw.randrange(SPAN // size) * size
            return (Range(first, first + size - 1),)
        first = base + draw.randrange(SPAN - 400)
        return (Range(first, first + (0 if kind == "host" else draw.randrange(400))),)

    def service() -> Box:
        first = draw.randrange(1, 1024)
        return draw.choice(
            [
                box(TCP, draw.choice([22, 80, 443, 902])),
                box(UDP, draw.choice([53, 123, 161, 514])),
                box(TCP, first, first + draw.randrange(100)),
                box(UDP, 1, 65535),
                Box(Range(UDP, UDP), Range(53, 53), EVERY_PORT),
                Box(Range(TCP, TCP), Range(1024, 65535), Range(443, 443)),
                box(TCP),
                box(echo[0]),
                icmp(*echo),
                icmp(echo[0], 3 if family is Family.V4 else 1, draw.randrange(4)),
                box(47),
                EVERY_SERVICE,
            ]
        )

    rules = [
        Rule(
            action=draw.choice([Action.PERMIT, Action.PERMIT, Action.DENY]),
            sources=addresses(),
            destinations=addresses(),
            services=tuple(service() for _ in range(draw.choice([1, 1, 2]))),
            why=draw.choice(["", 'for "web" \\ servers', "d\u00e9p\u00f4t \u202e" + "x" * 300]),
        )
        for _ in range(count)
    ]
    return RuleSet(name=f"drawn {seed}", family=family, rules=tuple(rules), default=Action.DENY)


def some_packets(one: RuleSet, seed: int, count: int = PACKETS) -> list[Packet]:
    """Packets at the edges of rules and just beside them; no two belong to one flow, in either direction."""
    draw = random.Random(seed)
    base, found = BASES[one.family], dict[frozenset[tuple[int, int]], Packet]()

    def near(span: Range, low: int, top: int) -> int:
        at = draw.choice([span.first, span.last, draw.randint(span.first, span.last), span.first - 1, span.last + 1])
        return min(max(at, low), top)

    while len(found) < count:
        rule = draw.choice(one.rules)
        service = draw.choice(rule.services)
        source, destination = (
            near(span if span.last != one.family.top else Range(base, base + SPAN - 1), base, base + SPAN - 1)
            for span in (draw.choice(rule.sources), draw.choice(rule.destinations))
        )
        protocol = service.protocol.first or draw.choice([TCP, UDP, 50])
        if protocol in {ICMP, ICMP6}:
            first = service.port.first if service.port != EVERY_PORT else (8 if protocol == ICMP else 128) << 8
            packet = Packet(source, destination, protocol, 0, first + draw.choice([0, 0, 1]))
        elif protocol in {TCP, UDP}:
            from_port = near(service.source_port, 1, 65535)
            packet = Packet(source, destination, protocol, from_port, near(service.port, 1, 65535))
        else:
            packet = Packet(source, destination, protocol, 0, 0)
        flow = frozenset({(packet.source, packet.source_port), (packet.destination, packet.port), (-1, protocol)})
        if len(flow) == 3 and packet.source != packet.destination:
            found.setdefault(flow, packet)
    return list(found.values())


def load(kernel: Router, target: str, one: RuleSet) -> None:
    kernel.forget()
    if target == "nftables":
        kernel.inside("router", *program("nftables", "nft"), "-f", "-", text=nftables.render([one]).text)
    else:
        name = "iptables-nft-restore" if one.family is Family.V4 else "ip6tables-nft-restore"
        kernel.inside("router", *program("iptables", name), text=iptables.render(one).text)


@pytest.mark.real("nftables")
@pytest.mark.parametrize("family", Family, ids=lambda family: family.name.lower())
def test_without_rules_every_packet_comes_through(kernel: Router, family: Family) -> None:
    """Else the others would prove nothing."""
    kernel.forget()
    packets = some_packets(some_rules(family, 1), 1)
    assert len(kernel.passed(family, packets)) == len(packets)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("family", Family, ids=lambda family: family.name.lower())
@pytest.mark.parametrize(
    "target", [pytest.param(name, marks=pytest.mark.real(name)) for name in ("nftables", "iptables")]
)
def test_the_kernel_lets_through_what_the_rules_say(
    kernel: Router, compiled: Sweep, target: str, family: Family, seed: int
) -> None:
    one = some_rules(family, seed)
    packets = some_packets(one, seed)
    load(kernel, target, one)
    passed = kernel.passed(family, packets)
    wanted = {n for n, packet in enumerate(packets) if one.decides(packet)[0] is Action.PERMIT}
    space = Space([one])
    rows = [compiled.row(space.compiled[0], source) for source in range(space.sources.count)]
    for number, packet in enumerate(packets):
        source, destination, service = space.place(packet)
        says = bool(int(rows[source][destination, service >> 6]) >> (service & 63) & 1)
        assert says == (number in wanted), packet.shown(family)
    assert [packets[n].shown(family) for n in passed - wanted] == [], "let through, though denied"
    assert [packets[n].shown(family) for n in wanted - passed] == [], "dropped, though permitted"
    assert len(wanted) > PACKETS // 10
    assert len(packets) - len(wanted) > PACKETS // 10


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(
    "target", [pytest.param(name, marks=pytest.mark.real(name)) for name in ("nftables", "iptables")]
)
def test_ranges_of_protocols_and_of_codes_hold_nothing_else(kernel: Router, target: str, action: Action) -> None:
    """Protocol 0 is every protocol to iptables; codes of several types of ICMP are no one line."""
    base = BASES[Family.V4]
    services = (Box(Range(0, 5)), Box(Range(7, 49)), Box(Range(ICMP, ICMP), port=Range(3 * 256 + 2, 5 * 256 + 1)))
    rule = Rule(action=action, sources=Family.V4.every, destinations=Family.V4.every, services=services[:2])
    codes = Rule(action=action, sources=Family.V4.every, destinations=Family.V4.every, services=services[2:])
    other = Action.DENY if action is Action.PERMIT else Action.PERMIT
    asked = [(TCP, 80), (UDP, 53), (2, 0), (4, 0), (47, 0), (50, 0)]
    asked_icmp = [(ICMP, port) for port in (3 * 256 + 1, 3 * 256 + 2, 4 * 256 + 9, 5 * 256 + 1, 5 * 256 + 2)]
    for rules, some in (((rule,), asked), ((codes,), asked_icmp)):
        one = RuleSet(name="ranges", family=Family.V4, rules=rules, default=other)
        packets = [Packet(base + n, base + 99 + n, protocol, 1024, port) for n, (protocol, port) in enumerate(some)]
        load(kernel, target, one)
        wanted = {n for n, packet in enumerate(packets) if one.decides(packet)[0] is Action.PERMIT}
        assert kernel.passed(Family.V4, packets) == wanted
