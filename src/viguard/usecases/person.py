"""Who watches a use case at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Ask: TypeAlias = Callable[[str], str]
"""Asks a question, returns the answer. A question that starts with ``Password`` is answered unseen."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told while something long goes on: what, how many are done, how many there are (0: not known)."""

Warn: TypeAlias = Callable[[str], None]
"""Told at once what weakens what is done. A person hears it also when quiet was asked for."""


def unheard(text: str) -> None:
    """Nobody is there to be warned."""


@dataclass(frozen=True)
class Person:
    """Somebody who can be asked, who watches progress, and who is warned."""

    ask: Ask
    progress: Progress
    warn: Warn = unheard
