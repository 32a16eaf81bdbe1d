"""A plan: steps that would change an estate, in their order, bound to the facts that it was made from.

Nothing here changes anything. Whoever carries a plan out first makes sure that ``hash_of`` the facts is still the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TypeAlias

import msgspec

from viguard.errors import InputError
from viguard.model.facts import Scalar, Struct

PLAN_SCHEMA = 1

Told: TypeAlias = Scalar | list[Scalar] | dict[str, Scalar]
"""A value before or after a step; None: there is none."""


class Risk(StrEnum):
    """What a step can break while it is carried out."""

    NONE = "none"  # nothing that runs notices
    SHORT = "short"  # a moment without network or service
    OUTAGE = "outage"  # guests, storage or the management of a host can be cut off


class ApiCall(Struct, frozen=True, kw_only=True, tag_field="is", tag="api"):
    """A call of the vSphere API: ``UpdatePortGroup`` of ``HostNetworkSystem``, its arguments as JSON."""

    method: str
    of: str
    arguments: Mapping[str, object] = msgspec.field(default_factory=dict)

    def shown(self) -> str:
        """On one line, for people."""
        given = ", ".join(f"{k}={msgspec.json.encode(v, order='sorted').decode()}" for k, v in self.arguments.items())
        return f"{self.of}.{self.method}({given})"


class Commands(Struct, frozen=True, kw_only=True, tag_field="is", tag="commands"):
    """Lines for a device or a guest. ``dialect``: ios, nxos, junos, powershell, debian, rhel, esxcfg, …"""

    dialect: str
    device: str
    lines: tuple[str, ...]

    def shown(self) -> str:
        """As they are typed, joined."""
        return "; ".join(self.lines)


class Step(Struct, frozen=True, kw_only=True):
    """One change of one property. ``resource`` is a resource id, or the name of a device that no server tells of.

    ``order``: smaller first; steps of one order do not depend on each other. ``rollback`` undoes it; None: nothing can.
    """

    order: int
    resource: str
    name: str
    property: str
    before: Told
    after: Told
    call: ApiCall | Commands
    risk: Risk
    reason: str
    rollback: ApiCall | Commands | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """Steps in their order, and what was foreseen. ``facts`` is ``hash_of`` what it was made from.

    ``what_if`` says what the estate is like afterwards; ``ends_at``: of a change for a test, when it is taken back.
    """

    id: str
    made_at: datetime
    facts: str
    steps: tuple[Step, ...] = ()
    what_if: tuple[str, ...] = ()
    ends_at: datetime | None = None
    schema: int = PLAN_SCHEMA


def planned(
    steps: Iterable[Step],
    facts: Iterable[Struct],
    made_at: datetime,
    *,
    what_if: Iterable[str] = (),
    ends_at: datetime | None = None,
) -> Plan:
    """A plan of these steps. The same steps from the same facts have the same id at any time.

    Raises: ValueError for a time without its zone, or an end that is not after the beginning.
    """
    if made_at.tzinfo is None or (ends_at is not None and ends_at.tzinfo is None):
        raise ValueError("a time without its zone")
    if ends_at is not None and ends_at <= made_at:
        raise ValueError("it would end before it begins")
    ordered = tuple(sorted(steps, key=lambda s: s.order))
    held = hash_of(facts)
    id_ = sha256(msgspec.json.encode((held, ordered), order="sorted")).hexdigest()[:16]
    return Plan(id=id_, made_at=made_at, facts=held, steps=ordered, what_if=tuple(what_if), ends_at=ends_at)


def hash_of(facts: Iterable[Struct]) -> str:
    """The same for the same facts, in whatever order they come; another one when any of them differs."""
    whole = sha256()
    for line in sorted(msgspec.json.encode((type(r).__name__, r), order="sorted") for r in facts):
        whole.update(line + b"\n")
    return f"sha256:{whole.hexdigest()}"


def to_json(plan: Plan) -> bytes:
    """A plan as a file holds it."""
    text = msgspec.json.format(msgspec.json.encode({"schema": PLAN_SCHEMA, **msgspec.to_builtins(plan)}), indent=1)
    return text + b"\n"


def from_json(text: bytes, name: str = "") -> Plan:
    """A plan out of its file.

    Raises: InputError when it is none, or of a schema that this version does not know.
    """
    try:
        plan = msgspec.json.decode(text, type=Plan)
    except msgspec.MsgspecError as error:
        raise InputError(f"this is no plan: {error}", where=name) from error
    if plan.schema != PLAN_SCHEMA:
        raise InputError(f"a plan of schema {plan.schema}, and this version knows {PLAN_SCHEMA}", where=name)
    return plan
