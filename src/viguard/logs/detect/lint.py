"""`rules lint`: what is wrong or doubtful in files of rules, each with file, line and column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from sigma.correlations import SigmaCorrelationRule

from viguard.logs.classes import classes, field_names
from viguard.logs.detect import consoles, silence, skew
from viguard.logs.detect.cases import CaseError, events_of
from viguard.logs.detect.reading import Mistake, Reading, Source, read
from viguard.logs.detect.regexes import hazard
from viguard.logs.detect.seen import FIELDS

_PROCESS = {"Image", "CommandLine", "User"}


def lint(
    files: Iterable[tuple[str, str]], *, events: Collection[str] | None = None, fields: Collection[str] | None = None
) -> tuple[Mistake, ...]:
    """Every mistake and note of files of rules, each as (name, text), in the order of files and lines.

    ``events`` are the classes of events that there are and ``fields`` what they bring: by default those of the content.
    """
    reading = read(files)
    known = {*(classes() if events is None else events), consoles.EVENT, silence.EVENT, skew.EVENT}
    brought = {*(field_names() | _PROCESS if fields is None else fields), *FIELDS, *skew.BROUGHT}
    found = [*reading.mistakes, *_of_sources(reading, known, brought)]
    return tuple(sorted(set(found), key=lambda one: (one.file, one.line, one.column, one.text)))


def _of_sources(reading: Reading, known: set[str], brought: set[str]) -> Iterator[Mistake]:
    for source in reading.sources:
        if isinstance(source.rule, SigmaCorrelationRule):
            yield from _of_cases(source)
            continue
        for path, field, modifiers, value in _asked(source):
            if "re" in modifiers:
                why = hazard(str(value))
                if why:
                    yield source.mistake(f"this expression can take for ever: {why}", *path)
            if field == "event" and not modifiers and str(value) not in known and "*" not in str(value):
                near = get_close_matches(str(value), known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield source.mistake(f"there is no class of events {str(value)[:80]!r}{hint}", *path)
            if field and field not in brought:
                yield source.mistake(f"no event has a field {field[:80]!r}: this never matches", *path, is_error=False)
        yield from _of_cases(source)


def _of_cases(source: Source) -> Iterator[Mistake]:
    cases = source.document.value.get("tests")
    if cases is None:
        return
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        yield source.mistake("tests is a list of cases", "tests")
        return
    for number, case in enumerate(cases):
        wanted = case.get("alerts")
        if isinstance(wanted, bool) or not isinstance(wanted, int):
            yield source.mistake("a case says how many alerts it wants", "tests", number)
        try:
            for _ in events_of(case):
                pass
        except (CaseError, ValueError, TypeError) as error:
            yield source.mistake(f"no case: {error}", "tests", number, "events")
    wants = [case.get("alerts") for case in cases]
    if not any(wants) or 0 not in wants:
        yield source.mistake("a rule needs a case that it tells and one that it does not", "tests", is_error=False)


def _asked(source: Source) -> Iterator[tuple[tuple[str | int, ...], str, list[str], Any]]:
    """Every question of a detection: where it stands, the field, its modifiers, and each value."""
    detection = source.document.value.get("detection")
    for name, part in detection.items() if isinstance(detection, dict) else ():
        tables: list[tuple[tuple[int, ...], dict[str, Any]]] = []
        if isinstance(part, dict):
            tables = [((), part)]
        elif isinstance(part, list):
            tables = [((n,), item) for n, item in enumerate(part) if isinstance(item, dict)]
        for at, table in tables:
            for key, values in table.items():
                field, *modifiers = str(key).split("|")
                for value in values if isinstance(values, list) else [values]:
                    yield ("detection", name, *at, str(key)), field, modifiers, value
