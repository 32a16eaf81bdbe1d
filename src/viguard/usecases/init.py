"""A policy to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.policy.import_zones import read_tables
from viguard.policy.load import loads
from viguard.policy.merge import merge
from viguard.policy.policy import NO_POLICY
from viguard.policy.propose import propose
from viguard.policy.saving import save_text
from viguard.policy.source import read_text
from viguard.usecases.chosen import chosen
from viguard.usecases.person import Person
from viguard.usecases.sources import Selection, Sources, open_estate


def run(sources: Sources, output: Path, tables: Sequence[Path], selection: Selection, person: Person) -> list[str]:
    """Write a proposed policy, or add what is new to the one that is there. What was added or refused, as lines.

    Zones are proposed for networks that a selected guest is on. Owners are those of the policy that is there.

    Raises:
        InputError: the selection names nothing.
        ViguardError: a source, a table or the existing policy cannot be read.
    """
    imported = read_tables(tables)
    estate = open_estate(sources, person)
    said = list(imported.mistakes)
    known = loads(read_text(output), str(output)) if output.exists() else NO_POLICY
    within = chosen(estate.inventory, known, selection)
    if output.exists():
        merged = merge(read_text(output), str(output), estate.inventory, imported.rows, within)
        save_text(output, merged.text)
        return [*said, *merged.added, *merged.refused]
    save_text(output, propose(estate.inventory, imported.rows, within, str(selection)))
    return said
