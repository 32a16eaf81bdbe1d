"""The server is as strict as a real one: versions, permissions, pages, option types."""

from __future__ import annotations

import urllib.request

import pytest
from pyVim.connect import Disconnect
from pyVmomi import vim, vmodl
from reading import Collector, find, host, names, properties, raw_login, soap, specs

pytestmark = pytest.mark.real("lab")


def test_started_and_filled_quickly(estate):
    print("ready after", {e.name: e.ready_s for e in estate.values()})
    assert {e.name: len(names(e.connect("auditor"), vim.HostSystem)) for e in estate.values()} == {
        "vc-main": 10,
        "vc-test": 2,
        "esxi-test": 1,
        "vc-today": 12,
    }
    assert (
        sum(len(names(estate[n].connect("auditor"), vim.VirtualMachine)) for n in ("vc-main", "vc-test", "esxi-test"))
        >= 90
    )


@pytest.mark.parametrize(
    ("name", "api"), [("vc-main", "2.5"), ("vc-test", "4.0"), ("esxi-test", "4.0"), ("vc-today", "8.0.3.0")]
)
def test_about_is_of_its_version(estate, name, api):
    about = estate[name].connect("auditor").content.about
    assert about.apiVersion == api
    assert bool(about.instanceUuid) == (name in ("vc-test", "vc-today"))
    assert about.productLineId == {"esxi-test": "embeddedEsx"}.get(name, "vpx")


def test_versions_are_announced(estate):
    with urllib.request.urlopen(
        estate["vc-main"].url + "/vimServiceVersions.xml", context=estate["vc-main"].context()
    ) as answer:
        text = answer.read().decode()
    assert "<version>2.5</version>" in text and "8.0" not in text


def retrieve(endpoint, cookie, kind, ref, path, method="RetrieveProperties", pc="propertyCollector"):
    return soap(
        endpoint,
        f'<{method} xmlns="urn:vim25"><_this type="PropertyCollector">{pc}</_this><specSet><propSet><type>{kind}</type>'
        f'<pathSet>{path}</pathSet></propSet><objectSet><obj type="{kind}">{ref}</obj></objectSet></specSet>'
        f"{'<options/>' if method.endswith('Ex') else ''}</{method}>",
        cookie,
    )


def test_newer_property_path_is_refused(estate):
    for name, path, fault in (
        ("vc-main", "config.lockdownMode", True),
        ("vc-main", "config.adminDisabled", False),
        ("vc-today", "config.lockdownMode", False),
        ("vc-today", "config.nonsense", True),
        ("vc-main", "config.virtualNicManagerInfo", True),
    ):
        endpoint = estate[name]
        ref = next(iter(properties(endpoint.connect("auditor"), vim.HostSystem, ["name"])))
        status, text, _ = retrieve(endpoint, raw_login(endpoint), "HostSystem", ref, path)
        assert ("InvalidPropertyFault" in text) == fault, (name, path, text[:600])
        assert status == (500 if fault else 200)


def test_newer_method_is_not_found(estate):
    endpoint = estate["vc-main"]
    ref = next(iter(properties(endpoint.connect("auditor"), vim.HostSystem, ["name"])))
    _, text, _ = soap(
        endpoint,
        f'<EnterLockdownMode xmlns="urn:vim25"><_this type="HostSystem">{ref}</_this></EnterLockdownMode>',
        raw_login(endpoint, "administrator"),
    )
    assert "MethodNotFoundFault" in text
    _, text, _ = retrieve(endpoint, raw_login(endpoint), "HostSystem", ref, "name", "RetrievePropertiesEx")
    assert "MethodNotFoundFault" in text


def test_answers_carry_no_newer_field(estate):
    endpoint = estate["vc-main"]
    ref = next(iter(properties(endpoint.connect("auditor"), vim.HostSystem, ["name"])))
    _, text, _ = retrieve(endpoint, raw_login(endpoint), "HostSystem", ref, "config")
    assert "<adminDisabled>" in text
    for newer in (
        "lockdownMode",
        "allowedHosts",
        "mutualChapAuthenticationType",
        "virtualNicManagerInfo",
        "certificate",
    ):
        assert f"<{newer}>" not in text
    _, text, _ = retrieve(
        estate["vc-today"],
        raw_login(estate["vc-today"]),
        "HostSystem",
        next(iter(properties(estate["vc-today"].connect("auditor"), vim.HostSystem, ["name"]))),
        "config",
    )
    assert "<lockdownMode>" in text and "<allowedHosts>" in text


