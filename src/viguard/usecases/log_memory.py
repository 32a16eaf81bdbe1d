"""What the log server writes beside its archive: what it remembers over a restart, and what it tells an audit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from viguard.alerts.files import replace_file
from viguard.alerts.group import Group
from viguard.alerts.service import Alerting
from viguard.logs.detect import consoles, silence, skew
from viguard.logs.detect.detector import Detector
from viguard.logs.volumes import Volumes
from viguard.model.coverage import Coverage
from viguard.store import coverage
from viguard.usecases.log_behind import Mark
from viguard.usecases.log_named import receivers_of
from viguard.usecases.log_problems import Problems

VOLUMES, _JUDGED, _BEHIND, _WATCHED = "volumes.json", "judged.json", "behind.json", "watched.json"
_STATUS = "status.json"

_VALUE = re.compile(r'(?:^| )(\w+)=("(?:[^"\\]|\\.)*"|[^ "]+)')

Watched = dict[str, tuple[datetime, float]]


class Memory:
    """``volumes`` are what was heard, ``started_at`` is when this run began. What cannot be written is a problem."""

    def __init__(self, directory: Path, started_at: datetime, problems: Problems) -> None:
        self.volumes, self.started_at = Volumes(), started_at
        self._directory, self._problems = directory, problems
        self._watched: Watched = {}
        self._consoles: dict[str, int] = {}

    def restore(self) -> None:
        """What the run before has left; the status file is still its own."""
        self._read_lasting()
        try:
            self.volumes.restore((self._directory / VOLUMES).read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            text = f"volumes of days before are not known: {VOLUMES}: {error}"
            self._problems.happened("volumes", text)

    def write_coverage(self, noticed: dict[str, bool], alerting: Alerting) -> None:
        """What an audit is told, and the volumes."""
        now = datetime.now(UTC)
        said = Coverage(
            written_at=now,
            started_at=self.started_at,
            hosts=self.volumes.hosts(now),
            noticed=noticed,
            receivers=receivers_of(alerting),
        )
        try:
            replace_file(self._directory / coverage.NAME, msgspec.json.encode(said), 0o640, sync=False)
            replace_file(self._directory / VOLUMES, self.volumes.dump(), 0o600, sync=False)
        except OSError as error:
            self._problems.set("coverage", f"what was heard cannot be written: {error.strerror}")
        else:
            self._problems.set("coverage", "")

    def judged_until(self) -> datetime:
        """Until when the last run has judged; a new directory has nothing to tell of."""
        try:
            return msgspec.json.decode((self._directory / _JUDGED).read_bytes(), type=datetime)
        except (OSError, msgspec.DecodeError):
            return self.started_at

    def judged(self, until: float) -> None:
        """Lines that were received until then (seconds since 1970) are judged, and their alerts remembered; 0: none."""
        if not until:
            return
        try:
            data = msgspec.json.encode(datetime.fromtimestamp(until, UTC))
            replace_file(self._directory / _JUDGED, data, 0o600, sync=False)
        except OSError as error:
            self._problems.set("memory", f"how far lines were judged cannot be written: {error.strerror}")
        else:
            self._problems.set("memory", "")

    def mark(self) -> Mark | None:
        """From where on the last run had still to judge; None: it had judged all but its last moment."""
        try:
            return msgspec.json.decode((self._directory / _BEHIND).read_bytes(), type=Mark)
        except (OSError, msgspec.DecodeError):
            return None

    def behind(self, mark: Mark | None) -> None:
        """What is still to be judged; None: nothing."""
        path = self._directory / _BEHIND
        try:
            if mark is None:
                path.unlink(missing_ok=True)
            else:
                replace_file(path, msgspec.json.encode(mark), 0o600, sync=False)
        except OSError as error:
            self._problems.set("memory", f"how far lines were judged cannot be written: {error.strerror}")

    def _read_lasting(self) -> None:
        with suppress(OSError, msgspec.DecodeError):
            self._watched = msgspec.json.decode((self._directory / _WATCHED).read_bytes(), type=Watched)
        with suppress(OSError, msgspec.DecodeError):
            self._consoles = msgspec.json.decode((self._directory / _STATUS).read_bytes(), type=_Told).consoles

    def lasting(self, groups: Iterable[Group], detector: Detector) -> None:
        """What lasts and is known to people, or was watched, the detector knows again. In the thread of the eyes."""
        about: dict[str, list[str]] = {consoles.EVENT: [], silence.EVENT: []}
        skewed = list[tuple[str, str]]()
        for group in groups:
            if group.rule == skew.EVENT:
                told = values_of(group.key)
                skewed.append((told.get("host", ""), told.get("sender", "")))
            name = value_of(group.key)
            if group.rule in about and name:
                about[group.rule].append(name)
        detector.consoles.restore({name: self._consoles.get(name, 0) for name in about[consoles.EVENT]})
        quiet = about[silence.EVENT]
        detector.silence.restore(self._watched, self.volumes.heard(), quiet, self.started_at)
        detector.skews.restore(skewed, self.started_at)

    def watched(self, hosts: Watched) -> None:
        """Whose silence would be noticed."""
        try:
            replace_file(self._directory / _WATCHED, msgspec.json.encode(hosts), 0o600, sync=False)
        except OSError as error:
            self._problems.set("memory", f"who is heard cannot be written: {error.strerror}")


class _Told(msgspec.Struct):
    """What is asked of a status file."""

    consoles: dict[str, int] = {}


def values_of(key: str) -> dict[str, str]:
    """The values in a key of an alert by name (``host=esx1 sender=192.0.2.1``); what cannot be read is left out."""
    return {name: value for name, said in _VALUE.findall(key) if (value := value_of(f"{name}={said}"))}


def value_of(key: str) -> str:
    """The value in a key of an alert that is about one thing (``vm=web1``); "" when it is about something else."""
    _, _, value = key.partition("=")
    if not value.startswith('"'):
        return "" if " " in value else value
    try:
        found = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return ""
    return found if isinstance(found, str) else ""
