from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.assess.estates import NOW, host, inventory, server
from viguard.assess import reads
from viguard.assess.context import Context
from viguard.model.derived import Derived
from viguard.model.facts import Resource, Settings, Unknown
from viguard.model.guest import Device, Guest
from viguard.model.host import Package, Service
from viguard.model.network import SecurityPolicy, StandardSwitch
from viguard.policy.policy import NO_POLICY, Profile

HOST = msgspec.structs.replace(
    host("a:h"),
    options=Settings(values={"Syslog.global.logDir": "[ds] logs", "empty": None}),
    services=(Service(key="TSM-SSH", running=False, policy="off"),),
    packages=(Package(name="a", acceptance="partner"), Package(name="b", acceptance="community")),
)
GUEST = Guest(
    id="a:g",
    name="g",
    path="/a/g",
    server="a",
    devices=(Device(key=1, type="VirtualPCIPassthrough", label="PCI device 0"), Device(key=2, type="VirtualDisk")),
)
SWITCH = StandardSwitch(
    id="a:s",
    name="s",
    path="/a/s",
    server="a",
    host="a:h",
    security=SecurityPolicy(promiscuous=True, mac_changes=False),
)


def read(path: str, subject: Resource) -> tuple[Any, str]:
    parsed = reads.parse(path)
    assert parsed
    context = Context(inventory(server("a", "2.5")), NO_POLICY, Derived(), Profile.MODERN, NOW)
    value, evidence = reads.reader(parsed)(subject, context)
    return value, evidence.property


@pytest.mark.parametrize(
    ("path", "subject", "value", "property_"),
    [
        ("name", GUEST, "g", "name"),
        ("product.line", HOST, "embeddedEsx", "summary.config.product.productLineId"),
        ("options[Syslog.global.logDir]", HOST, "[ds] logs", "config.option[Syslog.global.logDir]"),
        ("options[empty]", HOST, msgspec.UNSET, "config.option[empty]"),
        ("options[not.there]", HOST, msgspec.UNSET, "config.option[not.there]"),
        ("services[TSM-SSH].running", HOST, False, "config.service.service[TSM-SSH].running"),
        ("services[slpd].running", HOST, msgspec.UNSET, "config.service.service[slpd].running"),
        (
            "packages[*].acceptance",
            HOST,
            ("partner", "community"),
            "HostImageConfigManager.fetchSoftwarePackages()[*].acceptance",
        ),
        ("packages[b].acceptance", HOST, "community", "HostImageConfigManager.fetchSoftwarePackages()[b].acceptance"),
        (
            "devices<VirtualPCIPassthrough>",
            GUEST,
            ("PCI device 0",),
            "config.hardware.device<VirtualPCIPassthrough>",
        ),
        ("devices<VirtualFloppy>", GUEST, (), "config.hardware.device<VirtualFloppy>"),
        (
            "security.promiscuous",
            SWITCH,
            True,
            "HostSystem.config.network.vswitch.spec.policy.security.allowPromiscuous",
        ),
        ("security.mac_changes", SWITCH, False, "HostSystem.config.network.vswitch.spec.policy.security.macChanges"),
        (
            "security.forged_transmits",
            SWITCH,
            msgspec.UNSET,
            "HostSystem.config.network.vswitch.spec.policy.security.forgedTransmits",
        ),
        ("server.product.api_version", GUEST, "2.5", "ServiceInstance.content.about.apiVersion"),
    ],
)
def test_read(path: str, subject: Resource, value: object, property_: str) -> None:
    assert read(path, subject) == (value, property_)


@pytest.mark.parametrize("path", ["consoles", "extra_config[log.keepOld]", "server.settings[x]"])
def test_what_was_not_read_is_unknown(path: str) -> None:
    value, _ = read(path, GUEST)
    assert isinstance(value, Unknown)


def test_a_server_that_was_not_read_is_unknown() -> None:
    value, property_ = read("server.product.version", msgspec.structs.replace(GUEST, server="gone"))
    assert isinstance(value, Unknown)
    assert property_ == "server.product.version"


@pytest.mark.parametrize("path", ["", "a.b.c", "options[", "options[]", "Options", "a b", "server."])
def test_what_is_no_path(path: str) -> None:
    assert reads.parse(path) is None


def test_a_setting_counts_however_its_letters_are_written() -> None:
    guest = msgspec.structs.replace(GUEST, extra_config=Settings(values={"LOG.rotatesize": "0", "log.keepOld": None}))
    assert read("extra_config[log.rotateSize]", guest)[0] == "0"
    assert read("extra_config[log.keepOld]", guest)[0] is msgspec.UNSET
    both = Settings(values={"log.rotatesize": "0", "log.rotateSize": "5"})
    assert read("extra_config[log.rotateSize]", msgspec.structs.replace(guest, extra_config=both))[0] == "5"
