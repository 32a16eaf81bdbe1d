"""Rule sets for nftables: one table, which takes the place of the one of that name, in one step.

Source: nft(8) 1.0.6.
"""

from __future__ import annotations

from collections.abc import Sequence

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.network.addresses import Family, Range, Ranges, shown
from viguard.network.render.written import ESTABLISHED, Rendered, comment, is_every, kinds_of_icmp, parts, tables_of
from viguard.network.rules import Action, Rule, RuleSet
from viguard.network.services import EVERY_PORT, ICMP, ICMP6, NAMES, Box

_VERDICTS = {Action.PERMIT: "accept", Action.DENY: "drop"}
_TABLES = {Family.V4: "ip", Family.V6: "ip6"}
_COMMENT_BYTES = 127


class Target(Struct, frozen=True, kw_only=True):
    """The name of the table, and where packets come through: ``input``, ``forward`` or ``output``."""

    table: str = "viguard"
    hook: str = "forward"


def render(sets: Sequence[RuleSet], target: Target | None = None) -> Rendered:
    """The whole file for ``nft -f``.

    Raises: InputError for two rule sets of one family.
    """
    target = target or Target()
    families = [one.family for one in sets]
    if len(set(families)) != len(families):
        raise InputError("two rule sets of one family for one table", where=sets[0].name)
    tables = [_table(one, target) for one in sets]
    return Rendered("".join(one.text for one in tables), tuple(line for one in tables for line in one.residual))


def _table(one: RuleSet, target: Target) -> Rendered:
    name = f"{_TABLES[one.family]} {target.table}"
    hook = f"type filter hook {target.hook} priority filter; policy {_VERDICTS[one.default]};"
    lines = [f'ct state established,related accept comment "{ESTABLISHED}"'] if one.stateful else []
    said, residual = parts(one, tables_of(one.family, has_zero=True))
    lines += [_line(rule, protocol, box, one.family) for _, rule, protocol, box in said]
    body = "".join(f"    {line}\n" for line in (hook, *lines))
    text = f"table {name}\ndelete table {name}\ntable {name} {{\n  chain {target.hook} {{\n{body}  }}\n}}\n"
    return Rendered(text, tuple(residual))


def _line(rule: Rule, protocol: int | None, box: Box, family: Family) -> str:
    net = _TABLES[family]
    words = [
        *_addresses(f"{net} saddr", rule.sources, family),
        *_addresses(f"{net} daddr", rule.destinations, family),
        *_service(protocol, box),
        _VERDICTS[rule.action],
    ]
    if rule.why:
        words.append(f'comment "{comment(rule.why, _COMMENT_BYTES)}"')
    return " ".join(words)


def _addresses(key: str, some: Ranges, family: Family) -> list[str]:
    if len(some) == 1 and is_every(some[0], family):
        return []
    told = [shown(a, family) if a == b else f"{shown(a, family)}-{shown(b, family)}" for a, b in some]
    return [key, _set(told)]


def _service(protocol: int | None, box: Box) -> list[str]:
    if protocol is None:
        return []
    if protocol in {ICMP, ICMP6} and box.port != EVERY_PORT:
        kinds = kinds_of_icmp(box)
        if any(code is not None for _, code in kinds):
            codes = [str(code) for _, code in kinds]
            return [NAMES[protocol], "type", str(kinds[0][0]), NAMES[protocol], "code", _set(codes)]
        return [NAMES[protocol], "type", _set([str(kind) for kind, _ in kinds])]
    name = NAMES.get(protocol) or {132: "sctp", 136: "udplite", 33: "dccp"}.get(protocol, "")
    ports = [("sport", box.source_port), ("dport", box.port)]
    told = [f"{name} {key} {_span(span)}" for key, span in ports if span != EVERY_PORT]
    return told or ["meta l4proto", NAMES.get(protocol, str(protocol)).replace("icmpv6", "ipv6-icmp")]


def _set(told: Sequence[str]) -> str:
    return told[0] if len(told) == 1 else f"{{ {', '.join(told)} }}"


def _span(span: Range) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}-{span.last}"
