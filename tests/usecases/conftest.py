from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.usecases.serving import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A folder for a log server, its settings as yet unwritten."""
    made = Site(tmp_path)
    yield made
    made.close()
