"""The kinds of steps and the flaws of hosts, as the content files tell them."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TypeVar

import msgspec
import yaml

from viguard import content
from viguard.errors import ContentError
from viguard.model.facts import Struct

T = TypeVar("T")


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of step. ``needs`` is what it takes beside its evidence; ``mends`` what the action does, "" for none."""

    title: str
    needs: str
    action: str = ""
    mends: str = ""
    cost: int = 0


class Escape(Struct, frozen=True, kw_only=True):
    """A flaw by which a guest runs code on its host, in one branch of one product line; see content/escapes.yaml."""

    advisory: str
    date: date
    line: str
    version: str
    what: str
    source: str
    fixed_build: int | None = None
    vulnerable_build: int | None = None
    devices: tuple[str, ...] = ()
    checked: bool = True

    def concerns(self, line: str, version: str) -> bool:
        """Whether the row is about this branch."""
        return line == self.line and f"{version}.".startswith(f"{self.version}.")

    def open_in(self, build: int) -> bool | None:
        """Whether a build has the flaw; None when nobody told."""
        if self.fixed_build is None or build >= self.fixed_build:
            return None if self.fixed_build is None else False
        known = self.checked and (self.vulnerable_build is None or build <= self.vulnerable_build)
        return True if known else None


@cache
def load_kinds() -> dict[str, Kind]:
    """Every kind of step by its name.

    Raises:
        ContentError: the file does not hold what is asked for.
    """
    return _read("attack.yaml", "kinds", dict[str, Kind])


@cache
def load_escapes() -> tuple[Escape, ...]:
    """Every known flaw.

    Raises:
        ContentError: the file does not hold what is asked for.
    """
    return _read("escapes.yaml", "escapes", tuple[Escape, ...])


def _read(name: str, key: str, shape: type[T]) -> T:
    try:
        return msgspec.convert(yaml.safe_load(content.text(name))[key], shape, strict=True)
    except (yaml.YAMLError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise ContentError(str(error), where=name, hint="Reinstall viguard.") from error
