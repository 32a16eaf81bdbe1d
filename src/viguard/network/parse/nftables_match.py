"""Which packets a match of nftables fits: of values, sets, ranges and concatenations of them, and of none of these.

Source: libnftables-json(5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from viguard.network.addresses import Family, Range, Ranges, common, joined, without
from viguard.network.match import MOST_RULES, Match, everything
from viguard.network.parse.masks import masked
from viguard.network.parse.nftables_axes import STATES, Axis, Matches, axis, states
from viguard.network.parse.tracking import OLD
from viguard.network.rules import Interface
from viguard.network.services import TCP, Box

Region: TypeAlias = tuple[Ranges | None, ...]
"""Numbers for each axis; None: nobody knows which."""
MOST_TURNED = 64
"""How many concatenations a match may exclude and still be told exactly."""
_FIRST = frozenset({"syn"})
"""The flags of the first packet of a flow."""


class NamedSet(NamedTuple):
    """Elements of a set that has a name; ``changes``: packets or time change them."""

    elements: Sequence[object]
    changes: bool


class Scope:
    """What matches of one table refer to: the family of packets, and the sets of the table."""

    def __init__(self, family: Family, sets: Mapping[str, NamedSet], *, is_tracked: bool) -> None:
        self.family, self.sets, self.is_tracked = family, sets, is_tracked
        self._read: dict[tuple[str, tuple[str, ...]], list[Region]] = {}

    def regions(self, right: object, axes: Sequence[Axis]) -> list[Region]:
        """What a right-hand side holds; nobody knows when packets or time change it.

        Raises: ValueError for what is none.
        """
        if isinstance(right, str) and right.startswith("@"):
            key = (right, tuple(one.shown for one in axes))
            if key not in self._read:
                if right[1:] not in self.sets:
                    raise ValueError(f"there is no set {right[1:]!r}")
                named = self.sets[right[1:]]
                self._read[key] = [(None,) * len(axes)] if named.changes else _regions(named.elements, axes)
            return self._read[key]
        if isinstance(right, Mapping) and "set" in right:
            return _regions(_sequence(right["set"]), axes)
        if isinstance(right, Mapping) and "|" in right:
            right = _flattened(right)
        return _regions(right if isinstance(right, list) else [right], axes)


class Fit(NamedTuple):
    """Packets that a match fits. ``is_old``: none but those of flows that are known."""

    matches: Matches
    is_old: bool = False


def look(said: object, scope: Scope) -> Fit:
    """What one ``match`` says. Raises: ValueError for what is none."""
    if not isinstance(said, Mapping) or "left" not in said or "right" not in said:
        raise ValueError("a match without its two sides")
    op, left, right = str(said.get("op", "==")), said["left"], said["right"]
    if (flags := _flags(left, op, right)) is not None:
        every = scope.family.every
        tcp = Match(sources=every, destinations=every, services=(Box(Range(TCP, TCP)),))
        return Fit((tcp,) if flags else ())
    if (named := _by_interface(left, op, right, scope)) is not None:
        return Fit(named)
    if isinstance(left, Mapping) and "&" in left:
        return Fit(_under_mask(left["&"], op, right, scope))
    axes = axes_of(left, scope)
    if op in {"<", ">", "<=", ">="} and len(axes) == 1:
        return Fit(fitting([_compared(op, right, axes[0])], axes))
    regions = scope.regions(right, axes)
    found = fitting(regions, axes) if op in {"==", "in"} else excluding(regions, axes)
    if [one.shown for one in axes] == ["ct state"]:
        return _state(found, regions, op, scope)
    return Fit(found)


def _by_interface(left: object, op: str, right: object, scope: Scope) -> Matches | None:
    """Packets by the names of interfaces; None: it looks at something else, or at a name that is not told here."""
    key = left.get("meta", {}).get("key") if isinstance(left, Mapping) and isinstance(left.get("meta"), Mapping) else ""
    told = right["set"] if isinstance(right, Mapping) and "set" in right else [right]
    if key not in {"iifname", "oifname"} or op not in {"==", "!=", "in"} or not isinstance(told, list):
        return None
    names = [name for name in told if isinstance(name, str) and name != "lo" and not name.startswith("@")]
    if len(names) < len(told) or not names:
        return None
    shown = [f"{name[:-1]}+" if name.endswith("*") else name for name in names]
    asked = tuple(Interface(is_incoming=key == "iifname", name=name, negated=op == "!=") for name in shown)
    every = everything(scope.family)
    if op == "!=":
        return (replace(every, interfaces=asked),)
    return tuple(replace(every, interfaces=(one,)) for one in asked)


def axes_of(left: object, scope: Scope) -> list[Axis]:
    """What is looked at, one after the other when it is a concatenation."""
    if isinstance(left, Mapping) and "concat" in left:
        return [axis(part, scope.family) for part in _sequence(left["concat"])]
    return [axis(left, scope.family)]


def _state(found: Matches, regions: Sequence[Region], op: str, scope: Scope) -> Fit:
    wanted = {state for (some,) in regions for state in states(some or ())}
    if op not in {"==", "in"}:
        wanted = set(STATES) - wanted
    if not scope.is_tracked and len(wanted & {"new", "untracked"}) == 1:
        why = "some packets are not tracked, so it may not see them as new"
        return Fit((replace(everything(scope.family), unsure=why),))
    return Fit(found, not found and bool(wanted & OLD))


def _regions(elements: Sequence[object], axes: Sequence[Axis]) -> list[Region]:
    found = [region_of(element, axes) for element in elements]
    if len(axes) > 1:
        return _together(found)
    sure = joined(span for (some,) in found if some is not None for span in some)
    hidden: list[Region] = [(None,)] if any(some is None for (some,) in found) else []
    return [(sure,), *hidden] if sure else hidden


def _together(found: Sequence[Region]) -> list[Region]:
    """The same with fewer regions: those that differ in their first numbers alone become one."""
    firsts: dict[Region, list[Range]] = {}
    hidden = [region for region in found if region[0] is None]
    for region in found:
        if region[0] is not None:
            firsts.setdefault(region[1:], []).extend(region[0])
    return [*((joined(spans), *rest) for rest, spans in firsts.items()), *dict.fromkeys(hidden)]


def region_of(element: object, axes: Sequence[Axis]) -> Region:
    """The numbers of one element of a set. Raises: ValueError for what is none."""
    element = value_of(element)
    if element == "*":
        return tuple(one.every for one in axes)
    if isinstance(element, Mapping) and "concat" in element:
        parts = [value_of(part) for part in _sequence(element["concat"])]
        if len(parts) != len(axes):
            raise ValueError(f"{len(parts)} values for {len(axes)} things")
        return tuple(_span(part, one) for part, one in zip(parts, axes, strict=True))
    if len(axes) != 1:
        raise ValueError(f"one value for {len(axes)} things")
    return (_span(element, axes[0]),)


def value_of(element: object) -> object:
    """An element of a set without what else is said of it."""
    if isinstance(element, Mapping) and "elem" in element:
        inner = element["elem"]
        if not isinstance(inner, Mapping) or "val" not in inner:
            raise ValueError("an element without a value")
        return inner["val"]
    return element


def _span(value: object, one: Axis) -> Ranges | None:
    if value == "*":
        return one.every
    if isinstance(value, Mapping) and "prefix" in value:
        return _prefix(value["prefix"], one)
    if isinstance(value, Mapping) and "range" in value:
        first, last = (_number(end, one) for end in _pair(value["range"]))
        if first is None or last is None:
            return None
        if first > last:
            raise ValueError(f"{value['range']} does not go from a lower to a higher value")
        return (Range(first, last),)
    number = _number(value, one)
    return None if number is None else (Range(number, number),)


def _prefix(said: object, one: Axis) -> Ranges | None:
    told: Mapping[str, object] = said if isinstance(said, Mapping) else {}
    first, bits = _number(told.get("addr"), one), one.top.bit_length()
    if first is None:
        return None
    size = told.get("len")
    if not isinstance(size, int) or not 0 <= size <= bits:
        raise ValueError(f"a prefix of {size} bits")
    low = (1 << (bits - size)) - 1
    return (Range(first & ~low, first | low),)


def _number(value: object, one: Axis) -> int | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        if one.top == 0:
            return None
        raise ValueError(f"{str(value)[:80]!r} is no value of {one.shown}")
    return one.number(str(value))


def fitting(regions: Sequence[Region], axes: Sequence[Axis]) -> Matches:
    """Packets in any of the regions."""
    return tuple(match for region in regions for match in _in_region(region, axes))


def _in_region(region: Region, axes: Sequence[Axis]) -> Matches:
    found: Matches = ()
    for number, (some, one) in enumerate(zip(region, axes, strict=True)):
        here = one.fits(one.every if some is None else some)
        if some is None:
            here = tuple(replace(match, unsure=f"it also looks at {one.shown}") for match in here)
        found = both(found, here) if number else here
    return found


def both(some: Matches, others: Matches) -> Matches:
    """Packets that fit one of each. Raises: ValueError for more combinations than anybody wants to hold."""
    if len(some) * len(others) > MOST_RULES:
        raise ValueError(f"{len(some) * len(others):,} combinations of values in one rule")
    return tuple(match for one, other in product(some, others) if (match := one.also(other)))


def excluding(regions: Sequence[Region], axes: Sequence[Axis]) -> Matches:
    """Packets that have what is looked at, but in none of the regions."""
    sure = [region for region in regions if all(some is not None for some in region)]
    left: list[Region] = [tuple(one.every for one in axes)]
    hidden = "" if len(sure) == len(regions) else f"it also looks at {' and '.join(one.shown for one in axes)}"
    if len(sure) > MOST_TURNED:
        hidden = f"it leaves out {len(sure)} combinations of values"
    else:
        for region in sure:
            left = [piece for one in left for piece in _cut(one, region)]
    found = fitting(left, axes)
    return tuple(replace(match, unsure=hidden) for match in found) if hidden else found


def _cut(one: Region, gone: Region) -> list[Region]:
    """What is left of a region without another, as regions that are apart."""
    pieces = []
    for at, (some, other) in enumerate(zip(one, gone, strict=True)):
        inside = tuple(common(a or (), b or ()) for a, b in zip(one[:at], gone[:at], strict=True))
        outside = without(some or (), other or ())
        if outside and all(inside):
            pieces.append((*inside, outside, *one[at + 1 :]))
    return pieces


def _compared(op: str, right: object, one: Axis) -> Region:
    number = _number(right, one)
    if number is None:
        return (None,)
    below, above = Range(0, number if op == "<=" else number - 1), Range(number if op == ">=" else number + 1, one.top)
    span = below if op in {"<", "<="} else above
    return ((span,) if span.first <= span.last else (),)


def _flags(left: object, op: str, right: object) -> bool | None:
    """Whether the first packet of a TCP flow has such flags; None: it does not look at flags."""
    mask: frozenset[str] | None = None
    if isinstance(left, Mapping) and "&" in left:
        left, told = _pair(left["&"])
        if not _is_flags(left):
            return None
        mask = _names(told)
    elif not _is_flags(left):
        return None
    if mask is not None:
        fits = _FIRST & mask == _names(right)
        return fits if op in {"==", "in"} else not fits
    if op in {"in", "!"}:
        return bool(_FIRST & _names(right)) is (op == "in")
    wanted = _sequence(right["set"]) if isinstance(right, Mapping) and "set" in right else [right]
    return any(_names(value_of(one)) == _FIRST for one in wanted) is (op == "==")


def _is_flags(left: object) -> bool:
    return left == {"payload": {"protocol": "tcp", "field": "flags"}}


def _names(told: object) -> frozenset[str]:
    if told == 0:
        return frozenset()
    parts = _flattened(told) if isinstance(told, Mapping) else told if isinstance(told, list) else [told]
    known = {"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"}
    if not all(isinstance(part, str) and part in known for part in parts):
        raise ValueError(f"{str(told)[:80]} are no flags of TCP")
    return frozenset(parts)


def _flattened(told: object) -> list[object]:
    if isinstance(told, Mapping) and "|" in told:
        return [part for one in _sequence(told["|"]) for part in _flattened(one)]
    return told if isinstance(told, list) else [told]


def _under_mask(said: object, op: str, right: object, scope: Scope) -> Matches:
    """``expression & mask == value``: addresses whose mask may have holes, and fragments, which come later."""
    left, mask = _pair(said)
    one = axis(left, scope.family)
    if one.shown == "ip frag-off" and mask == 0x1FFF and right == 0 and op in {"==", "!="}:
        return (everything(scope.family),) if op == "==" else ()
    some = None
    if one.top == scope.family.top and op in {"==", "!="} and isinstance(mask, str) and isinstance(right, str):
        some = masked(one.number(right) or 0, one.number(mask) or 0, scope.family)
    region: Region = (some,)
    return fitting([region], [one]) if op == "==" else excluding([region], [one])


def _sequence(said: object) -> list[object]:
    return said if isinstance(said, list) else [said]


def _pair(said: object) -> tuple[object, object]:
    if not isinstance(said, list) or len(said) != 2:
        raise ValueError("two values are needed")
    return said[0], said[1]
