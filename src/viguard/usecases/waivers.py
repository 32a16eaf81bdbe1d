"""Are the accepted failures still in order?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from viguard.assess import controls as catalogue
from viguard.assess import waivers as judge
from viguard.assess.engine import assess
from viguard.model.derived import Derived
from viguard.policy.load import load as load_policy
from viguard.policy.policy import NO_POLICY
from viguard.policy.waivers import load_waivers
from viguard.usecases.chosen import chosen
from viguard.usecases.person import Person
from viguard.usecases.sources import Selection, Sources, open_estate


def lint(file: Path, sources: Sources, policy: Path | None, selection: Selection, person: Person) -> list[str]:
    """Lines about waivers of what is selected that expired, are unused or too broad, and what they newly match.

    Raises:
        ViguardError: a source or a file cannot be read.
    """
    now = datetime.now(UTC)
    controls = catalogue.load()
    waivers = load_waivers(file, controls)
    intended = load_policy(policy, controls) if policy else NO_POLICY
    estate = open_estate(sources, person)
    judged = assess(estate.inventory, intended, Derived(), controls, waivers, now)
    within = chosen(estate.inventory, intended, selection)
    remarks = judge.lint(waivers, judged.results, estate.inventory, now, within=within)
    return [f"{file}:{remark.waiver.line}: {remark.kind}: {remark.message}" for remark in remarks]
