from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

import viguard
from viguard.errors import InputError, SnapshotError, StoreError
from viguard.model.facts import Reason, Unknown
from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.model.snapshot import Gap, Header, Source, Trailer
from viguard.store.old_snapshot import OldSnapshot
from viguard.store.snapshot_lines import SnapshotLines, unreadable
from viguard.store.snapshot_writer import SnapshotWriter
from viguard.store.snapshots import load, save

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 4, 4, tzinfo=UTC)
HEADER = Header(started_at=NOW, sources=(Source(server="a", name="A", url="https://a/sdk"),))
END = Trailer(ended_at=LATER)


def guest(number: int, server: str = "a", **more: object) -> Guest:
    name = f"guest {number}"
    return Guest(id=f"{server}:vm-{number}", name=name, path=f"/A/{name}", server=server, **more)  # type: ignore[arg-type]


def digest(number: int) -> str:
    return f"{number:032x}"


def write(path: Path, guests: list[Guest], old: Path | None = None, header: Header = HEADER) -> Trailer:
    with SnapshotWriter(path, header, OldSnapshot(old) if old else None) as writer:
        for number, each in enumerate(guests):
            writer.put(each.id, digest(number), [each])
        return writer.finish(END)


def lines(path: Path) -> list[bytes]:
    stream = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(path.read_bytes()), read_across_frames=True)
    return stream.read().splitlines(keepends=True)


def rewrite(path: Path, content: list[bytes]) -> None:
    path.write_bytes(zstandard.ZstdCompressor().compress(b"".join(content)))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "s"
    guests = [guest(1, power="poweredOn"), guest(2, power=Unknown(reason=Reason.NO_PERMISSION, detail="x"))]
    trailer = write(file, guests)
    inventory = load([file])
    assert inventory.guests == guests
    assert (inventory.read_at, inventory.complete, inventory.sources) == (NOW, True, HEADER.sources)
    assert trailer.counts == {"guest": 2}


def test_the_digest_covers_every_line_before_the_trailer(tmp_path: Path) -> None:
    file = tmp_path / "s"
    trailer = write(file, [guest(1), guest(2)])
    written = lines(file)
    assert len(written) == 4
    assert trailer.digest == hashlib.sha256(b"".join(written[:-1])).hexdigest()
    assert msgspec.json.decode(written[-1])["digest"] == trailer.digest


def test_nothing_is_left_when_writing_was_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [guest(1)])
    before = file.read_bytes()
    with SnapshotWriter(file, HEADER) as writer:
        writer.put("a:vm-2", digest(2), [guest(2)])
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_snapshot_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [])
    assert file.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        SnapshotWriter(tmp_path / "missing" / "s", HEADER)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_a_snapshot_without_its_end_is_refused_with_what_it_holds(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "s"
    write(file, [guest(1), guest(2)])
    rewrite(file, lines(file)[:keep])
    with pytest.raises(SnapshotError, match=f"truncated: {keep - 1} objects could be read") as caught:
        load([file])
    assert caught.value.hint.startswith("collect again")
    assert caught.value.where == str(file)


def test_a_snapshot_cut_anywhere_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [guest(n, annotation=str(n) * 50) for n in range(20)])
    whole = file.read_bytes()
    for size in [*range(0, len(whole), 37), len(whole) - 1]:
        file.write_bytes(whole[:size])
        with pytest.raises(SnapshotError):
            load([file])


def test_a_line_cut_in_the_middle_is_truncation(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [guest(1), guest(2)])
    written = lines(file)
    rewrite(file, [*written[:2], written[2][:30]])
    with pytest.raises(SnapshotError, match="truncated"):
        load([file])


@pytest.mark.parametrize("change", [(b"guest 1", b"guest 9"), (b"/A/guest 2", b"/A/guest 3")])
def test_an_altered_snapshot_is_refused(tmp_path: Path, change: tuple[bytes, bytes]) -> None:
    file = tmp_path / "s"
    write(file, [guest(1), guest(2)])
    rewrite(file, [line.replace(*change) for line in lines(file)])
    with pytest.raises(SnapshotError, match="altered"):
        load([file])


