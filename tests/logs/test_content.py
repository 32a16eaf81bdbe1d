"""The classes of events as content: complete, sound, and each line of the cases is what its case says."""

from __future__ import annotations

import importlib.util
import re
import re._parser as sre  # type: ignore[import-not-found]
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from viguard.logs.cases import Case, cases
from viguard.logs.classes import EventClass, carriers, classes, compiled
from viguard.logs.classify import Classifier, Rule, Rules, _looked_up, events
from viguard.logs.formats import make_headers, written
from viguard.model.event import NOISE, Event

ROOT = Path(__file__).parents[2]
TAXONOMY = ROOT.parent / "shared" / "reference" / "events.yaml"
RECEIVED = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALERTING = {"medium", "high", "critical"}
NO_LOG_FORM = {
    "network.switch.changed", "secureboot.requirement.disabled", "host.encryption.changed", "time.changed",
    "host.connected", "permission.global.changed", "sso.group.changed", "sso.identity-source.changed", "vm.kill",
    "audit.records.lost", "syslog.mark", "vm.snapshot.removed", "vm.escape.denied", "alarm.definition.changed",
}  # fmt: skip
"""Classes that are known by an id alone."""


@cache
def classifier() -> Classifier:
    return Classifier()


def rules() -> Rules:
    return classifier().rules


def event_in(line: str) -> Event | None:
    found = events(classifier(), line.encode() + b"\n", RECEIVED)
    assert len(found) <= 1
    return found[0] if found else None


def every_cue() -> list[list[bytes]]:
    """The cues of each rule, in the order of the rules."""
    found = []
    for kind in classes().values():
        lines = (*kind.lines, *(said.line() for said in kind.says))
        found += [[line.cue] if isinstance(line.cue, str) else list(line.cue) for line in lines]
    found += [form.all_cues(classes()) for form in carriers()]
    return [[cue.encode() for cue in cues] for cues in found]


CUES = {rule.number: cues for rule, cues in zip(rules().every, every_cue(), strict=True)}


def told_by(line: str) -> list[tuple[Rule, EventClass]]:
    """Every rule that makes something of a line, whichever comes first."""
    raw = line.encode()
    header = make_headers().read(raw)
    found = []
    for rule in rules().every if header else ():
        if any(cue in raw for cue in CUES[rule.number]) and (not rule.programs or header.program in rule.programs):
            match = rule.match(raw, header.message)
            kind = match and (rule.kind or _looked_up(rule, match))
            if kind:
                found.append((rule, kind))
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.event}: {case.line[-60:]}")
def test_a_line_is_what_its_case_says(case: Case) -> None:
    found = event_in(case.line)
    assert (found.event if found else NOISE) == case.event
    if found is None:
        assert case.why
        return
    assert (found.user, found.source_ip, found.vm) == (case.user, case.source_ip, case.vm)
    own: dict[str, Any] = {"outcome": found.outcome, "channel": found.channel, "program": found.program}
    told = {**found.fields, **own, "pid": found.pid, "session": found.session}
    assert {name: told.get(name) for name in case.fields} == case.fields


def test_the_bracket_and_the_stop_that_end_an_event_are_in_no_field() -> None:
    for case in cases():
        found = event_in(case.line)
        for name, value in found.fields.items() if found else ():
            ends = str(value).endswith(("]", ".")) and not str(value).endswith("...")
            told_so = "[" in str(value) or name in {"reason", "command"}  # people's own words
            assert not ends or told_so, (case.line, name, value)


def test_a_vcenter_names_the_host_alone() -> None:
    head = (
        "<14>1 2026-11-23T10:15:00Z vc vpxd 42 - -  Event [5] [1-1] [2026-11-23T10:15:00Z] [vim.event.EventEx] [info] "
    )
    found = event_in(head + "[eve] [dc] [5] [A remote console connected to mail 01 on host esx1.example.org]")
    assert found is not None
    assert (found.vm, found.fields["on_host"]) == ("mail 01", "esx1.example.org")


def test_a_host_and_a_time_that_are_not_told_are_none() -> None:
    found = event_in("<14>1 - - Hostd - - - Accepted password for user root from 192.0.2.10")
    assert found is not None
    assert (found.host, found.time) == ("", None)


def test_no_two_rules_tell_the_same_line() -> None:
    assert {case.line: told for case in cases() if len(told := [k.id for _, k in told_by(case.line)]) > 1} == {}


