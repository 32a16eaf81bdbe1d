"""Zones out of a table: every row is taken over or listed."""

import json
from pathlib import Path

import pytest

from viguard.errors import PolicyError
from viguard.policy.import_zones import Imported, Row, read_tables


def read(tmp_path: Path, text: str | bytes, name: str = "t.csv") -> Imported:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = read_tables([path])
    rows = tuple(Row(**{**_fields(r), "where": r.where.removeprefix(str(tmp_path) + "/")}) for r in found.rows)
    return Imported(rows=rows, mistakes=tuple(m.replace(str(tmp_path) + "/", "") for m in found.mistakes))


def _fields(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def test_a_csv_with_good_and_bad_rows(tmp_path: Path) -> None:
    text = """\
vlan,cidr,zone,owner
10,10.1.0.0/24,dmz,Ann
,10.2.0.0/24,office,
20,,office,"Bob, net team"

4095,,x,
abc,,x,
30,,,
,,x,
40,10.1.2.3/24,x,
41,foo,x,
50,,x,y,z
10,,office,
11,2001:db8::/64,dmz,"An
n"
12,,dmz,
"""
    assert read(tmp_path, text) == Imported(
        rows=(
            Row(zone="dmz", where="t.csv:2", vlan=10, subnet="10.1.0.0/24", owner="Ann"),
            Row(zone="office", where="t.csv:3", subnet="10.2.0.0/24"),
            Row(zone="office", where="t.csv:4", vlan=20, owner="Bob, net team"),
            Row(zone="dmz", where="t.csv:14", vlan=11, subnet="2001:db8::/64", owner="An\nn"),
            Row(zone="dmz", where="t.csv:16", vlan=12),
        ),
        mistakes=(
            "t.csv:6: '4095' is no VLAN; write a whole number from 0 to 4094",
            "t.csv:7: 'abc' is no VLAN; write a whole number from 0 to 4094",
            "t.csv:8: no zone; name one",
            "t.csv:9: neither a VLAN nor a subnet; give one of them",
            "t.csv:10: '10.1.2.3/24' is no network; did you mean '10.1.2.0/24'?",
            "t.csv:11: 'foo' is no network; write it as address/prefix, e.g. 10.1.2.0/24",
            "t.csv:12: 5 cells are more than there are columns; put a cell that holds the separator in quotes",
            "t.csv:13: this network is in zone 'dmz' already (t.csv:2); keep one of the two rows",
        ),
    )


def test_semicolons_a_byte_order_mark_and_columns_in_any_order(tmp_path: Path) -> None:
    text = "\ufeffZone;Owner;VLAN;Floor\r\ndmz;Ann;10;3\r\n"
    assert read(tmp_path, text).rows == (Row(zone="dmz", where="t.csv:2", vlan=10, owner="Ann"),)


def test_a_table_without_a_head(tmp_path: Path) -> None:
    assert read(tmp_path, "10,,dmz,Ann\n,10.1.0.0/24,office,\n").rows == (
        Row(zone="dmz", where="t.csv:1", vlan=10, owner="Ann"),
        Row(zone="office", where="t.csv:2", subnet="10.1.0.0/24"),
    )


def test_vlans_exported_from_netbox_as_csv(tmp_path: Path) -> None:
    text = (
        "ID,VID,Name,Site,Group,Prefixes,Tenant,Status,Role,Description\n"
        "4711,110,web-front,Evere,,10.1.110.0/24,Ann,Active,DMZ,the web\n"
        "4712,20,office,Evere,,,,Active,,\n"
    )
    assert read(tmp_path, text).rows == (
        Row(zone="DMZ", where="t.csv:2", vlan=110, owner="Ann"),
        Row(zone="office", where="t.csv:3", vlan=20),
    )


def test_vlans_exported_from_an_older_netbox(tmp_path: Path) -> None:
    text = "ID,Site,Group,Name,Prefixes,Tenant,Status,Role,Description\n110,Evere,,web-front,,,Active,,\n"
    assert read(tmp_path, text).rows == (Row(zone="web-front", where="t.csv:2", vlan=110),)


def test_prefixes_exported_from_netbox_as_csv(tmp_path: Path) -> None:
    text = (
        "ID,Prefix,Status,Children,VRF,Utilization,Tenant,Site,VLAN,Role,Description\n"
        "12,10.1.110.0/24,Active,0,,,Ann,Evere,web-front (110),DMZ,\n"
        "13,10.1.20.0/24,Active,0,,,,Evere,office (20),,\n"
    )
    assert read(tmp_path, text).rows == (
        Row(zone="DMZ", where="t.csv:2", vlan=110, subnet="10.1.110.0/24", owner="Ann"),
        Row(zone="office", where="t.csv:3", vlan=20, subnet="10.1.20.0/24"),
    )


def test_netbox_json(tmp_path: Path) -> None:
    vlans = [
        {"id": 7, "vid": 110, "name": "web", "role": {"id": 1, "name": "DMZ"}, "tenant": {"name": "Ann"}},
        {"id": 8, "vid": 20, "name": "office", "role": None, "tenant": None},
        {"id": 9, "vid": 30, "name": "x", "role": {"name": "y"}, "custom_fields": {"zone": "lab"}},
        {"id": 10, "prefix": "10.1.20.0/24", "vlan": {"vid": 20, "name": "office"}, "role": None},
        {"id": 11, "prefix": "10.1.21.5/24", "vlan": None, "role": {"name": "DMZ"}},
        "junk",
    ]
    assert read(tmp_path, json.dumps({"count": 6, "results": vlans}), "n.json") == Imported(
        rows=(
            Row(zone="DMZ", where="n.json: result 1", vlan=110, owner="Ann"),
            Row(zone="office", where="n.json: result 2", vlan=20),
            Row(zone="lab", where="n.json: result 3", vlan=30),
            Row(zone="office", where="n.json: result 4", vlan=20, subnet="10.1.20.0/24"),
        ),
        mistakes=(
            "n.json: result 5: '10.1.21.5/24' is no network; did you mean '10.1.21.0/24'?",
            "n.json: result 6: neither a VLAN nor a subnet; give one of them",
            "n.json: result 6: no zone; name one",
        ),
    )


def test_two_files_are_one_table(tmp_path: Path) -> None:
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("vlan,cidr,zone,owner\n10,,dmz,\n")
    two.write_text("vlan,cidr,zone,owner\n10,,dmz,\n10,,lab,\n")
    found = read_tables([one, two])
    assert len(found.rows) == 2
    assert found.mistakes == (f"{two}:3: this network is in zone 'dmz' already ({one}:2); keep one of the two rows",)


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "\n \n") == Imported()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a,b\n1,2\n", ":1: no column is known here; name the columns vlan,cidr,zone,owner in the first line"),
        (b"vlan,cidr,zone,owner\n10,,Li\xe8ge,\n", ":2: not UTF-8; save the table as UTF-8"),
        (b'{"results": [', ":1:14: not JSON: Expecting value; export it again"),
        (b'{"count": 3}', ": no list of results; export VLANs or prefixes from NetBox"),
        (b"[" * 200_000, ": nested too deeply; export VLANs or prefixes from NetBox"),
        (b"vlan,cidr,zone,owner\n10,," + b"x" * 200_000 + b",\n",
         ":2: not CSV: field larger than field limit (131072); check the quotes of this line"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read(tmp_path: Path, text: bytes, expected: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text)
    with pytest.raises(PolicyError) as caught:
        read_tables([path])
    assert caught.value.mistakes == [f"{path}{expected}"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read: No such file"):
        read_tables([tmp_path / "none.csv"])
