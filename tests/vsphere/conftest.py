from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.vsphere.fake import Fake, make_certificate, serve


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def fake(certificate: tuple[Path, Path]) -> Iterator[Fake]:
    with serve(*certificate) as server:
        yield server


@pytest.fixture
def serving(certificate: tuple[Path, Path]) -> Callable[..., AbstractContextManager[Fake]]:
    return partial(serve, *certificate)
