from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.logs.archive.made import NOON, block, fill
from viguard.errors import InputError
from viguard.usecases.logs import hunt

FAILURE = "<86>Sep 21 14:13:{:02d} esx1 dropbear[{}]: bad PAM password attempt for 'root' from 192.0.2.7:6"


def test_rules_and_files_are_told_apart_by_their_names() -> None:
    assert hunt.parted(["a.yml", "hostd.log", "B.YAML", "-"]) == ((Path("a.yml"), Path("B.YAML")), ("hostd.log", "-"))


def test_correlations_go_on_over_the_blocks_of_an_archive(tmp_path: Path) -> None:
    blocks = [[block(FAILURE.format(20 + n, n), at=NOON + n)] for n in range(20)]
    fill(tmp_path / "archive", *blocks)
    found = _hunted(hunt.Hunt(archive=tmp_path / "archive"))
    assert [one["key"] for one in found if one["rule"] == "bruteforce"] == ["source_ip=192.0.2.7"]


def test_the_same_archive_makes_the_same_alerts(tmp_path: Path) -> None:
    fill(tmp_path / "archive", [block(FAILURE.format(20, 1), FAILURE.format(21, 2))])
    first = _hunted(hunt.Hunt(archive=tmp_path / "archive"))
    assert first
    assert first == _hunted(hunt.Hunt(archive=tmp_path / "archive"))


def test_only_what_was_received_in_time(tmp_path: Path) -> None:
    fill(tmp_path / "archive", [block(FAILURE.format(20, 1))])
    late = hunt.Hunt(archive=tmp_path / "archive", since=datetime(2030, 1, 1, tzinfo=UTC))
    assert _hunted(late) == []


def test_lines_come_from_one_place() -> None:
    for wanted in (hunt.Hunt(), hunt.Hunt(names=("a",), archive=Path("b"))):
        with pytest.raises(InputError):
            hunt.run(wanted, "jsonl", io.BytesIO(), print)


def test_a_login_outside_the_hours_of_the_policy_is_found(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("working_hours: {time_zone: Europe/Brussels, windows: [{start: 7, end: 19}]}\n")
    lines = tmp_path / "auth.log"
    login = "dropbear[7]: PAM password auth succeeded for 'berry' from 192.0.2.7:6"
    lines.write_text(f"2026-09-21T05:30:00Z esx1 {login}\n2026-09-21T17:30:00Z esx2 {login}\n")
    found = _hunted(hunt.Hunt(names=(str(lines),), policy=policy))
    assert [one["key"] for one in found if one["rule"] == "login.outside-hours"] == [
        "host=esx2 user=berry source_ip=192.0.2.7"
    ]
    found = _hunted(hunt.Hunt(names=(str(lines),)))
    assert [one for one in found if one["rule"] == "login.outside-hours"] == []


def test_a_hunt_dates_local_times_as_the_policy_says_and_the_rest_as_its_user(tmp_path: Path) -> None:
    """In the archive of a server that heard two hosts in local time, 14:13 in Brussels, none has a wrong clock."""
    login = "dropbear[7]: PAM password auth succeeded for 'berry' from 192.0.2.7:6"
    lines = [f"<86>Sep 21 {time} {login}" for time in ("16:13:20 esx1", "10:13:20 esx2", "14:13:20Z esx3")]
    lines[2] = lines[2].replace("Sep 21 ", "2026-09-21T")
    fill(tmp_path / "archive", [block(*lines)])
    policy = tmp_path / "policy.yaml"
    policy.write_text('time_zones: [{hosts: ["ESX1"], zone: Europe/Brussels}]\n')
    archive = tmp_path / "archive"
    told = {}
    for name, wanted in {
        "neither": hunt.Hunt(archive=archive),
        "policy": hunt.Hunt(archive=archive, policy=policy),
        "both": hunt.Hunt(archive=archive, policy=policy, time_zone="America/New_York"),
    }.items():
        told[name] = {one["events"][0]["host"] for one in _hunted(wanted) if one["rule"] == "log.clock-skew"}
    assert told == {"neither": {"esx1", "esx2"}, "policy": {"esx2"}, "both": set()}


def test_a_hunt_says_what_nobody_has_decided(tmp_path: Path) -> None:
    (tmp_path / "some.log").write_text("nothing\n", encoding="utf-8")
    said: list[str] = []
    hunt.run(hunt.Hunt(names=(str(tmp_path / "some.log"),)), "jsonl", io.BytesIO(), said.append)
    assert "note: not judged: when people may log in is not decided: set working_hours in the policy" in said


def _hunted(wanted: hunt.Hunt) -> list[dict[str, Any]]:
    out = io.BytesIO()
    said: list[str] = []
    code = hunt.run(wanted, "jsonl", out, said.append)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert code == (3 if found else 0)
    return found
