"""What was judged, as lines for people: first what is open, then what is closed, then what nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from viguard.model.text import visible
from viguard.network.addresses import shown
from viguard.network.reach.judging import Answer, Case, Judged, Told
from viguard.network.services import Box

_SERVICES, _NAMES = 6, 8


def of_ends(judged: Iterable[Judged]) -> Iterator[str]:
    """What passes from one thing to another, and what stops the rest."""
    for one in judged:
        services = _services(one.least or one.most) or "nothing passes"
        head = f"{one.answer}: {one.source} to {one.destination}, IPv{one.family.value}"
        yield visible(f"{head}: {one.why or services}", 600)
        for case in one.wide:
            yield f"  {'passes' if case.sure else 'may pass'}: {case_line(case, one)}"
        for case in one.narrow:
            yield f"  {'stopped' if case.sure else 'may be stopped'}: {case_line(case, one)}"
        if not one.is_all:
            yield "  there are more reasons than these"


def of_policy(judged: Sequence[Judged]) -> Iterator[str]:
    """What is open beside the policy, and what it needs and is closed: one line for each reason."""
    for verb, field in (("open beside the policy", "wide"), ("needed and closed", "narrow")):
        for is_sure in (True, False):
            word = verb if is_sure else verb.replace("open", "may be open").replace("closed", "may be closed")
            yield from (f"{word}: {line}" for line in _grouped(judged, field, is_sure=is_sure))
    for one in judged:
        if not one.is_all:
            yield visible(f"there is more: {one.source} to {one.destination}", 400)
    reasons: dict[str, list[str]] = {}
    for one in judged:
        if one.answer is Answer.UNKNOWN and one.why:
            reasons.setdefault(one.why, []).append(f"{one.source} to {one.destination}")
    yield from (visible(f"not known: {why}: {_names(pairs)}", 900) for why, pairs in reasons.items())


def of_notes(notes: Iterable[str]) -> Iterator[str]:
    """What is not known beside it."""
    return (visible(f"not known: {note}", 600) for note in notes)


def _grouped(judged: Sequence[Judged], field: str, *, is_sure: bool) -> Iterator[str]:
    """Cases that the same rules make from one network, with all those that they lead to."""
    found: dict[tuple[object, ...], tuple[Case, Judged, list[str], dict[str, None]]] = {}
    for one in judged:
        cases: tuple[Case, ...] = getattr(one, field)
        for case in (each for each in cases if each.sure is is_sure):
            rules = tuple(_alike(told) for told in case.told)
            key = (one.family, one.source, rules, case.services if not any(rules) else ())
            _, _, destinations, places = found.setdefault(key, (case, one, [], {}))
            destinations.append(one.destination)
            places[case.told[-1].rule.where if case.told and case.told[-1].rule else ""] = None
    for case, one, destinations, places in found.values():
        more = f" (and {len(places) - 1} like it)" if len(places) > 1 else ""
        yield visible(f"{one.source} to {_names(destinations)}: {case_line(case, one)}{more}", 900)


def _alike(told: Told) -> str:
    """What makes two reasons the same: a line of a file; of hosts, which have firewalls of one kind, what it says."""
    rule = told.rule
    return "" if rule is None else rule.where if told.place else f"{rule.action} {rule.text} {rule.unsure}"


def case_line(case: Case, one: Judged) -> str:
    """A case in one line: services, a packet, and the rules that decide it."""
    sent = f", sent to {shown(case.alias, one.family)}" if case.alias is not None else ""
    told = "; ".join(filter(None, map(_told, case.told))) or "no rule is on the way"
    return visible(f"{_services(case.services)}, as {case.packet.shown(one.family)}{sent}: {told}", 900)


def _told(one: Told) -> str:
    if one.rule is None:
        return f"{one.place}: what no rule fits: {one.action}" if one.place else ""
    unsure = f" (not sure: {one.rule.unsure})" if one.rule.unsure and one.rule.unsure != one.rule.text else ""
    return f"{one.rule.where}: {one.rule.text or one.rule.why}{unsure}"


def _services(boxes: Sequence[Box]) -> str:
    more = f" and {len(boxes) - _SERVICES} more" if len(boxes) > _SERVICES else ""
    return ", ".join(map(str, boxes[:_SERVICES])) + more


def _names(names: Sequence[str]) -> str:
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - _NAMES} more" if len(every) > _NAMES else ""
    return ", ".join(every[:_NAMES]) + more
