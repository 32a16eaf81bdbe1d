"""policy.yaml: what loads, and what a user is told when it does not."""

import sys
import zoneinfo
from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from viguard.errors import InputError, PolicyError
from viguard.policy.load import load, loads
from viguard.policy.policy import CpuException, Policy, Profile, Purpose, Sharing, TimeZone
from viguard.policy.time_zones import zone_named

GOOD = """\
schema: viguard-policy/1
profile: modern
zones:
  - name: dmz
    match: {vlans: [10, 11], port_groups: ["DMZ-*"], subnets: [10.1.2.0/24]}
    purpose: dmz
    owner: net team
  - name: no
    match:
      tags: ["zone:internal"]
    trust: 30
pairs:
  - {zones: [dmz, no], sharing: separate_host}
pairs_default: share
limits:
  cpu:
    floor_percent: 5.5
    exceptions:
      - {guest: "db*", reason: database, ceiling_percent: 50}
  log_count: 10
approved:
  log_servers: [10.9.9.9]
  ntp_servers:
people:
  - {name: Ann, teams: [ops]}
sites:
  attribute: Site
  hosts: {Evere: ["esxblade1*"]}
attestations:
  - {control: pw-vault, statement: In the safe, owner: Ann, dated: 2026-01-02, expires: 2027-01-02}
"""


def mistakes_of(text: str, control_ids: set[str] | None = None, *, today: date | None = None) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        loads(text, "p.yaml", control_ids, today=today)
    return caught.value.mistakes


def test_a_good_policy() -> None:
    policy = loads(GOOD, "p.yaml", {"pw-vault"})
    assert policy.profile is Profile.MODERN
    assert policy.zones is not None
    dmz, no = policy.zones
    assert (dmz.name, dmz.match.vlans, dmz.purpose, dmz.line) == ("dmz", (10, 11), Purpose.DMZ, 4)
    assert (no.name, no.trust, no.match.tags, no.line) == ("no", 30, ("zone:internal",), 8)
    assert policy.sharing("no", "dmz") is Sharing.SEPARATE_HOST
    assert policy.pairs_default is Sharing.SHARE
    assert policy.limits.cpu.floor_percent == 5.5
    assert policy.limits.cpu.exceptions == (CpuException(guest="db*", reason="database", ceiling_percent=50.0),)
    assert policy.approved.log_servers == ("10.9.9.9",)
    assert policy.approved.ntp_servers is None
    assert policy.sites.hosts == {"Evere": ("esxblade1*",)}
    assert policy.attestations[0].expires == date(2027, 1, 2)
    assert policy.attestations[0].line == 30


def test_where_a_key_stands() -> None:
    policy = loads(GOOD, "p.yaml")
    assert policy.where("limits.cpu") == "p.yaml:17"
    assert policy.where("zones.1.trust") == "p.yaml:11"
    assert policy.where("approved.ntp_servers") == "p.yaml:23"
    assert policy.where("test") == ""


def test_an_empty_file_decides_nothing() -> None:
    policy = loads("# nothing yet\n", "p.yaml")
    assert policy == Policy(file="p.yaml")
    assert policy.zones is None


