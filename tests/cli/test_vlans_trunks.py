"""`viguard vlans` and `viguard trunks` as people call them."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from click.testing import CliRunner, Result

from viguard.cli.main import main
from viguard.errors import InputError
from viguard.model.change import from_json

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "src/viguard/content/demo"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_the_vlans_of_the_demo_as_text_and_json() -> None:
    told = run("vlans", "--demo")
    assert told.exit_code == 0
    assert "VLAN 130 [dmz-dns]: DMZ DNS on 3 hosts\n  ns1: dns\n  ns2: dns\n" in told.output
    assert "note: Sniffer hands several VLANs tagged (1-4094) to netflow1" in told.output
    found = json.loads(run("vlans", "--demo", "--format", "json").output)
    assert found["schema"] == "viguard-vlans/1"
    assert [n["name"] for n in found["found"]["networks"]][:2] == ["VLAN 10", "VLAN 20"]


def test_the_picture_is_drawn_whole_and_is_its_owners(tmp_path: Path) -> None:
    picture = tmp_path / "vlans.svg"
    assert run("vlans", DEMO / "belnet.snap", "--policy", DEMO / "policy.yaml", "--draw", picture).exit_code == 0
    root = ElementTree.fromstring(picture.read_text())  # noqa: S314
    assert "".join(root.itertext()).count("esxblade7") >= 3
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600


def test_the_picture_does_not_replace_what_is_read() -> None:
    found = run("vlans", DEMO / "belnet.snap", "--draw", DEMO / "belnet.snap")
    assert isinstance(found.exception, InputError)


def test_trunks_of_the_demo_need_no_change_but_what_is_not_known_is_said() -> None:
    told = run("trunks", "--demo")
    assert told.output.startswith("78 uplinks: 76 no change needed, 2 unknown\n")
    assert "unknown: netflow1 may use any VLAN that Sniffer lets through: 1-4094" in told.output
    assert "step " not in told.output
    assert told.exit_code == 3  # DMZ traffic without a NIC of its own, and a guest with a trunk


def test_what_the_audit_says_of_the_dmz_is_said_here_in_its_words() -> None:
    told = run("trunks", "--demo").output
    assert "dmz-physical-nic: esxblade9.fw.belnet.be: vmnic0 carries dmz-dns and management" in told
    assert "vss-no-vgt: Sniffer: vlan id is 4095" in told
    assert "backup1 stands in several zones: " in told


def test_without_switches_the_need_alone_is_told() -> None:
    told = run("trunks", DEMO / "belnet.snap")
    assert told.output.startswith("78 uplinks: what they need; what the switches carry was not given")
    assert "  vmnic2 vSwitch1: 140\n" in told.output


def test_a_switch_that_carries_too_much_is_pruned_by_a_plan(tmp_path: Path) -> None:
    switch = tmp_path / "sw.cfg"
    text = "hostname sw1\ninterface Gi1/0/1\n description esxblade7 vmnic2\n switchport mode trunk\n"
    switch.write_text(text + " switchport trunk native vlan 999\n")
    found = run("trunks", DEMO / "belnet.snap", "--switch", switch)
    assert "sw1 Gi1/0/1: prune 1-139, 141-4094" in found.output
    assert "  interface Gi1/0/1;  switchport trunk allowed vlan 140" in found.output
    assert found.exit_code == 3
    plan = json.loads(run("trunks", DEMO / "belnet.snap", "--switch", switch, "--format", "json").output)["plan"]
    (step,) = from_json(msgspec.json.encode(plan)).steps
    assert step.call.shown().endswith("switchport trunk allowed vlan 140")


def test_hosts_against_a_template() -> None:
    told = run("trunks", "--demo", "--template", "esxblade1").output
    assert "esxblade5.fw.belnet.be: like esxblade1.fw.belnet.be" in told
    assert "step 10: esxblade2.fw.belnet.be: NTP servers" in told


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--demo", "--template", "nobody"], "no host is called 'nobody'"),
        (["--demo", DEMO / "belnet.snap"], "its own estate"),
        ([], "no SOURCE was named"),
        ([DEMO / "belnet.snap", "--switch", DEMO / "policy.yaml"], "no port of a switch is in this file"),
    ],
)
def test_mistakes_are_told(arguments: list[object], why: str) -> None:
    found = run("trunks", *arguments)
    assert found.exit_code in {1, 2}
    assert why in (found.output + str(found.exception))


def test_the_switches_of_the_demo_are_those_of_the_lab() -> None:
    held = {p.name: p.read_text() for p in (DEMO / "switches").glob("*")}
    assert held == {p.name: p.read_text() for p in (ROOT / "lab/belnet/switches").glob("*")}
    assert len(held) == 3
