"""Flows that join zones which the policy separates: one of the two is a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from viguard.errors import InputError
from viguard.network.addresses import Family, Ranges, common, joined, networks, read
from viguard.network.closed.need import Need
from viguard.policy.policy import Policy, Separation
from viguard.policy.quoting import quote

_SHOWN = 3


def check(policy: Policy, needs: Iterable[Need]) -> None:
    """Raises: InputError with the lines of flow and separation, for each flow between separated zones."""
    zones = {zone.name: _spans(zone.match.subnets) for zone in policy.zones or ()}
    needs = list(needs)
    found = [line for one in policy.firewall.separate for line in _against(policy, one, zones, needs)]
    if found:
        hint = "narrow the flow to the ends that need it, or take the separation away"
        raise InputError("; ".join(dict.fromkeys(found)), where=policy.file, hint=hint)


def _against(
    policy: Policy, one: Separation, zones: Mapping[str, Mapping[Family, Ranges]], needs: Iterable[Need]
) -> Iterator[str]:
    for name in one.zones:
        if not any(zones[name].values()):
            yield f"line {one.line} separates {quote(name)}, of which no subnet is known, so nothing is apart"
    for source, destination in (one.zones, one.zones[::-1]):
        for need in needs:
            here = common(need.sources, zones[source].get(need.family, ()))
            there = common(need.destinations, zones[destination].get(need.family, ()))
            if here and there:
                yield (
                    f"{_place(policy, need)} lets {', '.join(map(str, need.services))} pass from {quote(source)} "
                    f"({_some(here, need.family)}) to {quote(destination)} ({_some(there, need.family)}), which line "
                    f"{one.line} separates"
                )


def _place(policy: Policy, need: Need) -> str:
    """A flow of the policy with its line; a row of the port tables by its name."""
    name, _, number = need.row.partition(" ")
    if name != "flow":
        return f"row {need.row} of the port tables"
    return f"{policy.file}:{policy.firewall.flows[int(number) - 1].line}: the flow"


def _some(spans: Ranges, family: Family) -> str:
    nets = [str(net).removesuffix(f"/{net.max_prefixlen}") for net in networks(spans, family)]
    return " ".join(nets[:_SHOWN]) + (f" and {len(nets) - _SHOWN} more" if len(nets) > _SHOWN else "")


def _spans(subnets: Iterable[str]) -> dict[Family, Ranges]:
    out: dict[Family, Ranges] = dict.fromkeys(Family, ())
    for text in subnets:
        family, span = read(text)
        out[family] = joined((*out[family], span))
    return out
