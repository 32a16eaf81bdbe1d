from __future__ import annotations

from collections.abc import Iterator

import pytest

import lab


def skip_without_lab() -> None:
    if missing := lab.missing_parts():
        pytest.skip(", ".join(missing))


@pytest.fixture(scope="session")
def estate() -> Iterator[lab.Estate]:
    """All endpoints, for tests that only read."""
    skip_without_lab()
    with lab.up() as running:
        yield running


@pytest.fixture
def today() -> Iterator[lab.Endpoint]:
    """A fresh modern vCenter, to be spoiled."""
    skip_without_lab()
    with lab.clean("vc-today") as running:
        yield running["vc-today"]


@pytest.fixture
def old() -> Iterator[lab.Endpoint]:
    """A fresh VirtualCenter 2.5, to be spoiled."""
    skip_without_lab()
    with lab.clean("vc-main") as running:
        yield running["vc-main"]
