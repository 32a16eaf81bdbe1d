"""What an account lacks: against servers of the lab, and against replies that the lab does not give."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

import lab
from tests.collect.reading import collector, endpoints
from tests.vsphere.fake import Answer, Fake, Handler, fault, reply
from viguard.model.facts import Fact, Reason, Unknown
from viguard.vsphere.credentials import Login
from viguard.vsphere.privileges import ROLE, Privilege, blind_spot, lacking
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection

GUARDED = {
    "Global.Settings",
    "Sessions.TerminateSession",
    "Host.Config.Settings",
    "Host.Config.Image",
    "Certificate.Manage",
}
Serving = Callable[..., AbstractContextManager[Fake]]


def missing(server: lab.Endpoint, account: str) -> set[str]:
    credentials = collector(server, account=account).credentials
    endpoint = credentials.complete(endpoints(server)[0])
    with Session(Connection(endpoint), credentials.login(endpoint)) as session:
        found = lacking(session)
    assert isinstance(found, tuple)
    return {p.id for p in found}


@pytest.mark.real("lab")
@pytest.mark.skipif(bool(lab.missing_parts()), reason=", ".join(lab.missing_parts()))
def test_each_missing_privilege_is_named_by_a_modern_and_an_old_server() -> None:
    with lab.up(endpoints=["vc-today", "vc-main"]) as estate:
        today, old = estate["vc-today"], estate["vc-main"]
        assert missing(today, "administrator") == set()
        assert missing(old, "administrator") == set()
        assert missing(today, "readonly") == GUARDED
        assert missing(old, "readonly") == {"Sessions.TerminateSession"}
        # a role on one datacenter only: it sees the root on the way there
        assert missing(today, "scoped") == {"System.Read", *GUARDED}
        assert missing(old, "scoped") == {"System.Read", "Sessions.TerminateSession"}


def test_every_privilege_says_what_is_lost_without_it() -> None:
    assert all(p.lost for p in ROLE)
    assert {p.id for p in ROLE if p.needed} == {"System.Anonymous", "System.View", "System.Read"}


# an old server: the roles at the root, and the privileges of each role

READ_ONLY = (
    "<privilege>System.Anonymous</privilege><privilege>System.View</privilege><privilege>System.Read</privilege>"
)
ROLES = f"""
<AuthorizationRole><roleId>-2</roleId><name>ReadOnly</name>{READ_ONLY}</AuthorizationRole>
<AuthorizationRole><roleId>-5</roleId><name>NoAccess</name></AuthorizationRole>
"""


def content(kind: str, name: str, property_: str) -> str:
    return f'<returnval><obj type="{kind}">{name}</obj>{property_}</returnval>'


def root(roles: str | None) -> bytes | str:
    """What a server says of the roles of an account at the root; None: nothing."""
    value = f'<propSet><name>effectiveRole</name><val xsi:type="ArrayOfInt">{roles}</val></propSet>'
    return reply("RetrieveProperties", content("Folder", "group-d1", "" if roles is None else value))


def numbers(*found: int) -> str:
    return "".join(f"<int>{n}</int>" for n in found)


def old(serving: Serving, at_root: Answer, roles: Answer = "") -> Fact[tuple[Privilege, ...]]:
    listed = content(
        "AuthorizationManager",
        "AuthorizationManager",
        f'<propSet><name>roleList</name><val xsi:type="ArrayOfAuthorizationRole">{ROLES}</val></propSet>',
    )

    def answer(handler: Handler, body: str) -> None:
        data = at_root if "effectiveRole" in body else roles or reply("RetrieveProperties", listed)
        assert isinstance(data, bytes)
        handler.send(500 if b"soapenv:Fault>" in data else 200, data)

    with serving(api="2.5", RetrieveProperties=answer) as server:
        refs = '<authorizationManager type="AuthorizationManager">AuthorizationManager</authorizationManager>'
        known = server.script["RetrieveServiceContent"]
        assert isinstance(known, bytes)
        server.script["RetrieveServiceContent"] = known.replace(b"</returnval>", refs.encode() + b"</returnval>")
        with Session(Connection(server.endpoint), Login(user="u", password="p")) as session:
            found = lacking(session)
            blind = blind_spot(session)
    if isinstance(found, tuple) and not any(p.needed for p in found):
        assert blind is None
    else:
        assert blind is not None
    return found


def named(found: Fact[tuple[Privilege, ...]]) -> set[str]:
    assert isinstance(found, tuple)
    return {p.id for p in found}


@pytest.mark.parametrize(
    ("roles", "lost"),
    [
        (numbers(-2), {"Sessions.TerminateSession"}),
        (numbers(-5), {"System.View", "System.Read", "Sessions.TerminateSession"}),
        (numbers(-5, -2), {"Sessions.TerminateSession"}),
        ("", {"System.Read", "Sessions.TerminateSession"}),
        (None, {"System.Read", "Sessions.TerminateSession"}),
    ],
    ids=["read-only", "no access", "both", "no role", "untold"],
)
def test_an_old_server_tells_it_by_the_roles_at_the_root(serving: Serving, roles: str | None, lost: set[str]) -> None:
    assert named(old(serving, root(roles))) == lost


def test_who_may_not_even_see_the_root_of_an_old_server_lacks_everything_but_logging_in(serving: Serving) -> None:
    refused = fault("NoPermission", '<object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>')
    assert named(old(serving, refused)) == {"System.View", "System.Read", "Sessions.TerminateSession"}
    # what the roles are does not matter then
    assert named(old(serving, refused, roles=refused)) == {"System.View", "System.Read", "Sessions.TerminateSession"}


@pytest.mark.parametrize("kind", ["SystemError", "NoPermission"])
def test_roles_that_nobody_tells_leave_it_unknown(serving: Serving, kind: str) -> None:
    found = old(serving, root(numbers(-2)), roles=fault(kind))
    assert isinstance(found, Unknown)


def test_a_server_that_fails_leaves_it_unknown(serving: Serving) -> None:
    found = old(serving, fault("SystemError"))
    assert isinstance(found, Unknown)
    assert found.reason is Reason.FAILED
