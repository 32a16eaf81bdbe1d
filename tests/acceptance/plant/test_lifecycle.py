"""Versions that get no more fixes. A product changes its version when it is installed: no method does."""

from __future__ import annotations

import pytest

import lab
from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


@proves("host-supported")
def test_old_host(today: Bench) -> None:
    name = "esxblade11.fw.belnet.be"

    def install(version: str) -> None:
        today.endpoint.control(
            "set", type="HostSystem", name=name, path="summary.config.product.version", value=version
        )

    healthy = today.host(11).summary.config.product.version
    today.check({"host-supported": [name]}, plant=lambda: install("6.7.0"), mend=lambda: install(healthy))


@proves("vc-supported")
def test_old_vcenter(today: Bench) -> None:
    with lab.clean("vc-today", overrides={"about": {"version": "6.7.0"}}) as estate:
        spoiled = Bench(estate["vc-today"], proven=today.proven)
        today.differ(spoiled, {"vc-supported": ["vcenter"]})
