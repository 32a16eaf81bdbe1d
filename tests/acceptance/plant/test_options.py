"""Advanced options of a host, set through OptionManager."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")

HOST = "esxblade11.fw.belnet.be"  # no fault of the demo is on it


def row(control: str, key: str, bad: Any) -> Any:
    return pytest.param(control, key, bad, marks=proves(control), id=control)


@pytest.mark.parametrize(
    ("control", "key", "bad"),
    [
        row("host-hw-virtual-nic", "Net.BMCNetworkEnable", 1),
        row("host-audit-local", "Syslog.global.auditRecord.storageEnable", False),
        row("host-audit-remote", "Syslog.global.auditRecord.remoteEnable", False),
        row("host-audit-persistent", "Syslog.global.auditRecord.storageDirectory", "/var/run/audit"),
        row("host-log-persistent", "Syslog.global.logDir", "/var/run/log"),
        row("host-password-quality", "Security.PasswordQualityControl", "retry=3 min=disabled,disabled,disabled,7,7"),
        row("host-ad-admins-autoadd", "Config.HostAgent.plugins.hostsvc.esxAdminsGroupAutoAdd", True),
        row("host-ad-admins-group", "Config.HostAgent.plugins.hostsvc.esxAdminsGroup", "ESX Admins"),
        row("host-shell-interactive-timeout", "UserVars.ESXiShellInteractiveTimeOut", 0),
        row("host-shell-timeout", "UserVars.ESXiShellTimeOut", 0),
        row("host-tls-protocols", "UserVars.ESXiVPsDisabledProtocols", "sslv3"),
        row("host-exec-installed-only", "VMkernel.Boot.execInstalledOnly", False),
        row("log-remote-host", "Syslog.global.logHost", ""),
    ],
)
def test_option(today: Bench, control: str, key: str, bad: Any) -> None:
    options = today.host(11).configManager.advancedOption
    healthy = options.QueryView(key)[0].value

    def put(value: Any) -> None:
        typed = type(healthy)(value)  # the server insists on the option's own type, long or int
        options.UpdateValues([vim.option.OptionValue(key=key, value=typed)])

    today.check({control: [HOST]}, plant=lambda: put(bad), mend=lambda: put(healthy))
