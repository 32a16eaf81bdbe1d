"""Rules of the Windows Firewall, as they were written by hand: allows only, as a block wins over every allow."""

from __future__ import annotations

from hypothesis import given

from tests.network.brute import PACKETS, passes, rule_sets
from tests.network.office import ANY, OFFICE, OFFICE6, golden, rule
from viguard.network.addresses import Family
from viguard.network.permitted import permitted
from viguard.network.render import windows
from viguard.network.render.windows import Target
from viguard.network.rules import Action, Rule, RuleSet

OTHERS = "allow rules of other groups stay, and let through what they say"
POLICIES = "rules of group policies stay, and the profiles may take their defaults from there"


def test_the_office() -> None:
    told = windows.render([OFFICE, OFFICE6])
    assert told.text == golden("windows/inbound.ps1")
    assert told.residual == (OTHERS, POLICIES)


def test_outbound_the_own_address_is_the_source() -> None:
    one = RuleSet(
        name="out", family=Family.V4, rules=(rule(Action.PERMIT, "10.1.0.5", "10.2.0.9/32", "tcp/443", "icmp/3.4"),)
    )
    lines = windows.render([one], Target(direction="Outbound", alone=True)).text.splitlines()
    assert lines[5] == "$rule = @{ Group = $group; Direction = 'Outbound'; Action = 'Allow'; Profile = 'Any' }"
    start, addresses = "New-NetFirewallRule @rule -DisplayName", "-RemoteAddress '10.2.0.9' -LocalAddress '10.1.0.5'"
    assert lines[6:8] == [
        f"{start} 'v4 1.1' -Protocol TCP {addresses} -RemotePort '443' | Out-Null",
        f"{start} 'v4 1.2' -Protocol ICMPv4 {addresses} -IcmpType '3:4' | Out-Null",
    ]
    others = "{ $_.Group -notin $group, '@FirewallAPI.dll,-25000' }"
    allowed = "Get-NetFirewallRule -Direction Outbound -Action Allow -Enabled True"
    assert lines[-2:] == [
        f"{allowed} | Where-Object {others} | Disable-NetFirewallRule",
        "Set-NetFirewallProfile -Profile Domain,Private,Public -Enabled True -DefaultOutboundAction Block",
    ]


def test_no_rule_blocks_and_both_families_are_never_meant_by_one() -> None:
    rules = (rule(Action.DENY, "10.0.0.1", ANY, "any"), rule(Action.PERMIT, ANY, ANY, "tcp/80"))
    text = windows.render([RuleSet(name="a", family=Family.V4, rules=rules)]).text
    assert "-Action Block" not in text
    assert "'Block'" not in text
    assert "-RemoteAddress '0.0.0.0-10.0.0.0','10.0.0.2-255.255.255.255' -LocalPort '80'" in text
    every = RuleSet(name="a", family=Family.V4, rules=(rule(Action.PERMIT, ANY, ANY, "tcp/80"),))
    assert "-RemoteAddress '0.0.0.0-255.255.255.255' -LocalPort '80'" in windows.render([every]).text


def test_what_nobody_understood_and_what_cannot_be_said_is_left() -> None:
    unsure = Rule(
        action=Action.PERMIT, sources=Family.V4.every, destinations=Family.V4.every, unsure="recent", where="f:1"
    )
    one = RuleSet(name="a", family=Family.V4, rules=(unsure, rule(Action.PERMIT, ANY, ANY, "132/80")))
    told = windows.render([one])
    assert "New-NetFirewallRule" not in told.text
    assert told.residual[:2] == ("rule 1 (f:1): recent; left out", "rule 2: ports of protocol 132; left out")


def test_too_many_holes_leave_the_permit_out() -> None:
    holes = tuple(rule(Action.DENY, f"10.0.{n}.1", f"10.9.{n}.1", f"tcp/{n + 1}") for n in range(20))
    one = RuleSet(name="a", family=Family.V4, rules=(*holes, rule(Action.PERMIT, ANY, ANY, "any")))
    told, left = permitted(one, most=20)
    assert told == []
    assert left == ["rule 21: the denies before it would make more than 20 rules of it; left out"]


def test_names_cannot_break_out() -> None:
    one = RuleSet(
        name="x'; Remove-Item C: #\u2019",
        family=Family.V4,
        rules=(rule(Action.PERMIT, ANY, "10.0.0.1", "tcp/80", why="\u2019; Stop-Computer '\n$(calc)`"),),
    )
    text = windows.render([one]).text
    assert text.isascii()
    assert "$(" not in text
    assert "`" not in text
    assert "'viguard x.. Remove-Item C: .. inbound'".replace(":", ".") in text.replace(":", ".").replace(";", ".")
    assert all(line.count("'") % 2 == 0 for line in text.splitlines())


@given(rule_sets)
def test_what_is_permitted_is_so_without_denies(one: RuleSet) -> None:
    told, left = permitted(one)
    only = tuple(rule for _, rule in told)
    assert all(rule.action is Action.PERMIT for rule in only)
    assert left == []
    alone = RuleSet(name=one.name, family=one.family, rules=only, default=Action.DENY)
    assert passes(alone) == passes(one)
    assert PACKETS
