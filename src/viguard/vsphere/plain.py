"""The two largest parts of a guest in vSphere's own spelling, read without a parser: options and devices, 85 % of it.

What is read here is accounted for to its last byte or certain by its tags, which no text can hold. Whatever is spelled
otherwise (entities, values that are no text, further attributes, other prefixes) stays for the parser, which decides
alone what it means. Callers see to it that the reply has no comment and no CDATA.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from viguard.vsphere.replies import XSI

Texts: TypeAlias = dict[str, str]
"""Options that are all texts: value by key. Source: vim.option.OptionValue[]."""


class Bare(NamedTuple):
    """A device that is part of every machine, and its place among all devices. Source: vim.vm.device.VirtualDevice."""

    place: int
    type: str
    key: int
    label: str


class Lifted:
    """What was read without a parser, by property path."""

    __slots__ = ("devices", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, Texts] = {}
        self.devices: dict[str, list[Bare]] = {}


_PREFIX = b' xmlns:xsi="%s"' % XSI.encode()
_NAME, _NAMED = b"<propSet><name>", b"</name>"
_OPTIONS = b'<val xsi:type="ArrayOfOptionValue">'
_DEVICES = b'<val xsi:type="ArrayOfVirtualDevice">'
_END = b"</val></propSet>"
_FORBIDDEN = bytes(byte for byte in range(0x20) if byte not in b"\t\n")
"""Characters that XML forbids, and the carriage return, which it changes."""
_FORBIDDEN_START = "\uffff".encode()[:2]

_KEY = '<OptionValue xsi:type="OptionValue"><key>'
_VALUE = '</key><value xsi:type="xsd:string">'
_CLOSE = "</value></OptionValue>"
_TAGS = (_KEY + _VALUE + _CLOSE).count("<")

_OPEN_DEVICE, _CLOSE_DEVICE = '<VirtualDevice xsi:type="', "</VirtualDevice>"
_DEVICE = re.compile(r'([A-Za-z]+)"><key>([0-9]{1,9})</key><deviceInfo xsi:type="Description"><label>([^<]*)</label>')
_CONNECTABLE = "<connectable"
_BUILT_IN = {
    "VirtualDisk",
    "VirtualKeyboard",
    "VirtualPointingDevice",
    "VirtualMachineVideoCard",
    "VirtualMachineVMCIDevice",
}
"""Beside controllers, the devices of which a record keeps no more than type, key and label."""


def lift(part: bytes, wrapper: bytes, into: Lifted) -> bytes:
    """What is left for the parser of the bytes of an object when all that is plain is lifted ``into``.

    ``wrapper`` declares the prefixes.
    """
    if _PREFIX not in wrapper:
        return part
    return _lift_devices(_lift_options(part, into.texts), into.devices)


def _lift_options(part: bytes, into: dict[str, Texts]) -> bytes:
    """Takes whole properties away."""
    found = part.find(_OPTIONS)
    start, end = part.rfind(_NAME, 0, max(found, 0)), part.find(_END, found)
    path = part[start + len(_NAME) : found].removesuffix(_NAMED) if found >= 0 else b""
    texts = _texts(part[found + len(_OPTIONS) : end]) if path and b"<" not in path else None
    if texts is None:
        return part
    into[path.decode("ascii", "replace")] = texts
    return part[:start] + part[end + len(_END) :]


def _texts(content: bytes) -> Texts | None:
    """The options that fill ``content`` to its last byte, None when there is anything else in it."""
    text = _text(content)
    options = [option.split(_VALUE) for option in text.removeprefix(_KEY).removesuffix(_CLOSE).split(_CLOSE + _KEY)]
    if text.startswith(_KEY) and text.endswith(_CLOSE) and text.count("<") == _TAGS * len(options):
        with suppress(ValueError):  # an option without a text
            return dict(options)
    return None


def _text(content: bytes) -> str:
    """The text of bytes that a parser would leave as they are, "" when it would not."""
    if b"&" in content or _FORBIDDEN_START in content or len(content.translate(None, _FORBIDDEN)) != len(content):
        return ""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return ""


def _lift_devices(part: bytes, into: dict[str, list[Bare]]) -> bytes:
    """Takes devices out of their property, which stays with those that can be connected."""
    found = part.find(_DEVICES)
    start, end = found + len(_DEVICES), part.find(_END, found)
    path = part[part.rfind(_NAME, 0, found) + len(_NAME) : found].removesuffix(_NAMED) if found >= 0 else b""
    text = _text(part[start:end]) if path and b"<" not in path else ""
    if not (text.startswith(_OPEN_DEVICE) and text.endswith(_CLOSE_DEVICE)):
        return part
    bare: list[Bare] = []
    rest: list[str] = []
    devices = text.removeprefix(_OPEN_DEVICE).removesuffix(_CLOSE_DEVICE).split(_CLOSE_DEVICE + _OPEN_DEVICE)
    for place, device in enumerate(devices):
        read = _DEVICE.match(device)
        if read and (read[1] in _BUILT_IN or read[1].endswith("Controller")) and _CONNECTABLE not in device:
            bare.append(Bare(place, read[1], int(read[2]), read[3]))
        else:
            rest += _OPEN_DEVICE, device, _CLOSE_DEVICE
    into[path.decode("ascii", "replace")] = bare
    return b"".join((part[:start], "".join(rest).encode(), part[end:]))
