"""`python -m viguard`."""

from viguard.cli.main import run

run()
