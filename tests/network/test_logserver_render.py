"""The rule of the log server: as the report prints it, and with sources and what today's senders need."""

from __future__ import annotations

import pytest

from tests.network.office import addresses, golden
from viguard.network.addresses import Family
from viguard.network.parse.iptables import parse
from viguard.network.render.logserver import Senders, render, transports
from viguard.network.services import TCP, UDP, box

SENDERS = Senders(
    udp=addresses("10.1.0.4"),
    tcp=addresses("10.1.0.8/30"),
    tls=addresses("10.3.0.0/24"),
    tls_of_esxi=addresses("10.1.0.10"),
)


def test_the_report() -> None:
    told = render(SENDERS, Family.V4, "report-2010")
    assert told.text == golden("logserver/report-2010.txt")
    assert told.residual == (
        "everyone may connect: the rule of the report names no sources",
        "who sends logs over UDP is not heard: 10.1.0.4",
        "who sends logs over TLS is not heard: 10.3.0.0/24",
        "who sends logs over TLS from ESXi is not heard: 10.1.0.10",
    )


def test_modern_names_sources_and_opens_what_hosts_need() -> None:
    told = render(SENDERS, Family.V4, "modern")
    assert told.text == golden("logserver/modern-v4.txt")
    assert told.residual == ()
    six = render(Senders(tls_of_esxi=addresses("2001:db8:1::/64")), Family.V6, "modern")
    assert six.text == golden("logserver/modern-v6.txt")


def test_modern_is_read_back_as_it_was_meant() -> None:
    text = f"*filter\n:INPUT DROP [0:0]\n{render(SENDERS, Family.V4, 'modern').text}COMMIT\n"
    rules = parse(text, "log server", Family.V4).sets["INPUT"].rules
    assert [(rule.sources, rule.services) for rule in rules] == [
        (SENDERS.udp, (box(UDP, 514),)),
        (SENDERS.tcp, (box(TCP, 514),)),
        (SENDERS.tls, (box(TCP, 6514),)),
        (SENDERS.tls_of_esxi, (box(TCP, 1514),)),
    ]


def test_nobody_means_nothing_is_open() -> None:
    assert render(Senders(), Family.V4, "modern").text == ""


@pytest.mark.parametrize(
    ("version", "spoken"),
    [
        ("3.5.0", ("udp",)),
        ("4.1.0", ("udp",)),
        ("5.0.0", ("udp", "tcp", "tls_of_esxi")),
        ("8.0.1", ("udp", "tcp", "tls_of_esxi")),
        ("x", ()),
    ],
)
def test_what_versions_speak(version: str, spoken: tuple[str, ...]) -> None:
    assert transports(version) == spoken
