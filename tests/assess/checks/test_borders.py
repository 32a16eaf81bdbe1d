"""net-vlan-acl-present, fw-log-server-514, fw-update-manager-table."""

from __future__ import annotations

import pytest

from tests.assess.checks.estate import world
from viguard.assess.checks.borders import log_server, present, update_manager
from viguard.assess.targets import ESTATE
from viguard.model.borders import Border, Exposure
from viguard.model.derived import Derived
from viguard.model.facts import Reason, Unknown
from viguard.model.result import Status

LISTED = Border(network="web", devices=("core",), bare=())
BARE = Border(network="san", devices=("core", "inner"), bare=("inner",))
UNREAD = Border(network="test", devices=(), bare=Unknown(reason=Reason.NOT_READ, detail="no point joins test"))


@pytest.mark.parametrize(
    ("borders", "status", "reason"),
    [
        ((LISTED,), Status.PASS, "every network has rules at its border"),
        ((LISTED, BARE), Status.FAIL, "inner has no rules for san"),
        ((LISTED, UNREAD), Status.UNKNOWN, "no point joins test"),
        ((BARE, UNREAD), Status.FAIL, "inner has no rules for san"),  # a proven failure wins
    ],
)
def test_borders(borders: tuple[Border, ...], status: Status, reason: str) -> None:
    found = present(ESTATE, world(derived=Derived(borders=borders)))
    assert found.status is status
    assert reason in found.reason
    assert found.evidence


def test_unknown_without_points_in_the_policy() -> None:
    found = present(ESTATE, world(derived=Derived()))
    assert found.status is Status.UNKNOWN
    assert "firewall.points" in found.reason


def exposed(*opened: str, unknown: tuple[str, ...] = (), is_guarded: bool = True, role: str = "log_server") -> Derived:
    one = Exposure(role=role, players=("log server of esx1",), opened=opened, unknown=unknown, is_guarded=is_guarded)
    return Derived(exposures={role: one})


@pytest.mark.parametrize(
    ("derived", "status", "reason"),
    [
        (exposed(), Status.PASS, "nothing but what is needed reaches it"),
        (exposed("web to log1: udp/514"), Status.FAIL, "web to log1: udp/514"),
        (exposed("web to log1: udp/514", is_guarded=False), Status.UNKNOWN, "its own firewall was not read"),
        (exposed(unknown=("no point joins these networks in IPv6",)), Status.UNKNOWN, "no point joins"),
        (exposed(role="other"), Status.UNKNOWN, "nobody is known who plays log_server"),
        (Derived(), Status.UNKNOWN, "firewall.points"),
    ],
)
def test_what_reaches_the_log_server(derived: Derived, status: Status, reason: str) -> None:
    found = log_server(ESTATE, world(derived=derived))
    assert found.status is status
    assert reason in found.reason
    assert found.evidence


def test_the_update_manager_is_judged_alike() -> None:
    derived = exposed("web to vum: tcp/22", role="update_manager")
    assert update_manager(ESTATE, world(derived=derived)).status is Status.FAIL
