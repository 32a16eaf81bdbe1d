"""Lockdown of ESXi: who can log in past the vCenter."""

from __future__ import annotations

import pytest

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


@proves("host-root-lockdown")
def test_lockdown_off(today: Bench) -> None:
    access = today.host(11).configManager.hostAccessManager
    today.check(
        {"host-root-lockdown": ["esxblade11.fw.belnet.be"]},
        plant=lambda: access.ChangeLockdownMode("lockdownDisabled"),
        mend=lambda: access.ChangeLockdownMode("lockdownNormal"),
    )


@proves("host-root-lockdown")
def test_lockdown_off_before_6_0(four: Bench) -> None:
    def disable_admin(value: bool) -> None:  # the API changes it from 4.1 on
        four.endpoint.control(
            "set", type="HostSystem", name="esxblade12.fw.belnet.be", path="config.adminDisabled", value=value
        )

    disable_admin(True)  # the demo's own fault mended
    four.settle()
    four.check(
        {"host-root-lockdown": ["esxblade12.fw.belnet.be"]},
        plant=lambda: disable_admin(False),
        mend=lambda: disable_admin(True),
    )


@proves("host-lockdown-exceptions")
def test_exception(today: Bench) -> None:
    access = today.host(11).configManager.hostAccessManager
    today.check(
        {"host-lockdown-exceptions": ["esxblade11.fw.belnet.be"]},
        plant=lambda: access.UpdateLockdownExceptions(["breakglass"]),
        mend=lambda: access.UpdateLockdownExceptions([]),
    )
