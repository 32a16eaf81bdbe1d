"""Turns the hand-written facts of a control's case into the smallest estate that holds them."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from viguard.assess.context import Context
from viguard.assess.control import Case, Control
from viguard.assess.engine import judge
from viguard.assess.targets import ESTATE, classes
from viguard.assess.verdict import Verdict
from viguard.model.derived import Derived
from viguard.model.facts import Reason, Resource, Settings, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.inventory import Inventory
from viguard.model.result import Kind
from viguard.model.server import Server
from viguard.policy.policy import Policy

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REMOVED = Unknown(reason=Reason.NOT_READ, detail="removed by the test")


def run(control: Control, case: Case, *, remove: str = "") -> Verdict:
    """The verdict of a control on a case; ``remove`` names a fact (``server.X`` for the server's) made Unknown."""
    policy = msgspec.convert(dict(case.policy), Policy)
    subject, inventory = estate(control, case, remove=remove)
    context = Context(inventory, policy, Derived(), case.profile, NOW)
    return judge(control, case.profile, policy)(subject, context)


def estate(control: Control, case: Case, *, remove: str = "") -> tuple[Resource, Inventory]:
    kind = case.kind or control.kinds[0]
    records: list[Resource] = []
    if case.server:
        records.append(build(Server, "s", case.server, [remove.removeprefix("server.")] if "server." in remove else []))
    if case.host:
        records.append(build(Host, "s:h", case.host, []))
    unknown = [*case.unknown, remove] if remove and "server." not in remove else list(case.unknown)
    if kind is Kind.ESTATE:
        return ESTATE, Inventory(records, read_at=NOW)
    cls = classes(kind, control.switches)[0]
    subject = build(cls, "s:1", dict(case.facts) | placed(cls, kind, case), unknown)
    return subject, Inventory([*records, subject], read_at=NOW)


def placed(cls: type[Resource], kind: Kind, case: Case) -> dict[str, Any]:
    if cls is not Guest:
        return {}
    return {"template": kind is Kind.TEMPLATE} | ({"host": "s:h"} if case.host else {})


def build(cls: type[Resource], id_: str, facts: Mapping[str, Any], unknown: list[str]) -> Any:
    """A model object with these facts; what is not given stays unread, what is in ``unknown`` is Unknown."""
    name = str(facts.get("name", "example"))
    given: dict[str, Any] = {"id": id_, "name": name, "path": f"/s/{name}", "server": "s"}
    hints = get_type_hints(cls, include_extras=True)
    for key, value in facts.items():
        given[key] = convert(value, hints[key])
    for field in msgspec.structs.fields(cls):
        if field.required and field.name not in given:
            given[field.name] = "s:h" if field.name == "host" else ""
    return cls(**given | dict.fromkeys(unknown, REMOVED))


def convert(value: Any, hint: Any) -> Any:
    return msgspec.convert(shape(value, plain(hint)), plain(hint))


def shape(value: Any, hint: Any) -> Any:
    """Adds what a case leaves out: tags of unions, and required fields of structs."""
    structs = [t for t in parts(hint) if isinstance(t, type) and issubclass(t, msgspec.Struct) and t is not Unknown]
    if isinstance(value, Mapping) and structs:
        return filled(value, structs[0])
    tuples = [t for t in parts(hint) if get_origin(t) is tuple]
    if isinstance(value, list) and tuples:
        return [shape(entry, get_args(tuples[0])[0]) for entry in value]
    return value


def filled(value: Mapping[str, Any], cls: type[msgspec.Struct]) -> dict[str, Any]:
    if cls is Settings:
        return {"is": "settings", "values": dict(value)}
    hints = get_type_hints(cls, include_extras=True)
    found = {key: shape(v, plain(hints[key])) for key, v in value.items()}
    for field in msgspec.structs.fields(cls):
        if field.required and field.name not in found:
            found[field.name] = {str: "", int: 0, bool: False}[field.type]
    tag = cls.__struct_config__.tag
    return found | ({"is": tag} if tag else {})


def plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, types.UnionType) or str(get_origin(hint)) == "typing.Union" else (hint,)
