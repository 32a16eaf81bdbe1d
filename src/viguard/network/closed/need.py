"""A flow that has to pass."""

from __future__ import annotations

from viguard.model.facts import Struct
from viguard.network.addresses import Family, Ranges
from viguard.network.rules import Action, Rule
from viguard.network.services import Box


class Need(Struct, frozen=True, kw_only=True):
    """A flow that has to pass, for one family: ``row`` of the tables or of the policy, and whom it is for."""

    row: str
    family: Family
    sources: Ranges
    destinations: Ranges
    services: tuple[Box, ...]
    why: str

    def rule(self) -> Rule:
        """The rule that lets it pass."""
        return Rule(
            action=Action.PERMIT,
            sources=self.sources,
            destinations=self.destinations,
            services=self.services,
            where=self.row,
            why=f"{self.row}: {self.why}" if self.why else self.row,
        )
