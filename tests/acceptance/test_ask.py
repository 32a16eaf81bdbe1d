"""An answer changes with the estate: a fault that is mended no longer counts, and one that is planted does."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyVmomi import vim

import lab
from lab.demo import POLICY, write_credentials
from tests.acceptance.plant.harness import Bench
from tests.acceptance.test_belnet import NOBODY
from viguard.policy.selection import Selection
from viguard.usecases import audit
from viguard.usecases.sources import Sources

BLADE = Selection(folders=("*/esxblade7.fw.belnet.be",))
"""A host whose only open network door is a port group that nothing there needs."""


@pytest.mark.real("lab")
def test_how_far_from_closed_follows_the_estate(tmp_path: Path) -> None:
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.clean("vc-today") as estate:
        bench = Bench(estate["vc-today"], proven=set())
        file = write_credentials(estate, tmp_path / "credentials.yaml")
        sources = Sources(names=(estate["vc-today"].url,), credentials=file)

        def verdict() -> str:
            request = audit.Request(sources=sources, policy=POLICY, selection=BLADE, remember=False)
            return audit.run(request, NOBODY).audit.answers[0].verdict

        network = bench.host(7).configManager.networkSystem
        [spec] = [g.spec for g in network.networkInfo.portgroup if g.spec.name == "Old DMZ"]
        assert verdict() == "open"
        network.RemovePortGroup(pgName="Old DMZ")
        assert verdict() == "not_shown"  # the physical switch's trunk is not read
        network.AddPortGroup(portgrp=vim.host.PortGroup.Specification(**vars_of(spec)))
        assert verdict() == "open"


def vars_of(spec: vim.host.PortGroup.Specification) -> dict[str, object]:
    """What a port group is made of."""
    return {key: getattr(spec, key) for key in ("name", "vlanId", "vswitchName", "policy")}
