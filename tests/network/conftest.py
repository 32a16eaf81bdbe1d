from __future__ import annotations

from pathlib import Path

import pytest

from viguard.network.exact.sweep import Plain, Sweep, choose


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    sweep, why = choose(tmp_path_factory.mktemp("compiled"))
    assert sweep.name == "numba", why
    return sweep


@pytest.fixture(params=["numba", "numpy"])
def sweep(request: pytest.FixtureRequest, compiled: Sweep) -> Sweep:
    return compiled if request.param == "numba" else Plain()


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A path below a file, where nothing can be made."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "cache"
