"""A process that is killed while judging is behind: every alert of what is archived is raised, and raised once."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.usecases.serving import BOUND_S, Running, Site, line, until

FAILED = "DCUI: authentication of user berry failed"
RULE = "login.dcui.wrong-password"
LINES, LINE_S = 320, 0.02
SAVED_S = 2.0
"""How long after it was raised an alert is remembered at the latest, on a disk that is not slow."""


def flood(server: Running) -> None:
    """Refused logins at a host each, so that each is an alert of its own; blocks of some lines."""
    for number in range(0, LINES, 8):
        server.tcp([line(FAILED, host=f"esx{n}") for n in range(number, number + 8)])
        time.sleep(0.05)


def raised(site: Site) -> Counter[str]:
    return Counter(alert["key"] for alert in site.told() if alert["rule"] == RULE)


def archived(site: Site) -> set[str]:
    """The keys of the alerts that the lines of the archive justify."""
    return {f"host={one.split()[3].decode()} user=berry" for one in site.kept()}


def remembered(site: Site) -> set[str]:
    """The keys of the alerts that the state knows, from which people are told."""
    file = site.directory / "alerts.json"
    groups = json.loads(file.read_text())["state"]["groups"].values() if file.exists() else ()
    return {group["key"] for group in groups if group["rule"] == RULE}


def killed_at(site: Site, told: int, **slowness: str) -> list[str]:
    """The keys of what a slow run had raised, in order, when it was killed: so many, or some more."""
    site.module = "tests.usecases.slow_serve"
    slowly = {"SLOW_LINE_S": str(LINE_S), "SLOW_SAVE_S": "0", "UNSURE_S": "5"} | slowness
    with site.running(PYTHONPATH=str(Path.cwd()), **slowly) as server:
        flood(server)
        until(lambda: site.lines_kept() == LINES, "all are kept")
        until(lambda: raised(site).total() >= told, f"{told} are told")
        server.process.kill()
        server.process.wait(BOUND_S)
    found = list(raised(site))
    assert len(found) < LINES, "it was behind"
    return found


def goes_on(site: Site, **slowness: str) -> None:
    """The next run raises what is left; no line has to come for that."""
    with site.running(PYTHONPATH=str(Path.cwd()), **slowness) as server:
        until(lambda: archived(site) <= set(raised(site)) & remembered(site), "every alert is raised and remembered")
        until(lambda: not (site.directory / "behind.json").exists(), "nothing is left")
        server.stop()
    assert archived(site) == {f"host=esx{n} user=berry" for n in range(LINES)}
    assert set(raised(site)) == archived(site)


@pytest.mark.parametrize("told", [0, 40, 160, 240])
def test_what_a_killed_run_was_behind_with_is_raised_by_the_next_once(site: Site, told: int) -> None:
    """Killed as soon as it is behind, before and after it was remembered how far it is, and while it catches up."""
    before = killed_at(site, told)
    site.module = "viguard"
    goes_on(site)
    twice = {key for key, count in raised(site).items() if count > 1}
    assert max(raised(site).values()) <= 2
    assert twice <= set(before[-int(SAVED_S / LINE_S) :]), "only what was raised so shortly before the end"


QUICK = {"SLOW_LINE_S": "0", "SLOW_SAVE_S": "0", "UNSURE_S": "0"}
SLOW_DISK = {"SLOW_SAVE_S": "8", "UNSURE_S": "0"}


def test_what_was_raised_before_it_was_remembered_is_raised_again(site: Site) -> None:
    """The disk takes eight seconds for the state of alerts: how far lines are judged may not be written before it."""
    killed_at(site, 160, **SLOW_DISK)
    goes_on(site, **QUICK)


def test_what_the_next_run_told_anew_and_was_killed_before_it_was_remembered_is_not_lost(site: Site) -> None:
    killed_at(site, 0, **SLOW_DISK)
    with site.running(PYTHONPATH=str(Path.cwd()), **QUICK | SLOW_DISK) as server:
        until(lambda: archived(site) <= set(raised(site)), "every alert is raised")
        time.sleep(SAVED_S)
        server.process.kill()
        server.process.wait(BOUND_S)
    assert remembered(site) < archived(site)
    goes_on(site, **QUICK)
