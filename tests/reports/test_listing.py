from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from viguard.model.facts import Settings
from viguard.model.guest import Guest, VirtualNic
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import StandardPortGroup, Vlan
from viguard.policy.policy import Sites
from viguard.reports import listing

AT = datetime(2026, 3, 1, tzinfo=UTC)


def nic(group: str) -> VirtualNic:
    return VirtualNic(key=4000, type="VirtualE1000", port_group=group)


def estate() -> Inventory:
    host = Host(id="h", name="esx1", path="/vc/DC/Cluster/esx1", server="vc", custom=Settings(values={"Site": "Evere"}))
    return Inventory(
        [
            host,
            StandardPortGroup(id="h/p/W", name="W", path="/vc/W", server="vc", host="h", switch="s", vlan=Vlan(id=110)),
            StandardPortGroup(id="h/p/M", name="M", path="/vc/M", server="vc", host="h", switch="s", vlan=Vlan(id=20)),
            Guest(
                id="g1", name="web", path="/vc/DC/web", server="vc", host="h", template=False, nics=(nic("W"), nic("M"))
            ),
            Guest(id="g2", name="none", path="/vc/DC/none", server="vc", host="h", template=False, nics=()),
            Guest(id="g3", name="unread", path="/vc/DC/unread", server="vc", host="h", template=False),
        ],
        read_at=AT,
    )


def everything(_: str) -> bool:
    return True


def names(found: listing.Listing) -> dict[str, list[str]]:
    return {g.name: [e.name for e in g.guests] for g in found.groups}


def test_by_vlan_a_guest_stands_in_each_of_its_vlans_and_numbers_sort_as_numbers() -> None:
    found = listing.by_vlan(estate(), everything)
    assert list(names(found)) == ["VLAN 20", "VLAN 110", "(not known)", "no NIC"]
    assert names(found) == {"VLAN 20": ["web"], "VLAN 110": ["web"], "no NIC": ["none"], "(not known)": ["unread"]}


def test_by_cluster_is_the_path_above_the_host() -> None:
    assert names(listing.by_cluster(estate(), everything)) == {"/vc/DC/Cluster": ["web", "none", "unread"]}


def test_by_site_from_the_custom_attribute_or_the_policys_patterns() -> None:
    by_attribute = listing.by_site(estate(), everything, Sites(attribute="Site"))
    by_pattern = listing.by_site(estate(), everything, Sites(hosts={"Science": ("esx*",)}))
    assert [g.name for g in by_attribute.groups] == ["Evere"]
    assert [g.name for g in by_pattern.groups] == ["Science"]
    assert [g.name for g in listing.by_site(estate(), everything, Sites()).groups] == ["(not known)"]


def test_only_what_is_chosen_is_listed() -> None:
    assert names(listing.by_cluster(estate(), {"g1"}.__contains__)) == {"/vc/DC/Cluster": ["web"]}


def test_a_table_that_is_cut_says_where_every_guest_is_listed() -> None:
    host = Host(id="h", name="esx1", path="/vc/DC/Cluster/esx1", server="vc")
    guests = [
        Guest(id=f"g{n}", name=f"guest{n}", path=f"/vc/DC/guest{n}", server="vc", host="h", template=False)
        for n in range(13)
    ]

    def shown(number: int) -> tuple[str, bytes]:
        found = listing.by_cluster(Inventory([host, *guests[:number]], read_at=AT), everything)
        out = io.StringIO()
        listing.render(Console(file=out, width=120), found)
        return out.getvalue(), listing.document(found)

    table, document = shown(13)
    assert "guest12" not in table
    assert "`--format json` lists every guest" in table
    assert document.count(b'"name": "guest') == 13
    assert "--format json" not in shown(12)[0]
