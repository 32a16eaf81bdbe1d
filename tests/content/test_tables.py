"""The tables in content: loaded whole, and a mistake names its file."""

from __future__ import annotations

import pytest

from viguard import content
from viguard.content.tables import load_tables
from viguard.errors import ContentError


def test_every_row_loads_once() -> None:
    tables = load_tables()
    assert len({row.id for row in tables.ports}) == len(tables.ports)
    assert len({(row.line, row.version) for row in tables.support}) == len(tables.support)
    assert all(low <= high for row in tables.ports for low, high in row.ports)
    assert {t for row in tables.ports for t in row.tables} == {"report-2010", "modern"}
    assert {d for row in tables.ports for d in row.directions} == {"inbound", "outbound"}


@pytest.mark.parametrize("text", ["ports: [{id: x}]", "other: []", "ports: [", "- 1"])
def test_a_mistake_names_the_file(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "text", lambda _name: text)
    load_tables.cache_clear()
    with pytest.raises(ContentError, match=r"ports\.yaml"):
        load_tables()
    monkeypatch.undo()
    load_tables.cache_clear()
