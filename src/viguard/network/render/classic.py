"""The firewall of the service console of classic ESX, as commands.

It names no addresses: every row is open to everyone. A service of the host is switched on when it opens nothing
besides; other ports are opened one by one.

Source: esxcfg-firewall(8) of ESX 4.0. Not tried on a host.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from viguard.model.host import Host, Ruleset
from viguard.model.tables import PortRow
from viguard.network.addresses import Ranges
from viguard.network.render.esxi import KEY, known, order
from viguard.network.render.wanted import Flow, Wanted, chosen, excess, flows, told
from viguard.network.render.written import Rendered, plain
from viguard.network.services import NAMES

MOST_PORTS: Final = 32
"""How many ports of one row are opened one by one: the command takes no ranges."""
BY_HAND: Final = "ports opened by hand before stay open: esxcfg-firewall -q shows them"
_COMMAND: Final = "esxcfg-firewall"


def render(host: Host, wanted: Wanted, rows: Sequence[PortRow]) -> Rendered:
    """The commands for a host; none when its services are not known."""
    firewall = known(host)
    if isinstance(firewall, str):
        return Rendered("", (firewall,))
    some, residual = flows(wanted, "the firewall of the service console knows")
    services = [one for one in sorted(firewall.rulesets, key=order) if KEY.fullmatch(one.key)]
    taken, missing = chosen([one for one in services if not excess(one, some)], some, rows)
    lines = [f"# Host firewall of {plain(host.name, 100)}"]
    lines += [f"{_COMMAND} -e {one.key}" for one in services if one.key in taken]
    opened, left = _opened(missing)
    lines += [*opened, *_closed(services, set(taken)), f"{_COMMAND} --blockIncoming --blockOutgoing"]
    residual += [*left, *_wider(some, left), BY_HAND]
    return Rendered("\n".join([*lines, ""]), tuple(residual))


def _closed(services: Sequence[Ruleset], taken: set[str]) -> Iterator[str]:
    yield from (f"{_COMMAND} -d {one.key}" for one in services if one.enabled and one.key not in taken)


def _opened(missing: Sequence[tuple[Flow, Ranges]]) -> tuple[list[str], list[str]]:
    lines: dict[str, str] = {}
    left: list[str] = []
    counts = dict[tuple[str, int], int]()
    for flow, spans in missing:
        for span in spans:
            if span.last - span.first >= MOST_PORTS:
                box = flow.box._replace(port=span)
                left.append(f"{flow.place}: {box}: more than {MOST_PORTS} ports, and no service for them; left out")
                continue
            for port in range(span.first, span.last + 1):
                way = "in" if flow.direction == "inbound" else "out"
                what = f"{port},{NAMES[flow.box.protocol.first]},{way}"
                if what not in lines:
                    counts[way, flow.number] = counts.get((way, flow.number), 0) + 1
                    lines[what] = f"viguard-{flow.number}-{counts[way, flow.number]}"
    return [f"{_COMMAND} -o {what},{name}" for what, name in lines.items()], left


def _wider(some: Sequence[Flow], left: Sequence[str]) -> Iterator[str]:
    for flow in some:
        if flow.remotes != flow.family.every and not any(
            line.startswith(f"{flow.place}: {flow.box}:") for line in left
        ):
            remotes = ", ".join(told(flow.remotes, flow.family))
            yield f"{flow.place}: {flow.box} is open to every address, wanted for {remotes}"
