"""What goes wrong inside a running log server: it is seen, nothing is lost, and it goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.logs.archive.made import block, fill
from tests.usecases.serving import BOUND_S, Site, line, noise
from tests.usecases.test_audit import PERSON
from viguard.errors import InputError, ViguardError
from viguard.logs.archive import writer
from viguard.logs.archive.segments import segments
from viguard.logs.archive.verify import verify
from viguard.logs.archive.writer import Archive, Limits
from viguard.logs.block import Block, Run
from viguard.logs.receive.receiver import Receiver
from viguard.logs.receive.settings import Limits as ReceiverLimits
from viguard.logs.settings import load_settings
from viguard.logs.watch import Seen
from viguard.usecases import log_problems
from viguard.usecases.log_control import consoles
from viguard.usecases.log_judging import Judging
from viguard.usecases.log_problems import Problems, kept_up
from viguard.usecases.serve import LogServer, _until_stopped

FAILED = "DCUI: authentication of user berry failed"


async def until(check: Callable[[], Any], what: str) -> Any:
    for _ in range(BOUND_S * 50):
        if found := check():
            return found
        await asyncio.sleep(0.02)
    return pytest.fail(f"never: {what}")


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[LogServer]:
    server, stop = LogServer(load_settings(site.write()), PERSON, lambda _: None), asyncio.Event()
    running = asyncio.create_task(server.run(stop))
    await until(lambda: server.receiver.addresses and (site.directory / "control.sock").exists(), "it listens")
    try:
        yield server
    finally:
        stop.set()
        await running


async def send(server: LogServer, *lines: bytes) -> None:
    port = next(one.port for one in server.receiver.addresses if one.transport == "tcp")
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(one + b"\n" for one in lines))
    writer.close()
    await writer.wait_closed()


def problems(site: Site) -> str:
    try:
        return " ".join(site.status()["problems"])
    except json.JSONDecodeError:
        return ""


def test_a_full_disk_is_told_and_what_waits_is_kept_when_there_is_room(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viguard.alerts.service.STATUS_EVERY_S", 0.1)

    async def main() -> None:
        async with serving(site) as server:
            server.archive.limits = Limits(free_share=2.0)
            await send(server, line(FAILED))
            await until(lambda: "of the disk is free: nothing is kept" in problems(site), "the status says so")
            await until(site.told, "who fills the disk is seen all the same")
            assert site.lines_kept() == 0
            server.archive.limits = Limits(free_share=0.0)
            await until(lambda: site.lines_kept() == 1, "it is kept")
            await until(lambda: not problems(site), "all is well again")
        assert [alert["rule"] for alert in site.told()] == ["login.dcui.wrong-password"]

    asyncio.run(main())


@pytest.mark.parametrize("kept", ["all", "report"])
def test_a_line_that_the_looking_fails_at_hides_no_other(
    site: Site, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viguard.alerts.service.STATUS_EVERY_S", 0.1)
    site.serve["keep"] = kept
    lines = [*(noise(n) for n in range(20)), b"poison", *(noise(n) for n in range(20)), line(FAILED)]

    def poisoned(block: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def look(data: bytes) -> Any:
            if b"poison" in data:
                raise RuntimeError("a defect")
            return block(data)

        return look

    async def main() -> None:
        async with serving(site) as server:
            for classifier in filter(None, (server.judging.watch.classifier, server.taking.filter)):
                monkeypatch.setattr(classifier, "block", poisoned(classifier.block))
            await send(server, *lines)
            await until(site.told, "the alert of another line")
            await until(lambda: "a defect" in problems(site), "the status says so")
        assert site.kept() == lines, "what could not be looked at is kept"
        assert [alert["rule"] for alert in site.told()] == ["login.dcui.wrong-password"]

    asyncio.run(main())


def block_of(*lines: bytes, at: float = 1.0) -> Block:
    data = b"".join(one + b"\n" for one in lines)
    return Block(data, at, (Run("192.0.2.1", "tcp", 0, len(data)),))


def test_judging_that_is_slow_holds_no_line_up(site: Site) -> None:
    slow = threading.Event()

    async def main() -> None:
        async with serving(site) as server:
            server.judging._most = 1_000
            await until(lambda: server.judging.is_idle, "the replay is over")
            held = asyncio.create_task(server.judging.ask(slow.wait, BOUND_S))
            for number in range(50):
                async with asyncio.timeout(BOUND_S):
                    await server.taking.take(block_of(noise(number)))
            assert server.judging.counts.lines > 0
            assert site.lines_kept() == 50
            missed = f"{server.judging.counts.lines} are in the archive and raised no alert"
            assert any(missed in text for text in server.alerting.problems.values())
            slow.set()
            await held

    asyncio.run(main())


def test_the_status_counts_consoles_as_the_detections_do(site: Site) -> None:
    """Lines say two and the API none, then the API says three: alert, status and whoever asks say the same."""
    vmx = "/vmfs/volumes/a/web1/web1.vmx"
    opened = f"Hostd: [2026-11-23 10:00:00.000 48C9CDC0 verbose 'vm:{vmx}'] New MKS connection count: 2"

    def counted(server: LogServer) -> dict[str, int]:
        return server.alerting.status().consoles

    def is_open(server: LogServer) -> bool:
        groups = list(server.alerting.groups.open())
        return any(group.rule == "console.multiple" and not group.over for group in groups)

    async def main() -> None:
        async with serving(site) as server:
            await until(lambda: server.judging.is_idle, "the replay is over")
            await send(server, line(opened))
            await until(lambda: counted(server) == {"web1": 2} and is_open(server), "lines say two")
            await server.consoles.figures("vc", {"web1": 0})
            await until(lambda: counted(server) == {} and not is_open(server), "the API says none")
            await server.consoles.figures("vc", {"web1": 3})
            await until(lambda: counted(server) == {"web1": 3} and is_open(server), "the API says three")
            said = await asyncio.to_thread(consoles, site.directory)
            assert said == ["web1: 3 consoles open: 3 whom no line names"]
        assert site.status()["consoles"] == {"web1": 3}

    asyncio.run(main())


def test_a_silence_is_followed_over_restarts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that dies while nobody listens is missed, and is back in another run."""
    monkeypatch.setattr("viguard.logs.detect.silence.SHORTEST", timedelta(seconds=1))
    monkeypatch.setattr("viguard.logs.detect.silence._TIMES", 2)

    def silences(server: LogServer) -> list[str]:
        return [g.key for g in server.alerting.groups.open() if g.rule == "log.silence"]

    async def until_watched(server: LogServer) -> None:
        for number in range(BOUND_S * 4):
            await send(server, noise(number))
            await asyncio.sleep(0.25)
            if server.judging.watch.detector.silence.watched():
                return
        pytest.fail("never watched")

    async def main() -> None:
        async with serving(site) as server:
            await until_watched(server)
        async with serving(site) as server:
            await until(lambda: silences(server) == ["host=esx1"], "it is missed")
        async with serving(site) as server:
            assert silences(server) == ["host=esx1"]
            await send(server, noise(1))
            await until(lambda: not silences(server), "it is back")

    asyncio.run(main())


