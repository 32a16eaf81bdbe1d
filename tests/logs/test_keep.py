"""The keep-filter: what stays, what it is counted as, and that nothing else is lost."""

from __future__ import annotations

import random

import pytest

from tests.logs.appendix_a import LINES
from viguard.errors import InputError
from viguard.logs.archive.writer import check
from viguard.logs.block import Block, Run
from viguard.logs.classify import Classifier
from viguard.logs.keep import REPORT, Count, Filter, added, keep, kinds
from viguard.model.event import EventSeverity

NOISE = "Hostd: [2010-01-27 14:21:38.799 1683DB90 verbose 'TaskManager'] Task Created : haTask-1"
ENABLED = "vobd: 1000: [esx.audit.ssh.enabled] SSH access has been enabled."


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def _block(*parts: tuple[str, str]) -> Block:
    """A block of (sender, line) pairs, a run each."""
    data, runs = b"", []
    for sender, line in parts:
        start, data = len(data), data + line.encode() + b"\n"
        runs.append(Run(sender, "tcp", start, len(data)))
    return Block(data, 1.0, tuple(runs))


def _head(host: str, line: str) -> str:
    return f"<166>Jan 27 14:21:38 {host} {line}"


def test_by_default_every_line_stays(classifier: Classifier) -> None:
    block = _block(("192.0.2.1", NOISE))
    kept = keep(block, classifier.block(block.data), kinds(Filter()))
    assert kept.block is block
    assert kept.counts() == {"192.0.2.1": Count(1, len(block.data), 1, len(block.data))}


def test_report_keeps_appendix_a_whole_and_drops_the_rest(classifier: Classifier) -> None:
    wanted = [_head("esx1", line) for line, _ in LINES]
    mixed = [line for pair in zip(wanted, [_head("esx1", NOISE)] * len(wanted), strict=True) for line in pair]
    block = _block(*(("192.0.2.1", line) for line in [*mixed, _head("esx1", ENABLED)]))
    kept = keep(block, classifier.block(block.data), kinds(Filter(name=REPORT)))
    assert kept.block is not None
    assert kept.block.data.decode().splitlines() == wanted
    assert len(wanted) == 31
    check(kept.block)


def test_the_classes_of_the_report_are_those_of_its_lines() -> None:
    assert kinds(Filter(name=REPORT)) == {event for _, event in LINES}


def test_a_list_and_a_severity_add_up(classifier: Classifier) -> None:
    block = _block(*(("192.0.2.1", line) for line in (NOISE, ENABLED, *(line for line, _ in LINES))))
    hits = classifier.block(block.data)
    told = keep(block, hits, kinds(Filter(events=("service.ssh.enabled",)))).block
    assert told is not None
    assert told.data.decode() == f"{ENABLED}\n"
    high = kinds(Filter(severity=EventSeverity.HIGH)) or frozenset()
    assert "login.success.shell" in high
    assert "login.success.api" not in high
    both = kinds(Filter(name=REPORT, events=("service.ssh.enabled",))) or frozenset()
    assert "service.ssh.enabled" in both
    assert "login.success.api" in both


def test_a_block_of_noise_leaves_nothing_and_is_counted(classifier: Classifier) -> None:
    block = _block(("192.0.2.1", NOISE), ("192.0.2.1", NOISE))
    kept = keep(block, classifier.block(block.data), kinds(Filter(name=REPORT)))
    assert kept.block is None
    assert kept.counts() == {"192.0.2.1": Count(2, len(block.data), 0, 0)}


def test_lines_keep_their_sender_and_are_counted_by_the_host_they_claim(classifier: Classifier) -> None:
    accepted = "Hostd: Accepted password for user root from 0.0.0.0"
    five = "<14>1 2026-11-23T10:00:00.000Z esx5 Hostd 1 - - noise"
    parts = (
        ("192.0.2.1", _head("esx1", accepted)),
        ("192.0.2.1", _head("esx2", accepted)),
        ("192.0.2.2", _head("esx1", NOISE)),
        ("192.0.2.3", accepted),
        ("192.0.2.3", five),
        ("192.0.2.4", "2026-11-23T10:00:00.000Z hostd[1]: no host"),
        ("192.0.2.1", _head("esx1", accepted)),
    )
    block = _block(*parts)
    kept = keep(block, classifier.block(block.data), kinds(Filter(name=REPORT)))
    assert kept.block is not None
    check(kept.block)
    sizes = [len(line) + 1 for _, line in parts]
    ends = [sizes[0] + sizes[1], sizes[0] + sizes[1] + sizes[3], sizes[0] + sizes[1] + sizes[3] + sizes[6]]
    assert kept.block.runs == (
        Run("192.0.2.1", "tcp", 0, ends[0]),
        Run("192.0.2.3", "tcp", ends[0], ends[1]),
        Run("192.0.2.1", "tcp", ends[1], ends[2]),
    )
    assert kept.counts() == {
        "esx1": Count(3, sizes[0] + sizes[2] + sizes[6], 2, sizes[0] + sizes[6]),
        "esx2": Count(1, sizes[1], 1, sizes[1]),
        "192.0.2.3": Count(1, sizes[3], 1, sizes[3]),
        "esx5": Count(1, sizes[4], 0, 0),
        "192.0.2.4": Count(1, sizes[5], 0, 0),
    }


def test_counts_of_many_blocks_add_up_to_what_came(classifier: Classifier) -> None:
    draw = random.Random(7)
    every: dict[str, Count] = {}
    lines = size = 0
    for _ in range(20):
        some = [_head(f"esx{draw.randrange(5)}", draw.choice([NOISE, LINES[0][0], "x: \xe9"])) for _ in range(200)]
        data = "".join(f"{line}\n" for line in some).encode()
        block = Block(data, 1.0, (Run("192.0.2.1", "tcp", 0, len(data)),))
        lines, size = lines + 200, size + len(data)
        every = added(every, keep(block, classifier.block(data), kinds(Filter(name=REPORT))).counts())
    assert sum(count.lines for count in every.values()) == lines
    assert sum(count.bytes for count in every.values()) == size
    assert set(every) == {f"esx{n}" for n in range(5)}


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="no filter 'raport'"):
        kinds(Filter(name="raport"))
    with pytest.raises(InputError, match="no such class of events: login"):
        kinds(Filter(events=("login",)))
