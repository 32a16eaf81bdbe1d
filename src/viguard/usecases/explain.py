"""Everything about one result."""

from __future__ import annotations

import msgspec

from viguard.assess import controls as catalogue
from viguard.errors import InputError
from viguard.model.audit import ControlCard
from viguard.model.facts import Struct
from viguard.model.result import Result
from viguard.store.audits import Store
from viguard.usecases import audit, demo
from viguard.usecases.person import Person


class Explained(Struct, frozen=True, kw_only=True):
    """A result with its control and its history."""

    result: Result
    card: ControlCard | None
    history: tuple[str, ...] = ()


def run(result_id: str, request: audit.Request, person: Person) -> Explained:
    """The result of that id: of an audit of the request's sources, or of the last audit that is remembered or the demo.

    Raises:
        InputError: it is not there, or a selection was given without a source to select from.
        ViguardError: a source or the store cannot be read.
    """
    if request.sources.names:
        results = audit.run(request, person).audit.results
        found = next((r for r in results if r.id == result_id), None)
        history: tuple[str, ...] = ()
    elif not request.selection.everything:
        raise InputError(f"nothing to select from by {request.selection}", hint="name the SOURCE")
    else:
        found, history = _remembered(result_id)
        found = found or _of_the_demo(result_id, person)
    if found is None:
        raise InputError(
            f"no result {result_id!r}" + (f" in {request.selection}" if not request.selection.everything else ""),
            hint="`viguard audit --all` lists ids; name the SOURCE to explain a pass or an unknown",
        )
    control = catalogue.load().get(found.control)
    return Explained(result=found, card=control.card if control else None, history=history)


def _of_the_demo(result_id: str, person: Person) -> Result | None:
    """Nobody remembers the demo, but it ends by naming a finding to explain."""
    for today in (False, True):
        results = demo.run(person, today=today).audit.results
        if found := next((r for r in results if r.id == result_id), None):
            return found
    return None


def _remembered(result_id: str) -> tuple[Result | None, tuple[str, ...]]:
    store = Store()
    known = store.finding(result_id)
    if not known or not known[-1].document:
        return None, ()
    steps = tuple(f"{s.at:%Y-%m-%d %H:%M} {s.change}: {s.reason or s.status}" for s in store.history(result_id))
    result = msgspec.json.decode(known[-1].document, type=Result)
    return msgspec.structs.replace(result, id=known[-1].id), steps
