"""Adding to a policy that somebody wrote: what is new comes in, every byte that was there stays."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.estate import READ_AT, group, inventory
from viguard.errors import PolicyError
from viguard.model.inventory import Inventory
from viguard.policy.import_zones import Row
from viguard.policy.load import loads
from viguard.policy.merge import Merged, merge
from viguard.policy.policy import Policy, Zone
from viguard.policy.propose import propose

EMPTY = Inventory([], read_at=READ_AT)
ONE = Inventory([group("h1", "Lab", 300)], read_at=READ_AT)

BY_HAND = """\
# our policy, do not touch   \t
zones:   # ours
    - name:  "dmz"   # internet
      match: {vlans: [110], port_groups: ['DMZ*']}   # flow
      # owner is the network team
      # (ask Ann)

# the next key
pairs: []
"""


def check(before: str, merged: Merged) -> Policy:
    """That nothing was taken away, and that the result loads."""
    kept = difflib.SequenceMatcher(None, before, merged.text, autojunk=False).get_opcodes()
    assert {tag for tag, *_ in kept} <= {"equal", "insert"}
    return loads(merged.text, "p.yaml")


def zones_of(policy: Policy) -> dict[str, Zone]:
    return {zone.name: zone for zone in policy.zones or ()}


def test_a_new_network_becomes_a_zone_after_the_last_one() -> None:
    merged = merge(BY_HAND, "p.yaml", ONE)
    assert merged.text == BY_HAND.replace(
        "      # (ask Ann)\n",
        """\
      # (ask Ann)

    # VLAN 300: no guest; port groups 'Lab' on 1 host
    - name: lab
      match:
        vlans: [300]
        port_groups: [Lab]
      purpose: test  # decide: guess: the name 'Lab' has 'lab'
      trust: 20  # decide: a guess for test; 0 is the internet's side
      #owner: NAME  # decide:
