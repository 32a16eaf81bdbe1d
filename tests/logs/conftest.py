from __future__ import annotations

from collections.abc import Iterator

import pytest

import lab


@pytest.fixture
def today() -> Iterator[lab.Endpoint]:
    """A fresh modern vCenter, to be spoiled."""
    if missing := lab.missing_parts():
        pytest.skip(", ".join(missing))
    with lab.clean("vc-today") as running:
        yield running["vc-today"]
