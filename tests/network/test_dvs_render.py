"""Traffic rules of distributed switches, as they were written by hand, and as the API's own types take them."""

from __future__ import annotations

import json
from typing import Any

from pyVmomi import vim

from tests.network.office import ANY, OFFICE, OFFICE6, golden, rule
from viguard.network.addresses import Family
from viguard.network.render import dvs
from viguard.network.rules import Action, RuleSet

SHOP = RuleSet(
    name="shop", family=Family.V4, rules=(rule(Action.PERMIT, "10.1.0.0/24", "10.2.0.9", "tcp/443", why="shop"),)
)
ERRORS = "errors that ICMP reports about permitted flows do not pass back, unless a rule permits them"
NOT_IP = "what is not IP, and IP of a family without a rule set, passes"
TYPES = {
    "DvsTrafficRuleset": vim.dvs.TrafficRuleset,
    "DvsTrafficRule": vim.dvs.TrafficRule,
    "DvsIpNetworkRuleQualifier": vim.dvs.TrafficRule.IpQualifier,
    "DvsAcceptNetworkRuleAction": vim.dvs.TrafficRule.AcceptAction,
    "DvsDropNetworkRuleAction": vim.dvs.TrafficRule.DropAction,
    "DvsSingleIpPort": vim.dvs.TrafficRule.SingleIpPort,
    "DvsIpPortRange": vim.dvs.TrafficRule.IpPortRange,
    "SingleIp": vim.SingleIp,
    "IpRange": vim.IpRange,
    "IntExpression": vim.IntExpression,
}


def built(told: Any) -> Any:
    """An object of the API; pyVmomi refuses what its types do not know."""
    if isinstance(told, list):
        return [built(one) for one in told]
    if not isinstance(told, dict):
        return told
    return TYPES[told["_typeName"]](**{key: built(value) for key, value in told.items() if key != "_typeName"})


def test_a_shop() -> None:
    told = dvs.render([SHOP])
    assert told.text == golden("dvs/shop.json")
    assert told.residual == ("rule 1: tcp from port 443 passes back whether it was asked for or not", ERRORS, NOT_IP)


def test_the_api_takes_what_is_written() -> None:
    rules = built(json.loads(dvs.render([OFFICE, OFFICE6]).text)).rules
    assert [one.sequence for one in rules] == list(range(10, 10 * len(rules) + 10, 10))
    ranges = [q.destinationIpPort for one in rules for q in one.qualifier if q.destinationIpPort]
    assert any(isinstance(one, vim.dvs.TrafficRule.IpPortRange) and one.endPortNumber == 8010 for one in ranges)


def test_answers_keep_to_what_the_denies_before_leave() -> None:
    rules = built(json.loads(dvs.render([OFFICE]).text)).rules
    answers = [one for one in rules if one.description.startswith("answers: names")]
    told = {f"{q.destinationAddress.addressPrefix}/{q.destinationAddress.prefixLength}" for one in answers
            for q in one.qualifier if isinstance(q.destinationAddress, vim.IpRange)}  # fmt: skip
    assert "10.1.0.0/26" in told
    assert "10.1.0.64/31" in told
    assert "10.1.0.0/24" not in told


def test_types_of_icmp_are_left() -> None:
    assert "rule 5: types of ICMP cannot be named; left out" in dvs.render([OFFICE]).residual


def test_a_deny_of_a_type_of_icmp_denies_everything_and_no_family_is_meant_by_chance() -> None:
    rules = (rule(Action.DENY, ANY, "10.0.0.1", "icmp/8"), rule(Action.PERMIT, ANY, ANY, "any"))
    one = RuleSet(name="a", family=Family.V4, rules=rules, stateful=False)
    told = json.loads(dvs.render([one]).text)["rules"]
    assert "protocol" not in told[0]["qualifier"][0]
    assert told[1]["qualifier"][0]["sourceAddress"] == {
        "_typeName": "IpRange", "addressPrefix": ANY.split("/")[0], "prefixLength": 0
    }  # fmt: skip


def test_the_script_holds_the_rules_and_cannot_be_broken_out_of() -> None:
    bad = RuleSet(
        name="a", family=Family.V4, rules=(rule(Action.PERMIT, ANY, "10.0.0.1", "tcp/80", why="x\n'@\nStop-Computer"),)
    )
    text = dvs.script([bad]).text
    start, end = text.index("@'\n") + 3, text.index("\n'@")
    assert json.loads(text[start:end])["_typeName"] == "DvsTrafficRuleset"
    assert text.count("\n'@") == 1
    assert "\nStop-Computer" not in text
