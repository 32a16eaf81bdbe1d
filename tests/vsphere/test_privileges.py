from __future__ import annotations

import pytest

import lab
from tests.collect.reading import collector, endpoints
from viguard.vsphere.privileges import ROLE, lacking
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection

pytestmark = [
    pytest.mark.real("lab"),
    pytest.mark.skipif(bool(lab.missing_parts()), reason=", ".join(lab.missing_parts())),
]


def missing(server: lab.Endpoint, account: str) -> set[str]:
    credentials = collector(server, account=account).credentials
    endpoint = credentials.complete(endpoints(server)[0])
    with Session(Connection(endpoint), credentials.login(endpoint)) as session:
        found = lacking(session)
    assert isinstance(found, tuple)
    return {p.id for p in found}


def test_each_missing_privilege_is_named_by_a_modern_and_an_old_server() -> None:
    with lab.up(endpoints=["vc-today", "vc-main"]) as estate:
        today, old = estate["vc-today"], estate["vc-main"]
        assert missing(today, "administrator") == set()
        assert missing(old, "administrator") == set()
        guarded = {"Global.Settings", "Sessions.TerminateSession", "Host.Config.Settings", "Host.Config.Image"}
        assert missing(today, "readonly") == {*guarded, "Certificate.Manage"}
        assert missing(old, "readonly") == {"Sessions.TerminateSession"}


def test_every_privilege_says_what_is_lost_without_it() -> None:
    assert all(p.lost for p in ROLE)
    assert {p.id for p in ROLE if p.needed} == {"System.Anonymous", "System.View", "System.Read"}
