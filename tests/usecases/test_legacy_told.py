"""Legacy TLS is opted in for each source, and told by whoever reads it, before anything travels."""

from __future__ import annotations

from pathlib import Path

from viguard.logs.settings import Settings
from viguard.usecases.log_named import servers_of
from viguard.usecases.person import Person

FILE = """
servers:
  - {url: new.example.org, user: u, password: hunter2}
  - {url: old.example.org, user: u, password: hunter2, legacy_tls: true}
"""


def nobody(question: str) -> str:
    raise AssertionError(f"nobody should be asked: {question}")


def test_the_log_server_tells_which_of_its_servers_may_speak_legacy_tls(tmp_path: Path) -> None:
    file = tmp_path / "credentials.yaml"
    file.write_text(FILE)
    file.chmod(0o600)
    told: list[str] = []
    person = Person(ask=nobody, progress=lambda *_: None, warn=told.append)
    names = ("new.example.org", "old.example.org")
    servers = servers_of(Settings(directory=str(tmp_path), vcenters=names, credentials=str(file)), person)
    assert len(servers) == 2
    assert [text.partition(":")[0] for text in told] == ["LEGACY TLS allowed for https"]
    assert "old.example.org" in told[0]
    assert "hunter2" not in told[0]
