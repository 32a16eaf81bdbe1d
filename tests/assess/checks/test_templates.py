"""template-used-for-deploy, template-current."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.assess.checks.estate import LOST, NOW, READ_AT, access, but, guest, lost, world
from viguard.assess.checks.templates import current, used_for_deploy
from viguard.model.access import Event
from viguard.model.facts import Resource
from viguard.model.result import Status
from viguard.policy.policy import Approved, Limits, Policy

MASTER = guest("master", template=True)
SINCE = READ_AT - timedelta(days=30)


def made(type_: str, source: str = "") -> list[Resource]:
    event = Event(key=1, type=type_, at=READ_AT, user="BELNET\\ann", guest="vc:g1", source=source)
    return [access(events=(event,), events_since=SINCE), MASTER, guest("other")]


def registering(*names: str) -> Policy:
    return Policy(approved=Approved(templates=names))


# template-used-for-deploy


def test_deployed_from_a_registered_template() -> None:
    records = made("VmDeployedEvent", "vc:master")
    found = used_for_deploy(guest(), world(*records, policy=registering("master")))
    assert (found.status, found.reason) == (Status.PASS, "deployed from master")
    assert used_for_deploy(guest(), world(*records, policy=registering("/vc/ma*"))).status is Status.PASS
    assert used_for_deploy(guest(), world(*records)).status is Status.PASS
    bad = used_for_deploy(guest(), world(*records, policy=registering("hardened")))
    assert (bad.status, bad.reason) == (Status.FAIL, "the template master is not registered")


@pytest.mark.parametrize(
    ("type_", "source", "status"),
    [
        ("VmCreatedEvent", "", Status.FAIL),
        ("VmClonedEvent", "vc:other", Status.FAIL),
        ("VmClonedEvent", "vc:master", Status.PASS),
        ("VmDeployedEvent", "vc:gone", Status.PASS),  # undecided: any template does
        ("VmClonedEvent", "vc:gone", Status.UNKNOWN),
        ("VmPoweredOnEvent", "", Status.UNKNOWN),  # made before the oldest event
    ],
)
def test_how_a_guest_was_made_while_undecided(type_: str, source: str, status: Status) -> None:
    assert used_for_deploy(guest(), world(*made(type_, source))).status is status


def test_an_event_that_is_dropped_mends_nothing() -> None:
    bad = made("VmCreatedEvent")
    assert used_for_deploy(guest(), world(*bad)).status is Status.FAIL
    aged = but(bad[0], events=(), events_since=READ_AT + timedelta(days=10))  # 40 days later, 31 days are read
    found = used_for_deploy(guest(), world(aged, *bad[1:]))
    assert (found.status, found.reason) == (
        Status.UNKNOWN,
        f"made before {READ_AT + timedelta(days=10):%Y-%m-%d}, where the events begin: from what is not told",
    )


def came(*types: str) -> list[Resource]:
    """A guest with these events, oldest first, made from the template where an event names a source."""
    events = [
        Event(key=n, type=t, at=READ_AT, guest="vc:g1", source="vc:master" if t != "VmRegisteredEvent" else "")
        for n, t in enumerate(types)
    ]
    return [access(events=tuple(events), events_since=SINCE), MASTER]


def test_a_registered_guest_came_from_nobody_knows_what() -> None:
    for policy in (None, registering("master"), registering("*")):
        found = used_for_deploy(guest(), world(*came("VmRegisteredEvent"), policy=policy))
        assert found.status is Status.UNKNOWN
        assert found.reason.startswith("registered from files that were there")
        assert [e.value for e in found.evidence] == [f"VmRegisteredEvent {READ_AT.isoformat()}"]


@pytest.mark.parametrize(
    ("types", "status"),
    [
        (("VmRegisteredEvent", "VmDeployedEvent"), Status.PASS),
        (("VmDeployedEvent", "VmRegisteredEvent"), Status.PASS),
        (("VmClonedEvent", "VmRegisteredEvent"), Status.PASS),
        (("VmCreatedEvent", "VmRegisteredEvent"), Status.FAIL),
        (("VmRegisteredEvent", "VmCreatedEvent"), Status.FAIL),
        (("VmRegisteredEvent", "VmRegisteredEvent"), Status.UNKNOWN),
    ],
)
def test_a_guest_that_was_made_here_too_is_judged_by_its_making(types: tuple[str, ...], status: Status) -> None:
    assert used_for_deploy(guest(), world(*came(*types), policy=registering("master"))).status is status


def test_a_source_that_was_not_read_is_no_registered_one() -> None:
    context = world(*made("VmDeployedEvent", "vc:gone"), policy=registering("*"))
    assert used_for_deploy(guest(), context).status is Status.UNKNOWN


def test_deploy_is_unknown_without_a_fact() -> None:
    records = made("VmDeployedEvent", "vc:master")
    assert used_for_deploy(guest(), world()).status is Status.UNKNOWN
    assert used_for_deploy(guest(), world(access(events=LOST))).status is Status.UNKNOWN
    assert used_for_deploy(guest(), world(but(records[0], events_since=None), MASTER)).status is Status.UNKNOWN
    assert used_for_deploy(guest(), world(records[0], lost(MASTER, "template"))).status is Status.UNKNOWN


# template-current


@pytest.mark.parametrize(("days", "status"), [(0, Status.PASS), (35, Status.PASS), (36, Status.FAIL)])
def test_changed_within_the_limit(days: int, status: Status) -> None:
    assert current(but(MASTER, modified=NOW - timedelta(days=days)), world()).status is status


def test_the_policy_sets_the_limit() -> None:
    context = world(policy=Policy(limits=Limits(template_age_days=5)))
    assert current(but(MASTER, modified=NOW - timedelta(days=6)), context).status is Status.FAIL


@pytest.mark.parametrize(
    "modified", [LOST, datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=2)], ids=["unread", "unset", "future"]
)
def test_current_is_unknown_without_a_believable_time(modified: object) -> None:
    assert current(but(MASTER, modified=modified), world()).status is Status.UNKNOWN
