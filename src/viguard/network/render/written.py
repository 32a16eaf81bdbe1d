"""What every target needs: rules in parts that one line can say, texts that cannot break out, and what is left over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from viguard.model.facts import Struct
from viguard.model.text import visible
from viguard.network.addresses import Family, Range
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, EVERY_SERVICE, ICMP, ICMP6, TCP, UDP, WITH_PORTS, Box

OTHER_TYPES = "types of the ICMP of the other family"
ESTABLISHED = "answers to what was let through"


class Rendered(Struct, frozen=True):
    """What a device is given, and one line for each thing that it cannot be told.

    What cannot be told errs on the closed side: a permit is left out, a deny is written wider. Where the device lets
    more through than the rule set says, whatever it is told, a line of ``residual`` says so.
    """

    text: str
    residual: tuple[str, ...] = ()


class Part(NamedTuple):
    """A rule for one of its services. ``protocol`` None: every protocol; ``number`` is the rule's place, from 1."""

    number: int
    rule: Rule
    protocol: int | None
    box: Box


Refusal = Callable[[int | None, Box], str]
"""Why a target cannot be told a service; empty: it can."""


ZERO = "protocol 0 means every protocol there"
"""What refuses that number alone: neither a permit nor a deny of it is written."""


def tables_of(family: Family, *, has_zero: bool) -> Refusal:
    """What the tables of Linux cannot be told: types of the other family's ICMP, and 0 where it is every protocol."""
    other = ICMP6 if family is Family.V4 else ICMP

    def refusal(protocol: int | None, box: Box) -> str:
        if protocol == 0 and not has_zero:
            return ZERO
        return OTHER_TYPES if protocol == other and box.port != EVERY_PORT else ""

    return refusal


def anything(_protocol: int | None, _box: Box) -> str:
    """No refusal: the target can be told every service."""
    return ""


def parts(one: RuleSet, refusal: Refusal = anything) -> tuple[list[Part], list[str]]:
    """Each rule once for each of its services, in order, and what of it cannot be told."""
    return parts_of(enumerate(one.rules, 1), refusal)


def parts_of(rules: Iterable[tuple[int, Rule]], refusal: Refusal = anything) -> tuple[list[Part], list[str]]:
    """The same of rules with their places."""
    said: list[Part] = []
    residual: list[str] = []
    for number, rule in rules:
        place = f"rule {number} ({rule.where})" if rule.where else f"rule {number}"
        pieces, left = _told(rule, refusal)
        said += [Part(number, rule, *piece) for piece in pieces]
        residual += [f"{place}: {line}" for line in left]
    return said, list(dict.fromkeys(residual))


_Piece = tuple[int | None, Box]


def _told(rule: Rule, refusal: Refusal) -> tuple[list[_Piece], list[str]]:
    is_permit = rule.action is Action.PERMIT
    if rule.unsure and is_permit:
        return [], [f"{visible(rule.unsure)}; left out"]
    left = [f"{visible(rule.unsure)}; everything that it may fit is denied"] if rule.unsure else []
    pieces = [piece for service in rule.services for piece in _pieces(service)]
    whys = [_refused(*piece) or refusal(*piece) for piece in pieces]
    if not any(whys):
        return pieces, left
    how = "left out" if is_permit else "every service is denied instead"
    left += [f"{why}; {how if is_permit or why != ZERO else 'it is not denied'}" for why in whys if why]
    if not is_permit and any(why and why != ZERO for why in whys):
        return [(None, EVERY_SERVICE)], left
    return [piece for piece, why in zip(pieces, whys, strict=True) if not why], left


def _pieces(service: Box) -> Iterator[_Piece]:
    """The same services by protocols and, of ICMP, by types or by codes of one type."""
    if service.protocol == EVERY_PROTOCOL:
        yield None, service
        return
    for number in range(service.protocol.first, service.protocol.last + 1):
        box = Box(Range(number, number), service.source_port, service.port)
        for piece in _of_icmp(box) if number in {ICMP, ICMP6} else [box]:
            yield number, piece


def _of_icmp(box: Box) -> Iterator[Box]:
    first, last = box.port
    if first % 256 and first >> 8 != last >> 8:
        yield box._replace(port=Range(first, first | 255))
        first = (first | 255) + 1
    if last % 256 != 255 and first >> 8 != last >> 8:
        yield box._replace(port=Range(first, (last & ~255) - 1))
        first = last & ~255
    yield box._replace(port=Range(first, last))


def _refused(protocol: int | None, box: Box) -> str:
    has_ports = (box.source_port, box.port) != (EVERY_PORT, EVERY_PORT)
    if protocol is None:
        return "ports without a protocol" if has_ports else ""
    if protocol in {ICMP, ICMP6}:
        return "ICMP has no source ports" if box.source_port != EVERY_PORT else ""
    return f"protocol {protocol} has no ports" if has_ports and protocol not in WITH_PORTS else ""


def only_common(family: Family) -> Refusal:
    """What most devices cannot be told: ports of other protocols than TCP and UDP, types of the other family's ICMP.

    Protocol 0 is not tried on any of them.
    """
    known = {TCP, UDP, ICMP if family is Family.V4 else ICMP6}

    def refusal(protocol: int | None, box: Box) -> str:
        if protocol == 0:
            return ZERO
        if (box.source_port, box.port) == (EVERY_PORT, EVERY_PORT) or protocol in known:
            return ""
        is_icmp = protocol in {ICMP, ICMP6}
        return OTHER_TYPES if is_icmp else f"ports of protocol {protocol}"

    return refusal


def kinds_of_icmp(box: Box) -> list[tuple[int, int | None]]:
    """The types of an ICMP box of a part, each with its code; None: every code."""
    first, last = divmod(box.port.first, 256), divmod(box.port.last, 256)
    if first[1] == 0 and last[1] == 255:
        return [(kind, None) for kind in range(first[0], last[0] + 1)]
    return [(first[0], code) for code in range(first[1], last[1] + 1)]


def comment(text: str, most: int) -> str:
    """A text for a comment: on one line, without quotes and backslashes, no longer than ``most`` bytes."""
    plain = visible(text).replace('"', "'").replace("\\", "/")
    while len(plain.encode()) > most:
        plain = plain[: most - 3].rstrip() + "..." if len(plain) > most else plain[:-4] + "..."
    return plain


def plain(text: str, most: int) -> str:
    """A text for a command line without quotes: letters, digits, blanks and ``.,:;/()+=@_-``; others become dots."""
    kept = re.sub(r"[^A-Za-z0-9 .,:;/()+=@_-]", ".", visible(text, most)).strip()
    return kept if len(kept) <= most else kept[: most - 3].rstrip() + "..."


def name(text: str, most: int = 50) -> str:
    """A name that every device takes: it begins with a letter; letters, digits, ``_`` and ``-``."""
    kept = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:most].rstrip("-")
    return kept if kept[:1].isalpha() else f"v-{kept}".rstrip("-")


def is_every(span: Range, family: Family) -> bool:
    """Whether it is every address."""
    return span == Range(0, family.top)
