"""One place decides whether the lab's tests can run: the named parts of :func:`lab.missing_parts`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import lab
from lab.endpoint import Endpoint


@pytest.fixture(scope="session", autouse=True)
def lab_parts() -> None:
    """Skip, naming the part, when this machine cannot build the lab."""
    missing = lab.missing_parts()
    if missing:
        pytest.skip("the lab needs " + " and ".join(missing))


@pytest.fixture(scope="session")
def estate(lab_parts: None) -> Iterator[lab.Estate]:
    """All four endpoints, for tests that change nothing."""
    with lab.up() as running:
        yield running


@pytest.fixture
def today(lab_parts: None) -> Iterator[Endpoint]:
    """A fresh vc-today."""
    with lab.clean("vc-today") as running:
        yield running["vc-today"]


@pytest.fixture
def main(lab_parts: None) -> Iterator[Endpoint]:
    """A fresh vc-main."""
    with lab.clean("vc-main") as running:
        yield running["vc-main"]
