"""Services of a host, and its time."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from pyVmomi import vim

from tests.acceptance.plant.harness import POLICY, Bench, proves

pytestmark = pytest.mark.real("lab")


HOST = "esxblade11.fw.belnet.be"
SERVICES = [
    pytest.param("host-ssh-off", "TSM-SSH", marks=proves("host-ssh-off"), id="host-ssh-off"),
    pytest.param("host-shell-off", "TSM", marks=proves("host-shell-off"), id="host-shell-off"),
    pytest.param("host-slp-off", "slpd", marks=proves("host-slp-off"), id="host-slp-off"),
]


@pytest.mark.parametrize(("control", "key"), SERVICES)
def test_service_runs(today: Bench, control: str, key: str) -> None:
    services = today.host(11).configManager.serviceSystem
    today.check(
        {control: [HOST]},
        plant=lambda: services.StartService(id=key),
        mend=lambda: services.StopService(id=key),
    )


@pytest.mark.parametrize(("control", "key"), SERVICES)
def test_service_starts_by_itself(today: Bench, control: str, key: str) -> None:
    services = today.host(11).configManager.serviceSystem
    today.check(
        {control: [HOST]},
        plant=lambda: services.UpdateServicePolicy(id=key, policy="on"),
        mend=lambda: services.UpdateServicePolicy(id=key, policy="off"),
    )


@proves("host-time-ntp")
def test_time_service_stopped(main: Bench) -> None:
    services = main.host(1).configManager.serviceSystem
    main.check(
        {"host-time-ntp": ["esxblade1.fw.belnet.be"]},
        plant=lambda: services.StopService(id="ntpd"),
        mend=lambda: services.StartService(id="ntpd"),
    )


def ask(bench: Bench, *names: str) -> None:
    """Let esxblade1 keep its time from these servers."""
    config = vim.host.DateTimeConfig(ntpConfig=vim.host.NtpConfig(server=list(names)))
    bench.host(1).configManager.dateTimeSystem.UpdateDateTimeConfig(config)


@proves("host-time-ntp")
@pytest.mark.parametrize("servers", [["ntp1.belnet.be"], ["ntp1.belnet.be", "pool.example.org"]])
def test_time_servers(main: Bench, servers: list[str]) -> None:
    main.check(
        {"host-time-ntp": ["esxblade1.fw.belnet.be"]},
        plant=lambda: ask(main, *servers),
        mend=lambda: ask(main, "ntp1.belnet.be", "ntp2.belnet.be"),
    )


@proves("host-time-ntp")
@pytest.mark.parametrize("own", ["127.127.1.0", "esxblade1.fw.belnet.be"])
def test_time_from_the_own_clock(main: Bench, own: str) -> None:
    any_server = replace(POLICY, approved=replace(POLICY.approved, ntp_servers=("*",)))
    bench = Bench(*main.servers, proven=main.proven, policy=any_server)
    bench.check(
        {"host-time-ntp": ["esxblade1.fw.belnet.be"]},
        plant=lambda: ask(bench, "ntp1.belnet.be", own),
        mend=lambda: ask(bench, "ntp1.belnet.be", "ntp2.belnet.be"),
    )
