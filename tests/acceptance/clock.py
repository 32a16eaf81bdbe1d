"""Ends of support as they stood on the day that expected.yaml was written, however late it is."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from viguard.model.tables import Tables

DAY = date(2026, 11, 25)
"""The day of the recordings. The lab itself tells times as seen from now; only the table holds dates."""


def on_that_day(tables: Tables, today: date) -> Tables:
    """The tables by which a judge of today says what one said on that day."""
    passed = max(today, DAY) - DAY
    support = tuple(row if row.ends < DAY else replace(row, ends=row.ends + passed) for row in tables.support)
    return replace(tables, support=support)
