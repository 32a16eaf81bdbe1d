"""Every write of the lab is seen again in what is read."""

from __future__ import annotations

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl
from reading import find, host

pytestmark = pytest.mark.real("lab")


def service(h, key):
    return next(s for s in h.config.service.service if s.key == key)


def ruleset(h, key):
    return next(r for r in h.config.firewall.ruleset if r.key == key)


def adapter(h):
    return next(a for a in h.config.storageDevice.hostBusAdapter if isinstance(a, vim.host.InternetScsiHba))


def test_lockdown_and_its_exceptions(today):
    h = host(today.connect("remediator"), 3)
    access = h.configManager.hostAccessManager
    assert access.lockdownMode == h.config.lockdownMode == "lockdownDisabled"
    access.ChangeLockdownMode("lockdownStrict")
    assert access.lockdownMode == h.config.lockdownMode == "lockdownStrict" and h.config.adminDisabled
    access.ChangeLockdownMode("lockdownDisabled")
    h.EnterLockdownMode()
    assert h.config.lockdownMode == "lockdownNormal"
    with pytest.raises(vim.fault.HostConfigFault):
        h.EnterLockdownMode()
    h.ExitLockdownMode()
    assert h.config.lockdownMode == "lockdownDisabled"
    access.UpdateLockdownExceptions(["breakglass"])
    assert list(access.QueryLockdownExceptions()) == ["breakglass"]
    with pytest.raises(vim.fault.UserNotFound):
        access.UpdateLockdownExceptions(["stranger"])


def test_services(today):
    h = host(today.connect("remediator"), 3)
    system = h.configManager.serviceSystem
    system.StopService(id="TSM-SSH")
    system.UpdateServicePolicy(id="TSM-SSH", policy="off")
    assert (service(h, "TSM-SSH").running, service(h, "TSM-SSH").policy) == (False, "off")
    assert next(s for s in system.serviceInfo.service if s.key == "TSM-SSH").running is False
    with pytest.raises(vim.fault.NotFound):
        system.StartService(id="nonsense")
    assert service(host(today.connect("auditor"), 2), "TSM-SSH").running is False  # other hosts keep their own


def test_firewall(today):
    si = today.connect("remediator")
    h = host(si, 5)
    firewall = h.configManager.firewallSystem
    firewall.UpdateDefaultPolicy(vim.host.FirewallInfo.DefaultPolicy(incomingBlocked=True))
    assert h.config.firewall.defaultPolicy.incomingBlocked is True
    firewall.EnableRuleset(id="snmp")
    assert ruleset(h, "snmp").enabled and not ruleset(host(si, 6), "snmp").enabled
    firewall.DisableRuleset(id="snmp")
    assert not ruleset(h, "snmp").enabled
    spec = vim.host.Ruleset.RulesetSpec(
        allowedHosts=vim.host.Ruleset.IpList(
            allIp=False,
            ipAddress=["193.190.198.14"],
            ipNetwork=[vim.host.Ruleset.IpNetwork(network="10.20.0.0", prefixLength=24)],
        )
    )
    firewall.UpdateRuleset("vSphereClient", spec)
    got = ruleset(h, "vSphereClient").allowedHosts
    assert (got.allIp, list(got.ipAddress), got.ipNetwork[0].prefixLength) == (False, ["193.190.198.14"], 24)
    spec.allowedHosts.ipAddress = ["not an address"]
    with pytest.raises(vmodl.fault.InvalidArgument):
        firewall.UpdateRuleset("vSphereClient", spec)


def test_host_options(today):
    si = today.connect("remediator")
    h = host(si, 2)
    h.configManager.advancedOption.UpdateValues(
        [vim.option.OptionValue(key="Syslog.global.logHost", value="ssl://log1.belnet.be:1514")]
    )
    assert h.configManager.advancedOption.QueryView("Syslog.global.logHost")[0].value == "ssl://log1.belnet.be:1514"
    assert {o.key: o.value for o in h.config.option}["Syslog.global.logHost"] == "ssl://log1.belnet.be:1514"


