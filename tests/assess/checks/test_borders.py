"""net-vlan-acl-present."""

from __future__ import annotations

import pytest

from tests.assess.checks.estate import world
from viguard.assess.checks.borders import present
from viguard.assess.targets import ESTATE
from viguard.model.borders import Border
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
