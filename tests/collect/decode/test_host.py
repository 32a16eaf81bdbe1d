# ruff: noqa: E501  (XML as servers write it)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.collect.decode.xml import PLACE, element, values
from viguard.collect.decode.host import certificate, decode_host, dns_name, firewall
from viguard.collect.decode.storage import iscsi_adapters, nfs_servers, volume
from viguard.model.facts import Reason, Unknown
from viguard.model.host import Firewall, Port, Ruleset
from viguard.model.storage import Chap

READ = {"runtime__connectionState": "connected", "config__product__version": "8.0.2"}


def test_an_empty_configuration_is_unknown_not_empty() -> None:
    host = decode_host(PLACE, values(runtime__connectionState="connected"), {})
    for field in ("services", "options", "firewall", "ntp_servers", "switches", "port_groups", "vmkernel", "iscsi"):
        assert isinstance(getattr(host, field), Unknown), field


def test_no_ntp_server_is_a_fact_only_where_the_time_settings_were_read() -> None:
    without = decode_host(PLACE, values(**READ), {})
    assert isinstance(without.ntp_servers, Unknown)
    read = decode_host(PLACE, values(**READ, config__dateTimeInfo__timeZone__key="UTC"), {})
    assert read.ntp_servers == ()


def test_a_host_without_standard_switches_has_none_when_its_network_was_read() -> None:
    host = decode_host(PLACE, values(**READ, config__network__pnic="<p><device>vmnic0</device></p>"), {})
    assert host.switches == ()
    assert host.nics[0].device == "vmnic0"  # type: ignore[index]
    assert host.nics[0].link_mbps is None  # type: ignore[index]


@pytest.mark.parametrize("state", ["disconnected", "notResponding"])
def test_what_a_vcenter_remembers_of_a_lost_host_is_unknown(state: str) -> None:
    host = decode_host(PLACE, values(runtime__connectionState=state, config__lockdownMode="lockdownNormal"), {})
    assert host.connection == state
    assert isinstance(host.lockdown_mode, Unknown)
    assert host.lockdown_mode.reason is Reason.UNREACHABLE
    assert isinstance(host.lockdown_exceptions, Unknown)


def test_a_firewall_with_and_without_sources() -> None:
    rules = (
        "<defaultPolicy><incomingBlocked>true</incomingBlocked><outgoingBlocked>false</outgoingBlocked></defaultPolicy>"
        "<ruleset><key>sshServer</key><label>SSH</label><rule><port>22</port><direction>inbound</direction><protocol>tcp</protocol></rule>"
        "<enabled>true</enabled><allowedHosts><ipAddress>10.0.0.1</ipAddress><ipNetwork><network>10.1.0.0</network>"
        "<prefixLength>16</prefixLength></ipNetwork><allIp>false</allIp></allowedHosts></ruleset>"
        "<ruleset><key>old</key><rule><port>1</port><portType>src</portType><endPort>9</endPort><direction>outbound</direction><protocol>udp</protocol></rule>"
        "<enabled>false</enabled></ruleset>"
    )
    assert firewall(element(f"<val>{rules}</val>")) == Firewall(
        incoming_blocked=True,
        outgoing_blocked=False,
        rulesets=(
            Ruleset(
                key="sshServer",
                label="SSH",
                enabled=True,
                ports=(Port(start=22, end=22, direction="inbound", protocol="tcp"),),
                all_addresses=False,
                addresses=("10.0.0.1", "10.1.0.0/16"),
            ),
            Ruleset(
                key="old",
                enabled=False,
                ports=(Port(start=1, end=9, direction="outbound", protocol="udp", type="src"),),
            ),
        ),
    )


