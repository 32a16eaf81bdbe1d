"""IANA time zones by name, as this machine knows them."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from viguard.errors import InputError
from viguard.policy.quoting import quote
from viguard.policy.typed import suggest


def zone_of(name: str) -> tzinfo | None:
    """The time zone of that name (``Europe/Brussels``), or None when this machine knows none.

    ``UTC`` is known everywhere, also where no time zones are installed.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def zone_named(name: str) -> tzinfo:
    """The time zone of that name. Raises: InputError when this machine knows none."""
    zone = zone_of(name)
    if zone is None:
        what, hint = mistake_in(name) or ("", "")
        raise InputError(what, hint=hint)
    return zone


def mistake_in(name: str) -> tuple[str, str] | None:
    """What is wrong with the name of a time zone and how to mend it; None: nothing."""
    if zone_of(name) is not None:
        return None
    what = f"there is no time zone {quote(name)}"
    if not (known := available_timezones()):
        return f"{what}, nor any other but UTC, on this machine", "install its package tzdata"
    return what, f"{suggest(name, known)} (names as Europe/Brussels)"


def are_known() -> bool:
    """Whether this machine knows time zones at all; a minimal system does not."""
    return bool(available_timezones())
