"""An audit believes what a log server that really ran says of itself: the four controls on logs and alerts."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.usecases.serving import Site, line, until
from tests.usecases.test_audit import PERSON
from viguard import content
from viguard.model.result import Status
from viguard.usecases import audit
from viguard.usecases.sources import Sources

DEMO = Path(content.__file__).parent / "demo"
SNAPSHOT = DEMO / "belnet-today.snap"
BLADE = "esxblade5.fw.belnet.be"
FAILED = "DCUI: authentication of user berry failed"


def judged(site: Site, budget: int) -> dict[tuple[str, str], Status]:
    """The status of each result, by control and name of what it is about."""
    policy = site.folder / "policy.yaml"
    text = (DEMO / "policy.yaml").read_text()
    assert text.count("\nlimits:\n") == 1
    policy.write_text(text.replace("\nlimits:\n", f"\nlimits:\n  log_bytes_per_host_day: {budget}\n"))
    sources = Sources(names=(str(SNAPSHOT),))
    request = audit.Request(sources=sources, policy=policy, logs=site.directory, remember=False)
    results = audit.run(request, PERSON).audit.results
    return {(one.control, one.resource.name): one.status for one in results}


def of_estate(found: dict[tuple[str, str], Status], control: str) -> Status:
    (status,) = [status for (name, _), status in found.items() if name == control]
    return status


def test_what_was_heard_noticed_and_told_decides(site: Site) -> None:
    with site.running() as server:
        server.tcp([line(FAILED, host="esxblade5")])
        until(site.commands, "Nagios hears of it")
        server.stop()
    found = judged(site, 2_200_000)
    assert found["log-received-fresh", BLADE] is Status.PASS
    blades = {name: status for (control, name), status in found.items() if control == "log-received-fresh"}
    assert len(blades) == 12
    assert {status for name, status in blades.items() if name != BLADE} == {Status.FAIL}
    assert of_estate(found, "event-login-coverage") is Status.PASS
    assert of_estate(found, "monitor-hooks") is Status.PASS
    assert found["log-filter-size", BLADE] is Status.UNKNOWN, "there is no whole day yet"


def test_nobody_told_is_no_pass(site: Site) -> None:
    with site.running() as server:  # a receiver that never took anything
        server.stop()
    assert of_estate(judged(site, 1), "monitor-hooks") is Status.FAIL
    del site.serve["alerts"]
    with site.running() as server:  # no receiver
        server.stop()
    assert of_estate(judged(site, 1), "monitor-hooks") is Status.FAIL


def test_a_way_in_that_raises_no_alert_is_no_pass(site: Site) -> None:
    with site.running() as server:
        server.stop()
    file = site.directory / "coverage.json"
    told = json.loads(file.read_text())
    told["noticed"]["dcui/unknown-user"] = False
    file.write_text(json.dumps(told))
    assert of_estate(judged(site, 1), "event-login-coverage") is Status.FAIL


def test_a_log_server_that_stopped_long_ago_vouches_for_nothing(site: Site) -> None:
    with site.running() as server:
        server.tcp([line(FAILED, host="esxblade5")])
        server.stop()
    file = site.directory / "coverage.json"
    told = json.loads(file.read_text())
    told["written_at"] = (datetime.now(UTC) - timedelta(minutes=31)).isoformat()
    file.write_text(json.dumps(told))
    found = judged(site, 2_200_000)
    assert found["log-received-fresh", BLADE] is Status.UNKNOWN
    assert of_estate(found, "event-login-coverage") is Status.UNKNOWN


def test_volumes_of_whole_days_survive_restarts_and_are_judged(site: Site) -> None:
    with site.running() as server:
        server.tcp([line(FAILED, host=host) for host in ("esxblade5", "esxblade6")])
        server.stop()
    file = site.directory / "volumes.json"
    volumes, yesterday = json.loads(file.read_text()), (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    volumes["esxblade5"]["days"][yesterday] = [9_000_000, 2_200_000]
    volumes["esxblade6"]["days"][yesterday] = [9_000_000, 2_200_001]
    file.write_text(json.dumps(volumes))
    with site.running() as server:
        server.tcp([line(FAILED, host="esxblade5")])
        server.stop()
    found = judged(site, 2_200_000)
    assert found["log-filter-size", BLADE] is Status.PASS
    assert found["log-filter-size", "esxblade6.fw.belnet.be"] is Status.FAIL


def test_the_command_line_takes_the_directory(site: Site) -> None:
    with site.running() as server:
        server.tcp([line(FAILED, host="esxblade5")])
        until(site.commands, "Nagios hears of it")
        server.stop()
    command = [sys.executable, "-m", "viguard", "audit", str(SNAPSHOT), "--logs", str(site.directory)]
    command += ["--policy", str(DEMO / "policy.yaml"), "--format", "json", "--no-store"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in {0, 3, 4}, done.stderr
    assert '"event-login-coverage"' in done.stdout
