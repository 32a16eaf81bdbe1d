"""A log server that asks a vCenter: its events and its figures of consoles, as the lab tells them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import lab
from lab.demo import write_credentials
from tests.usecases.serving import Site, line, until
from viguard.errors import LoginError
from viguard.logs.figures import console_figures
from viguard.model.facts import Unknown
from viguard.usecases.log_control import consoles, control
from viguard.vsphere.calls import call
from viguard.vsphere.credentials import Login
from viguard.vsphere.endpoint import Trust, parse_endpoint
from viguard.vsphere.reader import Reader
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection, Ref

pytestmark = pytest.mark.real("lab")
GUEST, PLANTED = "www1", "finance1"
"""Guests of the estate: one without a console, and one of which two are open (lab/belnet/faults.yaml)."""
CONSOLES = "console.multiple"


@pytest.fixture
def vcenter() -> Iterator[lab.Endpoint]:
    if missing := lab.missing_parts():
        pytest.skip(", ".join(missing))
    with lab.clean("vc-today") as running:
        yield running["vc-today"]


def asks(site: Site, vcenter: lab.Endpoint) -> None:
    write_credentials({"vc-today": vcenter}, site.folder / "credentials.yaml")
    site.serve |= {"vcenters": [vcenter.url], "credentials": "credentials.yaml"}


def session(vcenter: lab.Endpoint, login: Login) -> Session:
    return Session(Connection(parse_endpoint(vcenter.url, Trust(ca=str(vcenter.ca_file)))), login)


def rules(site: Site) -> set[str]:
    return {alert["rule"] for alert in site.told()}


def test_guesses_at_its_api_are_an_attack(site: Site, vcenter: lab.Endpoint) -> None:
    asks(site, vcenter)
    for _ in range(10):
        with suppress(LoginError), session(vcenter, Login("root", "wrong")):
            pytest.fail("a wrong password was taken")
    with site.running() as server:
        until(lambda: "bruteforce" in rules(site), "the attack is told")
        server.stop()
    refused = [one for one in site.kept() if b"BadUsernameSessionEvent" in one]
    assert len(refused) == 10
    with site.running() as server:
        until(lambda: list(site.directory.glob("events-*.json")), "it goes on")
        vcenter.control("event", type="VmPoweredOffEvent", props={"userName": "niels", "fullFormattedMessage": "off"})
        until(lambda: any(b"VmPoweredOffEvent" in one for one in site.kept()), "the next event is heard")
        server.stop()
    assert len([one for one in site.kept() if b"BadUsernameSessionEvent" in one]) == 10, "each is heard once"


def test_the_figures_of_the_api_raise_the_alarm_that_no_line_raised(site: Site, vcenter: lab.Endpoint) -> None:
    asks(site, vcenter)
    vcenter.control("set", type="VirtualMachine", name=GUEST, path="runtime.numMksConnections", value=3)
    with site.running() as server:
        until(lambda: CONSOLES in rules(site), "the alarm")
        server.stop()
    counts = [(one["key"], one["events"][0]["fields"]["count"]) for one in site.told() if one["rule"] == CONSOLES]
    assert sorted(counts) == [(f"vm={PLANTED}", 2), (f"vm={GUEST}", 3)]


def test_an_alarm_of_consoles_ends_after_a_restart(site: Site, vcenter: lab.Endpoint) -> None:
    asks(site, vcenter)
    vcenter.control("set", type="VirtualMachine", name=GUEST, path="runtime.numMksConnections", value=3)
    with site.running() as server:
        until(lambda: CONSOLES in rules(site), "the alarm")
        server.stop()
    assert site.status()["consoles"] == {GUEST: 3, PLANTED: 2}
    vcenter.control("set", type="VirtualMachine", name=GUEST, path="runtime.numMksConnections", value=0)
    with site.running() as server:
        until(lambda: open_groups(site) == {f"{CONSOLES} vm={PLANTED}"}, "it is over")
        server.stop()


def guest(entered: Session) -> Ref:
    reader = Reader(entered)
    for found in reader.read(reader.survey(["VirtualMachine"])["VirtualMachine"], ["name"]):
        values, _missing = found.values("")
        if values["name"].text == GUEST:
            return found.ref
    return pytest.fail(f"no {GUEST}")


def open_groups(site: Site) -> set[str]:
    groups = control(site.directory, {"do": "open"})["groups"]
    return {f"{group['rule']} {group['key']}" for group in groups if group["rule"] == CONSOLES and not group["over"]}


def test_tickets_for_consoles_raise_the_alarm_with_their_holders(site: Site, vcenter: lab.Endpoint) -> None:
    """Two people open the console of one guest: the vCenter tells of tickets and connections, figures come later."""
    asks(site, vcenter)
    with site.running() as server:
        until(lambda: list(site.directory.glob("events-*.json")), "it asks")
        until(lambda: CONSOLES in rules(site), "the figures of the planted guest are read")
        who = vcenter.account("operator")
        for user, client in (("niels", "192.0.2.9"), ("an", "192.0.2.10")):
            with session(vcenter, Login(who.user, who.password)) as entered:
                assert not isinstance(call(entered, "AcquireMksTicket", guest(entered)), Unknown)
            vcenter.control("console", guest=GUEST, user=user, client=client)
        until(lambda: f"vm={GUEST}" in {one["key"] for one in site.told() if one["rule"] == CONSOLES}, "the alarm")
        until(lambda: site.status()["consoles"].get(GUEST) == 2, "the status says so")
        said = consoles(site.directory)
        server.stop()
    kept = b"".join(site.kept())
    assert kept.count(b"[vim.event.VmAcquiredMksTicketEvent]") == 2
    assert kept.count(b"[vim.event.VmRemoteConsoleConnectedEvent]") == 2
    alert = next(one for one in site.told() if one["rule"] == CONSOLES and one["key"] == f"vm={GUEST}")
    assert "niels" in alert["text"]
    assert "an" in alert["text"]
    assert any(GUEST in one and "niels" in one for one in said)


def test_a_login_that_is_refused_is_a_problem_and_is_not_tried_again_soon(site: Site, vcenter: lab.Endpoint) -> None:
    asks(site, vcenter)
    file = site.folder / "credentials.yaml"
    file.write_text(file.read_text().replace(vcenter.account().password, "not-the-password"))
    with site.running() as server:
        until(lambda: any("events are not heard" in one for one in site.status()["problems"]), "the status says so")
        server.tcp([line("DCUI: authentication of user berry failed")])
        until(site.told, "lines are heard all the same")
        server.stop()
    assert "not-the-password" not in Path(server.log).read_text()


def test_figures_of_every_guest_are_read(vcenter: lab.Endpoint) -> None:
    who = vcenter.account()
    for _ in range(2):
        vcenter.control("console", guest=GUEST, user="niels", client="192.0.2.9")
    with session(vcenter, Login(who.user, who.password)) as entered:
        found = console_figures(entered)
    assert (found.pop(GUEST), found.pop(PLANTED)) == (2, 2)
    assert set(found.values()) == {0}
    assert "www2" in found
