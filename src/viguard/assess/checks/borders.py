"""Rules at the borders of networks. Source: report, "VLANs": policies (ACLs) are applied to each VLAN."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.result import Evidence
from viguard.model.text import visible

KEY = "firewall"
SOURCE = "the rules that the policy names"


def present(_subject: Resource, context: Context) -> Verdict:
    """Each router that is in a network of a zone has rules for it."""
    borders = context.derived.borders
    if isinstance(borders, Unknown):
        return unknown(borders, Evidence(property="firewall.points", unknown=str(borders)), policy=KEY)
    tally = Tally(KEY)
    for one in borders:
        name = visible(one.network, 60)
        if isinstance(one.bare, Unknown):
            tally.miss(one.bare, Evidence(property=f"border of {name}", unknown=str(one.bare)))
            continue
        told = Evidence(property=f"border of {name}", value=listed(one.devices), read_at=context.now, source=SOURCE)
        if one.bare:
            tally.fail(f"{listed(one.bare)} has no rules for {name}", told)
        else:
            tally.see(told)
    return tally.verdict("every network has rules at its border")
