"""Estates of the lab, audited as a person would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lab


@pytest.fixture(scope="session")
def belnet() -> Iterator[lab.Estate]:
    """Every server of the lab, for tests that only read."""
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))
    with lab.up() as running:
        yield running
