"""How a control names a fact of its subject, and how the fact is found.

``lockdown_mode``                 a field of the model
``product.line``                  an attribute of a field
``options[UserVars.X]``           one key of settings; the rest of the brackets is the key, dots and all
``services[TSM-SSH].running``     an attribute of the entry with that key or name
``packages[*].acceptance``        that attribute of every entry
``devices<VirtualPCIPassthrough>`` the entries of that type
``server.product.api_version``    the same, of the server that the subject was read from
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from viguard.assess.context import Context
from viguard.model.facts import UNREAD, Reason, Resource, Settings, Unknown
from viguard.model.result import Evidence
from viguard.model.server import Server

_PATH = re.compile(r"(server\.)?([a-z_]+)(?:\[([^\]]+)\]|<(\w+)>)?(?:\.([a-z_]+))?")
_NO_SERVER = Unknown(reason=Reason.NOT_READ, detail="its server was not read")
_API_NAMES = {"promiscuous": "allowPromiscuous", "line": "productLineId"}

Reader: TypeAlias = Callable[[Resource, Context], tuple[Any, Evidence]]
"""Gives the fact (UNSET where the server holds none, or Unknown) and its evidence."""


@dataclass(frozen=True)
class Path:
    """A parsed path. ``key`` "*" takes every entry."""

    field: str
    of_server: bool = False
    key: str = ""
    type: str = ""
    attribute: str = ""

    @property
    def part(self) -> str:
        """What follows the API property in evidence."""
        inner = f"[{self.key}]" if self.key else f"<{self.type}>" if self.type else ""
        return inner + (f".{_camel(self.attribute)}" if self.attribute else "")


def parse(path: str) -> Path | None:
    """A path as written in a control, or None when it is none."""
    found = _PATH.fullmatch(path)
    if not found:
        return None
    of_server, field, key, type_, attribute = found.groups(default="")
    return Path(field=field, of_server=bool(of_server), key=key, type=type_, attribute=attribute)


def reader(path: Path) -> Reader:
    """A function that reads the path of any subject."""
    pick, part, field = _picker(path), path.part, path.field

    def read(subject: Resource, context: Context) -> tuple[Any, Evidence]:
        found = getattr(subject, field, UNREAD)
        value = found if isinstance(found, Unknown) else pick(found)
        return value, context.evidence(subject, field, None if value is msgspec.UNSET else value, part=part)

    return _of_server(read, path) if path.of_server else read


def _of_server(read: Reader, path: Path) -> Reader:
    def read_server(subject: Resource, context: Context) -> tuple[Any, Evidence]:
        server = context.inventory.get(Server, subject.server)
        if server is None:
            name = f"server.{path.field}{path.part}"
            return _NO_SERVER, Evidence(property=name, unknown=str(_NO_SERVER))
        return read(server, context)

    return read_server


def _picker(path: Path) -> Callable[[Any], Any]:
    """From a field's value to what the path names; UNSET where there is nothing."""
    if path.key == "*":
        return lambda found: msgspec.UNSET if found is None else tuple(_attribute(e, path.attribute) for e in found)
    if path.key:
        return lambda found: _keyed(found, path.key, path.attribute)
    if path.type:
        kind = path.type
        return lambda found: msgspec.UNSET if found is None else tuple(_label(e) for e in found if e.type == kind)
    if path.attribute:
        return lambda found: _or_unset(_attribute(found, path.attribute))
    return _or_unset


def _keyed(found: Any, key: str, attribute: str) -> Any:
    if isinstance(found, Settings):
        return _setting(found, key)
    for entry in found or ():
        if getattr(entry, "key", None) == key or getattr(entry, "name", None) == key:
            return _or_unset(_attribute(entry, attribute))
    return msgspec.UNSET


def _setting(found: Settings, key: str) -> Any:
    """A setting. VMware's products read keys of either case, so one that is spelled differently counts too."""
    value = found.values.get(key)
    if value is not None:
        return value
    size, lower = len(key), key.lower()
    alike = (v for k, v in found.values.items() if len(k) == size and v is not None and k.lower() == lower)
    return next(alike, msgspec.UNSET)


def _attribute(found: Any, attribute: str) -> Any:
    return getattr(found, attribute) if attribute and found is not None else found


def _label(entry: Any) -> str:
    return str(getattr(entry, "label", "") or entry.type)


def _or_unset(value: Any) -> Any:
    return msgspec.UNSET if value is None else value


def _camel(attribute: str) -> str:
    first, *rest = attribute.split("_")
    return _API_NAMES.get(attribute) or first + "".join(word.capitalize() for word in rest)
