"""What is read without a parser is what the parser reads, or is left to it."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.collect.decode.guest import decode_guest
from viguard.collect.decode.place import Place
from viguard.collect.decode.values import Values
from viguard.model.guest import Guest
from viguard.vsphere.pages import Page
from viguard.vsphere.plain import Bare, Lifted

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><e:Body>'
    '<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="VirtualMachine">vm-1</obj>'
)
TAIL = "</objects></returnval></RetrievePropertiesExResponse></e:Body></e:Envelope>"
VERSION = '<propSet><name>config.version</name><val xsi:type="xsd:string">vmx-21</val></propSet>'
PLACE = Place(id="s:vm-1", name="one", path="/s/one", server="s")


def options(content: str) -> str:
    return f'<propSet><name>config.extraConfig</name><val xsi:type="ArrayOfOptionValue">{content}</val></propSet>'


def option(key: str, value: str, kind: str = "xsd:string") -> str:
    value = f'<value xsi:type="{kind}">{value}</value>'
    return f'<OptionValue xsi:type="OptionValue"><key>{key}</key>{value}</OptionValue>'


def devices(content: str) -> str:
    return f'<propSet><name>config.hardware.device</name><val xsi:type="ArrayOfVirtualDevice">{content}</val></propSet>'


def device(kind: str, key: int | str, label: str, more: str = "") -> str:
    info = f'<deviceInfo xsi:type="Description"><label>{label}</label><summary>{label}</summary></deviceInfo>'
    return f'<VirtualDevice xsi:type="{kind}"><key>{key}</key>{info}{more}</VirtualDevice>'


CONNECTED = "<connectable><startConnected>true</startConnected><connected>true</connected></connectable>"
CARD = device("VirtualVmxnet3", 4000, "Network adapter 1", f"{CONNECTED}<macAddress>00:50:56:00:00:01</macAddress>")


def read(content: str | bytes, *, lifting: bool) -> tuple[Guest, Lifted]:
    body = content if isinstance(content, bytes) else content.encode()
    found = Page(HEAD.encode() + VERSION.encode() + body + TAIL.encode(), "here").objects[0]
    lifted = Lifted()
    values = found.values("here", lifted) if lifting else found.values("here")
    return decode_guest(PLACE, Values(*values, lifted)), lifted


def test_plain_options_are_lifted() -> None:
    guest, lifted = read(options(option("log.keepOld", "10") + option("note", "a > b é\n")), lifting=True)
    assert lifted.texts == {"config.extraConfig": {"log.keepOld": "10", "note": "a > b é\n"}}
    assert guest.extra_config.values == {"log.keepOld": "10", "note": "a > b é\n"}  # type: ignore[union-attr]


def test_devices_that_cannot_be_connected_are_lifted_and_keep_their_place() -> None:
    row = device("VirtualIDEController", 200, "IDE 0") + CARD + device("VirtualDisk", 2000, "Hard disk 1", "<backing/>")
    guest, lifted = read(devices(row), lifting=True)
    assert lifted.devices == {
        "config.hardware.device": [
            Bare(0, "VirtualIDEController", 200, "IDE 0"),
            Bare(2, "VirtualDisk", 2000, "Hard disk 1"),
        ]
    }
    assert [(d.key, d.label, d.connected) for d in guest.devices] == [  # type: ignore[union-attr]
        (200, "IDE 0", None),
        (4000, "Network adapter 1", True),
        (2000, "Hard disk 1", None),
    ]
    assert [n.mac for n in guest.nics] == ["00:50:56:00:00:01"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "content",
    [
        options(""),
        options(option("a", "&lt;")),
        options(option("a", "1", "xsd:int")),
        options(option("a", "1") + '<OptionValue xsi:type="OptionValue"><key>b</key></OptionValue>'),
        options(option("a", "1") + " " + option("b", "2")),
        options(option("a", "1") + '<OptionValue xsi:type="Other"><key>b</key><value>x</value></OptionValue>'),
        options(option("a", "line\r\nend")),
        options(option("a", "\x01")),
        options(option("a", "\uffff")),
        options(option("a", "]]")).encode().replace(b"]]", b"\xff\xfe"),
        options(option("a", "<b/>")),
    ],
)
def test_options_in_another_spelling_are_left_to_the_parser(content: str | bytes) -> None:
    guest, lifted = read(content, lifting=True)
    assert lifted.texts == {}
    assert guest == read(content, lifting=False)[0]


@pytest.mark.parametrize(
    "content",
    [
        devices(""),
        devices(device("VirtualDisk", -1, "Hard disk")),
        devices(device("VirtualDisk", "9" * 5000, "Hard disk")),
        devices(device("VirtualDisk", 1, "&amp;")),
        devices(device("vim25:VirtualDisk", 1, "Hard disk")),
        devices(device("VirtualDisk", 1, "Hard disk", CONNECTED)),
        devices(device("VirtualFloppy", 1, "Floppy")),
        devices(device("VirtualE1000", 1, "a card without connection and address")),
        devices('<VirtualDevice xsi:type="VirtualDisk"><key>1</key></VirtualDevice>'),
        devices(device("VirtualDisk", 1, "x")).replace(' xsi:type="Desc', ' a="b" xsi:type="Desc'),
        devices(" " + device("VirtualDisk", 1, "x")),
    ],
)
def test_devices_in_another_spelling_are_left_to_the_parser(content: str) -> None:
    guest, lifted = read(content, lifting=True)
    assert not any(lifted.devices.values())
    assert guest == read(content, lifting=False)[0]


def test_a_card_that_is_left_to_the_parser_is_a_nic() -> None:
    guest, _ = read(devices(device("VirtualE1000", 4000, "Network adapter 1")), lifting=True)
    assert [n.key for n in guest.nics] == [4000]  # type: ignore[union-attr]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
KINDS = st.sampled_from(["VirtualDisk", "VirtualSCSIController", "VirtualFloppy", "VirtualVmxnet3", "VirtualCdrom"])
OPTIONS = st.builds(
    option, TEXTS.map(escape), TEXTS.map(escape), st.sampled_from(["xsd:string", "xsd:int", "xsd:boolean"])
)
DEVICES = st.builds(
    device,
    KINDS,
    st.integers(-5, 10**12),
    TEXTS.map(escape),
    st.sampled_from(["", CONNECTED, "<backing><a/></backing>"]),
)


@given(st.lists(OPTIONS, max_size=5), st.lists(DEVICES, max_size=5))
def test_lifting_changes_no_record(some: list[str], others: list[str]) -> None:
    content = options("".join(some)) + devices("".join(others))
    assert read(content, lifting=True)[0] == read(content, lifting=False)[0]
