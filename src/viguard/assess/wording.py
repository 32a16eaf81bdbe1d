"""A control's data in words: what it expects, when, and where it applies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from viguard.assess import reads
from viguard.assess.context import api_property
from viguard.assess.control import MISSING, Control, Read
from viguard.assess.targets import classes
from viguard.model.server import Server
from viguard.policy.policy import Profile

_WORDS = {
    "equals": "is {}",
    "not_equals": "is not {}",
    "one_of": "is one of: {}",
    "min": "is at least {}",
    "max": "is at most {}",
    "between": "is between {}",
    "matches": "matches {}",
    "not_matches": "does not match {}",
    "like": "is like one of: {}",
    "subset": "holds nothing but: {}",
    "superset": "holds: {}",
    "absent": "is empty",
    "nonempty": "is not empty",
    "not_ramdisk": "is on a datastore or volume",
    "version_min": "is {} or later",
    "version_below": "is before {}",
}


def expected(control: Control) -> list[tuple[str, str]]:
    """What a control expects, as pairs of profile (``all`` where both agree) and a sentence."""
    if control.python:
        return [("all", f"computed: {control.python}")]
    old, new = (control.expect.get(p, ()) for p in (Profile.REPORT_2010, Profile.MODERN))
    if old == new:
        return [("all", _sentence(entry, control)) for entry in new]
    return [(str(profile), _sentence(e, control)) for profile, entries in control.expect.items() for e in entries]


def applies(control: Control) -> list[str]:
    """Where a control applies: every sentence must hold."""
    return [_sentence(entry, control) for entry in control.applies]


def _sentence(entry: Read, control: Control) -> str:
    text = _body(entry, control) + _unset(entry)
    return f"{text}; where {_joined(entry.when, control, ' and ')}" if entry.when else text


def _body(entry: Read, control: Control) -> str:
    if entry.any_of:
        return _joined(entry.any_of, control, ", or ")
    if entry.needs:
        return f"needs {entry.otherwise or MISSING[entry.needs]} (no source yet)"
    words = [_WORDS[name].format(_value(value, name)) for name, value in entry.operators.items()]
    return f"{_property(entry.path, control)} {' and '.join(words)}"


def _joined(entries: Sequence[Read], control: Control, by: str) -> str:
    return by.join(_body(entry, control) for entry in entries)


def _property(path: str, control: Control) -> str:
    """The API property behind a path, for the first make that the control judges."""
    found = reads.parse(path)
    if found is None:
        return path
    kind = Server if found.of_server else classes(control.kinds[0], control.switches)[0]
    return api_property(kind, found.field) + found.part


def _unset(entry: Read) -> str:
    if not entry.operators:
        return ""
    if entry.default is not msgspec.UNSET:
        return f" (unset: {entry.default})"
    return {"pass": " (unset is fine)", "fail": " (unset fails)"}.get(entry.unset, "")


def _value(value: Any, operator: str) -> str:
    if isinstance(value, dict):
        otherwise = f", else {_value(value['else'], '')}" if "else" in value else ""
        return f"{value['policy']} of the policy{otherwise}"
    if isinstance(value, str) and value.startswith("policy."):
        return f"{value.removeprefix('policy.')} of the policy"
    if isinstance(value, list):
        return (" and " if operator == "between" else ", ").join(_value(v, "") for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
