"""A waiver: a failure that somebody accepts for a time."""

from __future__ import annotations

from datetime import date

from viguard.model.facts import Struct


class Scope(Struct, frozen=True, kw_only=True):
    """Which resources a waiver covers: any of ids, tags, folders and name patterns; all given kinds must match.

    ``patterns`` are shell patterns on the name or, when they start with a slash, on the path.
    """

    ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class Waiver(Struct, frozen=True, kw_only=True):
    """One entry of waivers.yaml. ``line`` is where it stands, for messages.

    ``approved_at`` bounds what was seen when it was approved; ``matched`` are the resource ids that it covered then.
    """

    control: str
    scope: Scope
    reason: str
    owner: str
    approver: str
    expires: date
    approved_at: date | None = None
    matched: tuple[str, ...] = ()
    line: int = 0
