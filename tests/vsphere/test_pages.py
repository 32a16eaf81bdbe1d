"""Pages in the spellings that servers use, and what a hostile server could write."""

from __future__ import annotations

import pytest

from tests.vsphere.fake import fault
from viguard.errors import ReplyError, SessionLostError
from viguard.model.facts import Reason
from viguard.vsphere.pages import Page
from viguard.vsphere.replies import xsi_type
from viguard.vsphere.soap import Ref

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><e:Body>'
)
TAIL = "</e:Body></e:Envelope>"
ONE = '<obj type="VirtualMachine">vm-1</obj><propSet><name>name</name><val xsi:type="xsd:string">one</val></propSet>'
TWO = '<obj type="VirtualMachine">vm-2</obj><propSet><name>name</name><val xsi:type="xsd:string">two</val></propSet>'


def new(content: str) -> bytes:
    name = "RetrievePropertiesExResponse"
    return f'{HEAD}<{name} xmlns="urn:vim25"><returnval>{content}</returnval></{name}>{TAIL}'.encode()


NEW = new(f"<token>t1</token><objects>{ONE}</objects><objects>{TWO}</objects>")
OLD = (
    f'{HEAD}<RetrievePropertiesResponse xmlns="urn:vim25"><returnval>{ONE}</returnval>'
    f"<returnval>{TWO}</returnval></RetrievePropertiesResponse>{TAIL}"
).encode()
SPACED = NEW.replace(b"><", b">\n  <")
PREFIXED = (
    f'{HEAD}<v:RetrievePropertiesExResponse xmlns:v="urn:vim25"><v:returnval><v:token>t1</v:token>'
    '<v:objects><v:obj type="VirtualMachine">vm-1</v:obj><v:propSet><v:name>name</v:name>'
    '<v:val xsi:type="xsd:string">one</v:val></v:propSet></v:objects>'
    '<v:objects><v:obj type="VirtualMachine">vm-2</v:obj><v:propSet><v:name>name</v:name>'
    '<v:val xsi:type="xsd:string">two</v:val></v:propSet></v:objects></v:returnval>'
    f"</v:RetrievePropertiesExResponse>{TAIL}"
).encode()
COMMENTED = NEW.replace(b"<objects>", b"<!-- </objects><objects><obj --><objects>")
OTHER_PREFIX = NEW.replace(b"xsi:", b"XMLSchema-instance:").replace(b":xsi=", b":XMLSchema-instance=")


@pytest.mark.parametrize("body", [NEW, OLD, SPACED, PREFIXED, COMMENTED, OTHER_PREFIX])
def test_every_spelling_gives_the_same_objects(body: bytes) -> None:
    page = Page(body, "here")
    assert page.token == ("" if body is OLD else "t1")
    assert [f.ref for f in page.objects] == [Ref("VirtualMachine", "vm-1"), Ref("VirtualMachine", "vm-2")]
    for found, name in zip(page.objects, ("one", "two"), strict=True):
        values, missing = found.values("here")
        assert missing == {}
        assert values["name"].text == name
        assert xsi_type(values["name"]) == "string"
        assert found.peek("name") in {name, None}


def test_an_empty_page_has_no_objects() -> None:
    assert Page(new(""), "here").objects == []


def test_missing_properties_say_why() -> None:
    lost = (
        '<missingSet><path>config</path><fault><fault xsi:type="NoPermission"><privilegeId>System.Read</privilegeId>'
        "</fault></fault></missingSet>"
        '<missingSet><path>guest</path><fault><fault xsi:type="HostCommunication"/></fault></missingSet>'
    )
    values, missing = Page(new(f"<objects>{ONE}{lost}</objects>"), "here").objects[0].values("here")
    assert list(values) == ["name"]
    assert {p: u.reason for p, u in missing.items()} == {"config": Reason.NO_PERMISSION, "guest": Reason.FAILED}
    assert "System.Read" in str(missing["config"])


def test_a_lost_session_hides_in_missing_properties() -> None:
    lost = '<missingSet><path>name</path><fault><fault xsi:type="NotAuthenticated"/></fault></missingSet>'
    with pytest.raises(SessionLostError):
        Page(new(f'<objects><obj type="Folder">f</obj>{lost}</objects>'), "here")


def test_a_guest_cannot_end_our_session_by_its_name() -> None:
    named = ONE.replace("one", 'missingSet fault xsi:type="NotAuthenticated"')
    assert len(Page(new(f"<objects>{named}</objects>"), "here").objects) == 1


def test_a_name_cannot_pretend_to_be_an_object() -> None:
    named = ONE.replace("one", '&lt;/val>&lt;/propSet>&lt;/objects>&lt;objects>&lt;obj type="X">y')
    objects = Page(new(f"<objects>{named}</objects><objects>{TWO}</objects>"), "here").objects
    assert [f.ref.moid for f in objects] == ["vm-1", "vm-2"]
    assert objects[0].values("here")[0]["name"].text == '</val></propSet></objects><objects><obj type="X">y'


@pytest.mark.parametrize("cut", [30, 200, len(NEW) // 2, len(NEW) - 20, len(NEW) - 1])
def test_a_page_cut_short_is_an_error_and_loses_no_object_silently(cut: int) -> None:
    with pytest.raises(ReplyError):
        Page(NEW[:cut], "here")


def test_a_fault_in_the_place_of_a_page_is_raised() -> None:
    with pytest.raises(SessionLostError):
        Page(fault("NotAuthenticated"), "here")
