from __future__ import annotations

from datetime import UTC, datetime

import pytest

from viguard.collect.declared import loads
from viguard.errors import PolicyError
from viguard.model.facts import Reason, Unknown
from viguard.model.host import Host
from viguard.vsphere.properties import sources

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = """
name: science
hosts:
  - name: vm/server1
    version: 1.0.8
    site: Science
    memory_gib: 8
    guests:
      - {name: wiki, os: Debian 4, addresses: [193.190.1.10/24], power: on}
      - {name: other}
"""


def test_a_declared_host_is_a_host_without_an_api() -> None:
    inventory = loads(GOOD, "x.yaml", NOW)
    (host,) = inventory.hosts
    assert host.path == "/science/vm%2fserver1"
    assert (host.product.line, host.product.version, host.site) == ("gsx", "1.0.8", "Science")  # type: ignore[union-attr]
    assert host.hardware.memory_bytes == 8 << 30  # type: ignore[union-attr]
    declared = {"product", "hardware", "guests"}
    for field in set(sources(Host)) - declared:
        fact = getattr(host, field)
        assert isinstance(fact, Unknown), field
        assert fact.reason is Reason.NO_API, field


def test_guests_stand_on_their_host() -> None:
    inventory = loads(GOOD, "x.yaml", NOW)
    wiki, other = inventory.guests
    assert inventory.guests_by_host[inventory.hosts[0].id] == [wiki, other]
    assert (wiki.power, wiki.os) == ("poweredOn", "Debian 4")
    assert isinstance(other.power, Unknown)
    assert isinstance(other.addresses, Unknown)
    assert inventory.sources[0].channels[0].name == "declared"


def test_every_mistake_has_its_place() -> None:
    text = "name: x\nhostz: []\nhosts:\n  - {name: a, cores: many}\n  - {name: a}\n"
    with pytest.raises(PolicyError) as caught:
        loads(text, "x.yaml", NOW)
    places = [m.split(" ")[0] for m in caught.value.mistakes]
    assert places == ["x.yaml:2:1:", "x.yaml:4:22:", "x.yaml:5:12:"]
