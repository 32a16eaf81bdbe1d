"""What the log server knows of the estate: zones, guests, owners and whose addresses are whose."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import viguard
from tests.usecases.serving import Site, line, until
from viguard.alerts.siem.records import Place
from viguard.errors import InputError
from viguard.model.facts import Resource
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.policy.load import load
from viguard.store import snapshots
from viguard.usecases.log_control import control
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


def test_who_is_in_several_zones_is_in_each(estate: Estate) -> None:
    proxy = estate.locate("www-proxy1", None)
    assert (set(proxy.zones), set(proxy.owners)) == ({"dmz-web", "dmz-dns"}, {"web team", "network team"})
    assert set(estate.zones["www-proxy1"]) == {"dmz-web", "dmz-dns"}
    assert set(estate.locate("esxblade5", None).zones) == {"vmotion", "san", "management"}  # by its addresses


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


def sms(folder: Path) -> list[str]:
    """What would be sent."""
    return [one.read_text() for one in sorted(folder.iterdir()) if not one.name.startswith(".")]


def zoned_receivers(site: Site, **zones: str) -> dict[str, Path]:
    """A receiver for each of some zones, and who they are told by."""
    folders = {name: site.folder / name for name in zones}
    for folder in folders.values():
        folder.mkdir()
    site.alerts["receivers"] += [
        {"name": name, "smstools": {"outgoing": str(folder), "numbers": ["32475123456"]}}
        for name, folder in folders.items()
    ]
    site.alerts["routes"] = [{"receivers": [name], "zones": [zone]} for name, zone in zones.items()]
    return folders


WRONG = "dropbear[7]: bad PAM password attempt for 'root' from 192.0.2.66:6"


def test_a_line_from_a_guest_reaches_who_minds_its_zones_and_nobody_else(site: Site) -> None:
    """www-proxy1 is in dmz-web and dmz-dns, mx1 in dmz-mail, wan1 in no zone that anybody knows."""
    site.serve |= {"policy": str(DEMO / "policy.yaml"), "inventory": str(DEMO / "belnet.snap"), "relays": ["127.0.0.1"]}
    folders = zoned_receivers(site, web="dmz-web", dns="dmz-dns", mail="dmz-mail", databases="databases")
    with site.running() as server:
        server.tcp([line(WRONG, host="www-proxy1")])
        for name in ("web", "dns"):
            until(lambda name=name: sms(folders[name]), f"{name} hears of it")  # type: ignore[misc]
        server.tcp([line(WRONG, host="mx1")])
        until(lambda: sms(folders["mail"]), "mail hears of it")
        assert site.commands() == []  # the fallback had nothing to do
        server.tcp([line(WRONG, host="wan1")])
        until(site.commands, "the fallback hears of it")
        server.stop()
    told = {name: " ".join(sms(folder)) for name, folder in folders.items()}
    assert {name for name, text in told.items() if "www-proxy1" in text} == {"web", "dns"}
    assert {name for name, text in told.items() if "mx1" in text} == {"mail"}
    assert not any("wan1" in text for text in told.values())


def moved(inventory: Inventory) -> Inventory:
    """www1 and mx1 have changed their names; esxblade6 is at the address of whoever sends, esxblade7 no more."""

    def renamed(resource: Resource) -> Resource:
        if isinstance(resource, Guest) and resource.name in {"www1", "mx1"}:
            name = "mx1" if resource.name == "www1" else "www1"
            return msgspec.structs.replace(resource, name=name, host_name=f"{name}.belnet.be")
        return at_loopback(resource, "esxblade6")

    return Inventory(map(renamed, inventory.by_id.values()), read_at=inventory.read_at)


def at_loopback(resource: Resource, name: str) -> Resource:
    """The host of that name sends from 127.0.0.1; others are as they were."""
    if not isinstance(resource, Host) or not resource.name.startswith(f"{name}."):
        return resource
    assert isinstance(resource.vmkernel, tuple)
    nics = tuple(msgspec.structs.replace(nic, address="127.0.0.1") for nic in resource.vmkernel)
    return msgspec.structs.replace(resource, vmkernel=nics)


def test_a_reload_takes_over_a_new_snapshot(site: Site) -> None:
    """Zone and owner of guests, in records (alerting) and groups (detections), and who is a false sender."""
    inventory = snapshots.read(DEMO / "belnet.snap")
    first = [at_loopback(one, "esxblade7") for one in inventory.by_id.values()]
    snapshots.save(Inventory(first, read_at=inventory.read_at), site.folder / "estate.snap")
    site.serve |= {"policy": str(DEMO / "policy.yaml"), "inventory": "estate.snap"}
    folders = zoned_receivers(site, web="dmz-web", mail="dmz-mail")
    console = "DCUI: authentication of user root succeeded"

    def told_of(user: str) -> list[tuple[str, str]]:
        return [(one["zone"], one["owner"]) for one in site.told() if f"user={user}" in one["key"]]

    def zones_of(user: str) -> list[list[str]]:
        groups = control(site.directory, {"do": "open"})["groups"]
        return [group["zones"] for group in groups if f"user={user}" in group["key"]]

    def false_senders() -> set[str]:
        return {one["key"] for one in site.told() if one["rule"] == "log.false-sender"}

    with site.running() as server:
        server.tcp([line(console, "esxblade7"), line(WRONG.replace("root", "an"), "www1")])
        until(lambda: told_of("an"), "the first alert")
        assert (told_of("an"), zones_of("an")) == ([("dmz-web", "web team")], [["dmz-web"]])
        assert {key for key in false_senders() if "esxblade7" in key} == set()

        snapshots.save(moved(inventory), site.folder / "estate.snap")
        server.tcp([line(WRONG.replace("root", "bo"), "www1")])
        until(lambda: told_of("bo"), "the second alert")
        assert told_of("bo") == [("dmz-web", "web team")]  # nobody has said that it is there

        control(site.directory, {"do": "reload"})
        server.tcp([line(console, "esxblade6"), line(console, "esxblade7"), line(WRONG.replace("root", "cy"), "www1")])
        until(lambda: told_of("cy"), "the third alert")
        assert (told_of("cy"), zones_of("cy")) == ([("dmz-mail", "mail team")], [["dmz-mail"]])
        until(lambda: sms(folders["mail"]), "who minds the new zone hears of it")
        assert any("esxblade7" in key for key in false_senders())
        assert not any("esxblade6" in key for key in false_senders())
        server.stop()
    users = {
        name: [user for user in ("an", "bo", "cy") if f"user={user}" in " ".join(sms(folders[name]))]
        for name in folders
    }
    assert users == {"web": ["an", "bo"], "mail": ["cy"]}


def test_a_snapshot_that_cannot_be_read_changes_nothing(site: Site) -> None:
    inventory = snapshots.read(DEMO / "belnet.snap")
    snapshots.save(inventory, site.folder / "estate.snap")
    site.serve |= {"policy": str(DEMO / "policy.yaml"), "inventory": "estate.snap"}
    with site.running() as server:
        (site.folder / "estate.snap").write_bytes(b"half a snapshot")
        with pytest.raises(InputError, match=r"estate\.snap"):
            control(site.directory, {"do": "reload"})
        server.tcp([line(WRONG, "www1")])
        until(site.told, "an alert")
        assert {one["zone"] for one in site.told()} == {"dmz-web"}
        server.stop()
