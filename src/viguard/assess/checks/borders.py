"""Rules at the borders of networks, and before those who play a role.

Source: report, "VLANs": policies (ACLs) are applied to each VLAN; Figure 3; "Central logging".
"""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.result import Evidence
from viguard.model.text import visible

KEY = "firewall"
SOURCE = "the rules that the policy names"
MOST = 20
"""Ways in that are told."""


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


def log_server(_subject: Resource, context: Context) -> Verdict:
    """Nobody but hosts gets to the ports of the log server."""
    return _exposed("log_server", context)


def update_manager(_subject: Resource, context: Context) -> Verdict:
    """The Update Manager has the flows of the report's table, and no other."""
    return _exposed("update_manager", context)


def _exposed(role: str, context: Context) -> Verdict:
    exposures = context.derived.exposures
    if isinstance(exposures, Unknown):
        return unknown(exposures, Evidence(property="firewall.points", unknown=str(exposures)), policy=KEY)
    one, key = exposures.get(role), f"firewall.roles.{role}"
    if one is None or not one.players:
        why = f"nobody is known who plays {role}: name them under {key} in the policy"
        return unknown(why, Evidence(property=key, unknown="nobody is named"), policy=KEY)
    tally = Tally(KEY)
    tally.see(Evidence(property=key, value=listed(one.players), read_at=context.now, source=SOURCE))
    for line in one.opened[:MOST]:
        told = Evidence(property=f"what reaches {role}", value=visible(line, 400), read_at=context.now, source=SOURCE)
        if one.is_guarded:
            tally.fail(visible(line, 200), told)
        else:
            tally.miss("routers let in more than is needed, and its own firewall was not read", told)
    for line in one.unknown[:MOST]:
        tally.miss(visible(line, 200), Evidence(property=f"what reaches {role}", unknown=visible(line, 200)))
    return tally.verdict("nothing but what is needed reaches it")
