"""Failures that somebody accepts for a time: which results a waiver covers, and whether waivers still make sense."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime

from viguard.assess.operators import patterns
from viguard.model.above import Above
from viguard.model.facts import Resource, Struct
from viguard.model.inventory import Inventory
from viguard.model.result import Result, Status
from viguard.model.server import Folder
from viguard.model.waiver import Scope, Waiver

TOO_MANY = 50
"""A waiver that covers more failures than this is called too broad."""


NEARLY_ALL, FEW = 0.9, 3
"""A scope by pattern, folder or tag that holds this share of what its control judges is too broad, but for few."""


class Remark(Struct, frozen=True, kw_only=True):
    """What lint says of one waiver. ``kind``: expired, unused, too_broad, newly_matched."""

    waiver: Waiver
    kind: str
    message: str
    results: tuple[Result, ...] = ()


def waive(results: Sequence[Result], waivers: Sequence[Waiver], inventory: Inventory, now: datetime) -> list[Result]:
    """The results, where each failure that an unexpired waiver covers is waived, with who, why and until when."""
    live = _by_control([w for w in waivers if now.date() < w.expires], inventory)
    return [_waived(r, live[r.control]) if r.status is Status.FAIL and r.control in live else r for r in results]


def lint(  # noqa: PLR0913  (two of them are options)
    waivers: Sequence[Waiver],
    results: Sequence[Result],
    inventory: Inventory,
    now: datetime,
    *,
    limit: int = TOO_MANY,
    within: Container[str] | None = None,
) -> list[Remark]:
    """What is wrong with waivers: expired, unused, too broad, and what newly matches since each was approved.

    ``results`` are an assessment's, waived or not. ``within``: only waivers whose scope names a resource of these ids,
    and what they newly match among those; whether one is unused or too broad still counts everything it covers.
    """
    remarks: list[Remark] = []
    asked = [r for r in results if within is None or r.resource.id in within]
    for waiver in waivers:
        if within is not None and not _names_any(waiver, asked, inventory):
            continue
        found, here = covered(waiver, results, inventory), covered(waiver, asked, inventory)
        broad = _broad(waiver, found, limit) or _all_of(waiver, results, inventory)
        judged = (_expired(waiver, now), _unused(waiver, found), broad, _new(waiver, here))
        remarks.extend(remark for remark in judged if remark)
    return remarks


def _names_any(waiver: Waiver, results: Iterable[Result], inventory: Inventory) -> bool:
    """Whether a waiver's scope names the resource of a result of its control, whatever its status."""
    match = _matcher(waiver.scope, inventory)
    return any(match(r) for r in results if r.control == waiver.control)


def covered(waiver: Waiver, results: Iterable[Result], inventory: Inventory) -> list[Result]:
    """The failures, waived or not, that a waiver covers when its expiry is left aside."""
    match = _matcher(waiver.scope, inventory)
    judged = [r for r in results if r.control == waiver.control and r.status in {Status.FAIL, Status.WAIVED}]
    return [r for r in judged if match(r)]


def _by_control(
    waivers: Iterable[Waiver], inventory: Inventory
) -> dict[str, list[tuple[Waiver, Callable[[Result], bool]]]]:
    found: dict[str, list[tuple[Waiver, Callable[[Result], bool]]]] = {}
    for waiver in waivers:
        found.setdefault(waiver.control, []).append((waiver, _matcher(waiver.scope, inventory)))
    return found


def _waived(result: Result, waivers: list[tuple[Waiver, Callable[[Result], bool]]]) -> Result:
    waiver = next((w for w, match in waivers if match(result)), None)
    if waiver is None:
        return result
    by = f"waived until {waiver.expires} by {waiver.approver} for {waiver.owner}: {waiver.reason}"
    fields = {name: getattr(result, name) for name in Result.__struct_fields__}
    return Result(**fields | {"status": Status.WAIVED, "reason": f"{by} ({result.reason})" if result.reason else by})