def test_every_pattern_has_a_line_that_it_tells_and_one_with_its_cue_that_it_does_not() -> None:
    tells: Counter[int] = Counter()
    passes: Counter[int] = Counter()
    for case in cases():
        told = {rule.number for rule, _ in told_by(case.line)}
        tells.update(told)
        passes.update(n for n, cues in CUES.items() if n not in told and any(c in case.line.encode() for c in cues))
    every = {rule.number for rule in rules().every}
    assert every - set(tells) == set()
    assert every - set(passes) == set()


def test_a_line_inside_the_message_of_another_program_is_noise() -> None:
    for quoting in ("Nov 23 10:15:00 esx1 backup[7]: saw ", "<13>1 2026-11-23T10:15:00Z esx1 backup 7 - - ", "copy: "):
        assert [case.line for case in cases() if event_in(quoting + case.line)] == []


def test_a_line_inside_another_text_of_its_own_program_is_not_the_event() -> None:
    heads = [make_headers().read(case.line.encode()) for case in cases()]
    for case, head in zip(cases(), heads, strict=True):
        if case.event in {NOISE, "shell.command", "login.success.shell", "appliance.sudo"} or head is None:
            continue
        raw = case.line.encode()
        found = event_in((raw[: head.message] + b"the operator wrote: " + raw[head.message :]).decode())
        assert (found.event if found else NOISE) != case.event, case.line


def test_every_positive_case_names_where_its_form_comes_from() -> None:
    assert [case.line for case in cases() if case.event != NOISE and not case.source] == []
    outside = [case for case in cases() if case.event != NOISE and case.source != "self-written"]
    assert len(outside) > 200


def test_every_class_that_lines_can_tell_has_a_case() -> None:
    told = {case.event for case in cases()}
    single = {kind.id for kind in classes().values() if kind.kind == "single" and kind.id != NOISE}
    assert single - told == set()


def said_by(kind: EventClass) -> set[str]:
    """What a line of a class may hold: the cues of its patterns, and the ids of it."""
    lines = (*kind.lines, *(said.line() for said in kind.says))
    found = {cue for line in lines for cue in ([line.cue] if isinstance(line.cue, str) else line.cue)}
    return found | {entry.split()[0].partition("*")[0] for entry in (*kind.vob, *kind.vcenter, *kind.audit)}


def test_every_class_has_two_lines_of_its_own_with_other_values() -> None:
    """Another user, address, guest, host, program or field."""
    found: dict[str, set[object]] = {}
    for case in cases():
        if case.event != NOISE and (told := event_in(case.line)):
            fields = frozenset(
                (name, value) for name, value in told.fields.items() if name not in {"event_id", "thread"}
            )
            values = (told.user, told.source_ip, told.vm, told.host, told.program, fields)
            found.setdefault(case.event, set()).add(values)
    single = {kind.id for kind in classes().values() if kind.kind == "single" and kind.id != NOISE}
    assert {kind for kind in single if len(found.get(kind, ())) < 2} == set()


def test_every_class_has_a_near_miss_of_its_own() -> None:
    """It holds a cue or an id of the class, and is noise or another event (see the test of what a case says)."""
    near: Counter[str] = Counter()
    for case in cases():
        if case.near:
            assert case.event != case.near, case.line
            assert case.why, case.line
            assert any(said in case.line for said in said_by(classes()[case.near])), case.line
            near[case.near] += 1
    single = {kind.id for kind in classes().values() if kind.kind == "single" and kind.id != NOISE}
    assert single - set(near) == set()


def test_there_are_120_classes_as_the_taxonomy_has_them() -> None:
    assert len(classes()) == 120
    if not TAXONOMY.exists():
        pytest.skip("the taxonomy is not here")
    for known in yaml.safe_load(TAXONOMY.read_text(encoding="utf-8"))["events"]:
        ours = classes()[known["id"]]
        theirs = (
            known["severity"],
            known["group"],
            known["kind"],
            known.get("channel"),
            known.get("outcome", "unknown"),
        )
        assert (ours.severity, ours.group, ours.kind, ours.channel, ours.outcome) == theirs, known["id"]
        assert (list(ours.attack), list(ours.fields)) == (known.get("attack", []), known.get("fields", []))


