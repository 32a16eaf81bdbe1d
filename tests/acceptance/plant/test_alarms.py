"""What a vCenter does when something happens: its alarms."""

from __future__ import annotations

import pytest

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


@proves("monitor-hooks")
def test_alarms_that_are_switched_off(today: Bench) -> None:
    def switch(*, on: bool) -> None:
        content = today.si.RetrieveContent()
        for alarm in content.alarmManager.GetAlarm(content.rootFolder):
            spec = alarm.info
            spec.enabled = on
            alarm.ReconfigureAlarm(spec)

    today.check({"monitor-hooks": ["estate"]}, plant=lambda: switch(on=False), mend=lambda: switch(on=True))
