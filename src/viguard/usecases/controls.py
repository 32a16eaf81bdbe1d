"""Controls: list them, show one."""

from __future__ import annotations

import difflib

from viguard.assess import controls as catalogue
from viguard.assess import wording
from viguard.assess.control import Control
from viguard.errors import InputError
from viguard.model.audit import ControlCard
from viguard.model.facts import Struct
from viguard.reports.cards import Listed


class Shown(Struct, frozen=True, kw_only=True):
    """One control as a person reads it."""

    card: ControlCard
    state: str
    expectations: tuple[tuple[str, str], ...] = ()


def listing(*, section: str | None = None, severity: str | None = None) -> list[Listed]:
    """Every control of a section and severity, in the order of the content."""
    return [
        Listed(card=control.card, state=state(control))
        for control in catalogue.load().values()
        if section in {None, control.section} and severity in {None, control.severity.value}
    ]


def one(control_id: str) -> Shown:
    """One control.

    Raises:
        InputError: there is none of that id.
    """
    found = catalogue.load()
    if control_id not in found:
        near = difflib.get_close_matches(control_id, found, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see viguard controls list"
        raise InputError(f"no control {control_id!r}", hint=hint)
    control = found[control_id]
    return Shown(card=control.card, state=state(control), expectations=tuple(wording.expected(control)))


def state(control: Control) -> str:
    """Whether facts decide a control, an attestation does, or it waits for a source."""
    if control.attest:
        return "attested"
    return f"waits for {control.missing}" if control.missing else "evaluated"
