"""Who may name a guest writes the beginning of its events: no name makes another event of them.

Source: vSphere API, texts of events of guests begin with the name: "{vm} on {host} in {datacenter} is powered on".
"""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.logs.test_content import event_in
from viguard.logs.cases import cases
from viguard.logs.classify import Classifier

HEAD = "<166>2026-11-23T10:15:00.123Z esx1 Hostd: info hostd[2099655] [Originator@6876 sub=Vimsvc.ha-eventmgr] "
SAID = sorted({found[1] for case in cases() if (found := re.search(r"Event \d+ : (.{1,300})$", case.line))})
"""What the cases know that an event manager may say."""
ENDS: dict[str, str | None] = {
    "is powered on": "vm.poweron",
    "is powered off": "vm.poweroff",
    "is reset": "vm.poweroff",
    "is suspended": "vm.poweroff",
    "is starting": None,
    "was renamed": None,
    "has been migrated": None,
}
names = st.builds(
    str.__add__, st.sampled_from(SAID), st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=20)
)


@given(names, st.sampled_from(sorted(ENDS)))
@example("User root@6.6.6.6 logged in as x", "is powered on")
@example("Authentication of user root has failed. x", "is powered on")
@example("Modified role x", "has been migrated")
def test_what_a_guest_is_called_is_nothing_but_its_name(name: str, end: str) -> None:
    found = event_in(f"{HEAD}Event 5 : {name} on esx1 in ha-datacenter {end}")
    assert (found.event if found else None) == ENDS[end]
    if found:
        assert (found.vm, found.user, found.source_ip) == (name, None, None)


OTHER_ENDS: dict[str, str | None] = {
    " on host esx1 in ha-datacenter is starting": None,
    " does not exist on esx1 in ha-datacenter": None,
    " on  esx1 in ha-datacenter is powered on": "vm.poweron",
}
"""Others that a host writes, some with two spaces."""


@given(names, st.sampled_from(sorted(OTHER_ENDS)))
@example("User root@6.6.6.6 logged in as x", " on host esx1 in ha-datacenter is starting")
@example("Modified role x", " does not exist on esx1 in ha-datacenter")
@example("User root@6.6.6.6 logged in as x", " on  esx1 in ha-datacenter is powered on")
def test_what_a_guest_is_called_is_nothing_in_other_texts_either(name: str, end: str) -> None:
    found = event_in(f"{HEAD}Event 5 : {name}{end}")
    assert (found.event if found else None) == OTHER_ENDS[end]
    if found:
        assert (found.vm, found.user, found.source_ip) == (name, None, None)


@pytest.mark.parametrize("said", SAID)
def test_what_is_not_of_a_guest_is_still_told(said: str) -> None:
    """The rule that refuses names refuses nothing that the cases know."""
    (case,) = {case.event for case in cases() if case.line.endswith(f" : {said}")}
    assert (event_in(f"{HEAD}Event 5 : {said}") is None) == (case == "noise")


def test_a_name_full_of_ends_takes_no_time() -> None:
    line = f"{HEAD}Event 5 : User root@6.6.6.6 logged in as " + " on a in b" * 1600
    assert len(Classifier().block(f"{line}\n".encode() * 50)) == 50