def test_every_mistake_at_once_in_the_order_of_the_file() -> None:
    text = """\
profile: report2010
zones:
  - name: dmz
    match: {vlans: [10, 4095, x], subnets: [10.1.2.3/24, foo]}
    trst: 3
  - name: dmz
    match: {}
  - match: [1]
pairs:
  - {zones: [dmz, dnz], sharing: shar}
limits:
  log_size_bytes: "100"
"""
    assert mistakes_of(text) == [
        "p.yaml:1:10: 'report2010' is none of report-2010, modern; did you mean 'report-2010'?",
        "p.yaml:4:25: '4095' is out of range; write a whole number from 0 to 4094",
        "p.yaml:4:31: expected a whole number from 0 to 4094, found 'x'; write a whole number from 0 to 4094",
        "p.yaml:4:45: '10.1.2.3/24' is no network; did you mean '10.1.2.0/24'?",
        "p.yaml:4:58: 'foo' is no network; write it as address/prefix, e.g. 10.1.2.0/24",
        "p.yaml:5:5: unknown key 'trst'; did you mean 'trust'?",
        "p.yaml:6:11: the name 'dmz' is taken (line 3); names must differ: rename or merge them",
        "p.yaml:7:12: nothing recognises this zone; add vlans, port_groups, subnets, tags or folders",
        "p.yaml:8:5: the key 'name' is missing; write 'name:' with a text",
        "p.yaml:8:12: expected a table of keys, found a list of 1; write a table of keys",
        "p.yaml:10:19: there is no zone 'dnz'; did you mean 'dmz'?",
        "p.yaml:10:34: 'shar' is none of share, share_own_nic, separate_host, separate_cluster; did you mean 'share'?",
        (
            "p.yaml:12:19: expected a whole number from 1 to 1000000000, found '100'; "
            "write a whole number from 1 to 1000000000"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- zones\n", "p.yaml:1:1: expected a table of keys, found a list of 1; write a table of keys"),
        ("zonez: []\n", "p.yaml:1:1: unknown key 'zonez'; did you mean 'zones'?"),
        (
            "line: 3\n",
            (
                "p.yaml:1:1: unknown key 'line'; known here: approved, attestations, audit_every_days, firewall, "
                "limits, pairs, pairs_default, people, profile, schema, sites, test, "
                "time_zones, working_hours, zones"
            ),
        ),
        (
            "schema: viguard-policy/9\n",
            (
                "p.yaml:1:9: the schema 'viguard-policy/9' is not known to this version; "
                "this version reads viguard-policy/1"
            ),
        ),
        ("zones: dmz\n", "p.yaml:1:8: expected a list, found 'dmz'; write [dmz]"),
        (
            "zones:\n  - {name: [a], match: {vlans: [1]}}\n",
            "p.yaml:2:12: expected a text, found a list of 1; write a text",
        ),
        (
            "zones:\n  - {name: , match: {vlans: [1]}}\n",
            "p.yaml:2:12: the key 'name' has no value; write 'name:' with a text",
        ),
        ('zones:\n  - {name: "", match: {vlans: [1]}}\n', "p.yaml:2:12: the name is empty; give it a name"),
        (
            "zones:\n  - {name: a, match: {vlans: [010]}}\n",
            "p.yaml:2:31: expected a whole number from 0 to 4094, found '010'; write a whole number from 0 to 4094",
        ),
        ('zones:\n  - {name: a, match: {tags: [" "]}}\n', "p.yaml:2:30: an empty text in 'tags'; remove it"),
        (
            "zones:\n  - {name: a, match: {vlans: [1]}, purpose: dmzz}\n",
            "p.yaml:2:45: 'dmzz' is none of guests, dmz, management, storage, vmotion, test; did you mean 'dmz'?",
        ),
        (
            "zones:\n  - {name: a, match: {vlans: [1]}}\npairs:\n  - {zones: [a], sharing: share}\n",
            "p.yaml:4:13: expected a list of 2, found a list of 1; write a list of 2",
        ),
        (
            "zones:\n  - {name: a, match: {vlans: [1]}}\npairs:\n  - {zones: [a, a], sharing: share}\n",
            "p.yaml:4:5: a pair of one zone with itself; name two zones; a zone shares with itself",
        ),
        (
            "pairs:\n  - {zones: [a, a], sharing: share}\n",
            "p.yaml:2:14: there is no zone 'a'; declare it under 'zones'",
        ),
        ("audit_every_days: 0\n", "p.yaml:1:19: '0' is out of range; write a whole number from 1 to 3650"),
        (
            "audit_every_days: 1.5\n",
            "p.yaml:1:19: expected a whole number from 1 to 3650, found '1.5'; write a whole number from 1 to 3650",
        ),
        (
            "limits: {cpu: {floor_percent: 101}}\n",
            "p.yaml:1:31: '101' is out of range; write a number from 0 to 100",
        ),
        (
            "limits: {cpu: {floor_percent: 30}}\n",
            "p.yaml:1:15: the floor (30) is above the ceiling (20); floor_percent must be at most ceiling_percent",
        ),
        (
            "limits: {cpu: {exceptions: [{guest: a, reason: b}]}}\n",
            "p.yaml:1:29: this exception changes nothing; add floor_percent or ceiling_percent",
        ),
        (
            "approved: {devices: [floppy]}\n",
            "p.yaml:1:22: 'floppy' names no device; write GUEST-PATTERN:DEVICE-TYPE",
        ),
        ("sites: {hosts: {Evere: b1}}\n", "p.yaml:1:24: expected a list, found 'b1'; write [b1]"),
        (
            "people: [{name: A}, {name: A}]\n",
            "p.yaml:1:28: the name 'A' is taken (line 1); names must differ: rename or merge them",
        ),
    ],
)
def test_one_mistake(text: str, expected: str) -> None:
    lines = mistakes_of(text)
    assert expected in lines
    assert len(lines) <= 3


