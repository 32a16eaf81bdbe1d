"""`viguard-mrtg`: the four lines that MRTG reads from a program: in, out, uptime, name."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from viguard.alerts.plain import text_of
from viguard.alerts.probes.status_file import DEFAULT, UnusableError, read, values, why_unknown

PAIRS = {
    "logins": ("logins", "failures"),
    "consoles": ("consoles_open", "consoles_most"),
    "log-bytes": ("log_bytes", "log_lines"),
    "findings": ("findings", "findings_critical"),
    "alerts": ("open", "open_critical"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the four lines; UNKNOWN where a number is not known, and then return 3."""
    parser = argparse.ArgumentParser(prog="viguard-mrtg", description="MRTG probe of a running viguard.")
    parser.add_argument("pair", choices=sorted(PAIRS))
    parser.add_argument("--status", default=os.environ.get("VIGUARD_STATUS", DEFAULT), metavar="FILE")
    parser.add_argument("--max-age", type=float, default=120, metavar="SECONDS")
    options = parser.parse_args(arguments)
    now = time.time()
    try:
        status = read(options.status, options.max_age, now)
        found = values(status, now, 0)
    except UnusableError as err:
        sys.stderr.write(f"viguard-mrtg: {err}\n")
        status, found = {}, {}
    shown = [f"{found[name]:.0f}" if name in found else "UNKNOWN" for name in PAIRS[options.pair]]
    if "UNKNOWN" in shown and (why := why_unknown(status, PAIRS[options.pair][0])):
        sys.stderr.write(f"viguard-mrtg: {text_of(why)}\n")
    sys.stdout.write("\n".join([*shown, "", "viguard"]) + "\n")
    return 3 if "UNKNOWN" in shown else 0


def run() -> None:
    """The console entry point."""
    sys.exit(main())


if __name__ == "__main__":
    run()