def test_chap(today):
    h = host(today.connect("remediator"), 3)
    storage, before = h.configManager.storageSystem, adapter(h)
    auth = vim.host.InternetScsiHba.AuthenticationProperties(
        chapAuthEnabled=True,
        chapName="esxblade3",
        chapSecret="one-way-secret",
        chapAuthenticationType="chapRequired",
        mutualChapName="eqlgroup",
        mutualChapSecret="other-way-secret",
        mutualChapAuthenticationType="chapRequired",
    )
    storage.UpdateInternetScsiAuthenticationProperties(before.device, auth)
    got = adapter(h).authenticationProperties
    assert got.mutualChapAuthenticationType == "chapRequired" and not got.chapSecret and not got.mutualChapSecret
    assert (
        adapter(h).configuredStaticTarget[0].authenticationProperties.mutualChapAuthenticationType == "chapRequired"
    )  # inherited
    target = adapter(h).configuredStaticTarget[0]
    auth.chapInherited = auth.mutualChapInherited = False
    auth.mutualChapAuthenticationType = "chapProhibited"
    storage.UpdateInternetScsiAuthenticationProperties(
        before.device, auth, vim.host.InternetScsiHba.TargetSet(staticTargets=[target])
    )
    assert (
        adapter(h).configuredStaticTarget[0].authenticationProperties.mutualChapAuthenticationType == "chapProhibited"
    )
    assert adapter(h).authenticationProperties.mutualChapAuthenticationType == "chapRequired"
    auth.chapSecret = None
    with pytest.raises(vmodl.fault.InvalidArgument):
        storage.UpdateInternetScsiAuthenticationProperties(before.device, auth)


def test_targets(today):
    h = host(today.connect("remediator"), 3)
    storage, device = h.configManager.storageSystem, adapter(h).device
    send = vim.host.InternetScsiHba.SendTarget(address="10.90.0.99", port=3260)
    storage.AddInternetScsiSendTargets(device, [send])
    assert "10.90.0.99" in [t.address for t in adapter(h).configuredSendTarget]
    storage.RemoveInternetScsiSendTargets(device, [send])
    assert "10.90.0.99" not in [t.address for t in adapter(h).configuredSendTarget]
    static = vim.host.InternetScsiHba.StaticTarget(
        address="10.90.0.98", port=3260, iScsiName="iqn.2001-05.com.equallogic:x"
    )
    storage.AddInternetScsiStaticTargets(device, [static])
    storage.RemoveInternetScsiStaticTargets(device, [static])
    storage.UpdateSoftwareInternetScsiEnabled(False)
    assert not h.config.storageDevice.softwareInternetScsiEnabled


@pytest.mark.parametrize("name", ["main", "today"])
def test_standard_switches(request, name):
    endpoint = request.getfixturevalue(name)
    si = endpoint.connect("remediator")
    h = host(si, 7)
    network = h.configManager.networkSystem
    switch = next(s for s in h.config.network.vswitch if s.name == "vSwitch1")
    switch.spec.policy.security.allowPromiscuous = False
    network.UpdateVirtualSwitch("vSwitch1", switch.spec)
    group = next(p for p in h.config.network.portgroup if p.spec.name == "DMZ Test")
    assert group.computedPolicy.security.allowPromiscuous is False
    group.spec.vlanId, group.spec.policy.security = 141, vim.host.NetworkPolicy.SecurityPolicy(forgedTransmits=True)
    network.UpdatePortGroup("DMZ Test", group.spec)
    group = next(p for p in network.networkInfo.portgroup if p.spec.name == "DMZ Test")
    assert (
        group.spec.vlanId,
        group.computedPolicy.security.forgedTransmits,
        group.computedPolicy.security.macChanges,
    ) == (141, True, False)
    network.AddPortGroup(
        vim.host.PortGroup.Specification(name="New", vlanId=7, vswitchName="vSwitch1", policy=vim.host.NetworkPolicy())
    )
    assert "New" in [n.name for n in h.network]
    network.RemovePortGroup("New")
    network.RemovePortGroup("Old DMZ")
    assert {"New", "Old DMZ"}.isdisjoint(p.spec.name for p in h.config.network.portgroup)
    with pytest.raises(vim.fault.ResourceInUse):
        network.RemovePortGroup("DMZ Test")
    other = next(p for p in host(si, 5).config.network.portgroup if p.spec.name == "Management")
    assert other.spec.vlanId == 10


def test_kernel_interfaces(today):
    h = host(today.connect("remediator"), 12)
    manager = h.configManager.virtualNicManager
    manager.DeselectVnicForNicType("management", "vmk1")
    selected = {n.nicType: list(n.selectedVnic) for n in h.config.virtualNicManagerInfo.netConfig}
    assert len(selected["management"]) == 1
    manager.SelectVnicForNicType("vmotion", "vmk2")
    assert next(n.selectedVnic for n in manager.info.netConfig if n.nicType == "vmotion")[0].endswith("vmk2")


