"""Sigma files to detections: read and checked by pySigma, every mistake with its position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetection, SigmaRule

from viguard import content
from viguard.errors import ContentError
from viguard.logs.detect import relating
from viguard.logs.detect.asking import UnsupportedError, condition_of
from viguard.logs.detect.matching import Condition, Process, Some
from viguard.logs.detect.positions import Document, YamlError, documents
from viguard.logs.detect.regexes import RegexError
from viguard.logs.detect.rules import KEY, About, Correlation, Rule, RuleSet
from viguard.model.event import EventSeverity

FOLDER = "detections"
_PRODUCTS = {None, "vmware", "esx", "esxi", "vcenter", "linux"}
_CLOSE = 0.8
"""How alike two names of products are, of 1, when one is taken for the other mistyped."""
_OWN_KEYS = {"key", "every_s"}
_PLACES = {
    "SigmaConditionError": ("detection", "condition"),
    "SigmaCorrelationConditionError": ("correlation", "condition"),
    "SigmaCorrelationRuleError": ("correlation",),
    "SigmaCorrelationTypeError": ("correlation", "type"),
    "SigmaDetectionError": ("detection",),
    "SigmaIdentifierError": ("id",),
    "SigmaTimespanError": ("correlation", "timespan"),
}


class Mistake(NamedTuple):
    """Something wrong in a file; ``line`` and ``column`` from 1. A note that is no error does not keep a rule out."""

    file: str
    line: int
    column: int
    text: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class Source(NamedTuple):
    """One document of a file as pySigma read it."""

    file: str
    document: Document
    rule: Any

    def mistake(self, text: str, *path: str | int, is_error: bool = True) -> Mistake:
        """A mistake at a key of the document."""
        return Mistake(self.file, *self.document.at(*path), text, is_error)

    @property
    def name(self) -> str:
        """What alerts and other rules call it."""
        return str(self.rule.name or self.rule.id or self.rule.title)

    @property
    def names(self) -> set[str]:
        """Every name by which another rule may refer to it."""
        return {self.name, str(self.rule.id or self.name)}


class Reading(NamedTuple):
    """What came of some files: the rules that can be used, and every mistake."""

    rules: RuleSet
    mistakes: tuple[Mistake, ...]
    sources: tuple[Source, ...] = ()


def shipped() -> RuleSet:
    """The detections that viguard brings.

    Raises: ContentError.
    """
    return load(content.folder(FOLDER))


def load(files: Iterable[tuple[str, str]]) -> RuleSet:
    """Detections of files, each as (name, text).

    Raises: ContentError with every mistake that keeps a rule out.
    """
    reading = read(files)
    errors = [str(mistake) for mistake in reading.mistakes if mistake.is_error]
    if errors:
        raise ContentError("\n".join(errors), hint="mend the rules; `rules lint` shows the same")
    return reading.rules


def read(files: Iterable[tuple[str, str]]) -> Reading:
    """Detections of files, each as (name, text): those that can be used, and what is wrong with the others."""
    mistakes: list[Mistake] = []
    sources = [source for name, text in files for source in _sources(name, text, mistakes)]
    sources = _unique(sources, mistakes)
    _join(sources, mistakes)
    silent = relating.referenced(s.rule for s in sources)
    rules, correlations = [], []
    known: dict[str, str] = {}
    for source in sources:
        if isinstance(source.rule, SigmaCorrelationRule):
            continue
        condition = _condition(source, mistakes)
        if condition is not None:
            rules.append(Rule(about_of(source, mistakes), condition, not silent & source.names))
            known |= dict.fromkeys(source.names, source.name)
    for source in relating.in_order([s for s in sources if isinstance(s.rule, SigmaCorrelationRule)]):
        correlation = _correlation(source, known, not silent & source.names, mistakes)
        if correlation is not None:
            correlations.append(correlation)
            known |= dict.fromkeys(source.names, source.name)
    left_out = tuple(str(mistake) for mistake in mistakes if not mistake.is_error)
    return Reading(RuleSet(tuple(rules), tuple(correlations), left_out), tuple(mistakes), tuple(sources))


def _sources(file: str, text: str, mistakes: list[Mistake]) -> list[Source]:
    found: list[Source] = []
    before = len(mistakes)
    try:
        for document in documents(text):
            source = _source(file, document, mistakes)
            if source is not None:
                found.append(source)
    except YamlError as error:
        mistakes.append(Mistake(file, error.line, error.column, str(error)))
    if not found and len(mistakes) == before:
        mistakes.append(Mistake(file, 1, 1, "no rule is in it", is_error=False))
    return found


def _source(file: str, document: Document, mistakes: list[Mistake]) -> Source | None:
    value = document.value
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        mistakes.append(Mistake(file, *document.at(), "a rule is a table of keys and values"))
        return None
    if "action" in value:
        mistakes.append(
            Mistake(file, *document.at("action"), "collections by action are not read: write each rule out")
        )
        return None
    before = len(mistakes)
    mistakes += [
        Mistake(file, *document.at(key), f"{key} is a text")
        for key in ("title", "id", "name", "level", "status")
        if key in value and not isinstance(value[key], str)
    ]
    mistakes += _conditions(file, document)
    mistakes += _in_detection(file, document)
    try:
        collection = SigmaCollection.from_dicts(
            [value], collect_errors=True, collect_filters=True, resolve_references=False
        )
    except Exception as error:  # noqa: BLE001  (pySigma meets whatever a file holds with errors of many kinds)
        if len(mistakes) == before:
            mistakes.append(Mistake(file, *document.at(), f"pySigma cannot read it: {_first_line(error)}"))
        return None
    told = [m.text for m in mistakes[before:]]
    for one in collection.errors:
        if not any(_first_line(one) in text for text in told):
            mistakes.append(Mistake(file, *document.at(*_place(one, value)), _first_line(one)))
    some = [*collection.rules, *collection.filters]
    return Source(file, document, some[0]) if some and len(mistakes) == before else None


def _conditions(file: str, document: Document) -> list[Mistake]:
    """pySigma takes any value for a condition until it is asked what it means."""
    detection = document.value.get("detection")
    told = detection.get("condition") if isinstance(detection, dict) else ""
    some = told if isinstance(told, list) and told else [told]
    if all(isinstance(one, str) for one in some) or (isinstance(detection, dict) and "condition" not in detection):
        return []
    return [Mistake(file, *document.at("detection", "condition"), "a condition is a text")]


def _in_detection(file: str, document: Document) -> list[Mistake]:
    """Each part of a detection alone, so that a mistake has the position of its key."""
    detection = document.value.get("detection")
    if not isinstance(detection, dict):
        return []
    found = []
    for name, part in detection.items():
        if name in {"condition", "timeframe"}:
            continue
        for path, piece in _pieces(name, part):
            try:
                SigmaDetection.from_definition(piece)
            except SigmaError as error:
                found.append(Mistake(file, *document.at("detection", *path), _first_line(error)))
            except Exception as error:  # noqa: BLE001  (as above)
                found.append(Mistake(file, *document.at("detection", *path), f"no detection: {_first_line(error)}"))
    return found


def _pieces(name: str, part: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(part, dict) and part:
        return [((name, str(key)), {key: value}) for key, value in part.items()]
    if isinstance(part, list) and part and all(isinstance(item, dict) for item in part):
        return [((name, n, str(key)), {key: value}) for n, item in enumerate(part) for key, value in item.items()] or [
            ((name,), part)
        ]
    return [((name,), part)]


def _place(error: SigmaError, value: Mapping[str, Any]) -> tuple[str, ...]:
    kind = type(error).__name__
    if kind in _PLACES:
        return _PLACES[kind]
    key = kind.removeprefix("Sigma").removesuffix("Error").lower()
    return next(((one,) for one in (key, f"{key}s") if one in value), ())


def _unique(sources: list[Source], mistakes: list[Mistake]) -> list[Source]:
    """Of rules with one id or name, the first."""
    kept: list[Source] = []
    seen: dict[str, Source] = {}
    for source in sources:
        names = {"id": str(source.rule.id or ""), "name": source.name}
        twice = next(((key, seen[name]) for key, name in names.items() if name in seen), None)
        if twice is not None:
            key, first = twice
            line, _ = first.document.at(key)
            mistakes.append(source.mistake(f"{key} {names[key]!r} is that of {first.file}:{line} already", key))
            continue
        seen |= {name: source for name in names.values() if name}
        kept.append(source)
    return kept


def _join(sources: list[Source], mistakes: list[Mistake]) -> None:
    """Applies filters to the rules that they name."""
    filters = [s for s in sources if not isinstance(s.rule, SigmaRule | SigmaCorrelationRule)]
    for one in filters:
        for number, source in enumerate(sources):
            if isinstance(source.rule, SigmaRule):
                try:
                    sources[number] = source._replace(rule=one.rule.apply_on_rule(source.rule))
                except SigmaError as error:
                    mistakes.append(one.mistake(_first_line(error), "filter"))
    sources[:] = [s for s in sources if isinstance(s.rule, SigmaRule | SigmaCorrelationRule)]


def _condition(source: Source, mistakes: list[Mistake]) -> Condition | None:
    rule = source.rule
    logs = rule.logsource
    is_process = logs.category == "process_creation"
    if logs.product not in _PRODUCTS or (logs.category is not None and not is_process and logs.product == "linux"):
        said_of = (("product", logs.product), ("category", logs.category))
        what = ", ".join(f"{key} {value}" for key, value in said_of if value)
        meant = get_close_matches(str(logs.product).lower(), filter(None, _PRODUCTS), 1, _CLOSE)
        if meant and logs.product not in _PRODUCTS:
            said = f"viguard hears no such logs: {what}; did you mean product {meant[0]}?"
            mistakes.append(source.mistake(said, "logsource"))
        else:
            said = f"left out, as viguard hears no such logs: {what}"
            mistakes.append(source.mistake(said, "logsource", is_error=False))
        return None
    try:
        some = tuple(condition_of(one.parsed) for one in rule.detection.parsed_condition)
    except (SigmaError, UnsupportedError, RegexError) as error:
        mistakes.append(source.mistake(_first_line(error), "detection", "condition"))
        return None
    except RecursionError:
        mistakes.append(source.mistake("the condition is nested too deeply", "detection", "condition"))
        return None
    condition = some[0] if len(some) == 1 else Some(some)
    return Process(condition) if is_process else condition


def _correlation(
    source: Source,
    known: dict[str, str],
    alerts: bool,  # noqa: FBT001  (private, one fact of the rule)
    mistakes: list[Mistake],
) -> Correlation | None:
    try:
        return relating.correlation_of(source.rule, about_of(source, mistakes), known, alerts=alerts)
    except UnsupportedError as error:
        mistakes.append(source.mistake(str(error), "correlation"))
    return None


def about_of(source: Source, mistakes: list[Mistake]) -> About:
    """What a rule says of itself, with viguard's own keys: ``steps``, ``tests`` and ``viguard`` (key, every_s)."""
    rule, own = source.rule, source.rule.custom_attributes
    settings = own.get("viguard", {})
    if not isinstance(settings, dict) or set(settings) - _OWN_KEYS:
        mistakes.append(source.mistake(f"viguard has the keys {', '.join(sorted(_OWN_KEYS))}", "viguard"))
        settings = {}
    line, column = source.document.at("title")
    level = rule.level.name if rule.level is not None else "MEDIUM"
    return About(
        name=source.name,
        id=str(rule.id or source.name),
        title=rule.title,
        severity=EventSeverity.INFO if level == "INFORMATIONAL" else EventSeverity[level],
        where=f"{source.file}:{line}:{column}",
        attack=tuple(t.name.upper() for t in rule.tags if t.namespace == "attack" and t.name[1:2].isdigit()),
        steps=_texts(source, "steps", own.get("steps"), mistakes),
        key=_texts(source, "viguard", settings.get("key"), mistakes) or _group(rule) or KEY,
        every_s=_seconds(source, settings.get("every_s", 0), mistakes),
        cases=tuple(own["tests"]) if isinstance(own.get("tests"), list) else (),
    )


def _group(rule: Any) -> tuple[str, ...]:
    return tuple(rule.group_by or ()) if isinstance(rule, SigmaCorrelationRule) else ()


def _texts(source: Source, key: str, value: Any, mistakes: list[Mistake]) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        mistakes.append(source.mistake(f"{key} is a list of texts", key))
        return ()
    return tuple(value)


def _seconds(source: Source, value: Any, mistakes: list[Mistake]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400 * 31:
        mistakes.append(source.mistake("every_s is a number of seconds, at most 31 days", "viguard", "every_s"))
        return 0
    return value


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
