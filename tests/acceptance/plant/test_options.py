"""Advanced options of a host, set through OptionManager."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from pyVmomi import vim

from tests.acceptance.plant.harness import POLICY, Bench, proves

pytestmark = pytest.mark.real("lab")

HOST = "esxblade11.fw.belnet.be"  # no fault of the demo is on it


def row(control: str, key: str, bad: Any, name: str = "") -> Any:
    return pytest.param(control, key, bad, marks=proves(control), id=name or control)


@pytest.mark.parametrize(
    ("control", "key", "bad"),
    [
        row("host-hw-virtual-nic", "Net.BMCNetworkEnable", 1),
        row("host-audit-local", "Syslog.global.auditRecord.storageEnable", False),
        row("host-audit-remote", "Syslog.global.auditRecord.remoteEnable", False),
        row("host-audit-persistent", "Syslog.global.auditRecord.storageDirectory", "/var/run/audit"),
        row("host-log-persistent", "Syslog.global.logDir", "/var/run/log"),
        row("host-log-persistent", "Syslog.global.logDir", "[] /tmp/scratch/log", "a path in memory"),
        row("host-password-quality", "Security.PasswordQualityControl", "retry=3 min=disabled,disabled,disabled,7,7"),
        row("host-ad-admins-autoadd", "Config.HostAgent.plugins.hostsvc.esxAdminsGroupAutoAdd", True),
        row("host-ad-admins-group", "Config.HostAgent.plugins.hostsvc.esxAdminsGroup", "ESX Admins"),
        row("host-shell-interactive-timeout", "UserVars.ESXiShellInteractiveTimeOut", 0),
        row("host-shell-timeout", "UserVars.ESXiShellTimeOut", 0),
        row("host-tls-protocols", "UserVars.ESXiVPsDisabledProtocols", "sslv3"),
        row("host-exec-installed-only", "VMkernel.Boot.execInstalledOnly", False),
        row("log-remote-host", "Syslog.global.logHost", ""),
        row("log-remote-host", "Syslog.global.logHost", "udp://:514", "log to no server"),
    ],
)
def test_option(today: Bench, control: str, key: str, bad: Any) -> None:
    options = today.host(11).configManager.advancedOption
    healthy = options.QueryView(key)[0].value

    def put(value: Any) -> None:
        typed = type(healthy)(value)  # the server insists on the option's own type, long or int
        options.UpdateValues([vim.option.OptionValue(key=key, value=typed)])

    today.check({control: [HOST]}, plant=lambda: put(bad), mend=lambda: put(healthy))


def put_option(bench: Bench, key: str, value: str) -> None:
    bench.host(11).configManager.advancedOption.UpdateValues([vim.option.OptionValue(key=key, value=value)])


@proves("log-remote-host")
@pytest.mark.parametrize("own", ["udp://localhost", "ssl://ESXBLADE11.fw.belnet.be:1514", "esxblade11", "udp://{}:514"])
def test_log_sent_to_the_host_itself(today: Bench, own: str) -> None:
    any_server = replace(POLICY, approved=replace(POLICY.approved, log_servers=("*",)))
    bench = Bench(*today.servers, proven=today.proven, policy=any_server)
    address = bench.host(11).config.network.vnic[0].spec.ip.ipAddress
    bench.check(
        {"log-remote-host": [HOST]},
        plant=lambda: put_option(bench, "Syslog.global.logHost", own.format(address)),
        mend=lambda: put_option(bench, "Syslog.global.logHost", "udp://log1.belnet.be:514"),
    )


def test_a_path_on_a_volume_without_a_datastore_name_is_kept(today: Bench) -> None:
    healthy = today.host(11).configManager.advancedOption.QueryView("Syslog.global.logDir")[0].value
    today.check(
        {},
        plant=lambda: put_option(today, "Syslog.global.logDir", "[] /vmfs/volumes/4b41d954-5e6a9cc1/log"),
        mend=lambda: put_option(today, "Syslog.global.logDir", healthy),
    )
