"""Whether viguard may read what it needs."""

from __future__ import annotations

from viguard.model.facts import Struct


class Checked(Struct, frozen=True, kw_only=True):
    """What one server let the account do."""

    name: str
    user: str
    product: str
    missing: tuple[str, ...] = ()
