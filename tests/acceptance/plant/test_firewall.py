"""Host firewalls: what they let through, and from where."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


CLOSED = "fw-host-table-closed"


@pytest.fixture(scope="module")
def old(main: Bench) -> Bench:
    """ESX 3.5 with a host whose firewall opens nothing beyond the table."""
    return closed(main, 1)


@pytest.fixture(scope="module")
def new(today: Bench) -> Bench:
    """ESXi 8 with a host whose firewall opens nothing beyond the table."""
    return closed(today, 11)


def closed(bench: Bench, number: int) -> Bench:
    host = bench.host(number)
    for ruleset in host.config.firewall.ruleset:
        if ruleset.key in {"updateManager", "webAccess"} and ruleset.enabled:
            host.configManager.firewallSystem.DisableRuleset(id=ruleset.key)
    return bench


@proves(CLOSED)
def test_ruleset_outside_the_table_of_the_report(old: Bench) -> None:
    firewall = old.host(1).configManager.firewallSystem
    old.check(
        {CLOSED: ["esxblade1.fw.belnet.be"]},
        plant=lambda: firewall.EnableRuleset(id="telnetClient"),
        mend=lambda: firewall.DisableRuleset(id="telnetClient"),
    )


@proves(CLOSED)
@pytest.mark.parametrize("way", ["incomingBlocked", "outgoingBlocked"])
def test_open_by_default(old: Bench, way: str) -> None:
    firewall = old.host(1).configManager.firewallSystem
    old.check(
        {CLOSED: ["esxblade1.fw.belnet.be"]},
        plant=lambda: firewall.UpdateDefaultPolicy(vim.host.FirewallInfo.DefaultPolicy(**{way: False})),
        mend=lambda: firewall.UpdateDefaultPolicy(vim.host.FirewallInfo.DefaultPolicy(**{way: True})),
    )


@proves(CLOSED)
def test_ruleset_outside_the_modern_table(new: Bench) -> None:
    firewall = new.host(11).configManager.firewallSystem
    new.check(
        {CLOSED: ["esxblade11.fw.belnet.be"]},
        plant=lambda: firewall.EnableRuleset(id="ftpClient"),
        mend=lambda: firewall.DisableRuleset(id="ftpClient"),
    )


@proves("fw-host-restrict-sources")
def test_ruleset_open_to_everybody(new: Bench) -> None:
    host = new.host(11)
    healthy = next(r for r in host.config.firewall.ruleset if r.key == "vSphereClient").allowedHosts

    def allow(hosts: object) -> None:
        spec = vim.host.Ruleset.RulesetSpec(allowedHosts=hosts)
        host.configManager.firewallSystem.UpdateRuleset("vSphereClient", spec)

    new.check(
        {"fw-host-restrict-sources": ["esxblade11.fw.belnet.be"]},
        plant=lambda: allow(vim.host.Ruleset.IpList(allIp=True)),
        mend=lambda: allow(healthy),
    )
