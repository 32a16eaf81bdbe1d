"""A part for tests that shares something with production. Two servers: the test host apart, vCenter 4.0 beside it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from pyVmomi import vim

import lab
from tests.acceptance.plant.harness import POLICY, Bench, proves
from viguard.policy.policy import TestEstate

pytestmark = pytest.mark.real("lab")

APART = {"Management": 1010, "vMotion": 1020, "Test": 1310, "SAN": 1900}  # VLANs that production does not have
OPERATORS = "BELNET\\vi-operators"  # a group of the domain: one credential at both servers
READ_ONLY = -2


def put(bench: Bench, name: str, vlan: int) -> None:
    network = bench.find(vim.HostSystem, "esxi-test.fw.belnet.be").configManager.networkSystem
    spec = next(p for p in network.networkInfo.portgroup if p.spec.name == name).spec
    spec.vlanId = vlan
    network.UpdatePortGroup(name, spec)


def apart(proven: set[str]) -> Iterator[Bench]:
    """Two servers that share nothing: the demo's own faults are mended through the API."""
    policy = msgspec.structs.replace(POLICY, test=TestEstate(hosts=("esxi-test.fw.belnet.be",)))
    with lab.up(endpoints=["esxi-test", "vc-test"]) as estate:
        bench = Bench(estate["esxi-test"], estate["vc-test"], proven=proven, policy=policy)
        for name, vlan in APART.items():
            put(bench, name, vlan)
        content = bench.si.content
        content.authorizationManager.RemoveEntityPermission(content.rootFolder, OPERATORS, True)
        yield bench


@pytest.fixture(scope="module")
def pair(lab_parts: None, proven: set[str]) -> Iterator[Bench]:
    yield from apart(proven)


@proves("test-separate")
def test_shared_vlan(pair: Bench) -> None:
    pair.check({"test-separate": ["/"]}, plant=lambda: put(pair, "Test", 310), mend=lambda: put(pair, "Test", 1310))


@proves("test-separate")
def test_shared_account(pair: Bench) -> None:
    manager, root = pair.si.content.authorizationManager, pair.si.content.rootFolder
    operators = vim.AuthorizationManager.Permission(principal=OPERATORS, group=True, roleId=READ_ONLY, propagate=True)
    pair.check(
        {"test-separate": ["/"]},
        plant=lambda: manager.SetEntityPermissions(root, [operators]),
        mend=lambda: manager.RemoveEntityPermission(root, OPERATORS, True),
    )
