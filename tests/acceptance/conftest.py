"""Estates of the lab, audited as a person would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import lab
from tests.acceptance.clock import on_that_day
from viguard.assess import engine
from viguard.content.tables import load_tables


@pytest.fixture(scope="session")
def belnet() -> Iterator[lab.Estate]:
    """Every server of the lab, for tests that only read."""
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.up() as running:
        yield running


@pytest.fixture(scope="package", autouse=True)
def that_day() -> Iterator[None]:
    """What is expected does not change with the calendar."""
    tables = on_that_day(load_tables(), datetime.now(UTC).date())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "load_tables", lambda: tables)
        yield