def _matcher(scope: Scope, inventory: Inventory) -> Callable[[Result], bool]:
    """Whether a result's resource is in a scope. Every given part must match; a scope without any matches nothing."""
    parts: list[Callable[[Result], bool]] = []
    if scope.ids:
        ids = frozenset(scope.ids)
        parts.append(lambda r: r.resource.id in ids)
    if scope.tags:
        has_tag = patterns(scope.tags)
        parts.append(lambda r: any(map(has_tag, _tags(inventory.by_id.get(r.resource.id)))))
    if scope.folders:
        in_folder, above = _either(scope.folders), Above(inventory)
        parts.append(lambda r: any(in_folder(name, path) for name, path in _folders(r, inventory, above)))
    if scope.patterns:
        is_named = _either(scope.patterns)
        parts.append(lambda r: is_named(r.resource.name, r.resource.path))
    return lambda r: bool(parts) and all(part(r) for part in parts)


def _either(given: Iterable[str]) -> Callable[[str, str], bool]:
    """Patterns that start with a slash match a path, others a name."""
    by_path = patterns(p for p in given if p.startswith("/"))
    by_name = patterns(p for p in given if not p.startswith("/"))
    return lambda name, path: by_path(path) or by_name(name)


def _tags(resource: Resource | None) -> tuple[str, ...]:
    """Tags that were read. Tags that were not read match nothing: a waiver never rests on what is unknown."""
    return resource.tags if resource is not None and isinstance(resource.tags, tuple) else ()


def _folders(result: Result, inventory: Inventory, above: Above) -> list[tuple[str, str]]:
    """Every folder above a resource, as (name, path)."""
    resource = inventory.by_id.get(result.resource.id)
    found = above.of(resource) if resource is not None else ()
    return [(f.name, f.path) for f in found if isinstance(f, Folder)]


def _expired(waiver: Waiver, now: datetime) -> Remark | None:
    if now.date() < waiver.expires:
        return None
    return Remark(waiver=waiver, kind="expired", message=f"expired on {waiver.expires} and waives nothing")


def _unused(waiver: Waiver, found: list[Result]) -> Remark | None:
    return None if found else Remark(waiver=waiver, kind="unused", message="covers no failure: remove it")


def _broad(waiver: Waiver, found: list[Result], limit: int) -> Remark | None:
    scope = waiver.scope
    bare = [p for p in (*scope.patterns, *scope.folders, *scope.tags) if not p.strip("*?/")]
    if bare:
        return Remark(waiver=waiver, kind="too_broad", message=f"the pattern {bare[0]!r} covers everything")
    if len(found) <= limit:
        return None
    message = f"covers {len(found)} failures, more than {limit}"
    return Remark(waiver=waiver, kind="too_broad", message=message, results=tuple(found))


def _all_of(waiver: Waiver, results: Iterable[Result], inventory: Inventory) -> Remark | None:
    """A pattern can be as wide as the estate and not look so. Ids were chosen one by one."""
    match = _matcher(waiver.scope, inventory)
    judged = [r for r in results if r.control == waiver.control and r.status is not Status.NOT_APPLICABLE]
    inside = tuple(r for r in judged if match(r))
    if waiver.scope.ids or len(judged) <= FEW or len(inside) < NEARLY_ALL * len(judged):
        return None
    message = f"its scope holds {len(inside)} of the {len(judged)} that the control judges: name those it is for"
    return Remark(waiver=waiver, kind="too_broad", message=message, results=inside)


def _new(waiver: Waiver, found: list[Result]) -> Remark | None:
    """What a waiver covers now and did not when it was approved. Nothing is said of one without that list."""
    if waiver.approved_at is None and not waiver.matched:
        return None
    new = tuple(r for r in found if r.resource.id not in waiver.matched)
    if not new:
        return None
    message = f"covers {len(new)} that it did not cover when it was approved"
    return Remark(waiver=waiver, kind="newly_matched", message=message, results=new)
