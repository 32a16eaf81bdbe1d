"""waivers.yaml: what loads, and what a user is told when it does not."""

from datetime import date
from pathlib import Path

import pytest

from viguard.errors import PolicyError
from viguard.model.waiver import Scope, Waiver
from viguard.policy.waivers import load_waivers, loads_waivers

GOOD = """\
waivers:
  - control: guest-no-floppy
    scope: {tags: ["app:legacy"], patterns: ["old*", /vc/dc/**]}
    reason: needs its boot floppy
    owner: Ann
    approver: Bob
    expires: 2027-01-31
    approved_at: 2026-10-01
    matched: [vc1:vm-3]
"""
ENTRY = "  - {control: lockdown, scope: {ids: [x]}, reason: r, owner: Ann, approver: Bob, expires: 2027-01-31}"


def mistakes_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        loads_waivers(text, "w.yaml", {"lockdown", "guest-no-floppy"})
    return caught.value.mistakes


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_waivers(path, {"guest-no-floppy"}) == (
        Waiver(
            control="guest-no-floppy",
            scope=Scope(tags=("app:legacy",), patterns=("old*", "/vc/dc/**")),
            reason="needs its boot floppy",
            owner="Ann",
            approver="Bob",
            expires=date(2027, 1, 31),
            approved_at=date(2026, 10, 1),
            matched=("vc1:vm-3",),
            line=2,
        ),
    )


@pytest.mark.parametrize("text", ["", "waivers:\n", "waivers: []\n", "schema: viguard-waivers/1\n"])
def test_no_waivers(text: str) -> None:
    assert loads_waivers(text, "w.yaml") == ()


@pytest.mark.parametrize("key", ["control", "scope", "reason", "owner", "approver", "expires"])
def test_every_part_is_required(key: str) -> None:
    rows = {
        "control": "lockdown",
        "scope": "{ids: [x]}",
        "reason": "r",
        "owner": "Ann",
        "approver": "Bob",
        "expires": "2027-01-31",
    }
    body = ", ".join(f"{k}: {v}" for k, v in rows.items() if k != key)
    (mistake,) = mistakes_of(f"waivers:\n  - {{{body}}}\n")
    assert mistake.startswith(f"w.yaml:2:5: the key '{key}' is missing; write '{key}:' with ")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "lockdown",
            "lockdwon",
            "w.yaml:2:15: there is no control 'lockdwon'; did you mean 'lockdown'? ('viguard controls list' names all)",
        ),
        ("Bob", '" ann"', "w.yaml:2:77: 'Ann' approves their own waiver; name a second person as approver"),
        ("{ids: [x]}", "{}", "w.yaml:2:32: the scope names nothing; add ids, tags, folders or patterns"),
        ("{ids: [x]}", "{ids: []}", "w.yaml:2:32: the scope names nothing; add ids, tags, folders or patterns"),
        (
            "{ids: [x]}",
            "{ids: [x], clusters: [y]}",
            "w.yaml:2:43: unknown key 'clusters'; known here: folders, ids, patterns, tags",
        ),
        ("reason: r", 'reason: ""', "w.yaml:2:52: the reason is empty; say it in words"),
        ("2027-01-31", "never", "w.yaml:2:91: expected a date (YYYY-MM-DD), found 'never'; write a date (YYYY-MM-DD)"),
    ],
)
def test_one_mistake(old: str, new: str, expected: str) -> None:
    assert mistakes_of("waivers:\n" + ENTRY.replace(old, new) + "\n") == [expected]


def test_all_mistakes_of_all_waivers() -> None:
    text = "waivers:\n" + ENTRY.replace("lockdown", "lockdwn") + "\n" + ENTRY.replace("r, ", "r, note: x, ", 1) + "\n"
    assert mistakes_of(text) == [
        "w.yaml:2:15: there is no control 'lockdwn'; did you mean 'lockdown'? ('viguard controls list' names all)",
        (
            "w.yaml:3:55: unknown key 'note'; known here: "
            "approved_at, approver, control, expires, matched, owner, reason, scope"
        ),
    ]


def test_a_file_of_another_schema() -> None:
    assert mistakes_of("schema: viguard-policy/1\n") == [
        "w.yaml:1:9: the schema 'viguard-policy/1' is not known to this version; this version reads viguard-waivers/1"
    ]


def test_a_key_that_stands_twice_hides_no_other_mistake() -> None:
    text = """\
waivers:
  - control: unknown-control
    scope: {patterns: [a]}
    reason: x
    reason: y
    owner: Ann
    approver: Ann
"""
    with pytest.raises(PolicyError) as caught:
        loads_waivers(text, "w.yaml", {"host-ssh-off"})
    assert [m.split(": ")[:2] for m in (m.split("; ")[0] for m in caught.value.mistakes)] == [
        ["w.yaml:2:5", "the key 'expires' is missing"],
        ["w.yaml:2:14", "there is no control 'unknown-control'"],
        ["w.yaml:5:5", "the key 'reason' stands here a second time (first in line 4)"],
        ["w.yaml:7:15", "'Ann' approves their own waiver"],
    ]
