"""Faults that a server answers with, as types."""

from __future__ import annotations

from viguard.errors import SourceError
from viguard.model.facts import Reason, Unknown


class Fault(SourceError):  # noqa: N818  (the API's own word)
    """A fault of the API. ``kind`` is its type (NoPermission), ``text`` what the server says of it."""

    def __init__(self, kind: str, text: str = "", *, where: str = "") -> None:
        super().__init__(f"the server answers {kind}" + (f": {text[:300]}" if text else ""), where=where)
        self.kind, self.text = kind, text

    @property
    def unknown(self) -> Unknown:
        """The fact that this fault took."""
        return Unknown(reason=Reason.FAILED, detail=f"the server answers {self.kind}")


class NoPermissionFault(Fault):
    """The account lacks a privilege. ``privilege`` and ``entity`` as far as the server tells."""

    def __init__(self, text: str = "", *, privilege: str = "", entity: str = "", where: str = "") -> None:
        super().__init__("NoPermission", text, where=where)
        self.privilege, self.entity = privilege, entity

    @property
    def unknown(self) -> Unknown:
        """The fact that this fault took."""
        return no_permission(self.privilege)


class InvalidPropertyFault(Fault):
    """The server does not know a property path; ``name`` is the path."""

    def __init__(self, name: str, text: str = "", *, where: str = "") -> None:
        super().__init__("InvalidProperty", text or name, where=where)
        self.name = name

    @property
    def unknown(self) -> Unknown:
        """The fact that this fault took."""
        return Unknown(reason=Reason.NOT_IN_VERSION, detail="the server does not know this property")


class GoneFault(Fault):
    """An object does not exist any more; ``moid`` where the server tells."""

    def __init__(self, moid: str, text: str = "", *, where: str = "") -> None:
        super().__init__("ManagedObjectNotFound", text or moid, where=where)
        self.moid = moid


class MethodNotFoundFault(Fault):
    """The server does not have a method."""

    def __init__(self, text: str = "", *, where: str = "") -> None:
        super().__init__("MethodNotFound", text, where=where)

    @property
    def unknown(self) -> Unknown:
        """The fact that this fault took."""
        return Unknown(reason=Reason.NOT_IN_VERSION, detail="the server does not have this call")


def no_permission(privilege: str) -> Unknown:
    """The fact that a missing privilege took."""
    detail = f"the account lacks {privilege}" if privilege else "the account may not read it"
    return Unknown(reason=Reason.NO_PERMISSION, detail=detail)
