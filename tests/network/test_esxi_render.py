"""Host firewalls of ESXi and classic ESX, as they were written by hand."""

from __future__ import annotations

from msgspec.structs import replace

from tests.network.office import ANY, golden, rule
from viguard.content.tables import load_tables
from viguard.model.facts import Unknown
from viguard.model.host import Firewall, Host, Port, Ruleset
from viguard.model.server import Product
from viguard.network.addresses import Family
from viguard.network.render import classic, esxi
from viguard.network.render.wanted import Wanted
from viguard.network.rules import Action, Rule, RuleSet

HOST = "10.1.0.1"
ROWS = load_tables().ports


def port(direction: str, protocol: str, start: int, end: int = 0) -> Port:
    return Port(start=start, end=end or start, direction=direction, protocol=protocol)


RULESETS = (
    Ruleset(key="sshServer", enabled=True, ports=(port("inbound", "tcp", 22),), all_addresses=True),
    Ruleset(
        key="vSphereClient",
        enabled=True,
        ports=(port("inbound", "tcp", 443), port("inbound", "tcp", 902)),
        all_addresses=True,
    ),
    Ruleset(key="nfsClient", enabled=False, ports=(port("outbound", "tcp", 0, 65535),), all_addresses=True),
    Ruleset(
        key="httpClient",
        enabled=True,
        ports=(port("outbound", "tcp", 80), port("outbound", "tcp", 443)),
        all_addresses=True,
    ),
    Ruleset(
        key="dns",
        enabled=True,
        ports=(port("outbound", "udp", 53), port("outbound", "tcp", 53)),
        all_addresses=False,
        addresses=("10.9.9.9",),
    ),
    Ruleset(key="ntpClient", enabled=False, ports=(port("outbound", "udp", 123),), all_addresses=True),
    Ruleset(key="CIMSLP", enabled=True, ports=(port("inbound", "udp", 427),), all_addresses=True),
)
INBOUND = (
    rule(Action.PERMIT, "10.1.0.0/24", HOST, "tcp/443"),
    rule(Action.PERMIT, "10.1.0.5", HOST, "tcp/902"),
    rule(Action.PERMIT, "10.1.0.7", HOST, "tcp/9999"),
    rule(Action.PERMIT, "10.1.0.0/24", HOST, "icmp/8"),
)
OUTBOUND = (
    rule(Action.PERMIT, HOST, "10.2.0.53", "udp/53", "tcp/53"),
    rule(Action.PERMIT, HOST, "10.2.0.49", "tcp/2049"),
    rule(Action.PERMIT, HOST, "10.2.0.123", "udp/123"),
)


def wanted(inbound: tuple[Rule, ...] = INBOUND, outbound: tuple[Rule, ...] = OUTBOUND) -> Wanted:
    return Wanted(
        inbound=(RuleSet(name="in", family=Family.V4, rules=inbound),),
        outbound=(RuleSet(name="out", family=Family.V4, rules=outbound),),
    )


def host(version: str = "6.5.0", line: str = "embeddedEsx", rulesets: tuple[Ruleset, ...] = RULESETS) -> Host:
    product = Product(name="VMware ESXi", version=version, build="1", line=line)
    return Host(id="h", name="esx1", path="esx1", server="s", product=product, firewall=Firewall(rulesets=rulesets))


WHOLE_HOST = "a ruleset holds for every address of the host"


def test_esxi() -> None:
    told = esxi.render(host(), wanted(), ROWS)
    assert told.text == golden("esxi/esxi-6.5.txt")
    assert told.residual == (
        "inbound rule 4: icmp/8: rulesets know TCP and UDP only; left out",
        "inbound rule 3: no ruleset for tcp/9999; left out",
        "ruleset nfsClient: outbound tcp is open to its addresses, wider than wanted",
        "ruleset vSphereClient: inbound tcp/902 is open to its addresses, wider than wanted",
        WHOLE_HOST,
    )


def test_what_is_set_already_is_not_set_again() -> None:
    told = esxi.render(host(), wanted(), ROWS).text
    done = (
        replace(RULESETS[1], all_addresses=False, addresses=("10.1.0.0/24",)),
        replace(RULESETS[2], enabled=True, all_addresses=False, addresses=("10.2.0.49/32",)),
    )
    again = esxi.render(host(rulesets=done), wanted(), ROWS).text
    assert "--ruleset-id" in told
    assert "--ruleset-id" not in again


