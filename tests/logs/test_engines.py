"""Whichever engine finds the cues, and however full of events a block is, the events are the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viguard.logs.cases import cases
from viguard.logs.classify import Classifier, events
from viguard.logs.engine import ENGINES, Plain
from viguard.model.event import NOISE, Event

RECEIVED = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = Classifier().rules
CUES = sorted(RULES.cues)
LINES = [case.line.encode() for case in cases()]


@cache
def classifiers() -> dict[str, Classifier]:
    made = {}
    for engine in ENGINES:
        try:
            made[engine.name] = Classifier(engine, RULES)
        except ImportError:
            continue
    return made


def told(name: str, data: bytes, *, flood: bool) -> list[Event]:
    classifiers()[name]._is_flood = flood
    return events(classifiers()[name], data, RECEIVED)


def all_the_same(data: bytes) -> list[Event]:
    plain = told(Plain.name, data, flood=False)
    for name in classifiers():
        for flood in (False, True):
            assert told(name, data, flood=flood) == plain, (name, flood)
    return plain


def test_a_block_full_of_events_is_taken_for_a_flood_and_one_of_noise_ends_it() -> None:
    classifier = Classifier(Plain, RULES)
    noise = b"<166>Nov 23 10:00:00 esx1 Hostd: nothing\n" * 10
    seen = []
    for data in (noise, b"\n".join(LINES), b"\n".join(LINES), noise, noise):
        classifier.block(data)
        seen.append(classifier._is_flood)
    assert seen == [False, True, True, False, False]


def test_every_engine_is_here() -> None:
    missing = {engine.name for engine in ENGINES} - set(classifiers())
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")


def test_every_case_by_itself_and_all_in_one_block() -> None:
    one_by_one = [event for line in LINES for event in all_the_same(line)]
    assert [event.event for event in one_by_one] == [case.event for case in cases() if case.event != NOISE]
    assert all_the_same(b"\n".join(LINES)) == one_by_one
    assert all_the_same(b"".join(line + b"\n" for line in LINES)) == one_by_one


def test_a_large_file_with_noise_and_overlaps() -> None:
    chance = random.Random(7)
    parts = []
    for _ in range(6000):
        line = chance.choice(LINES)
        match chance.randrange(6):
            case 0:
                other = chance.choice(LINES)
                line = line[: chance.randrange(len(line))] + other[chance.randrange(len(other)) :]
            case 1:
                line += b" " + chance.choice(CUES)
            case 2:
                line = b"Nov 23 10:15:00 esx1 Hostd: " + chance.choice(CUES) + chance.choice(CUES)
            case 3:
                line = chance.randbytes(80).replace(b"\n", b"")
            case _:
                pass
        parts.append(line)
    assert len(all_the_same(b"\n".join(parts))) > 1500


PIECE = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from(CUES),
    st.sampled_from([b"\n", b"\n\n", b"\r\n", b"\x00", b" ", b"#012", b"Nov 23 10:15:00 esx1 Hostd: ", b"Event 4 : "]),
    st.binary(max_size=12),
    st.tuples(st.sampled_from(LINES), st.integers(0, 120), st.integers(0, 300)).map(
        lambda cut: cut[0][cut[1] : cut[2]]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECE, max_size=12).map(b"".join))
def test_any_block(data: bytes) -> None:
    all_the_same(data)
