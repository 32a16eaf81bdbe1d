"""Property values written by hand."""

from __future__ import annotations

from lxml import etree

from viguard.collect.decode.place import Place
from viguard.collect.decode.values import Values
from viguard.model.facts import Unknown
from viguard.vsphere.replies import XSI, Element

PLACE = Place(id="s:1", name="one", path="/s/one", server="s")


def element(text: str) -> Element:
    """A value; ``xsi:type`` may be used in it."""
    return etree.fromstring(f'<r xmlns:xsi="{XSI}" xmlns:xsd="x">{text}</r>')[0]


def values(missing: dict[str, Unknown] | None = None, **content: str) -> Values:
    """Values by path, with ``__`` for the dots: each content stands inside one ``val``."""
    found = {path.replace("__", "."): element(f"<val>{inner}</val>") for path, inner in content.items()}
    return Values(found, missing or {})