def test_one_pair_of_zones_has_one_rule() -> None:
    text = """\
zones: [{name: a, match: {vlans: [1]}}, {name: b, match: {vlans: [2]}}]
pairs:
  - {zones: [a, b], sharing: share}
  - {zones: [b, a], sharing: separate_host}
"""
    assert mistakes_of(text) == ["p.yaml:4:5: these two zones have a rule in line 3; remove one of them"]


HOURS = "working_hours:\n  time_zone: %s\n  windows: [%s]\n"


@pytest.mark.parametrize(
    ("zone", "window", "expected"),
    [
        (
            "Europe/Brussel",
            "{}",
            "2:14: there is no time zone 'Europe/Brussel'; did you mean 'Europe/Brussels'? (names as",
        ),
        ("UTC", "", "3:12: nobody may ever log in; add a window, or leave working_hours out"),
        (
            "UTC",
            "{start: 22, end: 6}",
            "3:30: it ends (6) before it begins (22); over midnight takes two windows: to 24",
        ),
        ("UTC", "{end: 0}", "3:19: it ends (0) before it begins (0); over midnight takes two windows"),
        ("UTC", "{end: 25}", "3:19: '25' is out of range; write a whole number from 0 to 24"),
        ("UTC", "{days: [mondy]}", "3:21: 'mondy' is none of mon, tue, wed, thu, fri, sat, sun"),
    ],
)
def test_working_hours_are_hours_of_a_place(zone: str, window: str, expected: str) -> None:
    [told] = mistakes_of(HOURS % (zone, window))
    assert told.startswith(f"p.yaml:{expected}")


ZONES = "time_zones:\n  - {hosts: [%s], zone: %s}\n"


def test_the_zone_of_hosts_that_write_local_time() -> None:
    policy = loads(ZONES % ('"esx1*", 192.0.2.7', "Europe/Brussels"), "p.yaml")
    assert policy.time_zones == (TimeZone(hosts=("esx1*", "192.0.2.7"), zone="Europe/Brussels", line=2),)


@pytest.mark.parametrize(
    ("hosts", "zone", "expected"),
    [
        (
            "a",
            "Europe/Brussel",
            "2:24: there is no time zone 'Europe/Brussel'; did you mean 'Europe/Brussels'? (names as",
        ),
        ("a", "CET+1", "2:24: there is no time zone 'CET+1'; did you mean 'CET'? (names as"),
        ("a", "../UTC", "2:24: there is no time zone '../UTC'; "),
        ("", "UTC", '2:13: no host is named; add name patterns, or ["*"] for every host'),
        ('" "', "UTC", "2:14: an empty text in 'hosts'; remove it"),
    ],
)
def test_a_time_zone_is_one_of_hosts(hosts: str, zone: str, expected: str) -> None:
    [told] = mistakes_of(ZONES % (hosts, zone))
    assert told.startswith(f"p.yaml:{expected}")