def test_lines_in_another_order_or_left_out_are_alteration(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [guest(1), guest(2)])
    one, two, three, four = lines(file)
    for content in ([one, three, two, four], [one, two, four]):
        rewrite(file, content)
        with pytest.raises(SnapshotError, match="altered"):
            load([file])


def test_a_line_that_is_no_record_is_alteration_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [guest(1), guest(2)])
    rewrite(file, [line.replace(b'"is":"guest"', b'"is":"pig"') for line in lines(file)])
    with pytest.raises(SnapshotError) as caught:
        load([file])
    assert caught.value.where == f"{file}, line 2"


def test_a_snapshot_always_says_its_schema(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [])
    assert msgspec.json.decode(lines(file)[0])["schema"] == "viguard-snapshot/1"


def test_the_recordings_that_we_ship_say_theirs() -> None:
    files = sorted((Path(viguard.__file__).parent / "content" / "demo").glob("*.snap"))
    assert len(files) == 2
    assert [SnapshotLines(file).header.schema for file in files] == ["viguard-snapshot/1"] * 2


def test_another_schema_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [guest(1)])
    rewrite(file, [line.replace(b"viguard-snapshot/1", b"viguard-snapshot/9") for line in lines(file)])
    with pytest.raises(SnapshotError, match="has the schema 'viguard-snapshot/9'; this viguard reads") as caught:
        load([file])
    assert "the viguard that wrote it" in caught.value.hint


def test_a_header_without_a_schema_is_read_as_version_1(tmp_path: Path) -> None:
    file = tmp_path / "s"
    write(file, [guest(1)])
    header, record, trailer = (msgspec.json.decode(line) for line in lines(file))
    del header["schema"]
    before = [msgspec.json.encode(line) + b"\n" for line in (header, record)]
    trailer["digest"] = hashlib.sha256(b"".join(before)).hexdigest()
    rewrite(file, [*before, msgspec.json.encode(trailer) + b"\n"])
    assert load([file]).guests == [guest(1)]


def test_a_later_program_refuses_version_1_whether_stated_or_not() -> None:
    assert unreadable("viguard-snapshot/2", reads="viguard-snapshot/2") == ""
    stated = unreadable("viguard-snapshot/1", reads="viguard-snapshot/2")
    assert stated == "has the schema 'viguard-snapshot/1'; this viguard reads 'viguard-snapshot/2'"
    assert unreadable("", reads="viguard-snapshot/2").startswith("names no schema, so it is of 'viguard-snapshot/1'")


@pytest.mark.parametrize("content", [b"", b"plain text", b"\x28\xb5\x2f\xfd\x00"])
def test_what_is_no_snapshot_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "s"
    file.write_bytes(content)
    with pytest.raises(SnapshotError):
        load([file])


def test_a_missing_file_is_told() -> None:
    with pytest.raises(SnapshotError, match="No such file"):
        load([Path("/nowhere/s")])


def test_snapshots_of_several_servers_are_one_estate(tmp_path: Path) -> None:
    write(tmp_path / "1", [guest(1)])
    write(tmp_path / "2", [guest(1, server="b")], header=msgspec.structs.replace(HEADER, started_at=LATER))
    inventory = load([tmp_path / "1", tmp_path / "2"])
    assert [g.id for g in inventory.guests] == ["a:vm-1", "b:vm-1"]
    assert inventory.read_at == NOW


def test_an_estate_in_memory_is_saved_whole(tmp_path: Path) -> None:
    gap = Gap(path="/A", what="x", reason="y")
    inventory = Inventory([guest(1)], read_at=NOW, sources=HEADER.sources, gaps=[gap], complete=False)
    assert save(inventory, tmp_path / "s").counts == {"guest": 1}
    again = load([tmp_path / "s"])
    assert (again.guests, again.gaps, again.complete, again.sources) == ([guest(1)], (gap,), False, HEADER.sources)


