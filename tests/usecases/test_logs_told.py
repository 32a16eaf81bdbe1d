"""An audit that a log server tells what it heard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.usecases.test_audit import PERSON, estate
from viguard.errors import InputError
from viguard.model.coverage import Coverage, Heard
from viguard.model.result import Status
from viguard.store import snapshots
from viguard.store.coverage import NAME, read_coverage
from viguard.usecases import audit
from viguard.usecases.sources import Sources


def statuses(tmp_path: Path, logs: Path | None) -> dict[str, Status]:
    snapshot = tmp_path / "estate.snap"
    snapshots.save(estate("100000"), snapshot)
    request = audit.Request(sources=Sources(names=(str(snapshot),)), logs=logs, remember=False)
    return {r.control: r.status for r in audit.run(request, PERSON).audit.results}


def test_what_the_log_server_heard_decides(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    told = Coverage(written_at=now, started_at=now, hosts=(Heard(name="esx1", last=now),))
    (tmp_path / NAME).write_bytes(msgspec.json.encode(told))
    with_logs = statuses(tmp_path, tmp_path)
    assert (with_logs["log-received-fresh"], with_logs["monitor-hooks"]) == (Status.PASS, Status.FAIL)
    assert statuses(tmp_path, None)["log-received-fresh"] is Status.UNKNOWN


@pytest.mark.parametrize("content", [b"", b"[]", b'{"schema": "other/1"}', b"\xff", None])
def test_what_is_no_file_of_a_log_server_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / NAME).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_coverage(tmp_path)
    assert NAME in caught.value.where
    assert "log server" in caught.value.hint


def test_another_schema_is_named(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    (tmp_path / NAME).write_bytes(msgspec.json.encode(Coverage(schema="x/9", written_at=now, started_at=now)))
    with pytest.raises(InputError, match="x/9"):
        read_coverage(tmp_path)


def test_the_file_always_says_its_schema() -> None:
    now = datetime.now(UTC)
    written = msgspec.json.decode(msgspec.json.encode(Coverage(written_at=now, started_at=now)))
    assert written["schema"] == "viguard-coverage/1"
