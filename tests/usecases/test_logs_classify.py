"""Numbers of lines, rows, and what a file's age does to events."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.errors import InputError
from viguard.logs.classify import Classifier
from viguard.logs.engine import Plain
from viguard.model.event import Event
from viguard.usecases.logs import classify, events, rows
from viguard.usecases.logs.reading import Files

LOGIN = b"Hostd: Accepted password for user root from 192.0.2.1"
CLASSIFIER = Classifier(Plain)


def silent(text: str) -> None:
    raise AssertionError(text)


@given(st.lists(st.sampled_from([b"", b"noise", b"\r", LOGIN]), max_size=12), st.booleans(), st.integers(1, 9))
def test_every_line_has_its_number(lines: list[bytes], is_ended: bool, first: int) -> None:
    data = b"\n".join(lines) + (b"\n" if is_ended and lines else b"")
    seen = lines if is_ended or not lines or lines[-1] else lines[:-1]
    numbers, after = classify.numbered(data, CLASSIFIER.block(data), first)
    assert numbers == [first + at for at, line in enumerate(seen) if line == LOGIN]
    assert after == first + len(seen)
    assert classify.every_line_in(data) == len(seen)


def test_numbers_go_on_from_chunk_to_chunk(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(((b"x" * 200 + b"\n") * 9999 + LOGIN + b"\n") * 3)  # 6 MB: several chunks
    out = io.BytesIO()
    assert classify.objects([str(path)], out, silent) == 0
    assert [json.loads(line)["line"] for line in out.getvalue().splitlines()] == [10_000, 20_000, 30_000]
    every = io.BytesIO()
    assert classify.objects([str(path)], every, silent, every=True) == 0
    assert [json.loads(line)["line"] for line in every.getvalue().splitlines()] == list(range(1, 30_001))


def test_a_field_that_is_called_as_a_key_of_ours_does_not_take_its_place() -> None:
    row = rows.row(Event(event="a.b", fields={"user": "eve", "line": 7, "count": 2}))
    assert row["user"] is None
    assert (row["field_user"], row["field_line"], row["count"]) == ("eve", 7, 2)


@given(st.text())
def test_escaped_json_means_the_same(text: str) -> None:
    text = text.encode("utf-8", "backslashreplace").decode()
    line = rows.lines([{"user": text}])
    assert msgspec.json.decode(line) == {"user": text}
    shown = line.decode().rstrip("\n")
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2028\u2066\u200b" for c in shown)


def test_lines_without_a_year_are_dated_by_their_file(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    path.write_bytes(b"<86>Nov 23 10:00:00 esx1 " + LOGIN + b"\n")
    os.utime(path, (1_300_000_000, 1_300_000_000))  # 13 March 2011
    out = io.BytesIO()
    classify.objects([str(path)], out, silent)
    assert json.loads(out.getvalue())["time"] == "2010-11-23T10:00:00Z"


def test_an_old_file_is_no_wrong_clock(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    path.write_bytes(b"2010-11-23T10:00:00Z esx1 " + LOGIN + b"\n" + LOGIN + b"\n")
    first, second = events.events(Files([str(path)]))
    assert first.received_at is None
    assert second.time is None
    assert second.received_at is not None


def test_what_could_not_be_read_is_told_once_all_is_written(tmp_path: Path) -> None:
    (tmp_path / "good.log").write_bytes(LOGIN + b"\n")
    files = Files([str(tmp_path / "nowhere"), str(tmp_path / "good.log")])
    assert len(list(files)) == 1
    said: list[str] = []
    assert files.code(said.append) == 4
    assert len(said) == 1
    none = Files([str(tmp_path / "nowhere")])
    assert list(none) == []
    with pytest.raises(InputError, match="cannot be read"):
        none.code(said.append)
