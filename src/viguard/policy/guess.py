"""Guesses that `viguard init` offers, each with its reason: for the owner to confirm, never for an audit."""

from __future__ import annotations

import re
from typing import NamedTuple

from viguard.policy.policy import Purpose, Sharing
from viguard.policy.quoting import quote


class Guess(NamedTuple):
    """A purpose and why it was guessed; ``why`` empty: nothing spoke for anything."""

    purpose: Purpose
    why: str


# First hit wins: what carries a host's own traffic, then what is for testing, then what the internet sees.
_WORDS: tuple[tuple[Purpose, frozenset[str]], ...] = (
    (Purpose.VMOTION, frozenset({"vmotion", "migration"})),
    (Purpose.STORAGE, frozenset({"iscsi", "san", "storage", "nfs", "nas", "equallogic", "vsan"})),
    (Purpose.MANAGEMENT, frozenset({"mgmt", "management", "mgt", "console", "oob", "vcenter", "virtualcenter"})),
    (Purpose.TEST, frozenset({"test", "testing", "lab", "dev", "staging", "acceptance", "sandbox"})),
    (Purpose.DMZ, frozenset({"dmz", "web", "www", "mail", "smtp", "mx", "ext", "external", "public", "internet"})),
)

TRUST = {
    Purpose.DMZ: 10,
    Purpose.TEST: 20,
    Purpose.GUESTS: 40,
    Purpose.STORAGE: 80,
    Purpose.VMOTION: 80,
    Purpose.MANAGEMENT: 90,
}
"""Where a purpose stands between the internet's side (0) and what may never be lost (100)."""

_INFRASTRUCTURE = frozenset({Purpose.STORAGE, Purpose.VMOTION, Purpose.MANAGEMENT})


def purpose_by_name(names: list[str]) -> Guess:
    """What names of port groups say: whole words only, so 'sandwich' is no SAN."""
    for purpose, words in _WORDS:
        for name in names:
            hit = next(
                (word for word in words_of(name) if word in words or (word.startswith("dmz") and "dmz" in words)), ""
            )
            if hit:
                return Guess(purpose, f"the name {quote(name, 40)} has '{hit}'")
    return Guess(Purpose.GUESTS, "")


def words_of(name: str) -> list[str]:
    """The words of a name in small letters: split at everything that is no letter, and where capitals begin."""
    apart = re.sub(r"(?<=[a-z]{3})(?=[A-Z])", " ", name[:200])
    found = [word for word in re.split(r"[^a-z]+", apart.lower()) if word]
    return ["dmz" if word.startswith("dmz") else word for word in found]


def sharing(one: Purpose, other: Purpose) -> Sharing:
    """What two purposes might share. Source: report, "Trusted Zones (DMZs)" and "Current setup" (test kept apart)."""
    if one == other:
        return Sharing.SHARE
    if Purpose.TEST in (one, other):
        return Sharing.SEPARATE_CLUSTER if not _INFRASTRUCTURE & {one, other} else Sharing.SHARE_OWN_NIC
    if _INFRASTRUCTURE & {one, other} or Purpose.DMZ in (one, other):
        return Sharing.SHARE_OWN_NIC
    return Sharing.SHARE
