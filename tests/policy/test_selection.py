from __future__ import annotations

from datetime import UTC, datetime

from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.model.server import Server
from viguard.policy.selection import Selection, selected

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