def test_api_flag_moves_the_border():
    import lab

    with lab.clean("vc-today", flags=["-api", "8.0.3.0"]) as running:
        si = running["vc-today"].connect("auditor")
        assert host(si, 6).capability.uefiSecureBoot is False
        assert host(si, 5).capability.uefiSecureBoot is True


def test_without_login_nothing_is_told(estate):
    status, text, _ = retrieve(estate["vc-today"], None, "HostSystem", "host-8", "name")
    assert status == 500 and "NotAuthenticated" in text


def test_pages_are_honoured_and_complete(estate):
    si = estate["vc-today"].connect("auditor")
    pc, seen, pages = si.content.propertyCollector, [], 0
    got = pc.RetrievePropertiesEx([specs(si, vim.VirtualMachine, ["name"])], Collector.RetrieveOptions(maxObjects=7))
    while True:
        pages += 1
        assert len(got.objects) <= 7
        seen += [o.obj._moId for o in got.objects]
        if not got.token:
            break
        got = pc.ContinueRetrievePropertiesEx(got.token)
    assert len(seen) == len(set(seen)) == len(names(si, vim.VirtualMachine)) and pages > 10


def test_token_is_good_once_and_can_be_cancelled(estate):
    si = estate["vc-today"].connect("auditor")
    pc = si.content.propertyCollector
    got = pc.RetrievePropertiesEx([specs(si, vim.VirtualMachine, ["name"])], Collector.RetrieveOptions(maxObjects=5))
    pc.CancelRetrievePropertiesEx(got.token)
    with pytest.raises(vmodl.fault.InvalidArgument):
        pc.ContinueRetrievePropertiesEx(got.token)


def test_server_side_page_limit():
    import lab

    with lab.clean("vc-today", flags=["-page-limit", "10"]) as running:
        si = running["vc-today"].connect("auditor")
        got = si.content.propertyCollector.RetrievePropertiesEx(
            [specs(si, vim.VirtualMachine, ["name"])], Collector.RetrieveOptions()
        )
        assert len(got.objects) == 10 and got.token


def test_explicit_missing_object(today):
    si = today.connect("auditor")
    guest = find(si, vim.VirtualMachine, "www2")
    today.control("delete", type="VirtualMachine", name="www2")
    spec = Collector.FilterSpec(
        objectSet=[Collector.ObjectSpec(obj=guest)],
        propSet=[Collector.PropertySpec(type=vim.VirtualMachine, pathSet=["name"])],
    )
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        si.content.propertyCollector.RetrieveContents([spec])
    spec.reportMissingObjectsInResults = True
    assert not si.content.propertyCollector.RetrievePropertiesEx([spec], Collector.RetrieveOptions())


def test_bad_password_and_logins_leave_events(today):
    who = today.account("auditor")
    assert "InvalidLoginFault" in raw_login(today, password="wrong")
    si = today.connect("auditor")
    events = si.content.eventManager
    bad = events.QueryEvents(vim.event.EventFilterSpec(eventTypeId=["BadUsernameSessionEvent"]))
    assert [e.userName for e in bad] == [who.user] and bad[0].ipAddress == "127.0.0.1"
    good = events.QueryEvents(
        vim.event.EventFilterSpec(
            eventTypeId=["vim.event.UserLoginSessionEvent"],
            userName=vim.event.EventFilterSpec.ByUsername(systemUser=False, userList=[who.user]),
        )
    )
    assert [e.userName for e in good] == [who.user]
    later = vim.event.EventFilterSpec.ByTime(beginTime=good[0].createdTime)
    assert good[0].key in [e.key for e in events.QueryEvents(vim.event.EventFilterSpec(time=later))]
    assert bad[0].key not in [e.key for e in events.QueryEvents(vim.event.EventFilterSpec(time=later))]


def test_user_without_rights_is_refused(estate):
    for name in ("vc-main", "vc-today"):
        assert "NoPermissionFault" in raw_login(estate[name], "nobody")


