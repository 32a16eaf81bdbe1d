"""The peers of the comparison read the same as viguard: on a small lab, without looking at any figure."""

from __future__ import annotations

from pathlib import Path

import pytest

import lab
from bench.agreement import agree, varied
from bench.collect import opened
from bench.contenders import viguard
from bench.facts import difference, digest, text
from bench.measure import measured
from viguard.model.facts import UNREAD


@pytest.mark.real("lab")
def test_go_pyvmomi_and_viguard_read_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    if missing := lab.missing_parts():
        pytest.skip(", ".join(missing))
    with opened(5, 50, 3) as field:
        peers = [field.go(7, plain=False), field.pyvmomi(20)]
        assert agree(field, peers, [field.cold(), field.unchanged()], 50), capsys.readouterr().out
    told = capsys.readouterr().out.splitlines()
    hashes = [line.split()[0] for line in told if line.endswith(("govmomi", "paged", "cold", "unchanged"))]
    assert len(hashes) == 4
    assert len(set(hashes)) == 1


def test_one_differing_fact_is_seen_and_shown(tmp_path: Path) -> None:
    one, other, third = (tmp_path / n for n in "abc")
    one.write_text("vm-1\tconfig\ttrue\nvm-2\tconfig\ttrue\n", encoding="utf-8")
    other.write_text("vm-2\tconfig\ttrue\nvm-1\tconfig\ttrue\n", encoding="utf-8")
    third.write_text("vm-2\tconfig\tfalse\nvm-1\tconfig\ttrue\n", encoding="utf-8")
    assert digest(one) == digest(other), "the order says nothing"
    assert digest(one) != digest(third)
    assert difference(one, third) == ["< vm-2\tconfig\ttrue", "> vm-2\tconfig\tfalse"]


def test_a_fact_told_twice_counts_twice(tmp_path: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    once.write_text("vm-1\tx\n", encoding="utf-8")
    twice.write_text("vm-1\tx\nvm-1\tx\n", encoding="utf-8")
    assert digest(once) != digest(twice)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "-"), (UNREAD, "-"), ("", "-"), (False, "false"), (0, "0"), (("a", "b"), "a,b"), ([], "-")],
)
def test_values_have_one_form(value: object, expected: str) -> None:
    assert text(value) == expected


@pytest.mark.parametrize(("devices", "keys", "rich"), [(20, 60, True), (19, 60, False), (20, 59, False)])
def test_poor_guests_are_refused(tmp_path: Path, devices: int, keys: int, *, rich: bool) -> None:
    rows = [f"bench-vm-{n}\t{what} {k}\t-\n" for n in range(2) for what, k in _facts(devices + n, keys + n)]
    (tmp_path / "facts").write_text("".join(rows), encoding="utf-8")
    assert varied(tmp_path / "facts", 2) is rich
    assert not varied(tmp_path / "facts", 3), "a guest is missing"


def _facts(devices: int, keys: int) -> list[tuple[str, int]]:
    return [*(("device", n) for n in range(devices)), *(("extra", n) for n in range(keys))]


def test_a_failing_contender_ends_the_comparison_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match="no command"):
        measured([viguard(), "no-such-command"])
