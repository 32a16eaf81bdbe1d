"""serve.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from viguard.errors import PolicyError
from viguard.logs.keep import Filter
from viguard.logs.settings import Keep, filter_of, listens, load_settings
from viguard.model.event import EventSeverity

GOOD = """\
schema: viguard-serve/1
directory: data
listen:
  - {transport: udp, port: 514}
  - {transport: tls, port: 6514, address: 10.0.0.1, certificate: server.pem, key: /etc/server.key, client_ca: ca.pem}
keep: report
retention: {days: 365, gigabytes: 100}
vcenters: [https://vcenter.example.org]
credentials: credentials.yaml
metrics: {port: 9750}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "serve.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    found = load_settings(written(tmp_path, GOOD))
    assert found.directory == str(tmp_path / "data")
    assert (found.keep, found.retention.days, found.metrics.port) == (Keep.REPORT, 365, 9750)
    udp, tls = listens(found)
    assert (udp.transport, udp.port, udp.address, udp.tls) == ("udp", 514, "::", None)
    assert tls.tls is not None
    assert (tls.tls.certificate, tls.tls.key) == (tmp_path / "server.pem", Path("/etc/server.key"))
    assert tls.tls.client_ca == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("directory: d\n", ":1:1: nothing is heard"),
        ("listen: [{transport: udp, port: 1}]\n", "the key 'directory' is missing"),
        ("directory: d\nlisten: [{transport: tls, port: 1}]\n", ":2:10: tls needs a certificate and its key"),
        ("directory: d\nlisten: [{transport: relp, port: 1, key: k}]\n", "'key' stands alone"),
        ("directory: d\nlisten: [{transport: udp, port: 1, key: k, certificate: c}]\n", "udp has no certificate"),
        ("directory: d\nlisten: [{transport: udp, port: 70000}]\n", "out of range"),
        ("directory: d\nlisten: [{transport: udp, port: 1, address: loghost}]\n", "'loghost' is no address"),
        ("directory: d\nlisten: [{transport: http, port: 1}]\n", "is none of udp, tcp, tls, relp"),
        ("schema: viguard-serve/9\ndirectory: d\nvcenters: [a]\n", "is not known to this version"),
        ("directory: d\nvcenters: [a]\nkep: all\n", "unknown key"),
        ("directory: d\nvcenters: [a]\nkeep: some\n", ":3:7: 'some' is none of all, report"),
        ("directory: d\nvcenters: [a]\nkeep: {name: some}\n", ":3:14: 'some' is none of all, report"),
        ("directory: d\nvcenters: [a]\nkeep: {severity: bad}\n", "'bad' is none of info, low, medium, high, critical"),
        ("directory: d\nvcenters: [a]\nkeep: {events: [vm.kil]}\n", ":3:17: 'vm.kil' is no class of events"),
        ("directory: d\nvcenters: [a]\nkeep: {name: all, severity: high}\n", "'name: all' keeps every line"),
        ("directory: d\nvcenters: [a]\nkeep: {level: high}\n", "unknown key"),
        ("directory: d\nvcenters: [a]\nkeep: [report]\n", "found a list"),
    ],
)
def test_every_mistake_says_where_and_how_to_mend(tmp_path: Path, text: str, mistake: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_settings(written(tmp_path, text))
    assert mistake in str(caught.value)
    assert "serve.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("all", Filter()),
        ("report", Filter(name="report")),
        (
            "{name: report, events: [vm.kill], severity: high}",
            Filter(name="report", events=("vm.kill",), severity=EventSeverity.HIGH),
        ),
        ("{severity: critical}", Filter(severity=EventSeverity.CRITICAL)),
    ],
)
def test_what_is_kept(tmp_path: Path, text: str, wanted: Filter) -> None:
    found = load_settings(written(tmp_path, f"directory: d\nvcenters: [a]\nkeep: {text}\n"))
    assert filter_of(found) == wanted
