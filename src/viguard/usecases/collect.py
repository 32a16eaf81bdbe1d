"""An estate into a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.collect.run import Collector
from viguard.model.facts import Struct
from viguard.model.snapshot import Trailer
from viguard.model.text import plural
from viguard.store import snapshots
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, endpoints_of, load_file, login_with, server_names, telling, warn_of


class Done(Struct, frozen=True, kw_only=True):
    """What was written, as a sentence."""

    sentence: str
    complete: bool


def vsphere(sources: Sources, output: Path, person: Person) -> Done:
    """Read servers into a snapshot; what did not change is taken over from the one that is there.

    Raises:
        ViguardError: no server could be read, or the snapshot cannot be written.
    """
    credentials = login_with(sources, person)
    endpoints = endpoints_of(server_names(sources, credentials), sources)
    warn_of(endpoints, credentials, person)
    collector = Collector(credentials, progress=telling(person), options=sources.options)
    trailer = collector.to_file(endpoints, output)
    return Done(sentence=_sentence(output, trailer), complete=trailer.complete)


def files(paths: Sequence[Path], output: Path) -> Done:
    """Snapshots and declared estates into one snapshot.

    Raises:
        ViguardError: a file cannot be read, or the snapshot cannot be written.
    """
    inventory = snapshots.merge([load_file(path) for path in paths])
    trailer = snapshots.save(inventory, output)
    return Done(sentence=_sentence(output, trailer), complete=trailer.complete)


COUNTED = {"vcenter": "server", "cluster": "cluster", "host": "host", "guest": "guest", "datastore": "datastore"}


def _sentence(output: Path, trailer: Trailer) -> str:
    counts = ", ".join(plural(trailer.counts[k], word) for k, word in COUNTED.items() if trailer.counts.get(k))
    gaps = "" if trailer.complete else f"; INCOMPLETE, {plural(len(trailer.gaps), 'gap')}"
    return f"{output}: {counts}{gaps}"
