"""Whether two lines tell the same fact, and what a login's lines say together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from viguard.model.event import Channel, Event, Outcome

DETAIL = "auth.detail"
"""The class of lines that only explain a login beside them."""
_NOT_IDENTITY = frozenset(
    {
        *("event_id", "part", "parts", "level", "logger", "chain", "datacenter", "method", "user_agent", "key"),
        *("reason", "user_exists", "pam_service", "operation_id", "result", "exit_status", "tty", "thread"),
        *("on_host", "actor", "profile", "description", "failures"),
    }
)
"""Fields that two tellers of one fact may write differently."""
_COMPOUND = re.compile(r"#(?:[.,:]+#)+")
_VARIABLE = re.compile(r"(?<![\w-])[^\W\d]*(?:-[^\W\d]*)*\d[\w-]*")


def judged(event: Event, details: Iterable[Event] = ()) -> Event:
    """A login with why it failed and whether there is such a user, as far as its lines show it.

    Source: report, Appendix A: wrong password and nonexistent user end in the same line, only a line of PAM tells.
    A failure without such a line counts as a wrong password; that the user exists is then said only of root.
    """
    if not event.event.startswith("login."):
        return event
    fields = dict(event.fields)
    reasons = {str(fields.get("reason", "")), *(_reason(detail) for detail in details)}
    if event.outcome is Outcome.SUCCESS:
        fields.pop("reason", None)  # another module let them in: there was no failure
        fields["user_exists"] = "true"
    elif event.outcome is Outcome.FAILURE:
        unknown = "unknown-user" in reasons
        fields["reason"] = "unknown-user" if unknown else str(fields.get("reason") or "bad-password")
        if unknown:
            fields["user_exists"] = "false"
        elif "bad-password" in reasons or event.user == "root":
            fields.setdefault("user_exists", "true")
    return msgspec.structs.replace(event, fields=fields)


def _reason(detail: Event) -> str:
    told = str(detail.fields.get("reason", ""))
    if told:
        return told
    text = " ".join(detail.lines)
    if "user unknown" in text or "nvalid user" in text:
        return "unknown-user"
    return "bad-password" if "authentication failure" in text else ""


def place_of(event: Event) -> str:
    """What a host's own lines and those of a vCenter about it have in common: the first label of its name."""
    name = host_of(event).casefold()
    return name if ":" in name or name.replace(".", "").isdigit() else name.partition(".")[0]


def host_of(event: Event) -> str:
    """The host that an event is about; a vCenter tells of others than itself."""
    return str(event.fields.get("on_host") or event.host)


def from_there(one: Event, other: Event) -> bool:
    """Whether two lines may come from one host: names do not differ, nor does who sent them but for a vCenter."""
    a, b = host_of(one).casefold(), host_of(other).casefold()
    if a != b and "." in a and "." in b:
        return False
    if one.sender == other.sender or not one.sender or not other.sender:
        return True
    return (one.program.casefold() == "vpxd") != (other.program.casefold() == "vpxd")


def teller(event: Event) -> tuple[str, str, str]:
    """Who says what in which words: numbers, times and names with digits aside."""
    line = event.lines[0] if event.lines else ""
    return event.event, event.program.casefold(), _COMPOUND.sub("#", _VARIABLE.sub("#", line))


def is_near(one: Event, other: Event, window: timedelta) -> bool:
    """Within the window by the times they claim, or else by receipt; without any, next to each other."""
    if one.time is not None and other.time is not None:
        return abs(one.time - other.time) <= window
    if one.received_at is not None and other.received_at is not None:
        return abs(one.received_at - other.received_at) <= window
    return True


def is_neighbour(login: Event, event: Event) -> bool:
    """Whether a line of another class belongs to a login: the same process, or the same console.

    The end of a connection belongs to it only where nothing before named the address.
    """
    if event.event == "connection.opened.ssh":
        return login.pid is not None and login.pid == event.pid
    if event.event == "connection.closed.ssh":
        return login.pid is not None and login.pid == event.pid and not login.source_ip
    return event.channel in {None, Channel.TECHSUPPORT}


def contradict(one: Event, other: Event) -> bool:
    """Whether two lines cannot tell the same fact: another user, address, session, guest, process or value."""
    return (
        differ(one.user and one.user.casefold(), other.user and other.user.casefold())
        or differ(one.source_ip, other.source_ip)
        or differ(one.session, other.session)
        or differ(one.vm, other.vm)
        or differ(one.channel, other.channel)
        or (
            one.event == other.event
            and one.outcome is not other.outcome
            and Outcome.UNKNOWN not in {one.outcome, other.outcome}
        )
        or (one.program.casefold() == other.program.casefold() and _other_process(one, other))
        or any(
            name not in _NOT_IDENTITY and name in one.fields and one.fields[name] != value
            for name, value in other.fields.items()
            if one.event == other.event
        )
    )


def _other_process(one: Event, other: Event) -> bool:
    """Whether two lines of one program come from different processes that each saw to a login of its own.

    OpenSSH ends a login in other processes than it began in; those lines name no address.
    """
    if differ(operation(one), operation(other)):
        return True
    if not differ(one.pid, other.pid):
        return False
    return not one.program.casefold().startswith("sshd") or bool(one.source_ip and other.source_ip)


def explains(detail: Event, login: Event) -> bool:
    """Whether a supporting line and a login are of one process, channel and user, as far as they say."""
    return (
        detail.program.casefold() == login.program.casefold()
        and from_there(detail, login)
        and not differ(detail.channel, login.channel)
        and not differ(detail.user, login.user)
        and not differ(detail.pid, login.pid)
        and (detail.outcome is not Outcome.SUCCESS or login.outcome is Outcome.SUCCESS)
    )


def is_own_process(program: str) -> bool:
    """Whether each login has a process of its own, so that its number alone joins lines."""
    return program.casefold() not in {"hostd", "vmware-hostd", "dcui", "vobd", "vpxd", "vpxa"}


def operation(event: Event) -> str:
    """The operation that hostd or vpxd names, empty when the line has none."""
    return str(event.fields.get("operation_id", ""))


def differ(one: object, other: object) -> bool:
    """Whether both are known and not the same."""
    return bool(one) and bool(other) and one != other
