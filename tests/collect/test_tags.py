"""Tags over the REST API of the lab, planted there as an administrator would."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator

import pytest
from pyVim.connect import Disconnect
from pyVmomi import vim

import lab
from viguard.collect.run import Collector
from viguard.collect.subject import Options
from viguard.model.facts import Reason, Unknown
from viguard.model.guest import Guest
from viguard.vsphere.credentials import Credentials, Entry, Login
from viguard.vsphere.endpoint import Endpoint, Trust, parse_endpoint
from viguard.vsphere.soap import Connection
from viguard.vsphere.tags import read_tags

pytestmark = pytest.mark.real("lab")
TAGGING = "/rest/com/vmware/cis/tagging"


class Rest:
    """An administrator at the REST API."""

    def __init__(self, endpoint: lab.Endpoint) -> None:
        self._base, self._context = f"https://{endpoint.host}:{endpoint.port}", endpoint.context()
        account = endpoint.account("administrator")
        secret = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {secret}"}
        self._headers = {"vmware-api-session-id": str(self.post("/rest/com/vmware/cis/session", None))}

    def post(self, path: str, body: object) -> object:
        data = b"" if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._base}{path}", data=data, headers=headers, method="POST")
        with urllib.request.urlopen(request, context=self._context, timeout=30) as reply:
            return json.loads(reply.read() or b"{}").get("value")

    def tag(self, category: str, name: str, *moids: str) -> None:
        spec = {"name": category, "description": "", "cardinality": "MULTIPLE", "associable_types": []}
        parent = self.post(f"{TAGGING}/category", {"create_spec": spec})
        made = self.post(f"{TAGGING}/tag", {"create_spec": {"name": name, "description": "", "category_id": parent}})
        for moid in moids:
            thing = {"object_id": {"id": moid, "type": "VirtualMachine"}}
            self.post(f"{TAGGING}/tag-association/id:{made}?~action=attach", thing)


@pytest.fixture(scope="module")
def today() -> Iterator[lab.Endpoint]:
    if missing := lab.missing_parts():
        pytest.skip(f"the lab misses {', '.join(missing)}")
    with lab.clean("vc-today") as estate:
        yield estate["vc-today"]


def read(endpoint: lab.Endpoint, *, tags: bool) -> dict[str, Guest]:
    account = endpoint.account("auditor")
    entry = Entry(url=endpoint.url, user=account.user, password=account.password, ca=str(endpoint.ca_file), name="vc")
    collector = Collector(Credentials(entries=(entry,)), options=Options(tags=tags, calls=False))
    return {g.name: g for g in collector.to_memory([parse_endpoint(endpoint.url)]).all(Guest)}


def rest_logins(endpoint: lab.Endpoint) -> int:
    """Logins of viguard's account that left an event without a SOAP session."""
    service = endpoint.connect("administrator")
    content = service.RetrieveContent()
    spec = vim.event.EventFilterSpec(eventTypeId=["vim.event.UserLoginSessionEvent"])
    user = endpoint.account("auditor").user
    events = content.eventManager.QueryEvents(spec)
    Disconnect(service)
    return sum(e.userName == user and not e.sessionId for e in events)


def test_tags_are_read_when_asked_for(today: lab.Endpoint) -> None:
    before = read(today, tags=True)
    assert before["www1"].tags == ()
    moid = before["www1"].id.rpartition(":")[2]
    rest = Rest(today)
    rest.tag("zone", "dmz/web <b>", moid)
    rest.tag("owner", "web team", moid)
    after = read(today, tags=True)
    assert after["www1"].tags == ("owner:web team", "zone:dmz/web <b>")
    assert after["mx1"].tags == ()
    assert rest_logins(today) == 2


def test_tags_that_were_not_asked_for_are_unknown_and_cost_no_second_login(today: lab.Endpoint) -> None:
    before = rest_logins(today)
    found = read(today, tags=False)["www1"].tags
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NOT_READ
    assert "--tags" in found.detail
    assert rest_logins(today) == before


def test_the_header_says_whether_the_rest_api_was_read(today: lab.Endpoint) -> None:
    account = today.account("auditor")
    entry = Entry(url=today.url, user=account.user, password=account.password, ca=str(today.ca_file), name="vc")
    told = {}
    for tags in (True, False):
        collector = Collector(Credentials(entries=(entry,)), options=Options(tags=tags, calls=False))
        [source] = collector.to_memory([parse_endpoint(today.url)]).sources
        told[tags] = {c.name: (c.read, bool(c.reason)) for c in source.channels}
    assert told == {
        True: {"vim": (True, False), "rest": (True, False)},
        False: {"vim": (True, False), "rest": (False, True)},
    }


def test_a_user_that_the_rest_api_refuses_leaves_tags_unknown(today: lab.Endpoint) -> None:
    endpoint = Endpoint(host=today.host, port=today.port, trust=Trust(ca=str(today.ca_file)))
    found = read_tags(Connection(endpoint), Login(today.account("auditor").user, "wrong"))
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_PERMISSION


def test_a_virtual_center_of_2010_has_no_tags() -> None:
    with lab.clean("vc-main") as estate:
        found = read(estate["vc-main"], tags=True)["www1"].tags
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NOT_IN_VERSION