def test_time_accounts_and_image(today):
    si = today.connect("remediator")
    h = host(si, 8)
    h.configManager.dateTimeSystem.UpdateDateTimeConfig(
        vim.host.DateTimeConfig(ntpConfig=vim.host.NtpConfig(server=["a", "b"]))
    )
    assert list(h.config.dateTimeInfo.ntpConfig.server) == ["a", "b"]
    accounts = h.configManager.accountManager
    accounts.CreateUser(vim.host.LocalAccountManager.AccountSpecification(id="new", password="Secret-1234-word"))
    accounts.UpdateUser(vim.host.LocalAccountManager.AccountSpecification(id="new", password="Other-1234-word"))
    accounts.RemoveUser("new")
    image = host(si, 9).configManager.imageConfigManager
    assert image.QueryHostAcceptanceLevel() == "community"
    image.UpdateHostImageAcceptanceLevel("partner")
    assert image.QueryHostAcceptanceLevel() == "partner"
    assert "net-tulip" in [p.name for p in image.FetchSoftwarePackages()]
    assert "tulip" in [m.name for m in host(si, 9).configManager.kernelModuleSystem.QueryModules()]
    assert host(si, 1).QueryTpmAttestationReport().tpmLogReliable


def test_guest_configuration(today):
    si = today.connect("remediator")
    guest = find(si, vim.VirtualMachine, "mx2")
    option = vim.option.OptionValue
    before = guest.config
    WaitForTask(
        guest.ReconfigVM_Task(
            vim.vm.ConfigSpec(
                changeVersion=before.changeVersion,
                annotation="note",
                maxMksConnections=1,
                migrateEncryption="opportunistic",
                ftEncryptionMode="ftEncryptionOpportunistic",
                cpuAllocation=vim.ResourceAllocationInfo(limit=5000),
                extraConfig=[
                    option(key="log.keepOld", value="10"),
                    option(key="mks.enable3d", value=""),
                    option(key="new.key", value="1"),
                ],
            )
        ),
        si,
    )
    after = guest.config
    extra = {o.key: o.value for o in after.extraConfig}
    assert (extra["log.keepOld"], extra["new.key"], "mks.enable3d" in extra) == ("10", "1", False)
    assert len(extra) == len(after.extraConfig)
    assert (after.annotation, after.maxMksConnections, after.migrateEncryption, after.ftEncryptionMode) == (
        "note",
        1,
        "opportunistic",
        "ftEncryptionOpportunistic",
    )
    assert after.cpuAllocation.limit == 5000 and after.cpuAllocation.reservation == before.cpuAllocation.reservation
    assert after.changeVersion > before.changeVersion and after.modified > before.modified
    with pytest.raises(vim.fault.ConcurrentAccess):
        WaitForTask(guest.ReconfigVM_Task(vim.vm.ConfigSpec(changeVersion=before.changeVersion, annotation="late")), si)


def test_clone(main):
    si = main.connect("administrator")
    source = find(si, vim.VirtualMachine, "www1")
    before, disk = source.config, vim.vm.device.VirtualDisk
    clone = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(), powerOn=False, template=False)
    WaitForTask(source.CloneVM_Task(folder=source.parent, name="copy1", spec=clone), si)
    copy = find(si, vim.VirtualMachine, "copy1").config
    assert {o.key: o.value for o in copy.extraConfig} == {o.key: o.value for o in before.extraConfig}
    assert copy.cpuAllocation.reservation == before.cpuAllocation.reservation
    files = [[d.backing.fileName for d in c.hardware.device if isinstance(d, disk)] for c in (source.config, copy)]
    assert files[0] == [d.backing.fileName for d in before.hardware.device if isinstance(d, disk)]
    assert set(files[0]).isdisjoint(files[1])


def test_certificate_refused(today):
    manager = host(today.connect("remediator"), 1).configManager.certificateManager
    before = manager.certificateInfo.notAfter
    with pytest.raises(vim.fault.HostConfigFault):
        manager.InstallServerCertificate("no certificate")
    assert manager.certificateInfo.notAfter == before


def test_guest_devices(main):
    si = main.connect("remediator")
    guest = find(si, vim.VirtualMachine, "print1")
    floppy = next(d for d in guest.config.hardware.device if isinstance(d, vim.vm.device.VirtualFloppy))
    WaitForTask(
        guest.ReconfigVM_Task(
            vim.vm.ConfigSpec(deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="remove", device=floppy)])
        ),
        si,
    )
    assert not [d for d in guest.config.hardware.device if isinstance(d, vim.vm.device.VirtualFloppy)]
    guest = find(si, vim.VirtualMachine, "dc1")
    drive = next(d for d in guest.config.hardware.device if isinstance(d, vim.vm.device.VirtualCdrom))
    drive.connectable.connected = drive.connectable.startConnected = False
    WaitForTask(
        guest.ReconfigVM_Task(
            vim.vm.ConfigSpec(deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="edit", device=drive)])
        ),
        si,
    )
    drive = next(d for d in guest.config.hardware.device if isinstance(d, vim.vm.device.VirtualCdrom))
    assert not drive.connectable.startConnected


