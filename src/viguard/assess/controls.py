"""Every control, read from viguard's content. A mistake in a content file names its file and line."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from viguard import content
from viguard.assess import intent, reads, targets
from viguard.assess.control import EXISTING, MISSING, Case, Control, Read, Unset
from viguard.assess.operators import OPERATORS
from viguard.content.document import Table, parse
from viguard.errors import ContentError
from viguard.model.result import Kind, Severity, Status
from viguard.model.server import Server
from viguard.policy.policy import Profile

_KEYS = {f.name for f in msgspec.structs.fields(Control)} - {"kinds", "where"} | {"kind"}
_REQUIRED = ("id", "title", "section", "kind", "severity", "why", "fix", "references")
_CASE_KEYS = {f.name for f in msgspec.structs.fields(Case)} - {"where"}
_READ_KEYS = {"read", "unset", "default", "not_in_version", "when", "any_of", "needs", "otherwise", *OPERATORS}
_SECTIONS = ("report", "modern")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NEEDED_CASES = {Status.PASS, Status.FAIL, Status.UNKNOWN}


@cache
def load() -> dict[str, Control]:
    """Every control by its id, in the order of the content files.

    Raises: ContentError with file and line.
    """
    return read(content.topics())


def read(topics: list[tuple[str, str]]) -> dict[str, Control]:
    """The controls in some content files, given as (name, text).

    Raises: ContentError with file and line.
    """
    found: dict[str, Control] = {}
    for file, text in topics:
        for table in parse(text, file) or []:
            control = _control(_table(table, file))
            if control.id in found:
                raise ContentError(f"{control.id} is there twice", where=control.where, hint=found[control.id].where)
            found[control.id] = control
    return found


def no_source_yet() -> dict[str, str]:
    """The controls that facts cannot decide yet, and the source that each waits for: a list kept by hand."""
    name = "no_source_yet.yaml"
    return dict(_table(parse(content.text(name), name), name))


def _control(table: Table) -> Control:
    table.check(_KEYS, _REQUIRED)
    expect = _expect(table)
    control = Control(
        id=_text(table, "id"),
        title=_text(table, "title"),
        section=_one_of(table, "section", _SECTIONS),
        kinds=tuple(Kind(_one_of(table, "kind", list(Kind), k)) for k in _list(table, "kind")),
        severity=Severity(_one_of(table, "severity", list(Severity))),
        why=_text(table, "why"),
        fix=_text(table, "fix"),
        side_effects=_text(table, "side_effects"),
        switches=_one_of(table, "switches", (targets.STANDARD, targets.DISTRIBUTED, "")),
        applies=_reads(table, "applies"),
        needs=tuple(_one_of(table, "needs", (*EXISTING, *MISSING), n) for n in _list(table, "needs", ["vim"])),
        expect=expect,
        python=_text(table, "python"),
        attest=table.get("attest", False) is True,
        references=_references(table),
        cases=tuple(_case(_table(c, table.where)) for c in _list(table, "cases")),
        tested_by=_text(table, "tested_by"),
        where=table.where,
    )
    _check(control, table)
    return control


def _check(control: Control, table: Table) -> None:
    if not _ID.fullmatch(control.id):
        raise ContentError(f"{control.id!r} is no id", where=table.where, hint="lower case words joined by hyphens")
    deciders = [bool(control.expect), bool(control.python), control.attest, bool(control.missing)]
    if sum(deciders) != 1:
        hint = "give exactly one of expect, python, attest, or needs with a source that does not exist yet"
        raise ContentError(f"{control.id}: {sum(deciders)} ways to decide it", where=table.where, hint=hint)
    for entry in [*control.applies, *(r for profile in control.expect.values() for r in profile)]:
        _check_fields(control, entry)
    lacking = _NEEDED_CASES - {case.expect for case in control.cases}
    if control.expect and lacking:
        raise ContentError(f"{control.id}: no case for {', '.join(sorted(lacking))}", where=table.where)
    if bool(control.python) != bool(control.tested_by):
        hint = "a function names the test file with its cases, data carries its cases itself"
        raise ContentError(f"{control.id}: tested_by goes with python", where=table.where, hint=hint)


def _check_fields(control: Control, entry: Read) -> None:
    for inner in (*entry.when, *entry.any_of):
        _check_fields(control, inner)
    path = reads.parse(entry.path) if entry.path else None
    if path is None:
        return
    kinds = (
        (Server,) if path.of_server else tuple(c for k in control.kinds for c in targets.classes(k, control.switches))
    )
    for kind in kinds:
        if path.field not in kind.__struct_fields__:
            raise ContentError(f"a {kind.__name__} has no {path.field!r}", where=entry.where)


def _expect(table: Table) -> dict[Profile, tuple[Read, ...]]:
    found = table.get("expect")
    if found is None:
        return {}
    found = _table(found, table.where)
    found.check([*Profile, "all"])
    missing = [p for p in Profile if p not in found and "all" not in found]
    if missing:
        raise ContentError(f"no expectation for {', '.join(missing)}", where=found.where)
    return {p: _reads(found, p if p in found else "all") for p in Profile}


def _reads(table: Table, key: str) -> tuple[Read, ...]:
    return tuple(_read(_table(entry, table.where)) for entry in _list(table, key))


def _read(table: Table) -> Read:
    table.check(_READ_KEYS)
    operators = {name: value for name, value in table.items() if name in OPERATORS}
    path, any_of, needs = _text(table, "read"), _reads(table, "any_of"), _text(table, "needs")
    if sum((bool(path), bool(any_of), bool(needs))) != 1 or bool(path) != bool(operators):
        raise ContentError("give read with an operator, any_of, or needs", where=table.where)
    if path and reads.parse(path) is None:
        raise ContentError(f"{path!r} cannot be read", where=table.where, hint="see viguard.assess.reads")
    if needs and needs not in MISSING:
        raise ContentError(f"{needs!r} is no missing source", where=table.where, hint=", ".join(MISSING))
    for name, value in operators.items():
        _check_operator(name, value, table)
    return Read(
        path=path,
        operators=operators,
        unset=Unset(_one_of(table, "unset", list(Unset), table.get("unset", Unset.UNKNOWN))),
        default=table.get("default", msgspec.UNSET),
        not_in_version=Status(_one_of(table, "not_in_version", list(Status), table.get("not_in_version", "unknown"))),
        when=_reads(table, "when"),
        any_of=any_of,
        needs=needs,
        otherwise=_text(table, "otherwise"),
        where=table.where,
    )


def _check_operator(name: str, value: Any, table: Table) -> None:
    keys = _policy_keys(value)
    for key in keys:
        if not intent.known(key):
            raise ContentError(f"the policy has no {key!r}", where=table.where)
    if keys:
        return
    try:
        OPERATORS[name](value)
    except (TypeError, ValueError, re.error) as err:
        raise ContentError(f"{name} cannot expect {value!r}", where=table.where, hint=str(err)) from err


def _policy_keys(value: Any) -> list[str]:
    if isinstance(value, Table):
        value.check({"policy", "else"}, {"policy"})
        return [value["policy"]]
    if isinstance(value, str) and value.startswith(intent.PREFIX):
        return [value.removeprefix(intent.PREFIX)]
    return [key for entry in value for key in _policy_keys(entry)] if isinstance(value, list) else []


def _references(table: Table) -> dict[str, tuple[str, ...]]:
    found = _table(table["references"], table.where)
    return {guide: tuple(ids) if isinstance(ids, list) else (str(ids),) for guide, ids in found.items()}


def _case(table: Table) -> Case:
    table.check(_CASE_KEYS, ("expect",))
    try:
        return msgspec.convert(dict(table) | {"where": table.where}, Case)
    except msgspec.ValidationError as err:
        raise ContentError(f"a case: {err}", where=table.where) from err


def _table(value: Any, where: str) -> Table:
    if not isinstance(value, Table):
        raise ContentError(f"expected keys and values, found {value!r}", where=where)
    return value


def _list(table: Table, key: str, default: list[Any] | None = None) -> list[Any]:
    found = table.get(key, default or [])
    if not isinstance(found, list):
        raise ContentError(f"{key} must be a list", where=table.where)
    return found


def _text(table: Table, key: str) -> str:
    found = table.get(key, "")
    if not isinstance(found, str) or (key in _REQUIRED and not found):
        raise ContentError(f"{key} must be a text", where=table.where)
    return found


def _one_of(table: Table, key: str, allowed: Any, value: Any = None) -> str:
    found = _text(table, key) if value is None else value
    if found not in allowed:
        raise ContentError(f"{key} cannot be {found!r}", where=table.where, hint="known: " + ", ".join(allowed))
    return str(found)
