"""The built-in demo estate."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from viguard.usecases import audit
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources

RECORDED = "content/demo"


def run(person: Person, *, today: bool) -> audit.Found:
    """An audit of the recorded demo estate, on the day of its recording: as of 2010, or as it would run today.

    Raises:
        ViguardError: the recording does not fit this version.
    """
    folder = resources.files("viguard").joinpath(RECORDED)
    name = "belnet-today" if today else "belnet"
    with (
        resources.as_file(folder.joinpath(f"{name}.snap")) as snapshot,
        resources.as_file(folder.joinpath("policy.yaml")) as policy,
    ):
        sources = Sources(names=(str(snapshot),))
        request = audit.Request(sources=sources, policy=Path(policy), remember=False, recorded=True)
        return audit.run(request, person)