def test_sessions_are_listed_and_end(today):
    one, two = today.connect("auditor"), today.connect("administrator")
    users = [s.userName for s in two.content.sessionManager.sessionList]
    assert sorted(users) == sorted([today.account("auditor").user, today.account("administrator").user])
    Disconnect(one)
    assert len(two.content.sessionManager.sessionList) == 1
    three = today.connect("auditor")
    assert today.control("terminate-sessions", user=today.account("auditor").user) == 1
    with pytest.raises(vim.fault.NotAuthenticated):
        three.content.viewManager.CreateContainerView(three.content.rootFolder, [vim.HostSystem], True)


def test_objects_out_of_sight_are_not_listed(estate):
    all_guests = set(names(estate["vc-main"].connect("auditor"), vim.VirtualMachine))
    scoped = set(names(estate["vc-main"].connect("scoped"), vim.VirtualMachine))
    assert "scarlet-web1" in scoped and "www1" not in scoped and scoped < all_guests


def test_lacking_privilege_new_and_old_call(estate):
    """readonly lacks what ``certificateInfo`` needs: a hole in the new call, a fault in the old one."""
    endpoint = estate["vc-today"]
    si = endpoint.connect("administrator")
    manager = host(si, 1).configManager.certificateManager
    si = endpoint.connect("readonly")
    manager = vim.host.CertificateManager(manager._moId, si._stub)
    spec = Collector.FilterSpec(
        objectSet=[Collector.ObjectSpec(obj=manager)],
        propSet=[Collector.PropertySpec(type=vim.host.CertificateManager, pathSet=["certificateInfo"])],
    )
    got = si.content.propertyCollector.RetrievePropertiesEx([spec], Collector.RetrieveOptions())
    assert not got.objects[0].propSet
    assert isinstance(got.objects[0].missingSet[0].fault, vim.fault.NoPermission)
    with pytest.raises(vim.fault.NoPermission):
        si.content.propertyCollector.RetrieveContents([spec])


def test_methods_need_their_privilege(estate):
    endpoint = estate["vc-today"]
    si = endpoint.connect("auditor")
    guest = find(si, vim.VirtualMachine, "www1")
    for refused in (
        lambda: host(si, 1).configManager.serviceSystem.StopService(id="ntpd"),
        lambda: guest.ReconfigVM_Task(vim.vm.ConfigSpec(annotation="x")),
        guest.PowerOff,
        lambda: si.content.authorizationManager.AddAuthorizationRole("x", []),
    ):
        with pytest.raises(vim.fault.NoPermission):
            refused()


def test_options_keep_their_type_and_are_known(today):
    options = host(today.connect("remediator"), 1).configManager.advancedOption
    value = vim.option.OptionValue
    for key, wrong in (
        ("Security.PasswordHistory", "5"),
        ("Config.HostAgent.plugins.solo.enableMob", 1),
        ("Syslog.global.logHost", True),
    ):
        with pytest.raises(vmodl.fault.InvalidArgument):
            options.UpdateValues([value(key=key, value=wrong)])
    with pytest.raises(vim.fault.InvalidName):
        options.UpdateValues([value(key="No.Such.Option", value="x")])
    before = options.QueryView("Security.PasswordHistory")[0].value
    with pytest.raises(vim.fault.InvalidName):  # nothing is set when one of them is wrong
        options.UpdateValues(
            [value(key="Security.PasswordHistory", value=before), value(key="No.Such.Option", value="x")]
        )


def test_every_object_reads_everywhere(estate):
    for e in estate.values():
        si = e.connect("auditor")
        for kind, paths in (
            (vim.HostSystem, ["config", "summary", "hardware", "capability", "runtime", "configManager"]),
            (vim.VirtualMachine, ["config", "guest", "summary", "runtime", "network", "datastore"]),
            (vim.Datastore, ["summary", "host", "info"]),
            (vim.ComputeResource, ["summary", "configurationEx", "host"]),
        ):
            for row in properties(si, kind, paths).values():
                assert set(paths) <= set(row) | {"capability"}


def test_planted_faults_name_real_controls_and_objects(estate):
    import yaml

    from lab.inventory.source import BELNET

    rows = yaml.safe_load((BELNET / "faults.yaml").read_text(encoding="utf-8"))["faults"]
    assert len(rows) >= 40
    seen = {n: set(names(e.connect("auditor"), vim.ManagedEntity)) for n, e in estate.items()}
    for row in rows:
        known = seen[row["endpoint"]] | {a.user for a in estate[row["endpoint"]].accounts.values()} | {row["endpoint"]}
        assert row["object"] in known, row
