"""Who may do what: accounts, roles, permissions, sessions, and what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from viguard.model.facts import UNREAD, Api, Fact, Resource, Struct

ADMIN_ROLE = -1
"""Role id of Administrator. Source: vSphere API, AuthorizationManager."""


class Role(Resource, frozen=True, kw_only=True, tag_field="is", tag="role"):
    """A role and its privileges. Source: vim.AuthorizationManager.Role."""

    role_id: int
    system: bool = False
    privileges: Annotated[Fact[tuple[str, ...]], Api("roleList", of="AuthorizationManager")] = UNREAD


class Permission(Struct, frozen=True, kw_only=True):
    """A role given to a principal on an object and, if ``propagate``, below it."""

    entity: str  # resource id
    principal: str
    role_id: int
    group: bool = False
    propagate: bool = False


class Session(Struct, frozen=True, kw_only=True):
    """A session of a server. Source: vim.UserSession."""

    user: str
    login_at: datetime
    active_at: datetime | None = None
    address: str = ""


class Event(Struct, frozen=True, kw_only=True):
    """An event of a server that controls read. ``type`` is the API type, e.g. UserLoginSessionEvent."""

    key: int
    type: str
    at: datetime
    user: str = ""
    address: str = ""
    guest: str = ""  # resource id
    source: str = ""  # template of a deployment, as a resource id


class Alarm(Struct, frozen=True, kw_only=True):
    """An alarm definition and the kinds of action it takes. Source: vim.alarm.AlarmInfo."""

    name: str
    enabled: bool
    actions: tuple[str, ...] = ()  # SendEmailAction, SendSNMPAction, RunScriptAction, …


class Access(Resource, frozen=True, kw_only=True, tag_field="is", tag="access"):
    """What one server says of access to it. ``permissions`` and ``sessions`` are of the whole server."""

    permissions: Annotated[Fact[tuple[Permission, ...]], Api("RetrieveAllPermissions()", of="AuthorizationManager")] = (
        UNREAD
    )
    sessions: Annotated[Fact[tuple[Session, ...]], Api("sessionList", of="SessionManager")] = UNREAD
    events: Annotated[Fact[tuple[Event, ...]], Api("QueryEvents()", of="EventManager")] = UNREAD
    events_since: datetime | None = None  # the window that ``events`` covers starts here
    own_login: bool = False  # the login of this collection is among ``events``: the server records logins
    alarms: Annotated[Fact[tuple[Alarm, ...]], Api("GetAlarm()", of="AlarmManager")] = UNREAD


class Account(Resource, frozen=True, kw_only=True, tag_field="is", tag="account"):
    """A principal that holds a permission. Derived from the permissions of a server."""

    group: bool = False
