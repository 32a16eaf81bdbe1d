"""What the log server writes beside its archive: what it remembers over a restart, and what it tells an audit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from viguard.alerts.files import replace_file
from viguard.alerts.service import Alerting
from viguard.logs.volumes import Volumes
from viguard.model.coverage import Coverage
from viguard.store import coverage
from viguard.usecases.log_behind import Mark
from viguard.usecases.log_named import receivers_of
from viguard.usecases.log_problems import Problems

_VOLUMES, _JUDGED, _BEHIND = "volumes.json", "judged.json", "behind.json"


class Memory:
    """``volumes`` are what was heard, ``started_at`` is when this run began. What cannot be written is a problem."""

    def __init__(self, directory: Path, started_at: datetime, problems: Problems) -> None:
        self.volumes, self.started_at = Volumes(), started_at
        self._directory, self._problems = directory, problems

    def restore(self) -> None:
        """The volumes of the run before."""
        try:
            self.volumes.restore((self._directory / _VOLUMES).read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            text = f"volumes of days before are not known: {_VOLUMES}: {error}"
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
            replace_file(self._directory / _VOLUMES, self.volumes.dump(), 0o600, sync=False)
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
