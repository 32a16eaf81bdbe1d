"""`viguard explain`: everything about one finding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from viguard.cli import options
from viguard.cli.console import Talk, results_to

if TYPE_CHECKING:
    from viguard.usecases.sources import Selection, Sources


@click.command("explain")
@click.argument("finding", metavar="FINDING")
@options.sources
@options.policy
@options.LOGS
@options.selection
@options.talk
def command(
    finding: str,
    sources: Sources,
    selection: Selection,
    talk: Talk,
    policy_file: Path | None,
    waivers_file: Path | None,
    logs_path: Path | None,
) -> None:
    """Explain a finding: why it matters, the evidence, the deciding line of the policy, the fix, side effects.

    FINDING is an id as audits print it, e.g. VG-0123456789ab. Without a SOURCE it is looked up in the last audits; with
    one the SOURCE is judged again, and any result of it (a pass, an unknown) can be explained, as far as --vcenter,
    --folder, --tag and --owner select it.
    """
    from viguard.usecases import audit, explain, show

    request = audit.Request(
        sources=sources, policy=policy_file, waivers=waivers_file, logs=logs_path, selection=selection, remember=False
    )
    with talk.person() as person:
        found = explain.run(finding, request, person)
    with results_to(None) as stream:
        show.explanation(found, stream)
