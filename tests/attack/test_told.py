"""The third and fourth question, answered from paths."""

from __future__ import annotations

from viguard.attack.build import build
from viguard.attack.told import answered, exposed
from viguard.model.audit import Answer
from viguard.model.inventory import Inventory
from viguard.policy.policy import Policy


def _answer(number: int, verdict: str) -> Answer:
    return Answer(number=number, question="?", verdict=verdict, sentence="said", facts=("before",))


def test_a_shown_path_opens_the_fourth_question(belnet: Inventory, policy: Policy) -> None:
    found = answered([_answer(4, "not_shown")], build(belnet, policy))[0]
    assert found.verdict == "open"
    assert found.sentence.startswith(
        "A compromised guest finds open steps towards hosts or vCenter: 7 guests by attack"
    )
    told = "attack paths: 7 of 88 guests reach a host or vCenter by what was read, 79 more possibly"
    assert found.facts == ("before", f"{told} (viguard attack to vcenter)")


def test_an_open_question_keeps_its_sentence_and_others_are_untouched(belnet: Inventory, policy: Policy) -> None:
    found = answered([_answer(1, "holds"), _answer(4, "open")], build(belnet, policy))
    assert found[0] == _answer(1, "holds")
    assert found[1].sentence == "said"


def test_the_accounts_that_open_most_hosts_are_named(belnet: Inventory, policy: Policy) -> None:
    found = answered([_answer(3, "open")], build(belnet, policy))[0]
    # A local administrator of the stand-alone host gets to the others over the VLAN that they share, and counts it too.
    told = "attack paths: lclaes at esxi-test opens 13 hosts (viguard attack blast 'lclaes at esxi-test')"
    assert found.facts[1] == told
    assert len(found.facts) == 4


def test_a_guest_that_only_runs_the_vcenter_is_not_exposed(belnet: Inventory, policy: Policy) -> None:
    names = {n.name for n in exposed(build(belnet, policy)).shown}
    assert names == {"backup1", "lab-linux1", "lab-linux3", "lab-win2", "scarlet-db1", "scarlet-mail1", "scarlet-web1"}
