"""waivers.yaml to waivers. Whether they still hold and match is judged elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from viguard.model.facts import Struct
from viguard.model.waiver import Waiver
from viguard.policy.quoting import quote
from viguard.policy.source import List, Mistakes, Table, Text, Tree, read_text, read_tree
from viguard.policy.typed import Reader, suggest

WAIVERS_SCHEMA = "viguard-waivers/1"


class WaiverFile(Struct, frozen=True, kw_only=True):
    """What waivers.yaml holds."""

    schema: str = WAIVERS_SCHEMA
    waivers: tuple[Waiver, ...] = ()


def load_waivers(path: Path, control_ids: Collection[str] | None = None) -> tuple[Waiver, ...]:
    """The waivers in a file, in its order. An expired one is loaded: it waives nothing, and lint names it.

    ``control_ids``: the controls that exist (None: not checked).

    Raises: PolicyError with every mistake of the file as ``file:line:column: what; how to mend``.
    """
    return loads_waivers(read_text(path), str(path), control_ids)


def loads_waivers(text: str, file: str, control_ids: Collection[str] | None = None) -> tuple[Waiver, ...]:
    """The waivers in a text; ``file`` is its name in messages. Arguments and Raises as in ``load_waivers``."""
    mistakes = Mistakes(file)
    tree = read_tree(text, mistakes)
    found = Reader(mistakes).read(tree, WaiverFile)
    schema = tree.get("schema") if isinstance(tree, Table) else None
    if isinstance(schema, Text) and not schema.empty and schema.value != WAIVERS_SCHEMA:
        what = f"the schema {quote(schema.value)} is not known to this version"
        mistakes.add(schema, what, f"this version reads {WAIVERS_SCHEMA}")
    for entry in _entries(tree):
        _check(entry, control_ids, mistakes)
    mistakes.check()
    return found.waivers if found else ()


def _entries(tree: Tree | None) -> list[Table]:
    entries = tree.get("waivers") if isinstance(tree, Table) else None
    return [entry for entry in entries.items if isinstance(entry, Table)] if isinstance(entries, List) else []


def _check(entry: Table, control_ids: Collection[str] | None, mistakes: Mistakes) -> None:
    control, owner, approver = entry.get("control"), entry.get("owner"), entry.get("approver")
    if isinstance(control, Text) and control_ids is not None and control.value not in control_ids:
        mend = suggest(control.value, control_ids) + " ('viguard controls list' names all)"
        mistakes.add(control, f"there is no control {quote(control.value)}", mend)
    if isinstance(owner, Text) and isinstance(approver, Text) and _person(owner) == _person(approver) != "":
        mistakes.add(approver, f"{quote(owner.value)} approves their own waiver", "name a second person as approver")
    for key in ("reason", "owner", "approver"):
        value = entry.get(key)
        if isinstance(value, Text) and not value.plain and not value.value.strip():
            mistakes.add(value, f"the {key} is empty", "say it in words")
    scope = entry.get("scope")
    if isinstance(scope, Table) and not any(isinstance(v, List) and v.items for _, v in scope.entries):
        mistakes.add(scope, "the scope names nothing", "add ids, tags, folders or patterns")


def _person(text: Text) -> str:
    return " ".join(text.value.casefold().split())
