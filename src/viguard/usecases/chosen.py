"""The part of an estate that a person asked for, by id."""

from __future__ import annotations

from viguard.errors import InputError
from viguard.model.inventory import Inventory
from viguard.policy.owners import owners_of
from viguard.policy.policy import Policy
from viguard.policy.selection import Selection, selected, why_nothing
from viguard.policy.zones import Zones


def chosen(inventory: Inventory, policy: Policy, selection: Selection) -> frozenset[str] | None:
    """Ids of the resources that the selection names, None when nothing is left out.

    Raises:
        InputError: it names nothing, so whatever is said of it would be no answer.
    """
    if selection.everything:
        return None
    ids = selected(inventory, selection, owners_of(Zones(inventory, policy)))
    if not ids:
        raise InputError(
            f"nothing in the estate is in this selection: {selection}",
            hint=why_nothing(inventory, selection),
        )
    return ids
