"""The planted attack paths, in the estate as the live lab tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

import lab
from lab.demo import POLICY, write_credentials
from tests.acceptance.expected import load
from tests.acceptance.test_belnet import NOBODY
from tests.attack.planted import differences
from viguard.usecases.attack import Opened, Request
from viguard.usecases.sources import Sources


@pytest.mark.real("lab")
@pytest.mark.parametrize("estate", ["belnet", "today"])
def test_every_planted_path_is_found_in_the_lab_and_no_other(estate: str, belnet: lab.Estate, tmp_path: Path) -> None:
    servers = {name: belnet[name] for name in load(estate)[0]}
    credentials = write_credentials(servers, tmp_path / "credentials.yaml")
    sources = Sources(names=tuple(f"{n}={s.url}" for n, s in servers.items()), credentials=credentials)
    opened = Opened(Request(sources=sources, policy=POLICY), NOBODY)
    assert opened.inventory.complete
    assert differences(opened.graph, opened.inventory, estate) == []
