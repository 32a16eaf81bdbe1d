from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assess.estates import NOW, control, guest, inventory
from viguard.assess.engine import assess
from viguard.assess.waivers import covered, lint, waive
from viguard.model.derived import Derived
from viguard.model.facts import UNREAD
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.result import Result, Status
from viguard.model.server import Cluster, Datacenter, Folder
from viguard.model.waiver import Scope, Waiver
from viguard.policy.policy import NO_POLICY

FOLDER = Folder(id="a:f1", name="Lab", path="/a/Main/vm/Lab", server="a", parent="a:f0")
ROOT = Folder(id="a:f0", name="vm", path="/a/Main/vm", server="a", parent="a:dc")
MAIN = Datacenter(id="a:dc", name="Main", path="/a/Main", server="a", parent="")


def waiver(expires: date = date(2027, 1, 1), control_id: str = "keep", **scope: Any) -> Waiver:
    return Waiver(
        control=control_id,
        scope=Scope(**scope),
        reason="old application",
        owner="Ann",
        approver="Bob",
        expires=expires,
    )


def failing(id_: str, name: str, **facts: Any) -> Guest:
    return msgspec.structs.replace(guest(id_, keep_old="50", name=name), **facts)


ESTATE = inventory(
    MAIN,
    ROOT,
    FOLDER,
    failing("a:1", "web1", tags=("owner:web",), folder="a:f1"),
    failing("a:2", "web2", tags=(), folder="a:f0"),
    failing("a:3", "db[1]", tags=UNREAD),
    guest("a:4", keep_old="5", name="web4"),
)


def waived(*waivers: Waiver, estate: Inventory = ESTATE) -> set[str]:
    results = assess(estate, NO_POLICY, Derived(), {"keep": control()}, waivers, NOW).results
    return {r.resource.id for r in results if r.status is Status.WAIVED}


def results() -> list[Result]:
    return list(assess(ESTATE, NO_POLICY, Derived(), {"keep": control()}, [], NOW).results)


@pytest.mark.parametrize(
    ("scope", "ids"),
    [
        ({"ids": ("a:1",)}, {"a:1"}),
        ({"patterns": ("web*",)}, {"a:1", "a:2"}),
        ({"patterns": ("/a/web1",)}, {"a:1"}),
        ({"patterns": ("/b/*",)}, set()),
        ({"patterns": ("a",)}, set()),
        ({"tags": ("owner:web",)}, {"a:1"}),
        ({"tags": ("owner:*",)}, {"a:1"}),
        ({"folders": ("Lab",)}, {"a:1"}),
        ({"folders": ("/a/Main/vm/Lab",)}, {"a:1"}),
        ({"folders": ("/a/Main/vm",)}, {"a:1", "a:2"}),
        ({"folders": ("Main",)}, set()),  # a datacenter is no folder
        ({"ids": ("a:1", "a:2"), "patterns": ("*2",)}, {"a:2"}),
        ({"ids": ("a:4",)}, set()),  # it passes: nothing to waive
        ({"patterns": ("*",)}, {"a:1", "a:2", "a:3"}),
        ({}, set()),
    ],
)
def test_scope(scope: dict[str, Any], ids: set[str]) -> None:
    assert waived(waiver(**scope)) == ids


def test_a_scope_reaches_through_a_host_to_the_folder_of_its_cluster() -> None:
    estate = inventory(
        MAIN,
        Folder(id="a:hosts", name="Blades", path="/a/Main/Blades", server="a", parent="a:dc"),
        Cluster(id="a:c", name="Outer", path="/a/Main/Blades/Outer", server="a", parent="a:hosts"),
        Host(id="a:h", name="esx1", path="/a/Main/Blades/Outer/esx1", server="a", cluster="a:c", datacenter="a:dc"),
        failing("a:1", "web1", host="a:h"),
        failing("a:2", "web2"),
    )
    assert waived(waiver(folders=("Blades",)), estate=estate) == {"a:1"}
    assert waived(waiver(folders=("Outer",)), estate=estate) == set()  # a cluster is no folder


def test_a_waived_result_says_who_why_and_until_when() -> None:
    found = assess(ESTATE, NO_POLICY, Derived(), {"keep": control()}, [waiver(ids=("a:1",))], NOW).results
    reason = next(r.reason for r in found if r.status is Status.WAIVED)
    for word in ("old application", "Ann", "Bob", "2027-01-01", "log.keepOld is 50"):
        assert word in reason


def test_an_expired_waiver_has_no_effect_from_its_day_on() -> None:
    assert waived(waiver(expires=NOW.date(), patterns=("*",))) == set()
    assert waived(waiver(expires=date(2026, 11, 24), ids=("a:1",))) == {"a:1"}