def test_a_machine_without_time_zones_checks_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minimal system may have no database of them. It can still audit; who needs a zone says what is missing."""
    for name in [name for name in sys.modules if name.startswith("tzdata.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=())
    ZoneInfo.clear_cache()
    try:
        policy = loads(ZONES % ("a", "Europe/Brussels") + HOURS % ("Europe/Brussels", "{}"), "p.yaml")
        with pytest.raises(InputError, match="nor any other but UTC, on this machine") as caught:
            zone_named(policy.time_zones[0].zone)
        assert "tzdata" in str(caught.value)
        assert zone_named("UTC") is UTC
    finally:
        zoneinfo.reset_tzpath()
        ZoneInfo.clear_cache()


ATTESTED = "attestations:\n  - {control: pw-vault, statement: s, owner: o, dated: 2026-01-01, expires: %s}\n"


def test_an_attestation_for_a_control_that_is_none() -> None:
    assert mistakes_of(ATTESTED % "2027-01-01", {"pw-vaults"}) == [
        "p.yaml:2:15: there is no control 'pw-vault'; did you mean 'pw-vaults'? ('viguard controls list' names all)"
    ]


def test_an_attestation_must_expire() -> None:
    text = "attestations:\n  - {control: pw-vault, statement: s, owner: o, dated: 2026-01-01}\n"
    assert mistakes_of(text) == ["p.yaml:2:5: the key 'expires' is missing; write 'expires:' with a date (YYYY-MM-DD)"]


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        ("2026-02-31", "'2026-02-31' is no day of the calendar; write a date as YYYY-MM-DD"),
        ("next year", "expected a date (YYYY-MM-DD), found 'next year'; write a date (YYYY-MM-DD)"),
        ("2026-01-01", "it expires before it counts; 'expires' must be later than 'dated'"),
        ("2027-01-03", "it counts for more than a year; state it again each year"),
    ],
)
def test_an_attestation_with_a_wrong_expiry(expires: str, expected: str) -> None:
    assert mistakes_of(ATTESTED % expires) == [f"p.yaml:2:77: {expected}"]


def test_an_expired_attestation_is_a_mistake_only_where_the_day_is_given() -> None:
    text = ATTESTED % "2026-06-01"
    assert len(loads(text, "p.yaml").attestations) == 1
    assert len(loads(text, "p.yaml", today=date(2026, 5, 31)).attestations) == 1
    assert mistakes_of(text, today=date(2026, 6, 1)) == [
        "p.yaml:2:77: this attestation expired on 2026-06-01; renew it with a new date, or remove it"
    ]


def test_hostile_words_cannot_write_to_the_terminal() -> None:
    text = 'zones: [{name: a, match: {vlans: [1]}, "\\e]0;x\\a": 1}]\nprofile: "' + "x" * 10_000 + '"\n'
    lines = mistakes_of(text)
    assert "unknown key '\\x1b]0;x\\x07'" in lines[0]
    assert all(len(line) < 300 and line.isprintable() for line in lines)


def test_load_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load(path, {"pw-vault"}).file == str(path)


def test_mistakes_of_yaml_and_of_the_policy_are_told_together() -> None:
    text = """\
profile: modern
profile: modern
zones:
  - name: &n dmz
    match: {vlans: [5000]}
    trust: !!int 7
limits: {log_count: many}
colour: red
"""
    assert [m.split("; ")[0] for m in mistakes_of(text)] == [
        "p.yaml:2:1: the key 'profile' stands here a second time (first in line 1)",
        "p.yaml:4:11: the anchor '&n' is not allowed",
        "p.yaml:5:21: '5000' is out of range",
        "p.yaml:6:12: the tag 'tag:yaml.org,2002:int' is not allowed",
        "p.yaml:7:21: expected a whole number from 1 to 1000000, found 'many'",
        "p.yaml:8:1: unknown key 'colour'",
    ]


def test_an_anchored_value_is_checked_too() -> None:
    assert [m.split(":")[1:3] for m in mistakes_of("limits: {log_count: &a many}\n")] == [["1", "21"]] * 2


def test_nothing_is_said_of_what_a_mistake_hides() -> None:
    text = """\
zones: [{name: dmz, match: {vlans: [1]}}]
zones: [{name: lan, match: {vlans: [2]}}]
pairs:
  - {zones: [dmz, lan], sharing: share}
people: *everybody
"""
    assert [m.split("; ")[0] for m in mistakes_of(text)] == [
        "p.yaml:2:1: the key 'zones' stands here a second time (first in line 1)",
        "p.yaml:5:9: the alias '*everybody' is not allowed",
    ]
