"""Parts of an archive that cannot be read, in words."""

from __future__ import annotations

from viguard.logs.archive.segments import Damage
from viguard.model.text import visible

_SHOWN = 10


def told(damage: Damage) -> str:
    """Where it is, why it cannot be read, and whose lines it held, as far as that is known."""
    more = f" and {len(damage.hosts) - _SHOWN} more" if len(damage.hosts) > _SHOWN else ""
    of = f", hosts {', '.join(damage.hosts[:_SHOWN])}{more}" if damage.hosts else ""
    when = f", received {damage.since:%Y-%m-%d %H:%M:%S} UTC" if damage.since else ""
    return visible(f"{damage.file}, byte {damage.offset}, {damage.size:,} bytes: {damage.why}{when}{of}", 1000)
