"""Who may use which volume of an iSCSI SAN: as a table, and as lines for the command line of a Dell EqualLogic group.

Source: report, SAN; EqualLogic Group Manager CLI Reference (volume select, access create). Not tried on a device.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Final

from viguard.model.facts import Struct
from viguard.model.text import visible
from viguard.network.render.written import Rendered

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]*")
_HEAD: Final = ("volume", "address", "initiator", "CHAP user")
UNTRIED: Final = "# EqualLogic group CLI. Not tried on a device: read it before you paste it."


class Access(Struct, frozen=True, kw_only=True):
    """An initiator that may use a volume: by address or network, and by its name and CHAP user where they are known."""

    volume: str
    address: str
    initiator: str = ""
    chap_user: str = ""


def table(rows: Sequence[Access]) -> Rendered:
    """The rows for people, in columns."""
    said, residual = _said(rows)
    cells = [_HEAD, *((one.volume, address, one.initiator or "any", one.chap_user or "none") for one, address in said)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return Rendered("".join(f"{line}\n" for line in lines), residual)


def equallogic(rows: Sequence[Access]) -> Rendered:
    """The rows as commands. Rows that a volume has already are not taken away."""
    said, residual = _said(rows)
    lines = [UNTRIED]
    for one, address in said:
        words = [f"volume select {one.volume} access create ipaddress {address}"]
        words += [f"initiator {one.initiator}"] if one.initiator else []
        words += [f"username {one.chap_user}"] if one.chap_user else []
        lines.append(" ".join(words))
    return Rendered("".join(f"{line}\n" for line in lines), residual)


def _said(rows: Sequence[Access]) -> tuple[list[tuple[Access, str]], tuple[str, ...]]:
    said: list[tuple[Access, str]] = []
    residual: list[str] = []
    for one in rows:
        address, why = _address(one.address)
        if not all(_NAME.fullmatch(name) for name in (one.volume, one.initiator, one.chap_user) if name):
            why = "a name with other signs than letters, digits, . : _ and -"
        if why:
            residual.append(f"{visible(one.volume)}, {visible(one.address)}: {why}; left out")
            continue
        said.append((one, address))
        if not one.chap_user:
            residual.append(f"{one.volume}, {address}: without CHAP whoever takes such an address reads the volume")
    return said, tuple(residual)


def _address(text: str) -> tuple[str, str]:
    """As the device takes it, and what is wrong with it."""
    try:
        one = ip_network(text)
    except ValueError:
        return "", "this is no address"
    if not one.prefixlen:
        return "", "every address is no list"
    if one.prefixlen == one.max_prefixlen:
        return str(one.network_address), ""
    if one.version == 6 or one.prefixlen % 8:
        return "", "a network has to end between two numbers"
    kept = one.prefixlen // 8
    return ".".join([*str(one.network_address).split(".")[:kept], *["*"] * (4 - kept)]), ""
