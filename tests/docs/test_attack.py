"""docs/attack.md: its commands run, and say what the page says of them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from viguard.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "attack.md").read_text(encoding="utf-8")


def _said(command: str) -> str:
    words = shlex.split(command.replace("SOURCE", "--demo"))
    done = CliRunner().invoke(main, words[1:], standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0, command
    return done.stdout


def test_every_command_of_the_page_runs() -> None:
    commands = re.findall(r"`(viguard attack [^`]+)`", PAGE) + re.findall(
        r"^    (viguard attack .+)$", PAGE, re.MULTILINE
    )
    assert len(commands) == 9
    for command in commands:
        assert _said(command)


def test_the_worked_paths_are_those_of_the_demo() -> None:
    shown = _said("viguard attack cut --from lab-linux1 --to vcenter --demo")
    assert re.findall(r"\[([a-z_]+)\]$", shown, re.MULTILINE)[:4] == [
        "escape",
        "host_networks",
        "vmotion",
        "vcenter_guest",
    ]
    assert "1 action of cost 2 in all separate them, by what was read; proven minimal." in shown
    assert "patch the host: esxblade8.fw.belnet.be (cost 2, closes 6 steps)" in shown
    dmz = _said("viguard attack cut --from www1 --to vcenter --demo")
    assert re.findall(r"\[([a-z_]+)\]$", dmz, re.MULTILINE)[:6] == [
        "nic",
        "permitted",
        "iscsi",
        "target_volume",
        "disks",
        "vcenter_guest",
    ]
    assert "1 action of cost 1 in all separate them, by what was read; proven minimal." in dmz
    assert "dmz-web (VLAN 110) to san (VLAN 900)/tcp/3260 (cost 1, closes 4 steps)" in dmz
    assert "No path by what was read; one of 3 steps is possible." in _said(
        "viguard attack between ns1 vcenter1 --demo"
    )


def test_the_picture_is_what_the_command_draws() -> None:
    drawn = _said("viguard attack between lab-linux1 vc-main --demo --format svg")
    assert (DOCS / "attack.svg").read_text(encoding="utf-8") == drawn
    drawn = _said("viguard attack between www1 vc-main --demo --format svg")
    assert (DOCS / "attack-dmz.svg").read_text(encoding="utf-8") == drawn
