"""Who may do what on a server, and what they did."""

from __future__ import annotations

from collections.abc import Iterable

from viguard.collect.decode.place import Place
from viguard.collect.decode.values import find, maybe_moment, moment, texts
from viguard.model.access import Alarm, Event, Permission, Role, Session
from viguard.model.facts import escape
from viguard.vsphere.replies import Element, local, xsi_type

EVENT_TYPES = (
    "UserLoginSessionEvent",
    "UserLogoutSessionEvent",
    "BadUsernameSessionEvent",
    "NoAccessUserEvent",
    "VmCreatedEvent",
    "VmDeployedEvent",
    "VmClonedEvent",
    "VmRegisteredEvent",
    "VmAcquiredMksTicketEvent",
    "VmRemoteConsoleConnectedEvent",
    "VmReconfiguredEvent",
)
"""The events that controls read."""


def decode_role(server: Place, element: Element) -> Role:
    """A role. Source: vim.AuthorizationManager.Role."""
    number, name = int(find(element, "roleId")), find(element, "name")
    return Role(
        id=f"{server.server}:role/{number}",
        name=name,
        path=f"{server.path}/{escape(name)}",
        server=server.server,
        role_id=number,
        system=find(element, "system") == "true",
        privileges=texts(element.iterfind("privilege")),
    )


def permissions(server: Place, elements: Iterable[Element]) -> tuple[Permission, ...]:
    """Permissions of the whole server. Source: vim.AuthorizationManager.Permission[]. Raises ValueError."""
    return tuple(
        Permission(
            entity=f"{server.server}:{find(p, 'entity')}",
            principal=find(p, "principal"),
            role_id=int(find(p, "roleId")),
            group=find(p, "group") == "true",
            propagate=find(p, "propagate") == "true",
        )
        for p in elements
    )


def sessions(elements: Iterable[Element]) -> tuple[Session, ...]:
    """Sessions. Source: vim.UserSession[]. Raises ValueError."""
    return tuple(
        Session(
            user=find(s, "userName"),
            login_at=moment(find(s, "loginTime")),
            active_at=maybe_moment(s.findtext("lastActiveTime")),
            address=find(s, "ipAddress"),
        )
        for s in elements
    )


def events(server: Place, elements: Iterable[Element]) -> tuple[Event, ...]:
    """Events. Source: vim.event.Event[]. Raises ValueError."""
    return tuple(_event(server, e) for e in elements)


def _event(server: Place, element: Element) -> Event:
    source = find(element, "srcTemplate/vm") or find(element, "sourceVm/vm")
    guest = find(element, "vm/vm")
    return Event(
        key=int(find(element, "key")),
        type=xsi_type(element) or local(element),
        at=moment(find(element, "createdTime")),
        user=find(element, "userName"),
        address=find(element, "ipAddress"),
        guest=f"{server.server}:{guest}" if guest else "",
        source=f"{server.server}:{source}" if source else "",
    )


def alarm(element: Element) -> Alarm:
    """An alarm with the kinds of action it takes. Source: vim.alarm.AlarmInfo."""
    actions = [a for a in element.iter("action") if xsi_type(a).endswith("Action") and "Alarm" not in xsi_type(a)]
    return Alarm(
        name=find(element, "name"),
        enabled=find(element, "enabled") == "true",
        actions=tuple(dict.fromkeys(xsi_type(a) for a in actions)),
    )
