"""``python -m lab up``: start the lab and keep it running until a signal."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from lab.build import LabUnavailable
from lab.launch import ENDPOINTS, up


def main() -> int:
    """Run the command line; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m lab", description="Real vSphere API servers on loopback with the BELNET estate."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start endpoints and wait for Ctrl-C")
    start.add_argument("--endpoint", action="append", choices=ENDPOINTS, help="only this one (may be repeated)")
    start.add_argument("--json", type=Path, metavar="FILE", help="also write the description to FILE")
    args = parser.parse_args()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    try:
        estate = up(args.endpoint or ENDPOINTS)
    except LabUnavailable as e:
        print(f"lab: {e}", file=sys.stderr)
        return 2
    with estate:
        text = json.dumps(estate.describe(), indent=2)
        if args.json:
            args.json.write_text(text + "\n", encoding="utf-8")
        print(text, flush=True)
        done.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
