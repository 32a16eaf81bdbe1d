"""What the log server knows of the estate: zones, guests, owners and whose addresses are whose."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import viguard
from tests.usecases.serving import Site, line, until
from viguard.alerts.siem.records import Place
from viguard.model.inventory import Inventory
from viguard.policy.load import load
from viguard.store import snapshots
from viguard.usecases.log_estate import NO_ESTATE, Estate, known_of

DEMO = Path(viguard.__file__).parent / "content" / "demo"


@pytest.fixture(scope="module")
def estate() -> Estate:
    return known_of(snapshots.read(DEMO / "belnet.snap"), load(DEMO / "policy.yaml"))


def test_a_guest_is_known_by_name_and_by_address(estate: Estate) -> None:
    place = estate.locate("esxblade5.fw.belnet.be", "www1")
    assert place.guest == "www1"
    assert place.zone
    assert estate.locate("WWW1", None) == place
    address = estate.addresses["www1"][0]
    assert estate.locate(address, None) == place


def test_a_host_is_known_by_its_long_and_its_short_name(estate: Estate) -> None:
    assert estate.addresses["esxblade5"] == estate.addresses["esxblade5.fw.belnet.be"]
    assert estate.locate("esxblade5", None) == estate.locate("esxblade5.fw.belnet.be", None)
    assert estate.locate("esxblade5", None).guest == ""


def test_what_nobody_knows_is_nowhere(estate: Estate) -> None:
    assert estate.locate("203.0.113.77", "no-such-guest").zone == ""
    assert NO_ESTATE.locate("www1", "www1").guest == ""


def test_a_name_that_two_have_tells_nothing() -> None:
    inventory, policy = snapshots.read(DEMO / "belnet.snap"), load(DEMO / "policy.yaml")
    assert known_of(snapshots.merge([inventory, inventory]), policy).locate("", "www1").guest == "www1"  # read twice
    (www1,) = (guest for guest in inventory.guests if guest.name == "www1")
    other = msgspec.structs.replace(www1, id="other:vm-1")
    twice = known_of(Inventory([*inventory.by_id.values(), other], read_at=inventory.read_at), policy)
    assert twice.locate("", "www1") == Place()
    assert "www1" not in twice.addresses


def test_alerts_say_zone_guest_and_owner_and_a_false_sender_is_told(site: Site, estate: Estate) -> None:
    place = estate.locate("www1", None)
    site.serve |= {"policy": str(DEMO / "policy.yaml"), "inventory": str(DEMO / "belnet.snap")}
    site.alerts["siem"] = [
        {"name": "file", "what": ["alerts", "events"], "json_lines": {"path": str(site.alerts_file)}},
    ]
    with site.running() as server:
        server.tcp(
            [
                line("dropbear[7]: bad PAM password attempt for 'root' from 192.0.2.66:6", host="www1"),
                line("DCUI: authentication of user root succeeded", host="esxblade5"),
            ]
        )
        until(lambda: {"log.false-sender"} & {t.get("rule") for t in site.told()}, "a false sender")
        server.stop()
    of_guest = [one for one in site.told() if one.get("guest") == "www1"]
    assert of_guest
    assert {(one["zone"], one["owner"]) for one in of_guest} == {(place.zone, place.owner)}


def test_a_relay_may_send_for_others(site: Site) -> None:
    site.serve |= {"inventory": str(DEMO / "belnet.snap"), "relays": ["127.0.0.1"]}
    with site.running() as server:
        server.tcp([line("DCUI: authentication of user root succeeded", host="esxblade5")])
        until(site.told, "root is told")
        server.stop()
    assert "log.false-sender" not in {one["rule"] for one in site.told()}


def test_a_relay_is_an_address(site: Site) -> None:
    site.serve["relays"] = ["loghost"]
    told = site.refused()
    assert told.returncode == 2
    assert "'loghost' is no address; write the numeric address of the relay" in told.stderr