def test_whoever_is_woken_knows_what_to_do_first() -> None:
    for kind in classes().values():
        assert (2 if kind.severity in ALERTING else 0) <= len(kind.steps) <= 3, kind.id


def test_derived_classes_have_no_patterns_and_the_others_have_some() -> None:
    for kind in classes().values():
        forms = (*kind.lines, *kind.says, *kind.vob, *kind.vcenter, *kind.audit)
        assert bool(forms) is (kind.kind == "single" and kind.id != NOISE), kind.id
        assert bool(kind.derive) is (kind.kind == "derived"), kind.id
        if kind.kind == "single" and kind.id not in NO_LOG_FORM | {NOISE}:
            assert kind.lines or kind.says, kind.id


def test_cues_are_few_and_long_enough_to_be_rare() -> None:
    cues = {cue for some in CUES.values() for cue in some}
    assert len(cues) <= 250
    assert min(map(len, cues)) >= 6
    common = {b"Event ", b"[vim.", b"] [vim.event.", b"user ", b"Originator@6876", b"hostd[", b"[VpxLRO]", b" from "}
    assert common.isdisjoint(cues)


def test_every_pattern_compiles() -> None:
    for rule in rules().every:
        rule.compile()
    for kind in classes().values():
        for said in kind.says:
            said.compiled()


def test_every_header_and_origin_reads_its_example() -> None:
    for form in (*written().headers, *written().origins):
        assert re.match(form.pattern.encode("latin-1"), form.example.encode()), form.id


@pytest.mark.parametrize("day", ["Jan 1", "Jan  1", "Jan 01"])
def test_a_day_of_one_digit_is_read_however_it_is_padded(day: str) -> None:
    found = event_in(f"<166>{day} 10:00:00 esx1 Hostd: Accepted password for user root from 1.2.3.4")
    assert found is not None
    assert (found.time, found.host) == (datetime(2026, 1, 1, 10, tzinfo=UTC), "esx1")


def repeats(tree: Any, limit: int) -> list[tuple[int, Any]]:
    """The repeats of a parsed pattern that may go on for more than ``limit``, as (most, what is repeated)."""
    found = []
    for operator, value in tree:
        if operator in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            least, most, inner = value
            if most > limit and most > least:
                found.append((most, inner))
            found += repeats(inner, limit)
        elif operator is sre.SUBPATTERN:
            found += repeats(value[3], limit)
        elif operator is sre.BRANCH:
            for branch in value[1]:
                found += repeats(branch, limit)
        elif operator in {sre.ASSERT, sre.ASSERT_NOT}:
            found += repeats(value[1], limit)
    return found


def test_no_pattern_repeats_what_repeats() -> None:
    """Repeats without end inside a repeat without end take for ever on hostile lines."""
    for rule in rules().every:
        if rule.lookup and "pairs" in rule._pattern:
            continue  # values in quotes: a quote begins each of them, and nothing else there may
        for _, inner in repeats(sre.parse(compiled(rule._pattern).pattern), 2000):
            assert repeats(inner, 4) == [], rule._pattern


def hostile(line: bytes, start: int) -> list[bytes]:
    """Lines of 16 KiB that begin as an event does and never end as one."""
    head, message = line[:start], line[start:]
    words = message.split(b" ")
    out = []
    for cut in sorted({1, len(words) // 2, len(words) - 1, len(words)}):
        kept = head + b" ".join(words[:cut])
        units = (b" " + message, b" " + words[cut - 1], b" ", b'\\"', b"] [", b"@1.2.3.4 from 1.2.3.4")
        out += [kept + unit * (16384 // len(unit)) + b"\x01" for unit in units]
    return out


@pytest.mark.timeout(120)
def test_hostile_lines_of_16_kib_hang_nothing() -> None:
    """A guard against patterns that explode; they take some milliseconds each, of which the bench tells."""
    read = make_headers().read
    seen: set[int] = set()
    for case in cases():
        head = read(case.line.encode())
        if head is None or not (numbers := {rule.number for rule, _ in told_by(case.line)} - seen):
            continue
        seen |= numbers
        for line in hostile(case.line.encode(), head.message):
            event_in(line.decode(errors="replace"))
    assert len(seen) == len(rules().every)


def test_the_document_is_current() -> None:
    spec = importlib.util.spec_from_file_location("docs_events", ROOT / "docs" / "events.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TARGET.read_text(encoding="utf-8") == module.table(), "run python docs/events.py"
