"""`viguard-check`: an active check of Nagios and its kin, by the rules of the Monitoring Plugins."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

from viguard.alerts.plain import text_of
from viguard.alerts.probes.status_file import DEFAULT, UnusableError, read, values, why_unknown

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_RANGE = re.compile(r"(@)?(?:(~|-?\d+(?:\.\d+)?)?:)?(-?\d+(?:\.\d+)?)?", re.ASCII)
_DEFAULT_WARNING = {
    "open_high": "0",
    "receivers_failing": "0",
    "siem_failing": "0",
    "siem_losing": "0",
    "hosts_silent": "0",
}
_DEFAULT_CRITICAL = {"open_critical": "0", "receivers_losing": "0", "problems": "0"}
_COUNTERS = {
    "log_lines",
    "log_bytes",
    "events",
    "alerts",
    "logins",
    "failures",
    "consoles",
    "receivers_lost",
    "siem_lost",
}


class Threshold:
    """A range as the Monitoring Plugins write it: ``10``, ``10:``, ``~:10``, ``10:20``, ``@10:20``."""

    def __init__(self, text: str) -> None:
        found = _RANGE.fullmatch(text)
        if not found or not text.strip("@:"):
            raise ValueError(text)
        self.text, self._inside = text, bool(found[1])
        self._low = float("-inf") if found[2] == "~" else float(found[2] or 0)
        self._high = float("inf") if found[3] is None else float(found[3])
        if self._low > self._high:
            raise ValueError(text)

    def alarms(self, value: float) -> bool:
        """Whether this value raises the alarm."""
        return (self._low <= value <= self._high) is self._inside


def judge(
    found: dict[str, float], warning: dict[str, Threshold], critical: dict[str, Threshold], why: Callable[[str], str]
) -> tuple[int, list[str]]:
    """The code and the reasons. A number with a threshold that is not known is UNKNOWN; only CRITICAL outdoes that.

    ``why`` tells why a number is not known, "" when nobody can say.
    """
    codes, reasons = [OK], []
    for name in sorted({*warning, *critical}):
        if name not in found:
            codes.append(UNKNOWN)
            reasons.append(": ".join(filter(None, [f"{name} is not known", why(name)])))
        elif name in critical and critical[name].alarms(found[name]):
            codes.append(CRITICAL)
            reasons.append(f"{name} is {found[name]:g}")
        elif name in warning and warning[name].alarms(found[name]):
            codes.append(WARNING)
            reasons.append(f"{name} is {found[name]:g}")
    return max(codes, key=(OK, WARNING, UNKNOWN, CRITICAL).index), reasons


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line and return the exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
    try:
        options = _parser().parse_args(arguments)
        warning = {**_thresholds(_DEFAULT_WARNING, options), **dict(options.warning)}
        critical = {**_thresholds(_DEFAULT_CRITICAL, options), **dict(options.critical)}
        now = time.time()
        status = read(options.status, options.max_age, now)
        found = values(status, now, options.silent_minutes)
    except UnusableError as err:
        sys.stdout.write(f"VIGUARD UNKNOWN - {text_of(str(err))}\n")
        return UNKNOWN
    except SystemExit as end:
        return OK if not end.code else UNKNOWN
    code, reasons = judge(found, warning, critical, partial(why_unknown, status))
    last = status.get("last_alert") or {}
    text = ", ".join(reasons) or f"{found['open']:g} alerts open, {found['hosts']:g} hosts heard"
    if code and isinstance(last, dict) and last.get("title"):
        text += f" - last: {str(last['title'])[:100]}: {str(last.get('key', ''))[:80]}"
    sys.stdout.write(f"VIGUARD {_WORDS[code]} - {text_of(text)} | {_perfdata(found, warning, critical)}\n")
    return code


def _thresholds(of: dict[str, str], options: argparse.Namespace) -> dict[str, Threshold]:
    return {n: Threshold(t) for n, t in of.items() if n != "hosts_silent" or options.silent_minutes}


def _perfdata(found: dict[str, float], warning: dict[str, Threshold], critical: dict[str, Threshold]) -> str:
    parts = []
    for name in sorted(n for n in found if re.fullmatch(r"[a-z_]{1,40}", n)):
        limits = ";".join(t[name].text if name in t else "" for t in (warning, critical))
        unit = "c" if name in _COUNTERS else ""
        parts.append(f"{name}={found[name]:.15g}{unit};{limits}".rstrip(";"))
    return " ".join(parts)


def _limit(text: str) -> tuple[str, Threshold]:
    name, equals, limit = text.partition("=")
    if not equals or not re.fullmatch(r"[a-z_]{1,40}", name):
        raise argparse.ArgumentTypeError("write NAME=RANGE, as open_high=3")
    try:
        return name, Threshold(limit)
    except ValueError:
        raise argparse.ArgumentTypeError("a range is written 10, 10:, ~:10, 10:20 or @10:20") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="viguard-check", description="Nagios check of a running viguard.")
    parser.add_argument("--status", default=os.environ.get("VIGUARD_STATUS", DEFAULT), metavar="FILE")
    parser.add_argument("--max-age", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--silent-minutes", type=float, default=0, help="a host not heard for longer is silent; 0: off")
    for short, name in (("-w", "--warning"), ("-c", "--critical")):
        parser.add_argument(short, name, type=_limit, action="append", default=[], metavar="NAME=RANGE")
    return parser


def run() -> None:
    """The console entry point."""
    sys.exit(main())


if __name__ == "__main__":
    run()