def test_chap_of_adapters_and_targets_without_secrets() -> None:
    chap = (
        "<authenticationProperties><chapAuthEnabled>true</chapAuthEnabled><chapName>n</chapName><chapSecret>hunter2</chapSecret>"
        "<chapAuthenticationType>chapRequired</chapAuthenticationType>"
        "<mutualChapAuthenticationType>chapProhibited</mutualChapAuthenticationType></authenticationProperties>"
    )
    adapters = (
        '<HostHostBusAdapter xsi:type="HostFibreChannelHba"><device>vmhba1</device></HostHostBusAdapter>'
        '<HostHostBusAdapter xsi:type="HostInternetScsiHba"><device>vmhba64</device><isSoftwareBased>true</isSoftwareBased>'
        f"{chap}<iScsiName>iqn.x</iScsiName><configuredSendTarget><address>10.0.0.9</address>{chap}</configuredSendTarget></HostHostBusAdapter>"
    )
    (found,) = iscsi_adapters(element(f"<val>{adapters}</val>"))
    assert (found.device, found.iqn, found.software) == ("vmhba64", "iqn.x", True)
    assert found.chap == Chap(enabled=True, name="n", one_way="chapRequired", mutual="chapProhibited")
    assert found.targets[0].chap == found.chap
    assert found.targets[0].port == 3260
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("info", "identity"),
    [
        ("<name>d</name><url>ds:///x/</url><vmfs><uuid>4b-1</uuid></vmfs>", "4b-1"),
        ("<name>d</name><url>u</url><nas><remoteHost>nas</remoteHost><remotePath>/vol</remotePath></nas>", "nas:/vol"),
        ("<name>d</name><url>ds:///x/</url>", "ds:///x/"),
    ],
)
def test_a_volume_has_an_identity_of_its_own(info: str, identity: str) -> None:
    assert volume(element(f"<val>{info}</val>")) == identity


@pytest.mark.parametrize("fact", ["packages", "modules"])
def test_no_host_is_without_packages_and_modules(fact: str) -> None:
    told = list(element("<r><v><name>esx-base</name></v></r>"))
    assert [p.name for p in getattr(decode_host(PLACE, values(), {fact: told}), fact)] == ["esx-base"]
    assert isinstance(getattr(decode_host(PLACE, values(), {fact: []}), fact), Unknown)


@pytest.mark.parametrize(
    ("info", "servers"),
    [
        ("<nas><remoteHost>10.0.0.1</remoteHost><remotePath>/vol</remotePath></nas>", ("10.0.0.1",)),
        (
            "<nas><remoteHost>n1</remoteHost><remoteHostNames>n1</remoteHostNames><remoteHostNames>n2</remoteHostNames></nas>",
            ("n1", "n2"),
        ),
        ("<nas><remoteHost>10.0.0.1, nas2</remoteHost></nas>", ("10.0.0.1", "nas2")),
        ("<nas><remoteHost></remoteHost></nas>", ()),
        ("<vmfs><uuid>u</uuid></vmfs>", ()),
    ],
)
def test_the_servers_of_an_nfs_volume(info: str, servers: tuple[str, ...]) -> None:
    assert nfs_servers(element(f"<val>{info}</val>")) == servers


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ("<hostName>esx1</hostName><domainName>belnet.be</domainName>", "esx1.belnet.be"),
        ("<hostName>esx1</hostName><domainName></domainName>", "esx1"),
        ("<hostName>esx1.</hostName><domainName>.belnet.be.</domainName>", "esx1.belnet.be"),
        ("<hostName></hostName><domainName></domainName>", None),
    ],
)
def test_what_a_host_calls_itself(config: str, name: str | None) -> None:
    assert dns_name(element(f"<val>{config}</val>")) == name
    assert decode_host(PLACE, values(**READ, config__network__dnsConfig=config), {}).dns_name == name


def test_what_a_host_calls_itself_is_unknown_where_its_network_was_not_read() -> None:
    assert isinstance(decode_host(PLACE, values(**READ), {}).dns_name, Unknown)


def test_from_when_to_when_a_certificate_is_valid() -> None:
    found = certificate(
        element("<val><notBefore>2026-01-02T00:00:00Z</notBefore><notAfter>2028-01-02T00:00:00Z</notAfter></val>")
    )
    assert (found.not_before, found.not_after) == (datetime(2026, 1, 2, tzinfo=UTC), datetime(2028, 1, 2, tzinfo=UTC))
    assert certificate(element("<val><status>good</status></val>")).not_before is None
