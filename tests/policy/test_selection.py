from __future__ import annotations

from datetime import UTC, datetime

from viguard.model.facts import Reason, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.network import StandardPortGroup
from viguard.model.server import Cluster, Datacenter, Folder, Server
from viguard.policy.selection import Selection, selected, why_nothing

AT = datetime(2026, 3, 1, tzinfo=UTC)


def estate() -> Inventory:
    return Inventory(
        [
            Server(id="a", name="vc-a", path="/vc-a", server="a"),
            Server(id="b", name="vc-b", path="/vc-b", server="b"),
            Guest(id="a:1", name="web", path="/vc-a/DC/DMZ/web", server="a", tags=("zone:dmz",)),
            Guest(id="b:1", name="web", path="/vc-b/DC/Internal/web", server="b"),
        ],
        read_at=AT,
    )


OWNERS = {"a:1": frozenset({"web team"})}


def test_nothing_given_selects_everything() -> None:
    assert Selection().everything
    assert selected(estate(), Selection(), OWNERS) == {"a", "b", "a:1", "b:1"}


def test_by_vcenter_in_any_case() -> None:
    assert selected(estate(), Selection(vcenters=("VC-A",)), OWNERS) == {"a", "a:1"}


def test_by_folder_datacenter_and_path_pattern() -> None:
    assert selected(estate(), Selection(folders=("dmz",)), OWNERS) == {"a:1"}
    assert selected(estate(), Selection(folders=("DC",)), OWNERS) == {"a:1", "b:1"}
    assert selected(estate(), Selection(folders=("/vc-b/*",)), OWNERS) == {"b:1"}


def test_the_name_itself_is_no_folder() -> None:
    assert selected(estate(), Selection(folders=("web",)), OWNERS) == frozenset()


def test_by_tag_with_and_without_category_and_unread_tags_match_nothing() -> None:
    assert selected(estate(), Selection(tags=("zone:dmz",)), OWNERS) == {"a:1"}
    assert selected(estate(), Selection(tags=("dmz",)), OWNERS) == {"a:1"}


def test_kinds_narrow_and_values_widen() -> None:
    both = Selection(vcenters=("vc-a", "vc-b"), owners=("web*",))
    assert selected(estate(), both, OWNERS) == {"a:1"}
    assert str(both) == "vcenter vc-a or vc-b, owner web*"


def clustered() -> Inventory:
    """Guests stand in folders, and run on hosts of clusters that their paths do not name."""
    running = {"server": "a", "datacenter": "a:dc"}
    return Inventory(
        [
            Server(id="a", name="vc-a", path="/vc-a", server="a"),
            Datacenter(id="a:dc", name="DC", path="/vc-a/DC", server="a"),
            Folder(id="a:blades", name="Blades", path="/vc-a/DC/Blades", server="a", parent="a:dc"),
            Cluster(id="a:c1", name="Outer", path="/vc-a/DC/Blades/Outer", server="a", parent="a:blades"),
            Cluster(id="a:c2", name="Inner", path="/vc-a/DC/Inner", server="a", parent="a:dc"),
            Host(id="a:h1", name="esx1", path="/vc-a/DC/Blades/Outer/esx1", cluster="a:c1", **running),
            Host(id="a:h2", name="esx2", path="/vc-a/DC/Inner/esx2", cluster="a:c2", **running),
            StandardPortGroup(
                id="a:p1", name="LAN", path="/vc-a/DC/Blades/Outer/esx1/LAN", server="a", host="a:h1", switch="s"
            ),
            Guest(id="a:g1", name="www", path="/vc-a/DC/www", host="a:h1", **running),
            Guest(id="a:g2", name="db", path="/vc-a/DC/db", host="a:h2", **running),
            Guest(id="a:t1", name="model", path="/vc-a/DC/model", host="a:h1", template=True, **running),
            Guest(
                id="a:g3",
                name="lost",
                path="/vc-a/DC/lost",
                host=Unknown(reason=Reason.NO_PERMISSION),
                **running,
            ),
        ],
        read_at=AT,
    )


def test_below_a_cluster_are_its_hosts_their_parts_and_the_guests_on_them() -> None:
    below = {"a:h1", "a:p1", "a:g1", "a:t1"}
    assert selected(clustered(), Selection(folders=("outer",)), {}) == below
    by_path = Selection(folders=("/vc-a/DC/Blades/Outer",))
    assert selected(clustered(), by_path, {}) == below | {"a:c1"}  # a path names what stands there, too
    assert selected(clustered(), Selection(folders=("/vc-a/DC/Blades/*",)), {}) == below | {"a:c1"}
    assert selected(clustered(), Selection(folders=("Blades",)), {}) == below | {"a:c1"}


def test_below_a_host_are_its_parts_and_its_guests() -> None:
    assert selected(clustered(), Selection(folders=("esx1",)), {}) == {"a:p1", "a:g1", "a:t1"}


def test_a_circle_of_folders_ends() -> None:
    folders = [
        Folder(id="a:f", name="F", path="/vc-a/F", server="a", parent="a:g"),
        Folder(id="a:g", name="G", path="/vc-a/G", server="a", parent="a:f"),
        Guest(id="a:1", name="web", path="/vc-a/web", server="a", folder="a:f"),
    ]
    assert "a:1" in selected(Inventory(folders, read_at=AT), Selection(folders=("G",)), {})


def test_what_to_do_when_nothing_is_selected_fits_what_was_asked() -> None:
    assert "--tags" not in why_nothing(estate(), Selection(folders=("x",)))
    told = why_nothing(estate(), Selection(tags=("x",)))
    assert "tags of vc-a, vc-b were not read" in told
    assert "only with `--tags`" in told
    assert "needs a policy with owners" in why_nothing(estate(), Selection(owners=("x",)))
