"""A policy to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.policy.import_zones import read_tables
from viguard.policy.merge import merge
from viguard.policy.propose import propose
from viguard.policy.saving import save_text
from viguard.policy.source import read_text
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate


def run(sources: Sources, output: Path, tables: Sequence[Path], person: Person) -> list[str]:
    """Write a proposed policy, or add what is new to the one that is there. What was added or refused, as lines.

    Raises:
        ViguardError: a source, a table or the existing policy cannot be read.
    """
    imported = read_tables(tables)
    estate = open_estate(sources, person)
    said = [*estate.notes, *imported.mistakes]
    if output.exists():
        merged = merge(read_text(output), str(output), estate.inventory, imported.rows)
        save_text(output, merged.text)
        return [*said, *merged.added, *merged.refused]
    save_text(output, propose(estate.inventory, imported.rows))
    return said