def test_another_controls_waiver_has_no_effect() -> None:
    assert waived(waiver(control_id="other", patterns=("*",))) == set()


@given(st.lists(st.sampled_from(list(Status)), min_size=1, max_size=5), st.booleans())
def test_only_failures_change(statuses: list[Status], expired: bool) -> None:
    base = results()[0]
    given_ = [msgspec.structs.replace(base, status=s) for s in statuses]
    expires = date(2020, 1, 1) if expired else date(2030, 1, 1)
    after = waive(given_, [waiver(expires=expires, patterns=("*",))], ESTATE, NOW)
    for old, new in zip(given_, after, strict=True):
        if old.status is Status.FAIL and not expired:
            assert new.status is Status.WAIVED
        else:
            assert new == old


def kinds(*waivers: Waiver, limit: int = 50) -> list[str]:
    return [r.kind for r in lint(waivers, results(), ESTATE, NOW, limit=limit)]


def test_lint() -> None:
    assert kinds(waiver(ids=("a:1",))) == []
    assert kinds(waiver(ids=("a:1",), expires=date(2026, 1, 1))) == ["expired"]
    assert kinds(waiver(ids=("a:4",))) == ["unused"]
    assert kinds(waiver(ids=("gone",), expires=date(2026, 1, 1))) == ["expired", "unused"]
    assert kinds(waiver(patterns=("*",))) == ["too_broad"]
    assert kinds(waiver(patterns=("/*",))) == ["too_broad"]
    assert kinds(waiver(patterns=("web*",)), limit=1) == ["too_broad"]
    assert kinds(waiver(patterns=("web*",)), limit=2) == []


def test_a_pattern_as_wide_as_the_estate_is_too_broad_though_it_does_not_look_so() -> None:
    broad = [r for r in lint([waiver(patterns=("w*", "d*"))], results(), ESTATE, NOW) if r.kind == "too_broad"]
    assert [r.message for r in broad] == ["its scope holds 4 of the 4 that the control judges: name those it is for"]
    assert kinds(waiver(patterns=("w*", "d*"), ids=("a:1",))) == []  # chosen one by one
    assert kinds(waiver(patterns=("web*",))) == []  # three of four
    few = inventory(MAIN, failing("a:1", "web1"), failing("a:2", "web2"), failing("a:3", "web3"))
    judged = assess(few, NO_POLICY, Derived(), {"keep": control()}, (), NOW).results
    assert lint([waiver(patterns=("web*",))], judged, few, NOW) == []


def test_lint_names_what_newly_matches_since_approval() -> None:
    approved = msgspec.structs.replace(waiver(patterns=("web*",)), approved_at=date(2026, 1, 1), matched=("a:1",))
    [remark] = lint([approved], results(), ESTATE, NOW)
    assert remark.kind == "newly_matched"
    assert [r.resource.id for r in remark.results] == ["a:2"]
    settled = msgspec.structs.replace(approved, matched=("a:1", "a:2"))
    assert lint([settled], results(), ESTATE, NOW) == []


def test_lint_takes_waived_results_as_covered() -> None:
    given_ = waiver(ids=("a:1",))
    after = assess(ESTATE, NO_POLICY, Derived(), {"keep": control()}, [given_], NOW).results
    assert [r.resource.id for r in covered(given_, after, ESTATE)] == ["a:1"]
    assert lint([given_], after, ESTATE, NOW) == []


def test_within_a_part_only_waivers_that_name_it_are_told_of() -> None:
    one, other, idle = waiver(ids=("a:1",)), waiver(ids=("a:2",)), waiver(ids=("a:4",))
    everything = lint([one, other, idle], results(), ESTATE, NOW)
    assert [(r.waiver, r.kind) for r in everything] == [(idle, "unused")]
    assert [r.waiver for r in lint([one, other, idle], results(), ESTATE, NOW, within={"a:4"})] == [idle]
    assert lint([one, other, idle], results(), ESTATE, NOW, within={"a:1"}) == []


def test_within_a_part_what_it_newly_matches_there_counts() -> None:
    wide = msgspec.structs.replace(waiver(patterns=("web?",)), matched=("a:1",))
    [remark] = lint([wide], results(), ESTATE, NOW)
    assert [r.resource.id for r in remark.results] == ["a:2"]
    assert [r.kind for r in lint([wide], results(), ESTATE, NOW, within={"a:2"})] == ["newly_matched"]
    assert lint([wide], results(), ESTATE, NOW, within={"a:1"}) == []
