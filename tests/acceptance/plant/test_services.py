"""Services of a host, and its time."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, proves

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


@proves("host-time-ntp")
@pytest.mark.parametrize("servers", [["ntp1.belnet.be"], ["ntp1.belnet.be", "pool.example.org"]])
def test_time_servers(main: Bench, servers: list[str]) -> None:
    time = main.host(1).configManager.dateTimeSystem

    def ask(names: list[str]) -> None:
        time.UpdateDateTimeConfig(vim.host.DateTimeConfig(ntpConfig=vim.host.NtpConfig(server=names)))

    main.check(
        {"host-time-ntp": ["esxblade1.fw.belnet.be"]},
        plant=lambda: ask(servers),
        mend=lambda: ask(["ntp1.belnet.be", "ntp2.belnet.be"]),
    )
