"""How long an assessment of many guests takes: measured and shown (pytest -rP), never asserted."""

from __future__ import annotations

import time

import msgspec

from tests.assess.estates import NOW, host, inventory, server
from viguard.assess import controls
from viguard.assess.engine import assess
from viguard.model.derived import Derived
from viguard.model.facts import Settings
from viguard.model.guest import Device, Guest, VirtualNic
from viguard.model.inventory import Inventory
from viguard.policy.policy import NO_POLICY

GUESTS, HOSTS = 10_000, 500
DEVICES = tuple(Device(key=k, type="VirtualDisk", label=f"Disk {k}") for k in range(20))
NIC = VirtualNic(key=4000, type="VirtualVmxnet3", port_group="VM Network", connected=True)


def estate() -> Inventory:
    hosts = [host(f"a:h{n}") for n in range(HOSTS)]
    return inventory(server("a"), *hosts, *(_guest(n) for n in range(GUESTS)))


def _guest(n: int) -> Guest:
    settings = {f"key.{k}": str(k) for k in range(60)} | {"log.keepOld": str(n % 20)}
    return Guest(
        id=f"a:vm-{n}",
        name=f"guest{n}",
        path=f"/a/Main/guest{n}",
        server="a",
        template=False,
        host=f"a:h{n % HOSTS}",
        power="poweredOn",
        consoles=n % 3,
        max_consoles=1,
        devices=DEVICES,
        nics=(NIC,),
        extra_config=Settings(values=dict(settings)),
    )


def test_speed() -> None:
    everything, wanted = estate(), controls.load()
    began = time.process_time()
    results = assess(everything, NO_POLICY, Derived(), wanted, [], NOW).results
    spent = time.process_time() - began
    print(f"{len(results):,} results of {len(wanted)} controls on {GUESTS:,} guests: {spent:.2f} s CPU")  # noqa: T201
    assert {r.resource.id for r in results if r.control == "vm-log-keep-old"} == {f"a:vm-{n}" for n in range(GUESTS)}
    assert sum(r.status == "fail" for r in results if r.control == "vm-log-keep-old") == 4_500
    assert len(msgspec.json.encode(results[0])) > 100
