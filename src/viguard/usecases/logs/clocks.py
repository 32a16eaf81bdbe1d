"""In which time zone lines are that name none: as a policy says of their host, else as a person says of all."""

from __future__ import annotations

from pathlib import Path

from viguard.logs.clocks import Clocks, everywhere
from viguard.policy.policy import TimeZone


def zones_of(policy: Path | None, time_zone: str) -> tuple[TimeZone, ...]:
    """The entries of a policy, and ``time_zone`` ("": UTC) for every other host.

    Raises: InputError when there is no such time zone; PolicyError.
    """
    said: tuple[TimeZone, ...] = ()
    if policy is not None:
        from viguard.assess import controls as catalogue  # noqa: PLC0415
        from viguard.policy.load import load  # noqa: PLC0415

        said = load(policy, catalogue.load()).time_zones
    entries = (*said, *everywhere(time_zone))
    Clocks(entries)  # a wrong name is told before anything is read
    return entries


def clocks_of(policy: Path | None, time_zone: str) -> Clocks:
    """The same, ready to be asked. Raises as ``zones_of``."""
    return Clocks(zones_of(policy, time_zone))
