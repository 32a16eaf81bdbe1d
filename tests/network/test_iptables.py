"""What iptables-save writes, as rule sets: by hand, and as the kernel understands it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.network.kernel import Router, missing, program, router
from tests.network.test_kernel import BASES, load, some_packets, some_rules
from viguard.errors import InputError
from viguard.network.addresses import Family, Range
from viguard.network.exact.difference import difference
from viguard.network.exact.sweep import Sweep
from viguard.network.parse.iptables import parse
from viguard.network.rules import Action, Packet, RuleSet
from viguard.network.services import TCP, UDP, box


@pytest.fixture(scope="module")
def kernel() -> Iterator[Router]:
    if why := missing("nftables", "nft") or missing("iptables", "iptables-nft-restore"):
        pytest.skip(why)
    with router() as made:
        yield made


IN, OUT = "10.0.0.1", "11.0.0.1"


def a(text: str) -> int:
    return int(ip_address(text))


def file(*lines: str, policy: str = "DROP") -> str:
    return "\n".join(["# saved", "*filter", f":FORWARD {policy} [0:0]", *lines, "COMMIT"])


def forward(*lines: str, policy: str = "DROP") -> RuleSet:
    return parse(file(*lines, policy=policy), "rules", Family.V4).sets["FORWARD"]


def permits(one: RuleSet, source: str, destination: str, protocol: int, port: int) -> bool:
    packet = Packet(a(source), a(destination), protocol, 40000, port)
    return one.decides(packet)[0] is Action.PERMIT


def test_a_line_is_a_rule_that_knows_its_place() -> None:
    line = (
        '-A FORWARD -s 10.1.0.0/16 -d 10.2.0.9/32 -p tcp -m tcp --dport 443 -m comment --comment "the shop" -j ACCEPT'
    )
    (rule,) = forward(line).rules
    assert rule.action is Action.PERMIT
    assert rule.sources == (Range(a("10.1.0.0"), a("10.1.255.255")),)
    assert rule.destinations == (Range(a("10.2.0.9"), a("10.2.0.9")),)
    assert rule.services == (box(TCP, 443),)
    assert (rule.where, rule.text, rule.why, rule.unsure) == ("rules:4", line, "the shop", "")


def test_the_rule_of_the_report_for_its_log_server() -> None:
    text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 514 -j ACCEPT\nCOMMIT\n"
    one = parse(text, "log server", Family.V4).sets["INPUT"]
    assert permits(one, "203.0.113.9", "10.10.20.3", TCP, 514)
    assert not permits(one, "203.0.113.9", "10.10.20.3", UDP, 514)
    assert not permits(one, "203.0.113.9", "10.10.20.3", TCP, 515)
    assert not one.stateful


def test_answers_pass_when_a_line_lets_in_known_flows() -> None:
    known = "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT"
    assert forward(known).stateful
    assert forward(known).rules == ()
    assert not forward("-A FORWARD -m state --state RELATED,ESTABLISHED -j DROP").stateful
    chains = (":known - [0:0]", "-A FORWARD -j known", "-A known -m conntrack --ctstate ESTABLISHED -j ACCEPT")
    assert forward(*chains).stateful
    assert permits(forward("-A FORWARD -m conntrack --ctstate NEW -j ACCEPT"), "10.0.0.1", "10.0.0.2", TCP, 1)


@pytest.mark.parametrize(
    ("line", "passing", "stopped"),
    [
        ("! -s 10.0.0.0/8 -j ACCEPT", (OUT, IN, TCP, 1), (IN, OUT, TCP, 1)),
        ("! -p tcp -j ACCEPT", (IN, OUT, UDP, 1), (IN, OUT, TCP, 1)),
        ("-p udp -m multiport ! --dports 53,100:200 -j ACCEPT", (IN, OUT, UDP, 99), (IN, OUT, UDP, 150)),
        ("-m iprange --src-range 10.0.0.5-10.0.0.9 -j ACCEPT", ("10.0.0.9", OUT, UDP, 1), ("10.0.0.10", OUT, UDP, 1)),
        ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT", (IN, OUT, TCP, 9), (IN, OUT, UDP, 9)),
        ("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT", None, (IN, OUT, TCP, 9)),
        ("-p icmp -m icmp --icmp-type echo-request -j ACCEPT", (IN, OUT, 1, 8 << 8), (IN, OUT, 1, 0)),
        ("-p icmp -m icmp --icmp-type 3/4 -j ACCEPT", (IN, OUT, 1, 3 << 8 | 4), (IN, OUT, 1, 3 << 8 | 1)),
        ("-m conntrack --ctstate INVALID -j ACCEPT", (IN, OUT, 1, 3 << 8), (IN, OUT, TCP, 1)),
        ("-m conntrack --ctstate NEW -j ACCEPT", (IN, OUT, 1, 8 << 8), (IN, OUT, 1, 0)),
        ("-m conntrack ! --ctstate NEW -j ACCEPT", (IN, OUT, 1, 0), (IN, OUT, TCP, 1)),
        ("-i lo -j ACCEPT", None, ("127.0.0.1", "127.0.0.1", TCP, 1)),
        ("-p esp -j ACCEPT", (IN, OUT, 50, 0), (IN, OUT, 51, 0)),
    ],
)
def test_what_lines_look_at(
    line: str, passing: tuple[str, str, int, int] | None, stopped: tuple[str, str, int, int]
) -> None:
    one = forward(f"-A FORWARD {line}")
    assert not any(rule.unsure for rule in one.rules)
    assert passing is None or permits(one, *passing)
    assert not permits(one, *stopped)


MANY = "-p udp -m multiport --sports 53,1:99"
RETURNS = (
    ":web - [0:0]",
    ":inner - [0:0]",
    "-A FORWARD -d 10.0.0.0/8 -p tcp -m tcp --dport 80 -j web",
    "-A FORWARD -s 192.168.0.7/32 -j ACCEPT",
    "-A FORWARD -s 192.168.0.0/16 -p tcp -m tcp --dport 80 -j DROP",
    "-A FORWARD -p tcp -m tcp --dport 80:81 -j ACCEPT",
    "-A web -s 192.168.0.0/16 -j RETURN",
    "-A web -s 172.16.0.0/12 -g inner",
    "-A web -j DROP",
    "-A inner -s 172.16.9.0/24 -j DROP",
)


@pytest.mark.parametrize(
    ("source", "destination", "port", "passes"),
    [
        ("192.168.0.7", "10.1.1.1", 80, True),  # returns, then its own rule
        ("192.168.0.8", "10.1.1.1", 80, False),  # returns, then DROP
        ("172.16.1.1", "10.1.1.1", 80, True),  # goes to inner, falls out of it, and web is not asked again
        ("172.16.9.1", "10.1.1.1", 80, False),
        ("1.2.3.4", "10.1.1.1", 80, False),  # the end of web
        ("1.2.3.4", "10.1.1.1", 81, True),  # web is not for it
        ("1.2.3.4", "11.1.1.1", 80, True),
        ("1.2.3.4", "11.1.1.1", 82, False),
    ],
)
def test_chains_are_followed(source: str, destination: str, port: int, passes: bool) -> None:
    assert permits(forward(*RETURNS), source, destination, TCP, port) is passes


def test_what_no_packet_shows_gives_two_bounds() -> None:
    one = forward(
        "-A FORWARD -s 10.0.0.1/32 -m recent --update --seconds 60 --name bad --rsource -j DROP",
        "-A FORWARD -s 10.0.0.0/24 -p tcp -m tcp --dport 22 -j ACCEPT",
        "-A FORWARD -p tcp -m tcp --dport 80 -m limit --limit 5/sec -j ACCEPT",
        "-A FORWARD -m set --match-set admins src -j ACCEPT",
    )
    least, most = one.bound(upper=False), one.bound(upper=True)
    for packet, at_least, at_most in [
        (("10.0.0.1", "10.1.1.1", TCP, 22), False, True),
        (("10.0.0.2", "10.1.1.1", TCP, 22), True, True),
        (("10.9.0.1", "10.1.1.1", TCP, 80), False, True),
        (("10.9.0.1", "10.1.1.1", UDP, 9), False, True),
    ]:
        assert (permits(least, *packet), permits(most, *packet)) == (at_least, at_most), packet
    assert one.rules[0].unsure == "it also looks at recent, update, seconds 60, name bad, rsource"


def test_what_another_program_decides_is_neither_open_nor_closed() -> None:
    one = forward("-A FORWARD -p tcp -j NFQUEUE --queue-num 1", "-A FORWARD -j ACCEPT")
    assert permits(one.bound(upper=True), "1.1.1.1", "2.2.2.2", TCP, 1)
    assert not permits(one.bound(upper=False), "1.1.1.1", "2.2.2.2", TCP, 1)
    assert permits(one.bound(upper=False), "1.1.1.1", "2.2.2.2", UDP, 1)


def test_other_tables_are_said_not_to_be_looked_at() -> None:
    text = "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 80 -j DNAT --to 10.0.0.1\nCOMMIT\n" + file()
    assert parse(text, "rules", Family.V4).notes == ("the rules of the table nat are not looked at",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-A FORWARD -s 10.0.0.300 -j ACCEPT", "rules:4: -s: '10.0.0.300' does not appear to be an IPv4 or IPv6"),
        ("-A FORWARD -s 2001:db8::1 -j ACCEPT", "rules:4: -s: 2001:db8::1 is no address of this family"),
        ("-A FORWARD -p tcp --dport 70000 -j ACCEPT", "rules:4: --dport: '70000' are no ports"),
        ("-A FORWARD -p tcp --dport 90:80 -j ACCEPT", "rules:4: --dport: '90:80' are no ports"),
        ("-A FORWARD -p nosuch -j ACCEPT", "rules:4: -p: 'nosuch' is no protocol"),
        ("-A FORWARD -j", "rules:4: an option without its value"),
        ("-A FORWARD -j nowhere", "rules:4: there is no chain 'nowhere'"),
        ('-A FORWARD -m comment --comment "open -j ACCEPT', "rules:4: a quote that does not end"),
        ("iptables -A FORWARD -j ACCEPT", "rules:4: no line of iptables-save"),
        ("-A FORWARD stray -j ACCEPT", "rules:4: 'stray' belongs to no option"),
    ],
)
def test_mistakes_have_a_place(line: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        forward(line)
    assert str(caught.value).startswith(said)


def test_a_chain_that_leads_back_to_itself() -> None:
    with pytest.raises(InputError, match=r"rules:7: the chain 'a' leads back to itself"):
        forward(":a - [0:0]", ":b - [0:0]", "-A a -j b", "-A b -j a", "-A FORWARD -j a")


def test_a_file_that_is_something_else() -> None:
    with pytest.raises(InputError, match="no file of iptables-save"):
        parse("table ip filter {\n}\n", "rules", Family.V4)


@pytest.mark.real("iptables")
@pytest.mark.parametrize("family", Family, ids=lambda family: family.name.lower())
def test_what_the_kernel_saves_is_what_was_rendered(kernel: Router, compiled: Sweep, family: Family) -> None:
    one = some_rules(family, 7)
    load(kernel, "iptables", one)
    name = "iptables-nft-save" if family is Family.V4 else "ip6tables-nft-save"
    saved = parse(kernel.inside("router", *program("iptables", name)), name, family).sets["FORWARD"]
    assert saved.stateful
    assert not difference(one, saved, compiled)


@pytest.mark.real("iptables")
@pytest.mark.parametrize("seed", [1, 2])
def test_chains_negations_and_returns_mean_what_the_kernel_makes_of_them(kernel: Router, seed: int) -> None:
    draw = random.Random(seed)
    base = BASES[Family.V4]

    def net() -> str:
        size = draw.choice([22, 24, 26, 32])
        return f"{ip_address((base + draw.randrange(1 << 12)) >> (32 - size) << (32 - size))}/{size}"

    def looks() -> str:
        words = []
        if draw.random() < 0.7:
            words.append(f"{draw.choice(['', '', '! '])}-s {net()}")
        if draw.random() < 0.6:
            words.append(f"{draw.choice(['', '', '! '])}-d {net()}")
        kind = draw.choice(["tcp", "udp", "other", "none"])
        low = draw.randrange(1, 600)
        if kind in {"tcp", "udp"}:
            turned = draw.choice(["", "", "! "])
            words.append(f"-p {kind} -m {kind} {turned}--dport {low}:{low + draw.randrange(500)}")
        elif kind == "other":
            words.append(
                draw.choice(["! -p tcp", "-p icmp -m icmp --icmp-type 8", "-p udp -m multiport --sports 53,1:99"])
            )
        return " ".join(words)

    names = ["FORWARD", "one", "two", "three"]
    lines = [f":{name} - [0:0]" for name in names[1:]]
    for depth, name in enumerate(names):
        for _ in range(12):
            after = names[depth + 1 :]
            onward = [f"{way} {one}" for one in after for way in ("-j", "-g")]
            target = draw.choice(["-j ACCEPT", "-j DROP", "-j RETURN", *onward])
            lines.append(f"-A {name} {looks()} {target}")
    text = file(*lines, policy=draw.choice(["ACCEPT", "DROP"])) + "\n"
    one = parse(text, "drawn", Family.V4).sets["FORWARD"]
    packets = some_packets(some_rules(Family.V4, seed), seed, 4000)
    packets += [p._replace(port=draw.randrange(1, 1100)) for p in packets[:1000] if p.protocol in {TCP, UDP}]
    kernel.forget()
    kernel.inside("router", *program("iptables", "iptables-nft-restore"), text=text)
    passed = kernel.passed(Family.V4, packets)
    wanted = {n for n, packet in enumerate(packets) if one.decides(packet)[0] is Action.PERMIT}
    assert [packets[n].shown(Family.V4) for n in passed ^ wanted] == []
    assert 100 < len(wanted) < len(packets) - 100
