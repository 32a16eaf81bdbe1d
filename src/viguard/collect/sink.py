"""Where records go while they are read: a snapshot, or memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from viguard.model.facts import Resource


class Sink(Protocol):
    """Takes records, in the order read."""

    def put(self, of: str, digest: str, records: Iterable[Resource]) -> None:
        """Take the records that were made from the object ``of``."""

    def reuse(self, of: str, digest: str) -> bool:
        """Whether the sink has them already, made from the same (``digest``); they then count as put."""


class Memory:
    """Keeps records in ``records``."""

    def __init__(self) -> None:
        self.records: list[Resource] = []

    def put(self, of: str, digest: str, records: Iterable[Resource]) -> None:  # noqa: ARG002  (as Sink has it)
        """Keep the records."""
        self.records += records

    def reuse(self, of: str, digest: str) -> bool:  # noqa: ARG002
        """Nothing is here already."""
        return False
