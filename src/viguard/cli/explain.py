"""`viguard explain`: everything about one finding."""

from __future__ import annotations

import click

from viguard.cli.console import results_to


@click.command("explain")
@click.argument("finding", metavar="FINDING")
def command(finding: str) -> None:
    """Explain a finding of the last audit: why it matters, the evidence, the deciding line of the policy, the fix.

    FINDING is an id as audits print it, e.g. VG-0123456789.
    """
    from viguard.usecases import explain, show

    with results_to(None) as stream:
        show.explanation(explain.run(finding), stream)