def guesses(first: int, end: int) -> list[Block]:
    """Blocks with a refused login each, of a host each: an alert each."""
    return [block_of(noise(n), line(FAILED, host=f"esx{n}"), noise(n), at=time.time()) for n in range(first, end)]


def keys(first: int, end: int) -> list[str]:
    return [f"host=esx{n} user=berry" for n in range(first, end)]


def told_keys(site: Site, rule: str = "login.dcui.wrong-password") -> list[str]:
    return [alert["key"] for alert in site.told() if alert["rule"] == rule]


def test_what_came_too_fast_is_judged_from_the_archive_in_order_and_once(site: Site) -> None:
    slow = threading.Event()

    async def main() -> None:
        async with serving(site) as server:
            server.judging._most = 1_000
            await until(lambda: server.judging.is_idle, "the replay is over")
            held = asyncio.create_task(server.judging.ask(slow.wait, BOUND_S))
            for block in guesses(0, 40):
                await server.taking.take(block)
            late = sum(block.data.count(b"\n") for block in guesses(0, 40)) - server.judging.counts.lines
            assert 0 < late < 40, "most of it did not fit"
            text = server.alerting.problems["judging later"]
            assert f"{server.judging.counts.lines} are in the archive" in text
            assert "caught up with" in text
            slow.set()
            await held
            for block in guesses(40, 80):  # while it catches up
                await server.taking.take(block)
            await until(lambda: len(told_keys(site)) >= 80, "all are told")
            await until(lambda: server.judging.is_idle, "nothing is left")
            assert "judging later" not in server.alerting.problems
        assert told_keys(site) == keys(0, 80)

    asyncio.run(main())


