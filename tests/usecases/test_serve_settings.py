"""Settings that cannot be used are one clear message, and no traceback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.usecases.serving import Site


def port_taken(site: Site) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as own:
        site.serve["listen"] = [{"transport": "tcp", "address": "127.0.0.1", "port": own.getsockname()[1]}]
        yield


def metrics_taken(site: Site) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as own:
        site.serve["metrics"] = {"address": "127.0.0.1", "port": own.getsockname()[1]}
        yield


def no_certificate(site: Site) -> Iterator[None]:
    missing = {"certificate": "missing.pem", "key": "missing.key"}
    site.serve["listen"] = [{"transport": "tls", "address": "127.0.0.1", "port": 0} | missing]
    yield


def no_rules(site: Site) -> Iterator[None]:
    site.serve["rules"] = "no-such-rules"
    yield


def bad_rule(site: Site) -> Iterator[None]:
    site.serve["rules"] = "rules"
    (site.folder / "rules").mkdir()
    (site.folder / "rules" / "mine.yml").write_text("title: mine\ndetection: {selection: {event: x}}\n")
    yield


def bad_alerts(site: Site) -> Iterator[None]:
    site.alerts["routes"] = [{"receivers": ["nobody"]}]
    yield


def no_alerts(site: Site) -> Iterator[None]:
    site.serve["alerts"] = "no-such-alerts.yaml"
    yield


def no_policy(site: Site) -> Iterator[None]:
    site.serve["policy"] = "no-such-policy.yaml"
    yield


def bad_key(site: Site) -> Iterator[None]:
    site.serve["listens"] = []
    yield


def directory_is_a_file(site: Site) -> Iterator[None]:
    site.directory.write_text("")
    yield


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (port_taken, "in use"),
        (metrics_taken, "metrics 127.0.0.1"),
        (no_certificate, "missing.pem"),
        (no_rules, "no-such-rules"),
        (bad_rule, "mine.yml"),
        (bad_alerts, "nobody"),
        (no_alerts, "no-such-alerts.yaml"),
        (no_policy, "no-such-policy.yaml"),
        (bad_key, "listens"),
        (directory_is_a_file, "state"),
    ],
)
def test_it_says_what_is_wrong(site: Site, spoil: Callable[[Site], Iterator[None]], words: str) -> None:
    spoiled = spoil(site)
    next(spoiled)
    done = site.refused()
    next(spoiled, None)
    assert done.returncode in {1, 2}, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(("error: ", "note: "))
    assert words in done.stderr
    assert not (site.folder / "state" / "coverage.json").is_file(), "a server that never ran vouches for nothing"


def test_a_directory_has_one_server(site: Site) -> None:
    with site.running() as first:
        done = site.refused()
        assert done.returncode == 2
        assert "another process writes to this archive" in done.stderr
        assert (site.directory / "control.sock").exists(), "the first one's socket stays"
        first.stop()
