"""The least that an account needs to read an estate, and what of it an account lacks."""

from __future__ import annotations

from viguard.model.facts import Fact, Reason, Struct, Unknown
from viguard.vsphere import calls
from viguard.vsphere.reader import Reader
from viguard.vsphere.replies import Element
from viguard.vsphere.session import Session
from viguard.vsphere.soap import element, reference
from viguard.vsphere.versions import knows


class Privilege(Struct, frozen=True, kw_only=True):
    """A privilege of the reading role, given at the root and propagated.

    ``lost`` is what stays unknown without it; ``needed`` False: everything else is read all the same.
    ``writes``: the product ties reading to a privilege that also allows a change; leave it out where that weighs more.
    """

    id: str
    lost: str
    needed: bool = True
    writes: bool = False
    since: str = "2.5"


ROLE: tuple[Privilege, ...] = (
    Privilege(id="System.Anonymous", lost="logging in"),
    Privilege(id="System.View", lost="every object"),
    Privilege(id="System.Read", lost="every property of every object"),
    Privilege(id="Global.Settings", lost="exceptions of lockdown mode", needed=False, writes=True, since="6.0"),
    Privilege(id="Sessions.TerminateSession", lost="who is logged in", needed=False, writes=True),
    Privilege(id="Host.Config.Settings", lost="kernel modules of hosts", needed=False, writes=True, since="4.0"),
    Privilege(id="Host.Config.Image", lost="installed packages of hosts", needed=False, writes=True, since="6.5"),
    Privilege(id="Certificate.Manage", lost="certificates of hosts", needed=False, writes=True, since="6.0"),
)
"""The role for viguard. Source: privileges that the API asks for each property and call that is read."""

LOGGED_IN = frozenset({"System.Anonymous"})
SAW_ROOT = frozenset({"System.View"})


def role_for(version: str) -> tuple[Privilege, ...]:
    """The role as far as a server that speaks ``version`` knows its privileges."""
    return tuple(p for p in ROLE if knows(version, p.since))


def lacking(session: Session) -> Fact[tuple[Privilege, ...]]:
    """What the logged-in account lacks at the root, or why that cannot be told.

    Raises:
        SourceError: the connection or session failed.
    """
    wanted = role_for(session.version)
    held = _asked(session, wanted) if knows(session.version, "5.5") else _effective(session)
    if isinstance(held, Unknown):
        return held
    return tuple(p for p in wanted if p.id not in held)


def blind_spot(session: Session) -> Unknown | None:
    """Why the account may see a part of the server only, None when it may read from the root down.

    What an account may not see a server leaves out without a word: objects, and permissions on them.

    Raises:
        SourceError: the connection or session failed.
    """
    lost = lacking(session)
    if isinstance(lost, Unknown):
        return Unknown(reason=lost.reason, detail=f"whether the account sees everything is not known: {lost}")
    needed = [p.id for p in lost if p.needed]
    if not needed:
        return None
    why = f"the account lacks {', '.join(needed)} on the root folder, so it sees a part of the server only"
    return Unknown(reason=Reason.NO_PERMISSION, detail=why)


def _asked(session: Session, wanted: tuple[Privilege, ...]) -> Fact[frozenset[str]]:
    """What the server says of this very session, from API 5.5."""
    arguments = reference("entity", session.refs["rootFolder"]) + element("sessionId", session.key)
    arguments += "".join(element("privId", p.id) for p in wanted)
    found = calls.service_call(session, "authorizationManager", "HasPrivilegeOnEntities", arguments)
    if isinstance(found, Unknown):
        return found
    answers = [a for entity in found for a in entity.iterfind("privAvailability")]
    return frozenset(a.findtext("privId") or "" for a in answers if a.findtext("isGranted") == "true")


def _effective(session: Session) -> Fact[frozenset[str]]:
    """The privileges of the roles that this session has at the root: what older servers tell.

    An account without a role there holds what it has just used: it logged in, and perhaps it may see the root on the
    way to something below it.
    """
    reader = Reader(session)
    effective = reader.property(session.refs.get("rootFolder"), "effectiveRole")
    if isinstance(effective, Unknown):
        return LOGGED_IN if effective.reason is Reason.NO_PERMISSION else effective
    numbers = {e.text for e in _elements(effective)}
    if not numbers:
        return LOGGED_IN | SAW_ROOT
    roles = reader.property(session.refs.get("authorizationManager"), "roleList")
    if isinstance(roles, Unknown):
        return roles
    held = [r for r in _elements(roles) if r.findtext("roleId") in numbers]
    return LOGGED_IN | {p.text or "" for r in held for p in r.iterfind("privilege")}


def _elements(found: Element | Unknown | None) -> list[Element]:
    return [] if found is None or isinstance(found, Unknown) else list(found)