def test_what_came_too_fast_is_judged_after_a_restart(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viguard.usecases.serve.JUDGE_S", 0.1)
    monkeypatch.setattr("viguard.usecases.log_telling.REPLAYED", timedelta(0))  # as if it had been long ago
    slow = threading.Event()

    async def first() -> None:
        async with serving(site) as server:
            server.judging._most = 1_000
            await until(lambda: server.judging.is_idle, "the replay is over")
            for block in guesses(0, 3):
                await server.taking.take(block)
            await until(lambda: len(told_keys(site)) == 3, "the first are told")
            held = asyncio.create_task(server.judging.ask(slow.wait, BOUND_S))
            server.judging._most = 0
            monkeypatch.setattr(server.judging.behind, "blocks", lambda _tell: iter(()))  # it is too slow for that
            monkeypatch.setattr(server.judging.behind, "end", lambda _place: None)
            for block in guesses(3, 30):
                await server.taking.take(block)
            asyncio.get_running_loop().call_later(1.0, slow.set)
        await held

    async def second() -> None:
        async with serving(site) as server:
            for block in guesses(30, 35):
                await server.taking.take(block)
            await until(lambda: len(told_keys(site)) >= 35, "all are told")
            await until(lambda: server.judging.is_idle, "nothing is left")

    asyncio.run(first())
    assert told_keys(site) == keys(0, 3)
    asyncio.run(second())
    assert told_keys(site) == keys(0, 35)
    assert not (site.directory / "behind.json").exists()


def test_what_was_deleted_before_it_could_be_judged_is_told(site: Site) -> None:
    slow = threading.Event()

    async def main() -> None:
        async with serving(site) as server:
            await until(lambda: server.judging.is_idle, "the replay is over")
            held = asyncio.create_task(server.judging.ask(slow.wait, BOUND_S))
            server.judging._most = 0
            for block in guesses(0, 4):
                await server.taking.take(block)
            for path in server.archive.directory.glob("*.zst"):
                path.unlink()
            slow.set()
            await held
            await until(lambda: server.judging.is_idle, "it is given up")
            assert server.alerting.problems["judging"].endswith("raised no alert: 12")
            server.judging._most = 1_000_000
            await server.taking.take(guesses(4, 5)[0])
            await until(lambda: told_keys(site) == keys(4, 5), "it goes on")

    asyncio.run(main())


DISABLED = (
    "vobd[1048795]:  [UserLevelCorrelator] 11402us: [esx.audit.net.firewall.disabled] Firewall has been disabled."
)


def test_what_the_filter_would_drop_is_kept_when_it_is_judged_later(site: Site) -> None:
    """A firewall that is switched off is none of the report's events, and an alert all the same."""
    site.serve["keep"] = "report"
    slow = threading.Event()
    blocks = [block_of(noise(n), line(DISABLED, host=f"esx{n}"), at=time.time()) for n in range(30)]

    async def main() -> None:
        async with serving(site) as server:
            server.judging._most = 1_000
            await until(lambda: server.judging.is_idle, "the replay is over")
            held = asyncio.create_task(server.judging.ask(slow.wait, BOUND_S))
            for block in blocks:
                await server.taking.take(block)
            kept = site.lines_kept()
            assert 0 < kept < 30, "the first had room to be judged, and were dropped"
            assert server.judging.counts.lines == kept
            slow.set()
            await held
            await until(lambda: len(told_keys(site, "firewall.disabled")) >= 30, "all are told")
            await until(lambda: server.judging.is_idle, "nothing is left")
            await server.taking.take(block_of(noise(1), line(DISABLED, host="esx99"), at=time.time()))
            assert site.lines_kept() == kept, "now it is dropped again"
        assert told_keys(site, "firewall.disabled") == [f"host=esx{n}" for n in [*range(30), 99]]

    asyncio.run(main())


def test_what_judging_fails_at_is_counted_and_the_next_block_is_judged() -> None:
    told: dict[str, str] = {}

    class Eyes:
        def judge(self, block: Block, _hits: Any) -> Seen:
            if b"poison" in block.data:
                raise ValueError("a defect")
            judged.append(block.data)
            return Seen([], [])

    judged: list[bytes] = []

    async def main() -> None:
        judging = Judging(Eyes(), lambda _: None, Problems(told, lambda _: None))  # type: ignore[arg-type]
        task = asyncio.create_task(judging.run())
        assert judging.offer(block_of(b"poison", b"and one"), [])
        assert judging.offer(block_of(b"good"), [])
        await until(lambda: judged == [b"good\n"], "the next one")
        task.cancel()
        judging.close()

    asyncio.run(main())
    assert "2 so far (ValueError a defect)" in told["judging"]


def test_a_part_that_fails_is_begun_again_and_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_problems, "PAUSE_S", 0.001)
    told: dict[str, str] = {}
    tries: list[int] = []

    async def work() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("no\x1b way")
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(kept_up("alerting", work, Problems(told, lambda _: None)))
        await until(lambda: len(tries) == 3, "the third try")
        task.cancel()

    asyncio.run(main())
    assert told == {"alerting": "alerting failed and was begun again: RuntimeError no\\u001b way"}