def test_a_ruleset_of_every_port_is_for_what_it_was_made_for_only() -> None:
    told = esxi.render(host(), wanted(outbound=(rule(Action.PERMIT, HOST, "10.2.0.9", "tcp/3128"),)), ROWS)
    assert "nfsClient" not in told.text
    assert "outbound rule 1: no ruleset for tcp/3128; left out" in told.residual


def test_a_part_of_a_range_that_no_ruleset_has_is_left() -> None:
    told = esxi.render(host(), wanted(inbound=(rule(Action.PERMIT, "10.1.0.5", HOST, "tcp/440-445"),)), ROWS)
    assert "--ruleset-id=vSphereClient --ip-address=10.1.0.5" in told.text
    assert "inbound rule 1: no ruleset for tcp/440-442, tcp/444-445; left out" in told.residual


def test_everyone_is_everyone() -> None:
    told = esxi.render(host(), wanted(inbound=(rule(Action.PERMIT, ANY, HOST, "tcp/443", "tcp/902"),)), ROWS)
    assert "vSphereClient" not in told.text  # it is on, and open to everyone, as wanted
    assert "ruleset vSphereClient is open to every address of both families" in told.residual


def test_a_ruleset_that_cannot_name_addresses_says_so() -> None:
    fixed = replace(RULESETS[1], addresses_configurable=False)
    told = esxi.render(host(rulesets=(fixed,)), wanted(), ROWS)
    assert "vSphereClient" not in told.text
    assert "ruleset vSphereClient cannot name addresses: it is open to everyone" in told.residual


def test_where_there_is_no_firewall_or_it_was_not_read() -> None:
    told = esxi.render(host("4.1.0"), wanted(), ROWS)
    before = "ESXi before 5.0 has no host firewall: what is wanted has to stand in the device before it"
    assert (told.text, told.residual) == ("", (before,))
    unread = replace(host(), firewall=Unknown(reason="no permission"))
    told = esxi.render(unread, wanted(), ROWS)
    assert (told.text, told.residual) == ("", ("the rulesets of esx1 are not known: no permission",))
    told = esxi.render(replace(host(), product=Unknown(reason="late")), wanted(), ROWS)
    assert told.residual == ("the product of esx1 is not known: late",)


def test_keys_and_names_cannot_break_out() -> None:
    bad = Ruleset(key="x; reboot\n", enabled=True, ports=(port("inbound", "tcp", 22),), all_addresses=True)
    told = esxi.render(replace(host(rulesets=(bad,)), name="esx\nreboot"), wanted(inbound=INBOUND[:1]), ROWS)
    assert all(line.startswith(("#", "esxcli ")) for line in told.text.splitlines())
    assert "ruleset x; reboot\\u000a has a key that no command can name" in told.residual


def test_classic_esx_opens_ports_to_everyone_and_says_so() -> None:
    told = classic.render(host("4.0.0", "esx"), wanted(), ROWS)
    assert told.text == golden("esxi/esx-4.0.txt")
    assert told.residual == (
        "inbound rule 4: icmp/8: the firewall of the service console knows TCP and UDP only; left out",
        "inbound rule 1: tcp/443 is open to every address, wanted for 10.1.0.0/24",
        "inbound rule 2: tcp/902 is open to every address, wanted for 10.1.0.5",
        "inbound rule 3: tcp/9999 is open to every address, wanted for 10.1.0.7",
        "outbound rule 1: udp/53 is open to every address, wanted for 10.2.0.53",
        "outbound rule 1: tcp/53 is open to every address, wanted for 10.2.0.53",
        "outbound rule 2: tcp/2049 is open to every address, wanted for 10.2.0.49",
        "outbound rule 3: udp/123 is open to every address, wanted for 10.2.0.123",
        "ports opened by hand before stay open: esxcfg-firewall -q shows them",
    )


def test_classic_esx_has_no_ranges_but_those_of_its_services() -> None:
    aam = Ruleset(key="aam", enabled=False, ports=(port("inbound", "tcp", 2050, 2250),))
    long = wanted(inbound=(rule(Action.PERMIT, ANY, HOST, "tcp/2050-2250", "tcp/7000-7100", "tcp/80-81"),))
    told = classic.render(host("4.0.0", "esx", (aam,)), long, ROWS)
    assert "esxcfg-firewall -e aam\n" in told.text
    assert "esxcfg-firewall -o 80,tcp,in,viguard-1-1\nesxcfg-firewall -o 81,tcp,in,viguard-1-2\n" in told.text
    assert "inbound rule 1: tcp/7000-7100: more than 32 ports, and no service for them; left out" in told.residual
