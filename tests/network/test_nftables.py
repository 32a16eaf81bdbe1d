"""What nft -j list ruleset writes, as rule sets: by hand, and as the kernel understands it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network.kernel import Router, missing, program, router
from tests.network.test_kernel import BASES, load, some_packets, some_rules
from viguard.errors import InputError
from viguard.network.addresses import Family
from viguard.network.exact.difference import difference
from viguard.network.exact.sweep import Sweep
from viguard.network.parse.imported import Imported
from viguard.network.parse.nftables import parse
from viguard.network.rules import Action, Packet, RuleSet
from viguard.network.services import TCP, UDP

IN, OUT = "10.0.0.1", "11.0.0.1"
ACCEPT, DROP = {"accept": None}, {"drop": None}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Router]:
    if why := missing("nftables", "nft"):
        pytest.skip(why)
    with router() as made:
        yield made


def match(left: object, right: object, op: str = "==") -> dict[str, object]:
    return {"match": {"op": op, "left": left, "right": right}}


def field(protocol: str, name: str) -> dict[str, object]:
    return {"payload": {"protocol": protocol, "field": name}}


def meta(key: str) -> dict[str, object]:
    return {"meta": {"key": key}}


SADDR, DPORT, STATE = field("ip", "saddr"), field("tcp", "dport"), {"ct": {"key": "state"}}


def chain(name: str, **more: object) -> dict[str, object]:
    return {"chain": {"family": "inet", "table": "t", "name": name, "handle": 1, **more}}


def base(name: str = "forward", policy: str = "drop", prio: int = 0) -> dict[str, object]:
    return chain(name, type="filter", hook="forward", prio=prio, policy=policy)


def rule(*expressions: object, of: str = "forward", **more: object) -> dict[str, object]:
    return {"rule": {"family": "inet", "table": "t", "chain": of, "handle": 2, "expr": list(expressions), **more}}


def named(kind: str, name: str, *elements: object, **more: object) -> dict[str, object]:
    return {kind: {"family": "inet", "table": "t", "name": name, "elem": list(elements), **more}}


def listed(*entries: object) -> str:
    return json.dumps({"nftables": [{"metainfo": {"json_schema_version": 1}}, *entries]})


def read(*entries: object) -> Imported:
    return parse(listed(*entries), "rules")


def forward(*rules: object, family: Family = Family.V4, policy: str = "drop") -> RuleSet:
    (one,) = read(base(policy=policy), *rules).at("forward", family)
    return one


def permits(one: RuleSet, source: str, destination: str, protocol: int, port: int) -> bool:
    packet = Packet(int(ip_address(source)), int(ip_address(destination)), protocol, 40000, port)
    return one.decides(packet)[0] is Action.PERMIT


def bounds(one: RuleSet, *packet: object) -> tuple[bool, bool]:
    least, most = (permits(one.bound(upper=upper), *packet) for upper in (False, True))  # type: ignore[arg-type]
    return least, most


def test_a_rule_knows_its_place_and_its_comment() -> None:
    (one,) = forward(rule(match(DPORT, 443), {"counter": {"packets": 5, "bytes": 9}}, ACCEPT, comment="the shop")).rules
    assert (one.where, one.why, one.unsure) == ("rules:nftables[2]", "the shop", "")
    assert one.action is Action.PERMIT
    assert '"dport"' in one.text


@pytest.mark.parametrize(
    ("said", "passing", "stopped"),
    [
        (match(SADDR, {"prefix": {"addr": "10.0.0.0", "len": 8}}), (IN, OUT, TCP, 1), (OUT, IN, TCP, 1)),
        (match(SADDR, {"prefix": {"addr": "10.0.0.0", "len": 8}}, "!="), (OUT, IN, TCP, 1), (IN, OUT, TCP, 1)),
        (match(SADDR, {"range": [IN, "10.0.0.9"]}), ("10.0.0.9", OUT, UDP, 1), ("10.0.0.10", OUT, UDP, 1)),
        (match(DPORT, {"set": [22, {"range": [80, 90]}]}), (IN, OUT, TCP, 85), (IN, OUT, TCP, 91)),
        (match(DPORT, {"set": [22, {"range": [80, 90]}]}, "!="), (IN, OUT, TCP, 91), (IN, OUT, TCP, 85)),
        (match(DPORT, 22, "!="), (IN, OUT, TCP, 23), (IN, OUT, UDP, 23)),
        (match(DPORT, 90, "<"), (IN, OUT, TCP, 89), (IN, OUT, TCP, 90)),
        (match(DPORT, 90, ">="), (IN, OUT, TCP, 90), (IN, OUT, TCP, 89)),
        (match(meta("l4proto"), {"set": ["tcp", "udp"]}, "!="), (IN, OUT, 47, 0), (IN, OUT, UDP, 9)),
        (match(field("ip", "protocol"), "icmp"), (IN, OUT, 1, 0), (IN, OUT, UDP, 9)),
        (match(field("icmp", "type"), "echo-request"), (IN, OUT, 1, 8 << 8 | 3), (IN, OUT, 1, 0)),
        (match(field("icmp", "code"), "frag-needed"), (IN, OUT, 1, 3 << 8 | 4), (IN, OUT, 1, 3 << 8)),
        (match({"&": [SADDR, "255.0.255.0"]}, "10.0.1.0"), ("10.9.1.7", OUT, TCP, 1), ("10.9.2.7", OUT, TCP, 1)),
        (match({"&": [SADDR, "255.0.255.0"]}, "10.0.1.0", "!="), ("10.9.2.7", OUT, TCP, 1), ("10.9.1.7", OUT, TCP, 1)),
        (match(STATE, ["new", "untracked"], "in"), (IN, OUT, TCP, 1), None),
        (match(STATE, "established", "!="), (IN, OUT, TCP, 1), None),
        (match(STATE, {"set": ["established", "related"]}), None, (IN, OUT, TCP, 1)),
        (match(STATE, "invalid", "in"), (IN, OUT, 1, 3 << 8), (IN, OUT, TCP, 1)),
        (match(STATE, "new", "in"), (IN, OUT, 1, 8 << 8), (IN, OUT, 1, 3 << 8)),
        (match(field("tcp", "flags"), "syn", "in"), (IN, OUT, TCP, 1), (IN, OUT, UDP, 1)),
        (match({"&": [field("tcp", "flags"), ["fin", "syn", "ack"]]}, "syn", "!="), None, (IN, OUT, TCP, 1)),
        (match({"&": [field("tcp", "flags"), {"|": ["syn", "ack"]}]}, "syn"), (IN, OUT, TCP, 1), (IN, OUT, UDP, 1)),
        (match(field("tcp", "flags"), "ack", "!"), (IN, OUT, TCP, 1), (IN, OUT, UDP, 1)),
        (match(meta("iifname"), "lo"), None, (IN, OUT, TCP, 1)),
        (match(meta("oifname"), "lo", "!="), (IN, OUT, TCP, 1), None),
        (match(meta("nfproto"), "ipv4"), (IN, OUT, TCP, 1), None),
        (match(meta("nfproto"), "ipv6"), None, (IN, OUT, TCP, 1)),
        (match(meta("protocol"), "ip"), (IN, OUT, TCP, 1), None),
        (match(field("ip6", "nexthdr"), "tcp"), None, (IN, OUT, TCP, 1)),
        (match({"&": [field("ip", "frag-off"), 8191]}, 0, "!="), None, (IN, OUT, TCP, 1)),
        (
            match({"concat": [SADDR, DPORT]}, {"set": [{"concat": [IN, 80]}, {"concat": [OUT, {"range": [1, 9]}]}]}),
            (OUT, IN, TCP, 9),
            (OUT, IN, TCP, 80),
        ),
        (
            match({"concat": [SADDR, DPORT]}, {"set": [{"concat": [IN, 80]}, {"concat": [OUT, 9]}]}, "!="),
            (IN, OUT, TCP, 9),
            (OUT, IN, TCP, 9),
        ),
    ],
)
def test_what_matches_look_at(
    said: object, passing: tuple[str, str, int, int] | None, stopped: tuple[str, str, int, int] | None
) -> None:
    one = forward(rule(said, ACCEPT))
    assert not any(rule.unsure for rule in one.rules)
    assert passing is None or permits(one, *passing)
    assert stopped is None or not permits(one, *stopped)


def test_a_table_of_both_families_gives_a_set_for_each() -> None:
    rules = (rule(match(SADDR, IN), ACCEPT), rule(match(field("ip6", "saddr"), "2001:db8::1"), ACCEPT))
    assert permits(forward(*rules), IN, OUT, TCP, 1)
    six = forward(*rules, family=Family.V6)
    assert permits(six, "2001:db8::1", "2001:db8::2", TCP, 1)
    assert not permits(six, "2001:db8::2", "2001:db8::1", TCP, 1)
    assert len(six.rules) == 1


def test_base_chains_of_one_hook_come_in_order_of_priority() -> None:
    found = read(base("late", "accept", 10), base("early", "drop", -5), rule(match(SADDR, IN), ACCEPT, of="early"))
    assert [one.name for one in found.at("forward", Family.V4)] == ["rules inet t early", "rules inet t late"]
    assert [one.default for one in found.at("forward", Family.V4)] == [Action.DENY, Action.PERMIT]


def test_sets_and_verdict_maps() -> None:
    one = forward(
        named("set", "nets", {"prefix": {"addr": "10.0.0.0", "len": 24}}, {"elem": {"val": OUT, "comment": "x"}}),
        named("map", "way", [22, ACCEPT], [{"range": [80, 90]}, {"jump": {"target": "web"}}], ["*", DROP]),
        chain("web"),
        rule(match(field("ip", "daddr"), "1.2.3.4"), {"return": None}, of="web"),
        rule(match(SADDR, "@nets"), ACCEPT, of="web"),
        rule({"vmap": {"key": DPORT, "data": "@way"}}),
        rule(match(SADDR, "@nets", "!="), ACCEPT),
    )
    for packet, passes in [
        ((IN, "9.9.9.9", TCP, 22), True),
        ((IN, "9.9.9.9", TCP, 85), True),  # web knows it
        (("5.5.5.5", "9.9.9.9", TCP, 85), True),  # falls out of web, and is not of the rest of the map
        ((IN, "1.2.3.4", TCP, 85), False),  # returns, then is no other
        (("5.5.5.5", "9.9.9.9", TCP, 91), False),  # the rest of the map
        (("5.5.5.5", "9.9.9.9", UDP, 91), True),  # no TCP: the map is not for it
    ]:
        assert permits(one, *packet) is passes, packet


def test_answers_pass_when_a_rule_or_a_map_lets_in_known_flows() -> None:
    known = {"vmap": {"key": STATE, "data": {"set": [["established", ACCEPT], ["related", DROP]]}}}
    assert forward(rule(known)).stateful
    assert forward(rule(known)).rules == ()
    assert forward(rule(match(STATE, ["established", "related"], "in"), ACCEPT)).stateful
    assert not forward(rule(match(STATE, ["established", "related"], "in"), DROP)).stateful
    assert not forward(rule(match(meta("iifname"), "lo"), match(STATE, "established", "in"), ACCEPT)).stateful
    jump = rule({"jump": {"target": "known"}})
    assert forward(chain("known"), rule(match(STATE, "established", "in"), ACCEPT, of="known"), jump).stateful


@pytest.mark.parametrize(
    "said",
    [
        {"limit": {"rate": 5, "per": "second"}},
        {"quota": {"val": 5, "val_unit": "mbytes", "inv": True}},
        match(meta("mark"), 5),
        match(field("ether", "saddr"), "00:11:22:33:44:55"),
        match({"socket": {"key": "transparent"}}, 1),
        match({"fib": {"result": "oif", "flags": ["saddr"]}}, False),
        match(meta("iifname"), {"set": ["lo", "eth1"]}),
        match(field("ip", "ttl"), {"range": [1, 5]}),
        match(SADDR, "@moving"),
        {"set": {"op": "add", "elem": SADDR, "set": "@moving"}},
        {"ct count": {"val": 5, "inv": True}},
        match({"&": [DPORT, 1]}, 1),
        match(meta("hour"), {"range": ["17:00", "18:00"]}),
    ],
)
def test_what_no_packet_shows_gives_two_bounds(said: object) -> None:
    moving = named("set", "moving", IN, flags=["timeout"])
    one = forward(moving, rule(said, ACCEPT), rule(said, DROP), rule(match(DPORT, 80), ACCEPT))
    assert bounds(one, IN, OUT, TCP, 80) == (False, True)
    assert bounds(one, IN, OUT, TCP, 81) == (False, True)
    assert all(rule.unsure for rule in one.rules[:-1])


@pytest.mark.parametrize(
    "said",
    [
        {"queue": {"num": 1}},
        {"xt": None},
        "jump {\n\t\tip saddr 1.1.1.1 accept\n\t}",
        {"mangle": {"key": field("ip", "daddr"), "value": "1.1.1.1"}},
        {"synproxy": None},
        {"thing of tomorrow": {}},
    ],
)
def test_what_something_else_decides_is_neither_open_nor_closed(said: object) -> None:
    for policy in ("accept", "drop"):
        assert bounds(forward(rule(said), rule(ACCEPT), policy=policy), IN, OUT, TCP, 80) == (False, True)


def test_marks_logs_and_counters_go_on() -> None:
    mark = {"mangle": {"key": meta("mark"), "value": 5}}
    one = forward(rule({"log": {"prefix": "x"}}, mark, {"counter": "c1"}, {"reject": {"type": "tcp reset"}}))
    assert [(rule.action, rule.unsure) for rule in one.rules] == [(Action.DENY, "")]


def test_without_tracking_nobody_knows_what_is_new() -> None:
    raw = chain("raw", type="filter", hook="prerouting", prio=-300, policy="accept")
    one = forward(raw, rule({"notrack": None}, of="raw"), rule(match(STATE, "new", "in"), ACCEPT))
    assert bounds(one, IN, OUT, TCP, 80) == (False, True)


def test_what_is_not_looked_at_is_noted() -> None:
    nat = chain("out", type="nat", hook="postrouting", prio=100, policy="accept")
    other = {"table": {"family": "bridge", "name": "b"}}
    asleep = {"table": {"family": "ip", "name": "old", "flags": "dormant"}}
    assert read(nat, other, asleep).notes == (
        "the chain inet t out translates addresses and is not looked at",
        "the table bridge b is not of IP and not looked at",
        "the table ip old is dormant and not looked at",
    )
    assert read().notes == ("there are no tables: every packet passes",)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (rule(match(SADDR, "10.0.0.300"), ACCEPT), "rules:nftables[2]: '10.0.0.300' does not appear to be an IPv4"),
        (rule(match(SADDR, "@nosuch"), ACCEPT), "rules:nftables[2]: there is no set 'nosuch'"),
        (rule(match(DPORT, 70000), ACCEPT), "rules:nftables[2]: '70000' is no port"),
        (rule(match(DPORT, {"range": [90, 80]}), ACCEPT), "rules:nftables[2]: [90, 80] does not go from a lower"),
        (rule(match(SADDR, {"prefix": {"addr": IN, "len": 99}}), ACCEPT), "rules:nftables[2]: a prefix of 99 bits"),
        (rule(match(meta("l4proto"), "nosuch"), ACCEPT), "rules:nftables[2]: 'nosuch' is no protocol"),
        (rule({"jump": {"target": "nowhere"}}), "rules:nftables[2]: there is no chain 'nowhere'"),
        (rule({"jump": {}}), "rules:nftables[2]: jump without a chain"),
        (rule(5), "rules:nftables[2]: a statement that is no object"),
        ({"rule": 5}, "rules:nftables[2]: rule is no object"),
        ({"rule": {"family": "ip"}}, "rules:nftables[2]: there is no 'table'"),
        (
            rule({"vmap": {"key": DPORT, "data": {"set": [5]}}}),
            "rules:nftables[2]: an element of a verdict map without",
        ),
        (rule(match({"concat": [SADDR, DPORT]}, {"concat": [IN]}), ACCEPT), "rules:nftables[2]: 1 values for 2 things"),
        (5, "rules:nftables[2]: no object of nftables"),
    ],
)
def test_mistakes_have_a_place(entry: object, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(base(), entry)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("text", ["", "table ip filter {\n}\n", "[]", '{"nftables": 5}', "[" * 100_000, '"\ud800"'])
def test_a_file_that_is_something_else(text: str) -> None:
    with pytest.raises(InputError, match="this is no"):
        parse(text, "rules")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["@s", "*", "ip", "syn", "new", "lo", "10.0.0.1", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["match", "op", "left", "right", "payload", "protocol", "field", "set", "range", "prefix", "&", "vmap"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_whatever_stands_there_is_read_or_refused(left: object, right: object) -> None:
    for said in (match(left, right), match(SADDR, right), match(left, 5), {"vmap": {"key": left, "data": right}}, left):
        with suppress(InputError):
            read(base(), named("set", "s", right), rule(said, ACCEPT))


def test_twenty_thousand_rules_and_elements_take_seconds() -> None:
    many = [f"10.{n >> 8 & 255}.{n & 255}.{n >> 16}" for n in range(20_000)]
    rules = [rule(match(SADDR, address), match(SADDR, "@many"), match(DPORT, 80), ACCEPT) for address in many]
    text = listed(base(), named("set", "many", *many), *rules)
    start = time.monotonic()
    (one,) = parse(text, "rules").at("forward", Family.V4)
    assert len(one.rules) == 20_000
    assert time.monotonic() - start < 10


def test_twenty_thousand_concatenations_take_seconds() -> None:
    pairs = [{"concat": [f"10.{n >> 8}.{n & 255}.1", 80 + n % 7]} for n in range(20_000)]
    other = [{"concat": [f"11.{n >> 8}.{n & 255}.1", n]} for n in range(2_000)]
    pair = {"concat": [SADDR, DPORT]}
    back = {"concat": [field("ip", "daddr"), field("tcp", "sport")]}
    sets = (named("set", "pairs", *pairs), named("set", "other", *other))
    start = time.monotonic()
    one = forward(*sets, rule(match(pair, "@pairs"), ACCEPT), rule(match(back, "@other"), ACCEPT))
    assert permits(one, "10.0.7.1", OUT, TCP, 80)
    assert not permits(one, "10.0.7.1", OUT, TCP, 81)
    with pytest.raises(InputError, match="4,000,000 combinations of values in one rule"):
        forward(*sets, rule(match(pair, "@other"), match(back, "@other"), ACCEPT))
    assert time.monotonic() - start < 10


def saved(kernel: Router) -> Imported:
    return parse(kernel.inside("router", *program("nftables", "nft"), "-j", "list", "ruleset"), "kernel")


@pytest.mark.real("nftables")
@pytest.mark.parametrize("family", Family, ids=lambda family: family.name.lower())
def test_what_the_kernel_lists_is_what_was_rendered(kernel: Router, compiled: Sweep, family: Family) -> None:
    one = some_rules(family, 7)
    load(kernel, "nftables", one)
    (listed_set,) = saved(kernel).at("forward", family)
    assert listed_set.stateful
    assert not difference(one, listed_set, compiled)


def drawn(draw: random.Random, family: Family) -> str:  # noqa: C901  (many small draws)
    """A table with sets, maps and chains that lead to each other."""
    ip, base_address = ("ip", BASES[family]) if family is Family.V4 else ("ip6", BASES[family])
    bits = 32 if family is Family.V4 else 128

    def net() -> str:
        size = bits - draw.choice([0, 6, 8, 10])
        return f"{ip_address((base_address + draw.randrange(1 << 12)) >> (bits - size) << (bits - size))}/{size}"

    def span() -> str:
        first = base_address + draw.randrange(1 << 11)
        return f"{ip_address(first)}-{ip_address(first + draw.randrange(1, 900))}"

    def address() -> str:
        return draw.choice([net(), span()])

    def port() -> str:
        low = draw.randrange(1, 600)
        return draw.choice([str(low), f"{low}-{low + draw.randrange(1, 400)}"])

    def apart() -> list[str]:
        starts = sorted(draw.sample(range(1, 1000, 50), 4))
        return [f"{start}-{start + draw.randrange(1, 49)}" for start in starts]

    kind = "icmp" if family is Family.V4 else "icmpv6"

    def looks(*, maps: bool = False) -> str:
        turned = draw.choice(["", "", "!= "])
        sides = draw.choice(["saddr", "daddr"])
        one = draw.choice(
            [
                f"{ip} {sides} {turned}{address()}",
                f"{ip} {sides} {turned}{{ {net()}, {ip_address(base_address + 5000)} }}",
                f"{ip} {sides} {turned}@nets",
            ]
        )
        together = [
            f"{ip} saddr . tcp dport {turned}@pairs",
            f"{ip} daddr . udp dport {turned}{{ {net()} . {port()}, {ip_address(base_address + 5000)} . 7 }}",
        ]
        two = draw.choice(
            [
                f"tcp dport {turned}{port()}",
                f"udp dport {turned}{{ {', '.join(apart())} }}",
                f"tcp sport {draw.choice(['<', '>=', '!='])} {draw.randrange(1, 50000)}",
                f"meta l4proto {turned}{{ tcp, gre }}",
                "meta l4proto { tcp, udp } th dport 1-300",
                f"{kind} type {turned}echo-request",
                f"{kind} code {turned}1-2",
                "tcp flags & (fin|syn|rst|ack) == syn",
                "ct state new",
                "ct state != { established, related, invalid }",
                'oifname != "lo"',
                "",
            ]
        )
        return draw.choice([one, two, f"{one} {two}", *together]) if not maps else one

    names = ["first", "one", "two", "three"]
    out = []
    for depth, name in enumerate(names):
        after = names[depth + 1 :]
        onward = [f"{way} {other}" for other in after for way in ("jump", "goto")]
        rules = []
        for _ in range(8):
            targets = ["accept", "drop", "return", "counter", *onward]
            if draw.random() < 0.3:
                key = draw.choice(["tcp dport", "udp dport"])
                elements = [f"{some} : {draw.choice(['accept', 'drop', 'return', *onward])}" for some in apart()]
                if draw.random() < 0.3:
                    elements.append(f"* : {draw.choice(['accept', 'drop', *onward])}")
                rules.append(f"{looks(maps=True)} {key} vmap {{ {', '.join(elements)} }}")
            elif name != "three" and draw.random() < 0.1:
                rules.append(f"{ip} {draw.choice(['saddr', 'daddr'])} vmap @way")
            else:
                rules.append(f"{looks()} {draw.choice(targets)}")
        hook = "type filter hook forward priority 0; policy accept;" if name == "first" else ""
        out.append(f"chain {name} {{ {hook}\n" + "\n".join(rules) + "\n}")
    low = ip_address(base_address + 2048)
    sets = [
        f"set nets {{ type {ip}v4_addr; flags interval; auto-merge; elements = {{ {net()}, {span()}, {net()} }}; }}",
        f"set pairs {{ type {ip}v4_addr . inet_service; flags interval; elements = {{ {net()} . 80-90 }}; }}",
        f"map way {{ type {ip}v4_addr : verdict; flags interval; elements = {{ {low}/{bits - 8} : jump three }}; }}",
    ]
    if family is Family.V6:
        sets = [one.replace("ip6v4_addr", "ipv6_addr") for one in sets]
    hook = "type filter hook forward priority 5; policy drop;"
    last = f"chain last {{ {hook}\n{ip} saddr @nets drop\nmeta l4proto != 50 accept\n}}"
    table = draw.choice(["inet", ip])
    return f"table {table} drawn {{\n" + "\n".join([*sets, *reversed(out), last]) + "\n}\n"


@pytest.mark.real("nftables")
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("family", Family, ids=lambda family: family.name.lower())
def test_chains_sets_and_maps_mean_what_the_kernel_makes_of_them(kernel: Router, family: Family, seed: int) -> None:
    draw = random.Random(seed)
    text = drawn(draw, family)
    packets = some_packets(some_rules(family, seed), seed, 5000)
    moved = {p._replace(port=draw.randrange(1, 1100)): None for p in packets if p.protocol in {TCP, UDP}}
    packets = [*(p for p in packets if p.protocol not in {TCP, UDP}), *moved]
    kernel.forget()
    kernel.inside("router", *program("nftables", "nft"), "-f", "-", text=text)
    sets = saved(kernel).at("forward", family)
    assert len(sets) == 2
    assert [rule.text for one in sets for rule in one.rules if rule.unsure] == []
    passed = kernel.passed(family, packets)
    wanted = {n for n, p in enumerate(packets) if all(one.decides(p)[0] is Action.PERMIT for one in sets)}
    assert [packets[n].shown(family) for n in passed ^ wanted] == []
    assert len(packets) >= 4900
    assert 100 < len(wanted) < len(packets) - 100
