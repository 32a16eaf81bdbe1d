"""Where records go while they are read: a snapshot, or memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from viguard.model.facts import Resource


class Sink(Protocol):
    """Takes records, in the order read."""

    def put(self, of: str, digest: str, records: Sequence[Resource], *, lost: bool = False) -> None:
        """Take the records that were made from the object ``of``; ``lost``: some of their facts were not read.

        ``digest`` stands for everything they were made from, "" when they must not be taken over.
        """

    def reuse(self, of: str, digest: str) -> Sequence[Resource] | None:
        """None when the sink has no records of ``of`` made from the same (``digest``).

        Otherwise they count as put, and those among them that miss facts are returned.
        """

    def seal(self, seal: str, of: Sequence[str]) -> None:
        """Note that the records of these objects were all made from what ``seal`` stands for."""

    def reuse_sealed(self, seal: str) -> Sequence[Resource] | None:
        """As reuse, for all objects that were put under ``seal``."""


class Memory:
    """Keeps records in ``records``."""

    def __init__(self) -> None:
        self.records: list[Resource] = []

    def put(self, of: str, digest: str, records: Sequence[Resource], *, lost: bool = False) -> None:
        """Keep the records."""
        del of, digest, lost  # nothing here is ever taken over
        self.records += records

    def reuse(self, of: str, digest: str) -> None:
        """Nothing is here already."""
        del of, digest

    def seal(self, seal: str, of: Sequence[str]) -> None:
        """Nothing here is ever taken over."""

    def reuse_sealed(self, seal: str) -> None:
        """Nothing is here already."""
        del seal
