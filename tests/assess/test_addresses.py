"""Which server a text names, and whether it is the host itself."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assess.checks.estate import host, lost, vmk
from viguard.assess.addresses import address, apart, is_itself, server_of
from viguard.model.facts import Unknown


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("log1", "log1"),
        (" LOG1.Belnet.BE. ", "log1.belnet.be"),
        ("log1:514", "log1"),
        ("udp://log1:514", "log1"),
        ("ssl://log1.belnet.be:1514?formatter=RFC_5424", "log1.belnet.be"),
        ("10.0.0.9", "10.0.0.9"),
        ("tcp://10.0.0.9", "10.0.0.9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        ("udp://[2001:db8::9]:514", "2001:db8::9"),
        ("fe80::1%vmk0", "fe80::1"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("127.1", "127.0.0.1"),
        ("", ""),
        (".", ""),
        ("udp://", ""),
        ("udp://:514", ""),
        (":514", ""),
        ("//", ""),
        ("udp://[::1", ""),
    ],
)
def test_the_server_in_a_text(text: str, server: str) -> None:
    assert server_of(text) == server


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("127.1", "127.0.0.1"),
        ("10.1.513", "10.1.2.1"),
        ("0x7F.0.0.1", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0", "0.0.0.0"),  # noqa: S104  (an address that is read, nothing listens)
        ("255.255.255.255", "255.255.255.255"),
    ],
)
def test_an_address_as_a_c_library_reads_it(name: str, read_as: str) -> None:
    assert address(name) == ip_address(read_as)


@pytest.mark.parametrize("name", ["", "a", "1.2.3.4.5", "256.1", "1.2.3.256", "4294967296", "08.1", "1..2", "0x", "-1"])
def test_what_is_no_address(name: str) -> None:
    assert address(name) is None


def test_servers_are_sorted_into_others_itself_and_unsure() -> None:
    found = apart(lost(host(vmkernel=(vmk("vmk0", "m", "10.9.0.1"),)), "dns_name"), ["10.9.0.1", "10.9.0.2", "h1", "a"])
    assert (found.own, found.remote, found.unsure) == (("10.9.0.1", "h1"), ("10.9.0.2",), ("a",))
    assert [str(why) for why in found.why] == ["the host does not answer"]


def test_a_name_without_domain_is_the_host_of_that_name() -> None:
    assert is_itself("esx1", host("esx1.belnet.be")) is True
    assert is_itself("esx1.belnet.be", host("esx1", dns_name="esx1")) is True
    assert is_itself("esx1.elsewhere.org", host("esx1.belnet.be", dns_name="esx1.belnet.be")) is False
    assert is_itself("esx10.belnet.be", host("esx1.belnet.be")) is False


def test_loopback_needs_no_fact_of_the_host() -> None:
    nothing = lost(host(), "vmkernel", "console_nics", "dns_name")
    assert is_itself("127.0.0.1", nothing) is True
    assert is_itself("localhost", nothing) is True
    assert isinstance(is_itself("10.0.0.1", nothing), Unknown)
    assert isinstance(is_itself("other", nothing), Unknown)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert is_itself(server_of(text), host()) in {True, False}
