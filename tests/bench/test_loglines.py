"""The generator of log lines: the same lines for the same options, and a truth that our classification agrees with."""

from __future__ import annotations

from pathlib import Path

from bench.loglines import EVENTS, NOISE, Options, lines, write
from viguard.logs.classes import classes
from viguard.logs.classify import Classifier


def test_the_same_options_make_the_same_lines() -> None:
    first = list(lines(Options(2000, rate=0.2, seed=5)))
    assert first == list(lines(Options(2000, rate=0.2, seed=5)))
    assert first != list(lines(Options(2000, rate=0.2, seed=6)))


def test_there_are_as_many_events_as_asked_for() -> None:
    assert {event for _, event in lines(Options(300, rate=0.0))} == {""}
    assert "" not in {event for _, event in lines(Options(300, rate=1.0))}
    share = sum(bool(event) for _, event in lines(Options(20_000, rate=0.01))) / 20_000
    assert 0.007 < share < 0.013


def test_every_line_has_its_host_and_a_priority_when_asked_for() -> None:
    assert {line.split()[3] for line, _ in lines(Options(2000, hosts=3))} == {
        "esx001.evere.example.net",
        "esx002.ghent.example.net",
        "esx003.liege.example.net",
    }
    assert all(line.startswith("<") for line, _ in lines(Options(100)))
    assert all(line.startswith("Feb ") for line, _ in lines(Options(100, priority=False)))


def test_the_truth_names_the_lines_by_their_number(tmp_path: Path) -> None:
    options = Options(5000, rate=0.1)
    count = write(tmp_path / "x.log", options)
    truth = [line.split("\t") for line in (tmp_path / "x.log.truth").read_text().splitlines()]
    assert len(truth) == count
    assert [(int(number), event) for number, event in truth] == [
        (number, event) for number, (_, event) in enumerate(lines(options), 1) if event
    ]
    assert (tmp_path / "x.log").read_text().splitlines() == [line for line, _ in lines(options)]


def test_classification_finds_exactly_the_events_of_the_truth() -> None:
    made = list(lines(Options(30_000, rate=0.1)))
    data = "".join(f"{line}\n" for line, _ in made).encode()
    starts, at = {}, 0
    for line, event in made:
        if event:
            starts[at] = event
        at += len(line) + 1
    assert {hit.start: hit.kind.id for hit in Classifier().block(data)} == starts
    assert {shape.event for shape in EVENTS} <= set(classes())
    assert {shape.event for shape in NOISE} == {""}
