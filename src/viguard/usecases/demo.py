"""The built-in demo estate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    with recorded(today=today) as (sources, policy, _):
        request = audit.Request(sources=sources, policy=policy, remember=False, recorded=True)
        return audit.run(request, person)


@contextmanager
def recorded(*, today: bool = False) -> Iterator[tuple[Sources, Path, tuple[Path, ...]]]:
    """The recorded estate as sources, its policy, and the configurations of its switches (of 2010 only)."""
    folder = resources.files("viguard").joinpath(RECORDED)
    with resources.as_file(folder) as held:
        snapshot = held / ("belnet-today.snap" if today else "belnet.snap")
        switches = () if today else tuple(sorted((held / "switches").glob("*.cfg")))
        yield Sources(names=(str(snapshot),)), held / "policy.yaml", switches
