"""Enforcement points and separations of a policy: names that exist, networks that meet, translations that can be."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterator

from viguard.policy.quoting import quote
from viguard.policy.source import List, Mistakes, Table, Text, Tree
from viguard.policy.typed import suggest

INTERNET = "internet"
MOST_TRANSLATED = 256
"""How many addresses one line may translate one for one."""


def check(firewall: Tree | None, zones: Collection[str], mistakes: Mistakes) -> None:
    """Adds every mistake of the points and of isolated zones. A partial file is not asked for names."""
    if not isinstance(firewall, Table):
        return
    points = _tables(firewall.get("points"))
    joined = Counter(name for point in points for name in {text.value for text in _texts(point.get("between"))})
    seen: dict[str, int] = {}
    for point in points:
        _name(point, seen, mistakes)
        _place(point, mistakes)
        networks = {text.value for text in _texts(point.get("between"))}
        if not mistakes.partial:
            _networks(point, {*zones, INTERNET}, joined, mistakes)
        _interfaces(point, networks, mistakes)
        for entry in _tables(point.get("nat")):
            _nat(entry, networks, mistakes)
    _separations(firewall, zones, mistakes)
    for text in _texts(firewall.get("isolated")):
        if text.value not in zones and not mistakes.partial:
            mistakes.add(text, f"there is no zone {quote(text.value)}", suggest(text.value, zones))
        elif joined[text.value]:
            what = f"the zone {quote(text.value)} is isolated, and a point joins it"
            mistakes.add(text, what, "leave it out here, or under 'between' of that point")


def _separations(firewall: Table, zones: Collection[str], mistakes: Mistakes) -> None:
    seen: dict[frozenset[str], int] = {}
    for entry in _tables(firewall.get("separate")):
        names = _texts(entry.get("zones"))
        for text in names:
            if text.value not in zones and not mistakes.partial:
                mistakes.add(text, f"there is no zone {quote(text.value)}", suggest(text.value, zones))
        pair = frozenset(text.value for text in names)
        if len(names) == 2 and len(pair) == 1:
            mistakes.add(entry, "a zone is not separated from itself", "name two zones")
        elif len(pair) == 2 and pair in seen:
            mistakes.add(entry, f"these two zones are separated in line {seen[pair]}", "remove one of them")
        seen.setdefault(pair, entry.line)


def _name(point: Table, seen: dict[str, int], mistakes: Mistakes) -> None:
    name = point.get("name")
    if isinstance(name, Text) and not name.empty:
        if name.value in seen:
            what = f"the name {quote(name.value)} is taken (line {seen[name.value]})"
            mistakes.add(name, what, "names must differ: rename one")
        seen.setdefault(name.value, name.line)


def _place(point: Table, mistakes: Mistakes) -> None:
    between, before = (_texts(point.get(key)) for key in ("between", "before"))
    if between and before:
        mistakes.add(point, "it stands between networks and before something at once", "make two points of it")
    elif not between and not before:
        mistakes.add(
            point, "nobody knows where it stands", "write 'between' with networks, or 'before' with what it guards"
        )
    elif between and len({text.value for text in between}) < 2:
        mistakes.add(between[0], "a point between networks joins two at least", "name the others, too")


def _networks(point: Table, known: Collection[str], joined: Counter[str], mistakes: Mistakes) -> None:
    for text in _texts(point.get("between")):
        if text.value not in known and joined[text.value] < 2:
            what = f"{quote(text.value)} is no zone, and no other point joins it"
            mistakes.add(text, what, suggest(text.value, known))


def _interfaces(point: Table, networks: Collection[str], mistakes: Mistakes) -> None:
    entries = point.get("interfaces")
    for _, value in entries.entries if isinstance(entries, Table) else ():
        if isinstance(value, Text) and value.value not in networks:
            what = f"the point does not join {quote(value.value)}"
            mistakes.add(value, what, suggest(value.value, networks) if networks else "name it under 'between'")


def _nat(entry: Table, networks: Collection[str], mistakes: Mistakes) -> None:
    on = entry.get("on")
    if isinstance(on, Text) and on.value not in networks:
        mistakes.add(on, f"the point does not join {quote(on.value)}", "write one of its networks")
    outside, inside = (_network(entry.get(key), mistakes) for key in ("outside", "inside"))
    if outside is None or inside is None:
        return
    if outside.version != inside.version:
        mistakes.add(entry, "addresses of both families", "IPv4 is translated to IPv4 only here")
    elif outside.num_addresses not in {1, inside.num_addresses}:
        mistakes.add(entry, "as many addresses outside as inside, or one", "write one line for each part")
    elif outside.num_addresses > MOST_TRANSLATED:
        mistakes.add(entry, f"more than {MOST_TRANSLATED} addresses one for one", "write one line for each part")


def _network(node: Tree | None, mistakes: Mistakes) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if not isinstance(node, Text) or node.empty:
        return None
    try:
        return ipaddress.ip_network(node.value)
    except ValueError:
        mistakes.add(node, f"{quote(node.value)} is no address or network", "write 10.1.2.3 or 10.1.2.0/24")
        return None


def _tables(node: Tree | None) -> list[Table]:
    return [item for item in node.items if isinstance(item, Table)] if isinstance(node, List) else []


def _texts(node: Tree | None) -> list[Text]:
    return list(_each(node))


def _each(node: Tree | None) -> Iterator[Text]:
    for item in node.items if isinstance(node, List) else ():
        if isinstance(item, Text) and not item.empty:
            yield item
