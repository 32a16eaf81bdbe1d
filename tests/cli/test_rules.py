from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_main import viguard

RULE = """
title: Root over SSH
id: 5b0f6d0e-8f0c-4f0a-9a51-0c6f6d5f1f10
name: site.root.ssh
logsource: {product: vmware}
detection:
  selection: {event: login.success.ssh, user: root}
  condition: selection
level: high
tests:
- {name: root, alerts: 1, events: [{event: login.success.ssh, user: root}]}
- {name: ann, alerts: 0, events: [{event: login.success.ssh, user: ann}]}
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "site.yml"
    path.write_text(RULE)
    return path


def test_our_own_rules_are_in_order() -> None:
    assert viguard("rules", "lint").returncode == 0
    done = viguard("rules", "test", "--no-timing")
    assert done.returncode == 0
    assert done.stdout.endswith("every case comes out as it says\n")
    assert "console.multiple\thigh\t" in viguard("rules", "list").stdout


def test_a_rule_of_the_site(rule: Path) -> None:
    assert viguard("rules", "lint", str(rule)).stdout == "the rules are in order\n"
    assert viguard("rules", "list", str(rule)).stdout == "site.root.ssh\thigh\t2\tRoot over SSH\n"
    done = viguard("rules", "test", str(rule))
    assert done.returncode == 0
    assert done.stdout.endswith("1 detection, 2 cases: every case comes out as it says\n")
    assert viguard("rules", "test", str(rule.parent)).returncode == 0


def test_a_case_that_does_not_come_out(rule: Path) -> None:
    rule.write_text(RULE.replace("alerts: 1", "alerts: 2"))
    done = viguard("rules", "test", str(rule), "--no-timing")
    assert done.returncode == 3
    assert "site.root.ssh, case 'root': 1 alert, wanted 2" in done.stdout


def test_mistakes_have_a_position(rule: Path) -> None:
    rule.write_text(RULE.replace("event: login.success.ssh, user: root}\n  cond", "event: login.sucess.ssh}\n  cond"))
    done = viguard("rules", "lint", str(rule))
    assert done.returncode == 3
    assert f"{rule}:7:" in done.stdout
    assert "did you mean login.success.ssh?" in done.stdout
    rule.write_text("title: [")
    assert viguard("rules", "lint", str(rule)).returncode == 3
    broken = viguard("rules", "test", str(rule))
    assert broken.returncode == 2
    assert "Traceback" not in broken.stderr


def test_a_name_of_ours_is_taken(rule: Path) -> None:
    rule.write_text(RULE.replace("site.root.ssh", "login.root"))
    done = viguard("rules", "lint", str(rule))
    assert done.returncode == 3
    assert "login.root" in done.stdout


def test_a_site_refers_to_a_rule_of_ours(rule: Path) -> None:
    rule.write_text(
        "title: Three failures\nid: 6b0f6d0e-8f0c-4f0a-9a51-0c6f6d5f1f10\nname: site.three\nlevel: low\n"
        "correlation:\n  type: event_count\n  rules: [base.login.failure]\n  group-by: [host]\n  timespan: 1m\n"
        "  condition: {gte: 3}\n"
        "tests:\n- {name: three, alerts: 1, events: [{event: login.failure.ssh, user: a, repeat: 3, each: 1}]}\n"
        "- {name: two, alerts: 0, events: [{event: login.failure.ssh, user: a, repeat: 2, each: 1}]}\n"
    )
    done = viguard("rules", "test", str(rule), "--no-timing")
    assert done.returncode == 0, done.stdout + done.stderr


def test_paths_that_hold_no_rule(tmp_path: Path) -> None:
    assert viguard("rules", "lint", str(tmp_path)).returncode == 2
    assert viguard("rules", "lint", str(tmp_path / "nowhere.yml")).returncode == 2
