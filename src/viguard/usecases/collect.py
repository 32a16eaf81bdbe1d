"""An estate into a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from viguard.collect.run import Collector
from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.model.snapshot import Trailer
from viguard.model.text import plural
from viguard.store import snapshots
from viguard.store.snapshot_lines import begins_like_a_snapshot
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, endpoints_of, load_file, login_with, server_names, telling, warn_of


class Done(Struct, frozen=True, kw_only=True):
    """What was written, as a sentence."""

    sentence: str
    complete: bool


def vsphere(sources: Sources, output: Path, person: Person, *, force: bool = False) -> Done:
    """Read servers into a snapshot; what did not change is taken over from the one that is there.

    Raises:
        InputError: ``output`` is a file that is no snapshot, and it is not replaced by ``force``.
        ViguardError: no server could be read, or the snapshot cannot be written.
    """
    _spare(output, force=force)
    credentials = login_with(sources, person)
    endpoints = endpoints_of(server_names(sources, credentials), sources)
    warn_of(endpoints, credentials, person)
    person.progress("connecting", 0, 0)
    collector = Collector(credentials, progress=telling(person), options=sources.options)
    trailer = collector.to_file(endpoints, output)
    return Done(sentence=_sentence(output, trailer), complete=trailer.complete)


def files(paths: Sequence[Path], output: Path, *, force: bool = False) -> Done:
    """Snapshots and declared estates into one snapshot.

    Raises:
        InputError: as vsphere.
        ViguardError: a file cannot be read, or the snapshot cannot be written.
    """
    _spare(output, force=force)
    inventory = snapshots.merge([load_file(path) for path in paths])
    trailer = snapshots.save(inventory, output)
    return Done(sentence=_sentence(output, trailer), complete=trailer.complete)


def _spare(output: Path, *, force: bool) -> None:
    """A mistyped name must not cost a file: only snapshots, and files without anything in them, are replaced."""
    if force or not output.is_file() or not output.stat().st_size or begins_like_a_snapshot(output):
        return
    raise InputError(
        "this file is no snapshot, and is not replaced", where=str(output), hint="name another file, or add --force"
    )


COUNTED = {"vcenter": "server", "cluster": "cluster", "host": "host", "guest": "guest", "datastore": "datastore"}


def _sentence(output: Path, trailer: Trailer) -> str:
    counts = ", ".join(plural(trailer.counts[k], word) for k, word in COUNTED.items() if trailer.counts.get(k))
    gaps = "" if trailer.complete else f"; INCOMPLETE, {plural(len(trailer.gaps), 'gap')}"
    return f"{output}: {counts}{gaps}"
