"""Detections over old lines: those of an archive as if they came in again, or of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from msgspec.structs import replace

from viguard.assess import controls as catalogue
from viguard.errors import InputError
from viguard.logs.archive.reading import blocks
from viguard.logs.archive.segments import Damage, archive_in
from viguard.logs.clocks import Clocks, everywhere
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Intent, intent_of
from viguard.logs.detect.reading import load, shipped
from viguard.logs.detect.rules import RuleSet
from viguard.logs.watch import Watch
from viguard.model.event import Alert
from viguard.model.facts import Struct
from viguard.model.text import plural, visible
from viguard.policy.load import load as load_policy
from viguard.usecases.logs import events, rows
from viguard.usecases.logs.damage import told
from viguard.usecases.logs.reading import INCOMPLETE, Files
from viguard.usecases.rules import files_of

Say = Callable[[str], None]
FOUND = 3
_RULES = (".yml", ".yaml")


class Hunt(Struct, frozen=True, kw_only=True):
    """What to look at: an archive, or files; with which detections, ours when ``rules`` is empty.

    ``since`` and ``until`` are times of receipt and hold for an archive; ``policy`` says what is allowed. ``time_zone``
    is that of lines without one, of hosts for which the policy names none.
    """

    rules: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    archive: Path | None = None
    policy: Path | None = None
    since: datetime | None = None
    until: datetime | None = None
    time_zone: str = ""


def parted(arguments: Sequence[str]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Files of rules (``.yml``, ``.yaml``) and folders of nothing else; and files of lines."""
    is_rule = [one.lower().endswith(_RULES) or _is_of_rules(Path(one)) for one in arguments]
    rules = tuple(Path(one) for one, is_it in zip(arguments, is_rule, strict=True) if is_it)
    return rules, tuple(one for one, is_it in zip(arguments, is_rule, strict=True) if not is_it)


def _is_of_rules(folder: Path) -> bool:
    try:
        suffixes = {path.suffix.lower() for path in folder.rglob("*") if path.is_file()} if folder.is_dir() else set()
    except OSError:
        return False  # whoever reads it says why it cannot be read
    return bool(suffixes) and suffixes <= set(_RULES)


def run(wanted: Hunt, format_: str, stream: IO[bytes], say: Say) -> int:
    """Writes alerts as each is raised, table or jsonl. Returns 3 when there was one, 4 when lines could not be read.

    Raises: ViguardError for rules, a policy, an archive or files that cannot be used.
    """
    if (wanted.archive is None) == (not wanted.names):
        raise InputError("lines come from files or from an archive", hint="name FILES, or --archive DIRECTORY")
    if wanted.archive is None and (wanted.since or wanted.until):
        raise InputError("--since and --until are times of receipt, which only an archive knows")
    rules = load(files_of(wanted.rules)) if wanted.rules else shipped()
    intent = intent_of(load_policy(wanted.policy, catalogue.load())) if wanted.policy else Intent()
    intent = replace(intent, time_zones=(*intent.time_zones, *everywhere(wanted.time_zone)))
    undecided = () if wanted.rules else intent.undecided
    for note in (*rules.left_out, *(f"not judged: {missing}" for missing in undecided)):
        say(f"note: {note}")
    if wanted.archive is None:
        files = Files(wanted.names)
        count = _write(_of_files(files, rules, intent), format_, stream)
        code = files.code(say)
    else:
        damage: list[Damage] = []
        directory = archive_in(wanted.archive)
        count = _write(_of_archive(directory, wanted, Watch(rules, intent), damage), format_, stream)
        for one in damage:
            say(f"error: {told(one)}")
        code = INCOMPLETE if damage else 0
    say(plural(count, "alert") if count else "no alert")
    return FOUND if count else code


def _of_files(files: Files, rules: RuleSet, intent: Intent) -> Iterator[Alert]:
    detector = Detector(rules, intent)
    for event in events.events(files, Clocks(intent.time_zones)):
        yield from detector.feed([event])


def _of_archive(directory: Path, wanted: Hunt, watch: Watch, damage: list[Damage]) -> Iterator[Alert]:
    for block in blocks(directory, tell=damage.append, since=wanted.since, until=wanted.until):
        yield from watch.judge(block, watch.look(block)).alerts
    yield from watch.flush().alerts


def _write(alerts: Iterable[Alert], format_: str, stream: IO[bytes]) -> int:
    count = 0
    for alert in alerts:
        stream.write(rows.lines([_row(alert)]) if format_ == "jsonl" else _text(alert))
        count += 1
    return count


def _row(alert: Alert) -> dict[str, Any]:
    said = {name: getattr(alert, name) for name in alert.__struct_fields__ if name != "events"}
    return {**said, "events": [{**rows.row(event), "lines": event.lines} for event in alert.events]}


def _text(alert: Alert) -> bytes:
    """A line of facts, one of words, and the evidence."""
    over = " (over)" if alert.resolved else ""
    shown = [
        f"{alert.time:%Y-%m-%dT%H:%M:%SZ}  {alert.severity.upper():8}  {alert.rule}  {alert.key}{over}",
        f"    {alert.title}: {alert.text}",
        *(f"    > {line}" for event in alert.events for line in event.lines),
    ]
    return "".join(f"{visible(line, 500)}\n" for line in shown).encode("utf-8", "backslashreplace")
