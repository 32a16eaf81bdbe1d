"""Nothing that is expected of the lab changes because time passes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from lab.demo import POLICY
from lab.record import recording
from tests.acceptance.clock import on_that_day
from tests.acceptance.expected import load, outcomes
from tests.acceptance.test_belnet import NOBODY
from viguard.assess import engine
from viguard.content.tables import load_tables
from viguard.usecases import audit
from viguard.usecases.sources import Sources

BY_DATE = ("host-supported", "vc-supported")


def ends(day: date) -> dict[tuple[str, str], date]:
    return {(row.line, row.version): row.ends for row in on_that_day(load_tables(), day).support}


def test_what_was_supported_stays_supported_and_nothing_else() -> None:
    later = date(2035, 1, 1)
    assert ends(later)["vpx", "8.0"] > later
    assert ends(later)["embeddedEsx", "7.0"] == date(2025, 10, 2)
    assert ends(date(2026, 11, 25))["vpx", "8.0"] == date(2027, 10, 11)


@pytest.mark.parametrize("name", ["belnet", "belnet-today"])
def test_years_later_the_same_versions_are_judged_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = datetime(2035, 1, 1, tzinfo=UTC)
    tables = on_that_day(load_tables(), later.date())
    monkeypatch.setattr(engine, "load_tables", lambda: tables)
    monkeypatch.setattr(audit, "_now", lambda: later)
    sources = Sources(names=(str(recording(name)),))
    found = outcomes(audit.run(audit.Request(sources=sources, policy=POLICY, remember=False), NOBODY).audit.results)
    wanted = load(name.removeprefix("belnet-"))[1]
    assert {control: found[control] for control in BY_DATE} == {control: wanted[control] for control in BY_DATE}
