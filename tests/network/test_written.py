"""Rules in parts: what a device cannot be told is said, and errs on the closed side."""

from __future__ import annotations

import pytest

from viguard.network.addresses import Family, Range
from viguard.network.render import iptables, nftables
from viguard.network.render.written import comment, name, parts, plain
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_SERVICE, ICMP, ICMP6, TCP, Box, box, icmp

HOST = (Range(0x0A000001, 0x0A000001),)


def one_rule(action: Action, *services: Box, unsure: str = "") -> RuleSet:
    rule = Rule(
        action=action, sources=HOST, destinations=Family.V4.every, services=services, where="fw:7", unsure=unsure
    )
    return RuleSet(name="one", family=Family.V4, rules=(rule,), stateful=False)


PORTS_OF_ANYTHING = Box(port=Range(80, 80))


def test_a_permit_that_cannot_be_said_is_left_out_and_the_others_of_its_rule_stay() -> None:
    said, residual = parts(one_rule(Action.PERMIT, PORTS_OF_ANYTHING, box(TCP, 22)))
    assert [(part.protocol, part.box) for part in said] == [(TCP, box(TCP, 22))]
    assert residual == ["rule 1 (fw:7): ports without a protocol; left out"]


def test_a_deny_that_cannot_be_said_denies_every_service() -> None:
    said, residual = parts(one_rule(Action.DENY, box(TCP, 22), PORTS_OF_ANYTHING))
    assert [(part.protocol, part.box) for part in said] == [(None, EVERY_SERVICE)]
    assert residual == ["rule 1 (fw:7): ports without a protocol; every service is denied instead"]


@pytest.mark.parametrize(
    ("action", "count", "how"), [("permit", 0, "left out"), ("deny", 1, "everything that it may fit is denied")]
)
def test_of_what_nobody_understood_the_least_is_let_through(action: str, count: int, how: str) -> None:
    said, residual = parts(one_rule(Action(action), box(TCP, 22), unsure="-m recent"))
    assert len(said) == count
    assert residual == [f"rule 1 (fw:7): -m recent; {how}"]


def test_codes_of_several_types_of_icmp_and_ranges_of_protocols_are_split_without_loss() -> None:
    mixed = Box(Range(ICMP, ICMP), EVERY_PORT, Range(3 * 256 + 4, 6 * 256 + 1))
    said, residual = parts(one_rule(Action.PERMIT, mixed, Box(Range(47, 50))))
    assert [part.box.port for part in said[:3]] == [Range(772, 1023), Range(1024, 1535), Range(1536, 1537)]
    assert [part.protocol for part in said[3:]] == [47, 48, 49, 50]
    assert residual == []


def test_nftables_and_iptables_hand_on_what_is_left() -> None:
    one = one_rule(Action.PERMIT, PORTS_OF_ANYTHING)
    told = ("rule 1 (fw:7): ports without a protocol; left out",)
    assert iptables.render(one).residual == nftables.render([one]).residual == told
    assert "10.0.0.1" not in iptables.render(one).text + nftables.render([one]).text


HOSTILE = "shop\"\r\n!\nno ip access-list x\u202e ?\\ `$(reboot)` '; drop"


def test_texts_cannot_break_out() -> None:
    assert set(plain(HOSTILE, 90)) <= set("abcdefghijklmnopqrstuvwxyz0123456789 .,:;/()+=@_-")
    assert len(plain("x" * 500, 90)) == 90
    assert '"' not in comment(HOSTILE, 90)
    assert set(name(HOSTILE)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name("10 nets") == "v-10-nets"
    assert name("\u00e9") == "v"


@pytest.mark.parametrize(("action", "how"), [("permit", "left out"), ("deny", "it is not denied")])
def test_protocol_0_is_not_written_where_it_means_every_protocol(action: str, how: str) -> None:
    told = iptables.render(one_rule(Action(action), Box(Range(0, 2))))
    assert [line.split(" -p ")[1].split()[0] for line in told.text.splitlines() if " -p " in line] == ["icmp", "2"]
    assert told.residual == (f"rule 1 (fw:7): protocol 0 means every protocol there; {how}",)


def test_types_of_the_other_familys_icmp_are_left() -> None:
    one = one_rule(Action.PERMIT, icmp(ICMP6, 128), box(ICMP6))
    told = ("rule 1 (fw:7): types of the ICMP of the other family; left out",)
    assert iptables.render(one).residual == nftables.render([one]).residual == told
    assert "128" not in iptables.render(one).text + nftables.render([one]).text