""",
    )
    assert merged.added == ("zone 'lab': vlans '300'; port_groups 'Lab'",)
    check(BY_HAND, merged)


def test_what_is_recognised_already_is_not_added() -> None:
    estate = Inventory(
        [group("h1", "front", 110), group("h1", "DMZ-new", 500), group("h2", "front", 110)], read_at=READ_AT
    )
    assert merge(BY_HAND, "p.yaml", estate) == Merged(text=BY_HAND)


def test_a_proposal_takes_in_what_is_new_and_then_nothing() -> None:
    text = propose(inventory())
    assert merge(text, "p.yaml", inventory()) == Merged(text=text)
    grown = inventory(group("h1", "Guests B", 700))
    merged = merge(text, "p.yaml", grown)
    assert merged.added == ("zone 'guests-b': vlans '700'; port_groups 'Guests B'",)
    assert zones_of(check(text, merged))["guests-b"].match.vlans == (700,)
    assert merge(merged.text, "p.yaml", grown).added == ()


def test_a_name_that_is_taken_is_changed() -> None:
    merged = merge(BY_HAND.replace('"dmz"', "lab"), "p.yaml", ONE)
    assert list(zones_of(loads(merged.text, "p.yaml"))) == ["lab", "lab-2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "# a comment\n",
        "audit_every_days: 31\n",
        "audit_every_days: 31",
        "zones:\n",
        "zones:",
        "zones:   # none yet\n\npairs: []\n",
        "zones: []\n",
        "zones: [{name: a, match: {vlans: [1]}}]\n",
        "zones:\n- name: a\n  match:\n    vlans:\n    - 1\n",
        "zones:\n- name: a\n  match:\n    vlans:\n    - 1\n  owner: |\n    Ann\n\npairs: []\n",
        "zones:\n- name: a\n  match:\n    vlans:\n    - 1",
        "zones:\r\n  - name: a\r\n    match: {vlans: [1]} # x\r\n    # y\r\npairs: []\r\n",
    ],
)
def test_whatever_way_the_file_is_written(text: str) -> None:
    merged = merge(text, "p.yaml", ONE)
    policy = check(text, merged)
    assert [(z.name, z.match.vlans) for z in policy.zones or ()][-1] == ("lab", (300,))
    assert merge(merged.text, "p.yaml", ONE).added == ()
    assert ("\r\n" in text) == ("\r\n" in merged.text)
    assert "\n" not in merged.text.replace("\r\n", "") or "\r\n" not in text


def test_a_written_null_gives_way() -> None:
    assert zones_of(loads(merge("zones: ~\n", "p.yaml", ONE).text, "p.yaml"))["lab"].match.vlans == (300,)


def test_a_file_in_braces_is_refused() -> None:
    with pytest.raises(PolicyError) as caught:
        merge("{audit_every_days: 31}\n", "p.yaml", ONE)
    assert caught.value.mistakes == ["p.yaml:1:1: written in braces, nothing can be added; write one key on each line"]


def test_a_file_with_mistakes_is_refused() -> None:
    with pytest.raises(PolicyError, match="unknown key 'zonez'"):
        merge("zonez: []\n", "p.yaml", ONE)


ROWS = (
    Row(zone="dmz", where="t.csv:2", vlan=110),
    Row(zone="dmz", where="t.csv:3", vlan=111, subnet="10.1.11.0/24", owner="Ann"),
    Row(zone="dmz", where="t.csv:4", vlan=112),
)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (" {vlans: [110]}", " {subnets: [10.1.11.0/24], vlans: [110, 111, 112]}"),
        (" {vlans: [110], subnets: []}", " {vlans: [110, 111, 112], subnets: [10.1.11.0/24]}"),
        (" {tags: [x], vlans: }", None),
        (
            "\n      vlans:  # ours\n        - 110  # web\n      # end\n",
            (
                "\n      subnets: [10.1.11.0/24]\n      vlans:  # ours\n        - 110  # web\n"
                "        - 111\n        - 112\n      # end\n"
            ),
        ),
        (
            "\n      tags:\n      - x\n      vlans:\n      subnets: # later\n",
            "\n      tags:\n      - x\n      vlans: [110, 111, 112]\n      subnets: [10.1.11.0/24] # later\n",
        ),
    ],
)
def test_a_table_completes_a_zone(match: str, expected: str | None) -> None:
    text = f"zones:\n  - name: dmz\n    match:{match}\n    owner: Ann\n"
    merged = merge(text, "p.yaml", EMPTY, ROWS)
    zone = zones_of(check(text, merged))["dmz"]
    assert (zone.match.vlans, zone.match.subnets) == ((110, 111, 112), ("10.1.11.0/24",))
    if expected is not None:
        assert merged.text == f"zones:\n  - name: dmz\n    match:{expected}\n    owner: Ann\n"
    assert merged.refused == ()
    assert merge(merged.text, "p.yaml", EMPTY, ROWS) == Merged(text=merged.text)


def test_what_is_added_is_said() -> None:
    merged = merge("zones:\n  - name: dmz\n    match: {vlans: [110]}\n", "p.yaml", EMPTY, ROWS)
    assert merged.added == (
        "zone 'dmz': vlans 111, 112",
        "zone 'dmz': subnets 10.1.11.0/24",
        "zone 'dmz': owner 'Ann'",
    )
    assert zones_of(loads(merged.text, "p.yaml"))["dmz"].owner == "Ann"


def test_what_contradicts_the_file_is_refused_and_said() -> None:
    text = "zones:\n  - name: dmz\n    match: {vlans: [110], subnets: [10.1.1.0/24]}\n    owner: Bob\n"
    rows = (
        Row(zone="office", where="t.csv:2", vlan=110),
        Row(zone="office", where="t.csv:3", subnet="10.1.1.0/24"),
        Row(zone="dmz", where="t.csv:4", vlan=110, owner="Ann"),
    )
    assert merge(text, "p.yaml", EMPTY, rows) == Merged(
        text=text,
        refused=(
            "t.csv:2: VLAN 110 is in zone 'dmz' (p.yaml:2), not 'office'; change one of them",
            "t.csv:3: subnet 10.1.1.0/24 is in zone 'dmz' (p.yaml:2), not 'office'; change one of them",
            "p.yaml:2: zone 'dmz' is owned by 'Bob', the table says 'Ann'; change one of them",
        ),
    )


def test_a_zone_that_only_the_table_has_is_added() -> None:
    merged = merge(BY_HAND, "p.yaml", EMPTY, (Row(zone="Office 1", where="t.csv:2", vlan=20, owner="Ann"),))
    zone = zones_of(check(BY_HAND, merged))["Office 1"]
    assert (zone.match.vlans, zone.owner) == ((20,), "Ann")


@given(st.lists(st.integers(1, 4094), unique=True, max_size=8), st.lists(st.integers(1, 4094), unique=True, max_size=8))
def test_merging_keeps_every_line_and_ends(first: list[int], second: list[int]) -> None:
    before = propose(Inventory([group("h1", f"n{v}", v) for v in first], read_at=READ_AT))
    estate = Inventory([group("h1", f"n{v}", v) for v in {*first, *second}], read_at=READ_AT)
    merged = merge(before, "p.yaml", estate)
    zones = loads(merged.text, "p.yaml").zones or ()
    assert {v for z in zones for v in z.match.vlans} == {*first, *second}
    lines = iter(merged.text.splitlines())
    assert all(line in lines for line in before.splitlines())
    assert merge(merged.text, "p.yaml", estate) == Merged(text=merged.text)


def test_keys_that_a_merge_does_not_know_how_to_fill_stay() -> None:
    before = f'{BY_HAND}time_zones:   # old hosts\n  - {{hosts: ["esx35*"], zone: Europe/Brussels}}\n'
    after = check(before, merge(before, "p.yaml", ONE))
    assert set(zones_of(after)) == {"dmz", "lab"}
    assert [(one.hosts, one.zone) for one in after.time_zones] == [(("esx35*",), "Europe/Brussels")]
