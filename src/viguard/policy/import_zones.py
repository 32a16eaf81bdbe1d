"""Zones from a table that the network team keeps: CSV(vlan,cidr,zone,owner), or VLANs and prefixes out of NetBox.

Nothing is lost: a row is either taken over or listed with file, line and what is wrong with it.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from viguard.errors import PolicyError
from viguard.model.facts import Struct
from viguard.policy.quoting import quote

MAX_BYTES = 50_000_000
COLUMNS = ("vlan", "cidr", "zone", "owner")

# Names of columns, small letters, best first. NetBox: VID or ID of a VLAN, Prefix, Role or Name, Tenant.
_VLAN = ("vlan", "vid", "vlan_id", "vlan id", "vlan.vid")
_CIDR = ("cidr", "prefix", "subnet", "network")
_ZONE = ("zone", "cf_zone", "cf: zone", "role", "name", "vlan.name")
_OWNER = ("owner", "cf_owner", "tenant")


class Row(Struct, frozen=True, kw_only=True):
    """One network and its zone; ``vlan`` or ``subnet`` or both. ``where`` is ``file:line`` (or the item of a list)."""

    zone: str
    where: str
    vlan: int | None = None
    subnet: str = ""
    owner: str = ""


class Imported(Struct, frozen=True, kw_only=True):
    """Rows that can be used, and a line for each that cannot: ``file:line: what; how to mend``."""

    rows: tuple[Row, ...] = ()
    mistakes: tuple[str, ...] = ()


def read_tables(paths: Iterable[Path]) -> Imported:
    """The rows of all files. A network that two rows give to different zones goes to the first; the second is listed.

    Raises: PolicyError when a file cannot be read at all.
    """
    found = [_read(path) for path in paths]
    mistakes = [line for part in found for line in part.mistakes]
    kept: list[Row] = []
    zone_of: dict[int | str, Row] = {}
    for row in [row for part in found for row in part.rows]:
        rivals = [
            zone_of[network] for network in _networks(row) if network in zone_of and zone_of[network].zone != row.zone
        ]
        if rivals:
            first = rivals[0]
            what = f"this network is in zone {quote(first.zone)} already ({first.where})"
            mistakes.append(f"{row.where}: {what}; keep one of the two rows")
            continue
        kept.append(row)
        zone_of |= {network: row for network in _networks(row) if network not in zone_of}
    return Imported(rows=tuple(kept), mistakes=tuple(mistakes))


def _networks(row: Row) -> list[int | str]:
    return [network for network in (row.vlan, row.subnet) if network not in (None, "")]


def _read(path: Path) -> Imported:
    text = _text(path)
    first = text.lstrip()[:1]
    return _from_json(text, str(path)) if first in {"{", "["} else _from_csv(text, str(path))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as err:
        raise PolicyError([f"{path}: cannot be read: {err.strerror}; check the path and its permissions"]) from err
    if len(data) > MAX_BYTES:
        raise PolicyError([f"{path}: the file is larger than {MAX_BYTES // 1_000_000} MB; export less at a time"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data[: err.start].count(b"\n") + 1
        raise PolicyError([f"{path}:{line}: not UTF-8; save the table as UTF-8"]) from err


def _from_csv(text: str, file: str) -> Imported:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = _numbered(reader, file)
    try:
        line, first = next(rows)
    except StopIteration:
        return Imported()
    names = [cell.strip().lower() for cell in first]
    if not set(names) & {*_VLAN, *_CIDR, "zone"} and not {"id", "name"} <= set(names):
        if not _is_data(first):
            known = ",".join(COLUMNS)
            raise PolicyError([f"{file}:{line}: no column is known here; name the columns {known} in the first line"])
        rows, names = _chain((line, first), rows), list(COLUMNS)
    return _rows(((f"{file}:{n}", _cells(names, cells)) for n, cells in rows))


def _numbered(reader: Any, file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, with the line where each starts."""
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as err:
        raise PolicyError([f"{file}:{line}: not CSV: {err}; check the quotes of this line"]) from err


