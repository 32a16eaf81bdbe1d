"""Guests that others trust: those that accounts log in from, that keep passwords, that hand out software, templates."""

from __future__ import annotations

from collections.abc import Iterator

from viguard.attack.estate import Estate
from viguard.attack.graph import Edge, NodeKind
from viguard.model.access import Access
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.policy.rights import credential

LOGIN = "UserLoginSessionEvent"
COPIES = frozenset({"VmDeployedEvent", "VmClonedEvent"})


def edges(estate: Estate) -> Iterator[Edge]:
    """Sessions, logins, kept passwords, software, templates and shared secrets."""
    for access in estate.inventory.access.values():
        yield from _sessions(estate, access)
        yield from _events(estate, access)
    for kept in estate.supplied.kept:
        if (guest := estate.inventory.get(Guest, kept.guest)) is not None:
            node = estate.credential(credential(kept.principal, kept.server))
            told = estate.told(guest, f"keeps the password of {kept.principal}", kept.told)
            yield Edge("service_account", estate.at(guest), node, (told,), on=f"{kept.server}/{kept.principal}")
    for id_, hosts in estate.supplied.updates.items():
        guest = estate.inventory.get(Guest, id_)
        for host in (estate.inventory.get(Host, h) for h in hosts):
            if guest is not None and host is not None:
                told = estate.told(guest, "updates", host.name)
                yield Edge("update_path", estate.at(guest), estate.at(host), (told,), on=host.id)


def _sessions(estate: Estate, access: Access) -> Iterator[Edge]:
    for session in access.sessions if isinstance(access.sessions, tuple) else ():
        for guest in estate.by_address.get(session.address, ()):
            facts = (
                estate.seen(access, "sessions", f"{session.user} from {session.address}"),
                estate.seen(guest, "addresses", session.address),
            )
            node = estate.credential(credential(session.user, access.server))
            yield Edge("session", estate.at(guest), node, facts, on=f"{guest.id}/{session.user}")


def _events(estate: Estate, access: Access) -> Iterator[Edge]:
    for event in access.events if isinstance(access.events, tuple) else ():
        told = f"{event.type} {event.at.isoformat()} {event.user}"
        if event.type == LOGIN:
            for guest in estate.by_address.get(event.address, ()):
                seen = estate.seen(access, "events", f"{told} from {event.address}", f"[{event.key}]")
                facts = (seen, estate.seen(guest, "addresses", event.address))
                node = estate.credential(credential(event.user, access.server))
                yield Edge("login_seen", estate.at(guest), node, facts, on=f"{guest.id}/{event.user}")
        source, made = estate.inventory.get(Guest, event.source), estate.inventory.get(Guest, event.guest)
        if event.type in COPIES and source is not None and made is not None:
            seen = estate.seen(access, "events", f"{told}: {made.name} from {source.name}", f"[{event.key}]")
            yield Edge("clone", estate.at(source), estate.at(made), (seen,), on=made.id)


def secrets(estate: Estate) -> Iterator[Edge]:
    """Root passwords and CHAP secrets that are the same. What nobody compared may be the same as any other."""
    for host in estate.inventory.hosts:
        root = estate.credential(f"root at {host.id}")
        fact = estate.told(host, "account", "root administers its host")
        yield Edge("configures", root, estate.at(host), (fact,))
        yield Edge("stored_password", estate.at(host), root, (fact,), ("whether its stored password can be guessed",))
    for group in estate.supplied.same:
        nodes = [estate.credential(name) for name in group]
        for one in nodes:
            for other in nodes:
                if one != other:
                    fact = estate.credential_told(one, "the same secret")
                    yield Edge("shared_credential", one, other, (fact,), on=one)
    for start, name in (("root at ", "passwords of root"), ("chap of ", "CHAP secrets")):
        alike = [n for n in list(estate.nodes) if n.startswith(f"credential:{start}")]
        unknown = [n for n in alike if n.partition(":")[2] not in estate.supplied.compared]
        hub = f"credential:?{start.strip()}"
        if len(unknown) > 1:
            estate.node(NodeKind.CREDENTIAL, hub, f"{name} that nobody compared")
            for node in unknown:
                why = (f"whether {name} are the same",)
                yield Edge("shared_credential", node, hub, (), why, on=node)
                yield Edge("shared_credential", hub, node, (), why, on=node)
