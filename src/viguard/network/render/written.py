"""What every target needs: rules in parts that one line can say, and texts that cannot break out of a comment."""

from __future__ import annotations

from collections.abc import Iterator

from viguard.errors import InputError
from viguard.model.text import visible
from viguard.network.addresses import Family, Range
from viguard.network.rules import Rule, RuleSet
from viguard.network.services import EVERY_PORT, EVERY_PROTOCOL, ICMP, ICMP6, WITH_PORTS, Box

ESTABLISHED = "answers to what was let through"


def protocol_of(box: Box) -> int | None:
    """The one protocol of a box; None: every one. Raises: ValueError when it is neither, or ports stand without one."""
    if box.protocol == EVERY_PROTOCOL:
        if (box.source_port, box.port) != (EVERY_PORT, EVERY_PORT):
            raise ValueError("ports without a protocol")
        return None
    if box.protocol.first != box.protocol.last:
        raise ValueError("a range of protocols")
    number = box.protocol.first
    has_ports = (box.source_port, box.port) != (EVERY_PORT, EVERY_PORT)
    if number in {ICMP, ICMP6} and box.source_port != EVERY_PORT:
        raise ValueError("ICMP has no source ports")
    if has_ports and number not in WITH_PORTS | {ICMP, ICMP6}:
        raise ValueError(f"protocol {number} has no ports")
    return number


def kinds_of_icmp(box: Box) -> list[tuple[int, int | None]]:
    """The types of an ICMP box, each with its code; None: every code."""
    first, last = divmod(box.port.first, 256), divmod(box.port.last, 256)
    if first[1] == 0 and last[1] == 255:
        return [(kind, None) for kind in range(first[0], last[0] + 1)]
    if first[0] != last[0]:
        raise ValueError("codes of several types of ICMP in one range")
    return [(first[0], code) for code in range(first[1], last[1] + 1)]


def parts(one: RuleSet) -> Iterator[tuple[Rule, int | None, Box]]:
    """Each rule once for each of its services, with the protocol.

    Raises: InputError for a service that no device can be told, or a rule that nobody understood.
    """
    for number, rule in enumerate(one.rules, 1):
        if rule.unsure:
            raise InputError(f"rule {number} cannot be written: {rule.unsure}", where=rule.where or one.name)
        for box in rule.services:
            try:
                yield rule, protocol_of(box), box
            except ValueError as error:
                where = rule.where or one.name
                raise InputError(f"rule {number} cannot be written: {error}", where=where) from error


def comment(text: str, most: int) -> str:
    """A text for a comment: on one line, without quotes and backslashes, no longer than ``most`` bytes."""
    plain = visible(text).replace('"', "'").replace("\\", "/")
    while len(plain.encode()) > most:
        plain = plain[: most - 3].rstrip() + "..." if len(plain) > most else plain[:-4] + "..."
    return plain


def is_every(span: Range, family: Family) -> bool:
    """Whether it is every address."""
    return span == Range(0, family.top)