def _chain(first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _is_data(cells: Sequence[str]) -> bool:
    return cells[0].strip().isdigit() or (len(cells) > 1 and not cells[0].strip() and "/" in cells[1])


def _cells(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    found = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
    if len(cells) > len(names):
        found["…"] = str(len(cells))
    name, bracket, number = found.get("vlan", "").rpartition("(")  # a prefix's VLAN in an export: DMZ-web (110)
    if bracket and number.endswith(")"):
        found["vlan"], found["vlan.name"] = number[:-1], name.strip()
    if "vid" not in found and "vlan" not in found and "id" in found and "prefix" not in found:
        found["vid"] = found["id"]  # the VLAN table of the web page names its VID column 'ID'
    return found


def _from_json(text: str, file: str) -> Imported:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as err:
        raise PolicyError([f"{file}:{err.lineno}:{err.colno}: not JSON: {err.msg}; export it again"]) from err
    except RecursionError as err:
        raise PolicyError([f"{file}: nested too deeply; export VLANs or prefixes from NetBox"]) from err
    items = data.get("results") if isinstance(data, dict) else data
    if not isinstance(items, list):
        raise PolicyError([f"{file}: no list of results; export VLANs or prefixes from NetBox"])
    return _rows(((f"{file}: result {n}", _flat(item)) for n, item in enumerate(items, 1)))


def _flat(item: object) -> dict[str, str]:
    """An object of NetBox's API as cells: a nested object by its name, its VLAN also by number."""
    if not isinstance(item, dict):
        return {}
    cells: dict[str, str] = {}
    for key, value in item.items():
        cells[str(key)] = _name(value)
    vlan, custom = item.get("vlan"), item.get("custom_fields")
    if isinstance(vlan, dict):
        cells["vlan"], cells["vlan.name"] = str(vlan.get("vid", "")), _name(vlan)
    if isinstance(custom, dict):
        cells |= {f"cf_{key}": _name(value) for key, value in custom.items()}
    return cells


def _name(value: object) -> str:
    if isinstance(value, Mapping):
        return next((str(value[k]) for k in ("name", "display", "value") if value.get(k) is not None), "")
    return "" if value is None or isinstance(value, list) else str(value).strip()


def _rows(numbered: Iterable[tuple[str, dict[str, str]]]) -> Imported:
    rows: list[Row] = []
    mistakes: list[str] = []
    for where, cells in numbered:
        wrong = [*_check(cells)]
        mistakes += [f"{where}: {line}" for line in wrong]
        if not wrong:
            rows.append(_row(where, cells))
    return Imported(rows=tuple(rows), mistakes=tuple(mistakes))


def _row(where: str, cells: dict[str, str]) -> Row:
    vlan, subnet = _first(cells, _VLAN), _first(cells, _CIDR)
    return Row(
        zone=_first(cells, _ZONE),
        where=where,
        vlan=int(vlan) if vlan else None,
        subnet=str(ipaddress.ip_network(subnet)) if subnet else "",
        owner=_first(cells, _OWNER),
    )


def _check(cells: dict[str, str]) -> Iterator[str]:
    """What is wrong with a row."""
    vlan, subnet = _first(cells, _VLAN), _first(cells, _CIDR)
    if "…" in cells:
        yield f"{cells['…']} cells are more than there are columns; put a cell that holds the separator in quotes"
    if not vlan and not subnet:
        yield "neither a VLAN nor a subnet; give one of them"
    if vlan and not (vlan.isascii() and vlan.isdigit() and len(vlan) <= 4 and int(vlan) <= 4094):
        yield f"{quote(vlan)} is no VLAN; write a whole number from 0 to 4094"
    if not _first(cells, _ZONE):
        yield "no zone; name one"
    if subnet:
        yield from _check_subnet(subnet)


def _check_subnet(subnet: str) -> Iterator[str]:
    try:
        ipaddress.ip_network(subnet)
    except ValueError:
        try:
            near = ipaddress.ip_network(subnet, strict=False)
        except ValueError:
            yield f"{quote(subnet)} is no network; write it as address/prefix, e.g. 10.1.2.0/24"
        else:
            yield f"{quote(subnet)} is no network; did you mean '{near}'?"


def _first(cells: Mapping[str, str], names: Sequence[str]) -> str:
    return next((cells[name] for name in names if cells.get(name)), "")