def test_what_happened_is_shown_for_an_hour_and_what_lasts_until_it_is_over() -> None:
    told: dict[str, str] = {}
    now = [0.0]
    found = Problems(told, lambda _: None, lambda: now[0])
    found.happened("judging", "lines were lost")
    found.set("archive", "the disk is full")
    now[0] = 3599.0
    found.tick()
    assert told == {"judging": "lines were lost", "archive": "the disk is full"}
    now[0] = 3600.0
    found.tick()
    assert told == {"archive": "the disk is full"}
    found.set("archive", "")
    assert told == {}


def test_a_failed_start_gives_the_directory_back(site: Site, tmp_path: Path) -> None:
    site.serve["listen"][0] |= {"address": "192.0.2.1", "port": 1}

    async def main() -> None:
        with pytest.raises(InputError):
            await LogServer(load_settings(site.write()), PERSON, lambda _: None).run(asyncio.Event())
        site.serve["listen"][0] |= {"address": "127.0.0.1", "port": 0}
        async with serving(site):
            pass

    asyncio.run(main())


def test_two_that_are_refused_in_turn_are_judged_once_each(site: Site) -> None:
    async def main() -> None:
        async with serving(site) as server:
            server.archive.limits = Limits(free_share=2.0)
            blocks = [block_of(line(FAILED, host=host), at=time.time()) for host in ("esx1", "esx2")]
            for block in blocks * 3:
                with pytest.raises(OSError, match="free"):
                    await server.taking.take(block)
            server.archive.limits = Limits(free_share=0.0)
            for block in blocks:
                await server.taking.take(block)
        assert sorted(alert["key"] for alert in site.told()) == ["host=esx1 user=berry", "host=esx2 user=berry"]
        assert site.lines_kept() == 2

    asyncio.run(main())


def test_a_stop_that_cannot_keep_what_it_received_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("viguard.usecases.serve.Receiver", partial(Receiver, limits=ReceiverLimits(stop_s=0.5)))
    monkeypatch.setattr("viguard.usecases.serve.Archive", partial(Archive, limits=Limits(free_share=2.0)))

    async def main() -> None:
        task = asyncio.create_task(_until_stopped(load_settings(site.write()), PERSON, said.append))
        listening = await until(lambda: [one for one in said if one.startswith("listening: tcp")], "it listens")
        _reader, writer = await asyncio.open_connection("127.0.0.1", int(listening[0].rpartition(":")[2]))
        writer.write(line(FAILED) + b"\n")
        writer.close()
        await until(site.told, "it came")
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(ViguardError, match="1 line that had been received could not be kept"):
            await task

    asyncio.run(main())
    assert "stopped: every line that was received is kept" not in said


@pytest.mark.parametrize("wanted", [True, False])
def test_what_was_written_under_load_is_packed_at_leisure(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, wanted: bool
) -> None:
    monkeypatch.setattr(writer, "_QUIET_S", 0.01)
    lines = (f"task {n * 7919 % 99991} of vm-{n * n % 311} ended for user{n * 31 % 53}" for n in range(3000))
    fill(site.directory / "archive", [block(*lines)], limits=Limits(level=1))
    before, (segment,) = site.kept(), segments(site.directory / "archive")
    size = segment.stat().st_size
    if not wanted:
        site.serve["pack"] = "never"

    async def main() -> None:
        async with serving(site) as server:
            assert ("viguard-pack" in {one.name for one in threading.enumerate()}) == wanted
            if wanted:
                await until(lambda: server.archive.state.packed == 1, "it is packed")
            assert server.archive.state.packed == wanted
            assert server.archive.state.gained_bytes == size - segment.stat().st_size

    asyncio.run(main())
    assert site.kept() == before
    assert (verify(site.directory / "archive").packed == 1) == wanted
