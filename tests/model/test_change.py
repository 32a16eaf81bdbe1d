from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from viguard.errors import InputError
from viguard.model.change import ApiCall, Commands, Risk, Step, from_json, hash_of, planned, to_json
from viguard.model.facts import Settings
from viguard.model.host import Host

WHEN = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ONE = Host(id="vc:h1", name="h1", path="/vc/h1", server="vc", ntp_servers=("a", "b"))
TWO = Host(id="vc:h2", name="h2", path="/vc/h2", server="vc")


def step(order: int, **more: object) -> Step:
    facts: dict[str, object] = {
        "order": order,
        "resource": "vc:h1",
        "name": "h1",
        "property": "ntp_servers",
        "before": ["a"],
        "after": ["a", "b"],
        "call": ApiCall(method="UpdateDateTimeConfig", of="HostDateTimeSystem", arguments={"server": ["a", "b"]}),
        "risk": Risk.NONE,
        "reason": "as the template has it",
    }
    return Step(**{**facts, **more})  # type: ignore[arg-type]


def test_a_plan_comes_back_from_json_as_it_was() -> None:
    lines = Commands(dialect="ios", device="sw1", lines=("interface Gi0/1", "switchport trunk allowed vlan 10"))
    plan = planned(
        [step(2, call=lines, rollback=lines, risk=Risk.OUTAGE, before=None), step(1)],
        [ONE, TWO],
        WHEN,
        what_if=["nothing else uses it"],
        ends_at=WHEN + timedelta(days=1),
    )
    assert from_json(to_json(plan)) == plan
    assert b'"schema": 1' in to_json(plan)
    assert [s.order for s in plan.steps] == [1, 2]


def test_the_hash_holds_in_any_order_and_changes_with_any_fact() -> None:
    assert hash_of([ONE, TWO]) == hash_of(iter([TWO, ONE]))
    assert hash_of([ONE]) != hash_of([ONE, TWO])
    assert hash_of([msgspec.structs.replace(ONE, ntp_servers=("b", "a"))]) != hash_of([ONE])


def test_the_order_of_settings_is_no_fact() -> None:
    first = msgspec.structs.replace(ONE, options=Settings(values={"a": 1, "b": 2}))
    second = msgspec.structs.replace(ONE, options=Settings(values={"b": 2, "a": 1}))
    assert hash_of([first]) == hash_of([second])


def test_the_id_says_what_is_changed_and_from_what_and_not_when() -> None:
    later = WHEN + timedelta(days=3)
    assert planned([step(1)], [ONE], WHEN).id == planned([step(1)], [ONE], later).id
    assert planned([step(1)], [ONE], WHEN).id != planned([step(1)], [TWO], WHEN).id
    assert planned([step(1)], [ONE], WHEN).id != planned([step(2)], [ONE], WHEN).id


def test_a_test_change_ends_after_it_began_and_times_have_a_zone() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        planned([], [], WHEN, ends_at=WHEN)
    with pytest.raises(ValueError, match="zone"):
        planned([], [], WHEN.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "no plan"),
        (b'{"id": 3}', "no plan"),
        (b'{"id":"a","made_at":"2026-03-04T12:00:00Z","facts":"","schema":2}', "schema 2"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_file(text: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        from_json(text, "plan.json")
    assert caught.value.where == "plan.json"
