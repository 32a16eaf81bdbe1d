"""Servers and services of each VLAN as a picture (SVG). Source: report, Figure 6.

Names come from the estate, which is hostile input: every text is made visible and escaped, and nothing else of a name
reaches the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from viguard.model.facts import Struct
from viguard.model.text import plural, visible
from viguard.network.vlans.members import Kind, Member, Network, Vlans

COLUMNS = 4
WIDTH, GAP, LINE, HEAD, PAD = 340, 18, 17, 54, 12
TITLE, NAME, SERVICE = 34, 24, 23  # characters, as wide as their column
SHOWN = 40
"""Members that a box names; the rest are counted."""
_COLOURS = {
    Kind.VLAN: "#1f5f8b",
    Kind.PRIVATE: "#5b4a8a",
    Kind.UNTAGGED: "#8a6d1f",
    Kind.TRUNK: "#a33b2a",
    Kind.UNKNOWN: "#6b6b6b",
}


class _Line(Struct, frozen=True, kw_only=True):
    """A line of a box."""

    name: str
    detail: str
    kind: str


def draw(found: Vlans, title: str) -> str:
    """The picture: a box for each network, its servers with what they do, what is odd below."""
    boxes = [(network, _lines(network)) for network in found.networks]
    tops = [PAD + 40] * COLUMNS
    drawn: list[str] = []
    for network, lines in boxes:
        column = tops.index(min(tops))
        height = HEAD + LINE * max(len(lines), 1) + PAD
        drawn.append(_box(network, lines, GAP + column * (WIDTH + GAP), tops[column], height))
        tops[column] += height + GAP
    width = GAP + COLUMNS * (WIDTH + GAP)
    notes = [odd.what for odd in found.odd] + [f"not known: {what}" for what in found.unknown]
    top = max(tops) + LINE
    drawn += [_text(GAP, top + n * LINE, visible(note, 220), size=12, fill="#333333") for n, note in enumerate(notes)]
    height = top + LINE * len(notes) + PAD
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        '<g font-family="DejaVu Sans, Helvetica, Arial, sans-serif">',
        f"<title>{_safe(title, 200)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(GAP, PAD + 22, visible(title, 120), size=18, weight="bold"),
    ]
    return "\n".join([*head, *drawn, "</g></svg>", ""])


def _box(network: Network, lines: Sequence[_Line], x: int, y: int, height: int) -> str:
    colour = _COLOURS[network.kind]
    groups = ", ".join(network.port_groups) or "no port group"
    zones = f" · {', '.join(network.zones)}" if network.zones else ""
    parts = [
        f'<svg x="{x}" y="{y}" width="{WIDTH}" height="{height}">',  # cuts what wide letters make too long
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6" fill="#f7f9fb" stroke="{colour}"/>',
        f'<path d="M0 46V6a6 6 0 0 1 6 -6H{WIDTH - 6}a6 6 0 0 1 6 6V46Z" fill="{colour}"/>',
        _text(PAD, 19, visible(f"{network.name}{zones}", TITLE), size=14, weight="bold", fill="#ffffff"),
        _text(PAD, 37, visible(f"{groups} on {plural(len(network.hosts), 'host')}", 46), fill="#ffffff"),
    ]
    at = HEAD + 11
    if not lines:
        parts.append(_text(PAD, at, "nothing is plugged in", fill="#6b6b6b", style="italic"))
    for line in lines:
        shade = "#111111" if line.kind == "guest" else "#4a5a6a"
        parts.append(_text(PAD, at, visible(line.name, NAME), fill=shade))
        parts.append(_text(182, at, visible(line.detail, SERVICE), fill="#555555"))
        at += LINE
    return "\n".join([*parts, "</svg>"])


def _lines(network: Network) -> list[_Line]:
    lines = [_line(member) for member in network.members if member.kind != "interface"]
    hosts: dict[tuple[str, str], list[str]] = {}
    for member in network.members:
        if member.kind == "interface":
            hosts.setdefault((member.name, ", ".join(member.services) or member.port_group), []).append(member.host)
    for (device, services), names in hosts.items():
        lines += [_Line(name=name.partition(".")[0], detail=f"{device} {services}", kind="interface") for name in names]
    if len(lines) <= SHOWN:
        return lines
    return [*lines[:SHOWN], _Line(name=f"and {len(lines) - SHOWN:,} more", detail="", kind="more")]


def _line(member: Member) -> _Line:
    told: Iterable[str] = [
        *member.services,
        *(["template"] if member.kind == "template" and "template" not in member.services else []),
        *({"poweredOff": ["off"], "suspended": ["suspended"]}.get(member.power, [])),
    ]
    return _Line(name=member.name, detail=", ".join(told), kind=member.kind)


def _text(  # noqa: PLR0913  (attributes of one element)
    x: int, y: int, text: str, *, size: int = 12, weight: str = "", fill: str = "#111111", style: str = ""
) -> str:
    more = (f' font-weight="{weight}"' if weight else "") + (f' font-style="{style}"' if style else "")
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}"{more}>{_safe(text, 400)}</text>'


def _safe(text: str, limit: int) -> str:
    return escape(visible(text, limit))