def test_unchanged_lines_are_taken_over_in_any_order(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    write(old, [guest(n) for n in range(5)])
    with SnapshotWriter(new, HEADER, OldSnapshot(old)) as writer:
        assert writer.reuse("a:vm-3", digest(3)) == []
        assert writer.reuse("a:vm-1", digest(1)) == []
        assert writer.reuse("a:vm-2", digest(7)) is None, "it changed"
        assert writer.reuse("a:vm-9", digest(9)) is None, "it is new"
        assert writer.reuse("a:vm-4", digest(4)) == []
        assert writer.reuse("a:vm-4", digest(4)) is None, "an object stands there once"
        assert writer.finish(END).counts == {"guest": 3}
    assert [g.name for g in load([new]).guests] == ["guest 3", "guest 1", "guest 4"]


def test_records_that_miss_facts_are_handed_back(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    missing = guest(1, power=Unknown(reason=Reason.FAILED))
    with SnapshotWriter(old, HEADER) as writer:
        writer.put(missing.id, digest(1), [missing, guest(2)], lost=True)
        writer.finish(END)
    with SnapshotWriter(new, HEADER, OldSnapshot(old)) as writer:
        assert writer.reuse("a:vm-1", digest(1)) == [missing, guest(2)]
        writer.finish(END)
    assert load([new]).guests == [missing, guest(2)]


def test_sealed_objects_are_taken_over_together(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    missing = guest(2, power=Unknown(reason=Reason.FAILED))
    with SnapshotWriter(old, HEADER) as writer:
        writer.put("a:vm-1", digest(1), [guest(1)])
        writer.put("a:vm-2", digest(2), [missing], lost=True)
        writer.put("a:vm-3", digest(3), [guest(3)])
        writer.seal("one and two", ["a:vm-1", "a:vm-2"])
        writer.seal("three", ["a:vm-3"])
        writer.finish(END)
    with SnapshotWriter(new, HEADER, OldSnapshot(old)) as writer:
        assert writer.reuse_sealed("another reply") is None
        assert writer.reuse_sealed("one and two") == [missing]
        assert writer.reuse_sealed("one and two") is None, "an object stands there once"
        assert writer.reuse("a:vm-3", digest(3)) == []
        assert writer.reuse_sealed("three") is None, "it is there already"
        trailer = writer.finish(END)
    assert trailer.counts == {"guest": 3}
    assert trailer.seals == {"one and two": ("a:vm-1", "a:vm-2")}
    assert load([new]).guests == [guest(1), missing, guest(3)]


def test_a_record_without_a_digest_is_never_taken_over(tmp_path: Path) -> None:
    old = tmp_path / "old"
    with SnapshotWriter(old, HEADER) as writer:
        writer.put("a:vm-1", "", [guest(1)])
        writer.finish(END)
    assert OldSnapshot(old).take("a:vm-1", "") == []
    assert OldSnapshot(old).take("a:vm-1", digest(0)) == []


@given(st.text())
def test_a_hostile_name_cannot_leave_its_line(name: str) -> None:
    import tempfile  # noqa: PLC0415

    clean = name.encode("utf-8", "replace").decode()
    with tempfile.TemporaryDirectory() as directory:
        file, again = Path(directory, "s"), Path(directory, "t")
        hostile = Guest(id=f"a:{clean}", name=clean, path=clean, server="a")
        write(file, [hostile, guest(2)])
        with SnapshotWriter(again, HEADER, OldSnapshot(file)) as writer:
            assert writer.reuse(hostile.id, digest(0)) == []
            assert writer.reuse("a:vm-2", digest(1)) == []
            writer.finish(END)
        assert load([again]).guests == [hostile, guest(2)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_device_or_pipe_is_not_replaced_by_a_snapshot(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StoreError, match="no regular file"):
        SnapshotWriter(pipe, HEADER)
    assert [p.name for p in tmp_path.iterdir() if p.is_fifo()] == ["pipe"]


def test_one_server_in_two_snapshots_is_refused_not_counted_twice(tmp_path: Path) -> None:
    write(tmp_path / "monday.snap", [guest(1), guest(2)])
    write(tmp_path / "tuesday.snap", [guest(2), guest(3)])
    write(tmp_path / "other.snap", [guest(1, "b")])
    assert len(load([tmp_path / "monday.snap", tmp_path / "other.snap"]).guests) == 3
    with pytest.raises(InputError, match=r"two sources hold the same server \(A\)"):
        load([tmp_path / "monday.snap", tmp_path / "tuesday.snap"])
