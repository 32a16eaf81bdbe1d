"""A Nagios of its own in a folder, whose notifications go to a script."""

from __future__ import annotations

import getpass
import grp
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.alerts.parts import Part, until

NOTIFY = """#!/bin/sh
printf '%s\\n' "$@" === >> {told}  # one write: notifications come side by side
"""
TIMES = """
define timeperiod {
    timeperiod_name 24x7
    alias always
    monday 00:00-24:00
    tuesday 00:00-24:00
    wednesday 00:00-24:00
    thursday 00:00-24:00
    friday 00:00-24:00
    saturday 00:00-24:00
    sunday 00:00-24:00
}
define command {
    command_name tell
    command_line /bin/sh {script} "$NOTIFICATIONTYPE$" "$HOSTNAME$" "$SERVICEDESC$" "$SERVICESTATE$" "$SERVICEOUTPUT$"
}
define contact {
    contact_name nagiosadmin
    service_notifications_enabled 1
    host_notifications_enabled 0
    service_notification_period 24x7
    host_notification_period 24x7
    service_notification_options w,u,c,r
    host_notification_options n
    service_notification_commands tell
    host_notification_commands tell
}
"""
MAIN = """
log_file={folder}/nagios.log
cfg_file={folder}/base.cfg
cfg_file={folder}/viguard.cfg
object_cache_file={folder}/objects.cache
precached_object_file={folder}/objects.precache
status_file={folder}/status.dat
status_update_interval=1
nagios_user={user}
nagios_group={group}
check_external_commands=1
command_file={folder}/rw/nagios.cmd
lock_file={folder}/nagios.pid
temp_file={folder}/nagios.tmp
temp_path={folder}
query_socket={folder}/nagios.qh
check_result_path={folder}/results
check_result_reaper_frequency=1
use_syslog=0
log_passive_checks=1
interval_length=1
check_service_freshness=1
service_freshness_check_interval=1
additional_freshness_latency=0
check_for_updates=0
execute_service_checks=1
accept_passive_service_checks=1
enable_notifications=1
retain_state_information=0
"""


class Site:
    """Where things are. There is no illegal_macro_output_chars: nothing but viguard makes the text safe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.command_file = folder / "rw" / "nagios.cmd"
        self.log, self.told = folder / "nagios.log", folder / "told"

    def notifications(self) -> list[list[str]]:
        """Each as type, host, service, state, output."""
        if not self.told.exists():
            return []
        return [part.strip("\n").split("\n") for part in self.told.read_text().split("===\n") if part]

    def has(self, text: str) -> bool:
        """Whether the log of Nagios holds this."""
        return self.log.exists() and text in self.log.read_text(errors="replace")


@contextmanager
def nagios(folder: Path, objects: str) -> Iterator[Site]:
    """Run Nagios with these objects."""
    part = Part("nagios4-core", "usr/sbin/nagios4")
    site = Site(folder)
    for name in ("rw", "results"):
        (folder / name).mkdir()
    script = folder / "notify.sh"
    script.write_text(NOTIFY.replace("{told}", str(site.told)))
    (folder / "base.cfg").write_text(TIMES.replace("{script}", str(script)))
    (folder / "viguard.cfg").write_text(objects)
    group = grp.getgrgid(os.getgid()).gr_name
    main = folder / "nagios.cfg"
    main.write_text(MAIN.format(folder=folder, user=getpass.getuser(), group=group))
    checked = part.call("-v", main)
    assert checked.returncode == 0, checked.stdout
    assert "Total Errors:   0" in checked.stdout
    with part.running(main, log=folder / "out.log"):
        until(site.command_file.is_fifo, "Nagios makes its FIFO", log=folder / "out.log")
        yield site


def check_command(status: Path, *more: str) -> str:
    """The plugin as Nagios calls it."""
    return " ".join([sys.executable, "-m", "viguard.alerts.probes.check", "--status", str(status), *more])
