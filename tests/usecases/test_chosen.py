"""Filters by vCenter, folder, tag and owner narrow what each command shows or proposes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import viguard
from tests.usecases.test_audit import AT, ESXI, PERSON, VPX
from viguard.cli.main import main
from viguard.errors import InputError
from viguard.model.facts import Settings
from viguard.model.guest import Guest, VirtualNic
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import StandardPortGroup, Vlan
from viguard.model.result import Result
from viguard.model.server import Server
from viguard.policy.load import loads
from viguard.policy.selection import Selection
from viguard.store import snapshots
from viguard.usecases import audit, explain, init, inventory, waivers, zones
from viguard.usecases.sources import Sources

POLICY = """\
schema: viguard-policy/1
zones:
  - name: front
    match:
      vlans: [10]
    owner: web team
"""
WAIVER = """\
  - control: vm-log-rotate-size
    scope: {{patterns: [{name}]}}
    reason: an old application
    owner: Ann
    approver: Bob
    expires: {expires}
"""
NORTH, SOUTH = Selection(vcenters=("north",)), Selection(vcenters=("south",))


def site(name: str, guest: str, vlan: int) -> list[object]:
    """A vCenter with one host, one network and two guests: one called as told, and one called app on both sites."""
    server = Server(id=name, name=name, path=f"/{name}", server=name, product=VPX)
    host = Host(id=f"{name}:h", name=f"esx-{name}", path=f"/{name}/DC/esx-{name}", server=name, product=ESXI)
    group = StandardPortGroup(
        id=f"{name}:g",
        name=f"net-{vlan}",
        path=f"{host.path}/net-{vlan}",
        server=name,
        host=host.id,
        switch="vSwitch0",
        vlan=Vlan(id=vlan),
    )
    guests = [
        Guest(
            id=f"{name}:{called}",
            name=called,
            path=f"/{name}/DC/{called}",
            server=name,
            host=host.id,
            template=False,
            nics=(VirtualNic(key=4000, type="VirtualVmxnet3", port_group=group.name),),
            extra_config=Settings(values={"log.rotateSize": "9000000"}),
        )
        for called in (guest, "app")
    ]
    return [server, host, group, *guests]


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    monkeypatch.setenv("VIGUARD_STORE", str(tmp_path / "store.sqlite"))
    snapshots.save(
        Inventory([*site("north", "web", 10), *site("south", "db", 20)], read_at=AT),  # type: ignore[list-item]
        tmp_path / "estate.snap",
    )
    return Sources(names=(str(tmp_path / "estate.snap"),))


def results(sources: Sources, selection: Selection) -> tuple[Result, ...]:
    return audit.run(audit.Request(sources=sources, selection=selection, remember=False), PERSON).audit.results


def test_the_header_counts_what_is_selected(sources: Sources) -> None:
    def counted(selection: Selection) -> dict[str, int]:
        request = audit.Request(sources=sources, selection=selection, remember=False)
        return audit.run(request, PERSON).audit.counted

    assert counted(Selection()) == {"vCenter": 2, "host": 2, "guest": 4, "template": 0}
    assert counted(NORTH) == {"vCenter": 1, "host": 1, "guest": 2, "template": 0}
    assert counted(Selection(folders=("/south/DC/db",))) == {"vCenter": 0, "host": 0, "guest": 1, "template": 0}


def test_only_a_selected_result_is_explained(sources: Sources) -> None:
    log = next(r for r in results(sources, Selection()) if (r.control, r.resource.name) == ("vm-log-rotate-size", "db"))
    found = explain.run(log.id, audit.Request(sources=sources, selection=SOUTH, remember=False), PERSON)
    assert found.result.resource.path == "/south/DC/db"
    with pytest.raises(InputError, match=r"no result .* in vcenter north"):
        explain.run(log.id, audit.Request(sources=sources, selection=NORTH, remember=False), PERSON)


def test_a_selection_without_a_source_is_refused_not_ignored(sources: Sources) -> None:
    del sources  # only the store of its own is wanted
    with pytest.raises(InputError, match="nothing to select from by vcenter north"):
        explain.run("VG-0", audit.Request(sources=Sources(), selection=NORTH), PERSON)


def test_zones_are_explained_for_selected_guests_of_that_name(sources: Sources, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")

    def heads(guest: str, selection: Selection) -> list[str]:
        return [line for line in zones.explain(guest, sources, policy, selection, PERSON) if line.startswith("/")]

    assert heads("app", Selection()) == ["/north/DC/app: front", "/south/DC/app: in no zone"]
    assert heads("app", NORTH) == ["/north/DC/app: front"]
    assert heads("app", Selection(owners=("web*",))) == ["/north/DC/app: front"]
    with pytest.raises(InputError, match="no guest 'web' in this selection"):
        heads("web", SOUTH)


def test_who_names_no_guest_is_told_what_lists_them_all(sources: Sources, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        zones.explain("qqqq", sources, policy, Selection(), PERSON)
    assert caught.value.hint == "`viguard inventory SOURCE --format json` lists every guest"
    listed = CliRunner().invoke(main, ["inventory", *sources.names, "--format", "json"]).stdout
    assert sum(len(group["guests"]) for group in json.loads(listed)["groups"]) == 4


def test_init_proposes_zones_of_selected_guests_only(sources: Sources, tmp_path: Path) -> None:
    def names(selection: Selection) -> list[str]:
        output = tmp_path / "proposed.yaml"
        output.unlink(missing_ok=True)
        init.run(sources, output, [], selection, PERSON)
        return [zone.name for zone in loads(output.read_text(encoding="utf-8"), "p").zones or ()]

    assert sorted(names(Selection())) == ["net-10", "net-20"]
    assert names(NORTH) == ["net-10"]
    assert "in this selection: 'vcenter north'" in (tmp_path / "proposed.yaml").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="nothing in the estate is in this selection"):
        names(Selection(owners=("web*",)))  # nobody owns anything yet


def test_init_adds_to_a_policy_what_is_selected_by_its_own_owners(sources: Sources, tmp_path: Path) -> None:
    output = tmp_path / "policy.yaml"
    for selection, expected in ((Selection(owners=("web*",)), ["front"]), (SOUTH, ["front", "net-20"])):
        output.write_text(POLICY, encoding="utf-8")
        init.run(sources, output, [], selection, PERSON)
        assert [zone.name for zone in loads(output.read_text(encoding="utf-8"), "p").zones or ()] == expected


@pytest.mark.parametrize("asked", [Selection(folders=("Nowhere",)), Selection(tags=("x",)), Selection(vcenters=("x",))])
def test_a_listing_of_nothing_is_refused(sources: Sources, asked: Selection) -> None:
    with pytest.raises(InputError, match="nothing in the estate is in this selection"):
        inventory.run(sources, "cluster", None, asked, PERSON)


def test_a_listing_of_a_cluster_has_its_guests() -> None:
    demo = Sources(names=(str(Path(viguard.__file__).parent / "content" / "demo" / "belnet.snap"),))
    listing = inventory.run(demo, "cluster", None, Selection(folders=("External Cluster",)), PERSON)
    assert [(g.name, len(g.hosts), len(g.guests)) for g in listing.groups] == [
        ("/vc-main/Main Datacenter/External Cluster", 3, 26)
    ]


def test_waivers_of_what_is_not_selected_are_left_alone(sources: Sources, tmp_path: Path) -> None:
    file = tmp_path / "waivers.yaml"
    entries = [("web", "2020-01-01"), ("db", "2020-01-01"), ("gone", "2999-01-01")]
    text = "".join(WAIVER.format(name=name, expires=expires) for name, expires in entries)
    file.write_text(f"schema: viguard-waivers/1\nwaivers:\n{text}", encoding="utf-8")

    def remarks(selection: Selection) -> list[list[str]]:
        lines = waivers.lint(file, sources, None, selection, PERSON)
        return [line.removeprefix(f"{file}:").split(": ")[:2] for line in lines]

    assert remarks(Selection()) == [["3", "expired"], ["9", "expired"], ["15", "unused"]]
    assert remarks(NORTH) == [["3", "expired"]]
    assert remarks(SOUTH) == [["9", "expired"]]


@pytest.mark.parametrize(
    "command", [["audit"], ["ask"], ["inventory"], ["explain"], ["init"], ["zones", "explain"], ["waivers", "lint"]]
)
def test_every_command_that_shows_a_part_takes_the_filters(command: list[str]) -> None:
    told = CliRunner().invoke(main, [*command, "--help"]).output
    assert all(option in told for option in ("--vcenter", "--folder", "--tag", "--owner")), told


def test_collecting_says_that_it_reads_everything() -> None:
    assert "Always everything that the account may see" in CliRunner().invoke(main, ["collect", "vsphere", "-h"]).output
