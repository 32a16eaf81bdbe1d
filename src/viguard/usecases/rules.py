"""Detections: which there are, whether their cases come out, and what is wrong with their files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from viguard import content
from viguard.errors import InputError
from viguard.logs.detect.reading import FOLDER, Mistake, load
from viguard.logs.detect.rules import About, Correlation, Rule
from viguard.model.facts import Struct
from viguard.model.text import plural, visible
from viguard.policy.source import read_text

if TYPE_CHECKING:
    from viguard.logs.detect.cases import Result

SUFFIXES = (".yml", ".yaml")


class Listed(NamedTuple):
    """A detection in a list."""

    name: str
    severity: str
    title: str
    cases: int
    where: str


class Tested(Struct, frozen=True, kw_only=True):
    """What came of the cases, the last three as lines for people; ``without``: rules that alert and have no case."""

    rules: int
    cases: int
    failed: tuple[str, ...]
    slow: tuple[str, ...]
    without: tuple[str, ...]


def files_of(paths: Iterable[Path]) -> list[tuple[str, str]]:
    """Files of rules, and those in folders, as (name, text).

    Raises: InputError when there is no such path, it cannot be read, or a folder holds no rule.
    """
    found: list[tuple[str, str]] = []
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file()) if path.is_dir() else [path]
        if not files:
            raise InputError("no rule is in there", where=str(path), hint="rules are files .yml or .yaml")
        found += [(str(file), read_text(file)) for file in files]
    return found


def listing(paths: Iterable[Path]) -> list[Listed]:
    """Every detection of these files and folders, ours when none is named, in their order.

    Raises: ViguardError for rules that cannot be used.
    """
    chosen = _Chosen(paths)
    return [_listed(about) for about in load(chosen.read).abouts() if chosen.has(about.where)]


def table(found: Iterable[Listed]) -> bytes:
    """A list as lines, tab separated: name, severity, cases, title."""
    cells = ((one.name, one.severity, str(one.cases), one.title) for one in found)
    return "".join("\t".join(map(visible, row)) + "\n" for row in cells).encode("utf-8", "backslashreplace")


def run_cases(paths: Iterable[Path], *, timed: bool = True) -> Tested:
    """Runs the cases of these files and folders, ours when none is named; ``timed``: and each over hostile values.

    Raises: ViguardError for rules that cannot be used.
    """
    from viguard.logs.detect import cases  # noqa: PLC0415

    chosen = _Chosen(paths)
    rules = load(chosen.read)
    every: list[Rule | Correlation] = [*rules.rules, *rules.correlations]
    some = [one for one in every if chosen.has(one.about.where)]
    names = {one.about.name for one in some}
    results = [one for one in cases.run(rules) if one.rule in names]
    slow = [one for one in cases.timings(rules) if one.is_slow and one.rule in names] if timed else []
    return Tested(
        rules=len(some),
        cases=len(results),
        failed=tuple(_failed(one) for one in results if not one.is_met),
        slow=tuple(f"{one.rule}: {one.worst_ms:.0f} ms for one hostile line" for one in slow),
        without=tuple(
            f"{one.about.where}: {one.about.name} has no case" for one in some if one.alerts and not one.about.cases
        ),
    )


def lint(paths: Iterable[Path]) -> tuple[Mistake, ...]:
    """Every mistake and note of these files and folders, ours when none is named.

    Raises: InputError for a path that cannot be read.
    """
    from viguard.logs.detect.lint import lint as look  # noqa: PLC0415

    chosen = _Chosen(paths)
    return tuple(mistake for mistake in look(chosen.read) if chosen.has(mistake.file))


class _Chosen:
    """Files of rules that were named, to be read together with ours: they may refer to ours, and have other names."""

    def __init__(self, paths: Iterable[Path]) -> None:
        named, ours = files_of(paths), content.folder(FOLDER)
        texts = {text for _, text in named}
        self.read = [*(one for one in ours if one[1] not in texts), *named]
        self._names = {name for name, _ in named or ours}

    def has(self, where: str) -> bool:
        """Whether ``file`` or ``file:line:column`` is of a file that was named."""
        return where in self._names or where.rsplit(":", 2)[0] in self._names


def _listed(about: About) -> Listed:
    return Listed(about.name, about.severity.value, about.title, len(about.cases), about.where)


def _failed(result: Result) -> str:
    what = result.problem or f"{plural(result.found, 'alert')}, wanted {result.wanted}"
    return f"{result.where}: {result.rule}, case {result.case!r}: {what}"