def test_consoles(main):
    si = main.connect("operator")
    guest = find(si, vim.VirtualMachine, "www1")
    assert guest.AcquireMksTicket().ticket
    events = si.content.eventManager.QueryEvents(vim.event.EventFilterSpec(type=[vim.event.VmAcquiredMksTicketEvent]))
    assert [(e.vm.name, e.userName) for e in events] == [("www1", main.account("operator").user)]
    main.control("console", guest="www1", user="x", client="10.0.0.1")
    main.control("console", guest="www1", user="y", client="10.0.0.2")
    assert guest.runtime.numMksConnections == 2


def test_migration(main):
    si = main.connect("remediator")
    guest, target = find(si, vim.VirtualMachine, "www1"), host(si, 6)
    WaitForTask(guest.MigrateVM_Task(host=target, priority="defaultPriority"), si)
    assert guest.runtime.host == target and guest in target.vm and guest not in host(si, 5).vm
    events = si.content.eventManager.QueryEvents(vim.event.EventFilterSpec(type=[vim.event.VmMigratedEvent]))
    assert (events[0].sourceHost.name, events[0].host.name) == ("esxblade5.fw.belnet.be", "esxblade6.fw.belnet.be")
    with pytest.raises(vim.fault.CannotAccessVmDisk):
        WaitForTask(guest.MigrateVM_Task(host=host(si, 1), priority="defaultPriority"), si)


def test_distributed_port_group(today):
    si = today.connect("remediator")
    group = find(si, vim.dvs.DistributedVirtualPortgroup, "DMZ Web")
    setting = vim.dvs.VmwareDistributedVirtualSwitch.VmwarePortConfigPolicy(
        macManagementPolicy=vim.dvs.VmwareDistributedVirtualSwitch.MacManagementPolicy(
            inherited=False, allowPromiscuous=False
        )
    )
    WaitForTask(
        group.ReconfigureDVPortgroup_Task(
            vim.dvs.DistributedVirtualPortgroup.ConfigSpec(
                configVersion=group.config.configVersion, defaultPortConfig=setting
            )
        ),
        si,
    )
    got = group.config.defaultPortConfig
    assert got.macManagementPolicy.allowPromiscuous is False and got.macManagementPolicy.forgedTransmits is False
    assert got.vlan.vlanId == 110


def test_port_mirror_removed(today):
    si = today.connect("remediator")
    switch = find(si, vim.dvs.VmwareDistributedVirtualSwitch, "dvs-external")
    session = switch.config.vspanSession[0]
    spec = vim.dvs.VmwareDistributedVirtualSwitch.ConfigSpec(
        configVersion=switch.config.configVersion,
        vspanConfigSpec=[
            vim.dvs.VmwareDistributedVirtualSwitch.VspanConfigSpec(operation="remove", vspanSession=session)
        ],
    )
    WaitForTask(switch.ReconfigureDvs_Task(spec), si)
    assert not switch.config.vspanSession


def test_roles_and_permissions(today):
    si = today.connect("administrator")
    manager = si.content.authorizationManager
    role = manager.AddAuthorizationRole("Console only", ["VirtualMachine.Interact.ConsoleInteract"])
    guest = find(si, vim.VirtualMachine, "www1")
    who = today.account("nobody").user
    manager.SetEntityPermissions(
        guest, [vim.AuthorizationManager.Permission(principal=who, group=False, roleId=role, propagate=True)]
    )
    assert [p.roleId for p in manager.RetrieveEntityPermissions(guest, False)] == [role]
    assert today.connect("nobody")  # has a right now
    manager.UpdateAuthorizationRole(role, "Console", ["VirtualMachine.Interact.ConsoleInteract"])
    with pytest.raises(vim.fault.RemoveFailed):
        manager.RemoveAuthorizationRole(role, True)
    manager.RemoveEntityPermission(guest, who, False)
    manager.RemoveAuthorizationRole(role, True)
    assert role not in [r.roleId for r in manager.roleList]
    with pytest.raises(vim.fault.NotFound):
        manager.RemoveEntityPermission(guest, who, False)


def test_alarms(main):
    si = main.connect("remediator")
    manager = si.content.alarmManager
    spec = vim.alarm.AlarmSpec(
        name="Console",
        description="Console",
        enabled=True,
        expression=vim.alarm.EventAlarmExpression(eventType=vim.event.VmAcquiredMksTicketEvent),
    )
    alarm = manager.CreateAlarm(si.content.rootFolder, spec)
    assert "Console" in [a.info.name for a in manager.GetAlarm()]
    alarm.RemoveAlarm()
    assert "Console" not in [a.info.name for a in manager.GetAlarm()]


def test_server_options(today):
    options = today.connect("administrator").content.setting
    options.UpdateValues([vim.option.OptionValue(key="config.log.level", value="warning")])
    assert options.QueryView("config.log.level")[0].value == "warning"
