"""Everything that a check may look at beside its subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from viguard.model.derived import Derived
from viguard.model.facts import Api, Resource, Scalar, Struct, Unknown
from viguard.model.inventory import Inventory
from viguard.model.result import Evidence
from viguard.model.tables import NO_TABLES, Tables
from viguard.policy.policy import Policy, Profile

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """An estate, what its owner intends, what other parts found out, the profile of the subject, and the time.

    ``now`` is handed in: an assessment reads no clock.
    """

    inventory: Inventory
    policy: Policy
    derived: Derived
    profile: Profile
    now: datetime
    tables: Tables = NO_TABLES
    made: dict[Callable[..., Any], tuple[Inventory, Policy, Any]] = field(
        default_factory=dict, compare=False, repr=False
    )  # see index(); `dataclasses.replace` hands it on, so contexts of one audit share it

    def index(self, maker: Callable[[Inventory, Policy], T]) -> T:
        """What ``maker`` makes of the estate and its policy: made once, then shared by every check of an audit."""
        kept = self.made.get(maker)
        if kept is None or kept[0] is not self.inventory or kept[1] is not self.policy:
            kept = self.made[maker] = (self.inventory, self.policy, maker(self.inventory, self.policy))
        return cast("T", kept[2])

    def evidence(self, subject: Resource, field: str, value: object = msgspec.UNSET, *, part: str = "") -> Evidence:
        """Evidence from a field of a resource: the API property it came from and its value, or why it is unknown.

        ``part`` narrows the property (``[log.keepOld]``, ``.running``); ``value`` then replaces the field's own.
        """
        found = getattr(subject, field) if value is msgspec.UNSET else value
        name = api_property(type(subject), field) + part
        if isinstance(found, Unknown):
            return Evidence(property=name, unknown=str(found))
        source = self.inventory.source_name(subject.server)
        return Evidence(property=name, value=_plain(found), read_at=self.inventory.read_at, source=source)


@cache
def api_property(kind: type[Resource], field: str) -> str:
    """The API property behind a model field, or the field's own name where it has none."""
    hint = get_type_hints(kind, include_extras=True).get(field)
    if get_origin(hint) is Annotated:
        for note in get_args(hint)[1:]:
            if isinstance(note, Api):
                return f"{note.of}.{note.path}" if note.of else note.path
    return field


def _plain(value: object) -> Scalar | list[Scalar]:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, tuple | list | set | frozenset):
        return [v if isinstance(v, str | int | float | bool) else _text(v) for v in value]
    return _text(value)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, Struct | dict) else str(value)
