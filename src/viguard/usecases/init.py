"""A policy to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, open_estate


def run(sources: Sources, output: Path, tables: Sequence[Path], person: Person) -> list[str]:
    """Write a proposed policy, or add what is new to the one that is there. What was added or refused, as lines.

    Raises:
        ViguardError: a source, a table or the existing policy cannot be read.
    """
    estate = open_estate(sources, person)
    raise NotImplementedError(estate, output, tables)
