"""`viguard attack` over the recorded demo estate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from viguard.cli.main import main, run


def _asked(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["attack", *arguments], standalone_mode=False, catch_exceptions=False)


def test_a_guest_on_the_storage_network_reaches_the_vcenter() -> None:
    done = _asked("from", "backup1", "--demo")
    assert done.return_value == 0
    assert "By what was read: 2 vCenters, 12 hosts, 12 datastores, 87 guests, 11 credentials." in done.stdout
    assert "backup1 to vc-main in 6 steps:" in done.stdout


def test_guests_that_reach_a_vcenter() -> None:
    """Six on the unpatched host, the one on the storage network, and the two that vCenters run on; and those that the
    router lets to the arrays: eleven of the DMZ for web servers, five others of management, and the one with its trunk.
    """
    found = json.loads(_asked("to", "vcenter", "--demo", "--format", "json").stdout)
    assert [n["name"] for n in found["shown"]] == [
        "backup1", "eduroam-web1", "ftp1", "lab-linux1", "lab-linux3", "lab-win2", "log1", "mirror1", "mrtg1",
        "nagios1", "netflow1", "scarlet-db1", "scarlet-mail1", "scarlet-web1", "updatemgr1", "vcenter1", "vcenter2",
        "videoconf1", "vum2", "webcache1", "webmail1", "wiki1", "www-proxy1", "www-proxy2", "www1", "www2",
    ]  # fmt: skip


def test_what_is_possible_only_is_no_path() -> None:
    done = _asked("between", "ns1", "vcenter1", "--demo", "--fail-on-path")
    assert done.return_value == 0
    assert "No path by what was read; one of 3 steps is possible." in done.stdout


def test_a_shown_path_can_fail_a_job() -> None:
    assert _asked("between", "backup1", "vcenter1", "--demo", "--fail-on-path").return_value == 3


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        (r"BELNET\svc-scarlet", "2 vCenters, 12 hosts, 12 datastores, 88 guests"),
        ("svc-scarlet@belnet", "2 vCenters, 12 hosts, 12 datastores, 88 guests"),
        ("Scarlet Cluster", "2 vCenters, 10 hosts"),
        ("vSphere Test Datacenter", "2 vCenters, 10 hosts"),  # its VLANs are those of production
    ],
)
def test_the_blast_of_a_credential_cluster_or_datacenter(thing: str, told: str) -> None:
    assert f"By what was read: {told}" in _asked("blast", thing, "--demo").stdout


def test_a_zone_of_the_policy_is_all_its_vlans() -> None:
    found = json.loads(_asked("cut", "--from", "san", "--to", "vcenter", "--demo", "--format", "json").stdout)
    assert [a["id"].partition(":")[0] for a in found["cut"]["actions"]] == ["chap"]  # cheaper than encrypting the guest
    assert _asked("between", "management", "vcenter", "--demo").return_value == 0


def test_a_cut_names_its_actions_and_proof() -> None:
    done = _asked("cut", "--from", "lab-linux1", "--from", "backup1", "--to", "vcenter", "--demo")
    assert "3 actions of cost 5 in all separate them, by what was read; proven minimal." in done.stdout
    assert "close the flow between the two networks: " in done.stdout  # backup1 is in management, too
    assert "patch the host: esxblade8.fw.belnet.be (cost 2" in done.stdout
    assert "disconnect the NIC, or move it to the right port group: backup1/4002 (cost 2" in done.stdout


def test_nothing_of_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["attack", "from", "backup11", "--demo"])
    assert ended.value.code == 2
    assert "nothing is called backup11" in (told := capsys.readouterr().err)
    assert "near: backup1" in told


def test_files_of_the_other_formats(tmp_path: Path) -> None:
    for format_, start in (("svg", b"<svg "), ("opengraph", b"{"), ("json", b"{")):
        file = tmp_path / format_
        assert _asked("to", "vcenter", "--today", "--format", format_, "-o", str(file)).return_value == 0
        assert file.read_bytes().startswith(start)
