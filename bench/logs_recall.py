"""How many labelled lines are recognised, class by class, and how many are taken for what they are not.

    python -m bench.logs_recall dev-samples.jsonl

Each line of the file is an object with ``raw`` (a log line) and its label: ``event``, maybe ``also`` (other events that
are as good), and any of ``outcome``, ``user``, ``source_ip``. Labels are not ours; what counts is whether the event is
the same, and beside it how often the fields are.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from viguard.logs.classify import Classifier, events
from viguard.model.event import NOISE, Event

RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)
FIELDS = ("outcome", "user", "source_ip")


def main(arguments: list[str]) -> int:
    """Print the figures; 2 when there is no file to take them from."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print(
            f"no labelled lines: {arguments[0] if arguments else 'name a .jsonl file'} is not there; nothing measured"
        )
        return 2
    labels = [json.loads(line) for line in Path(arguments[0]).read_text(encoding="utf-8").splitlines() if line.strip()]
    known = [label for label in labels if "raw" in label]
    if not known:
        print("no labelled lines: the file holds labels without lines; nothing measured")
        return 2
    _report(known, len(labels) - len(known))
    return 0


def _report(labels: list[dict[str, Any]], without: int) -> None:
    classifier = Classifier()
    asked, right, wrong = Counter[str](), Counter[str](), list[str]()
    same, compared = Counter[str](), Counter[str]()
    for label in labels:
        found = events(classifier, label["raw"].replace("\n", "#012").encode() + b"\n", RECEIVED)
        event = found[0].event if found else NOISE
        asked[label["event"]] += 1
        if event not in {label["event"], *label.get("also", ())}:
            wrong.append(f"{label.get('id', '')} {label['event']} taken for {event}: {label['raw'][:100]}")
            continue
        right[label["event"]] += 1
        if found and event == label["event"]:
            wrong += _fields(label, found[0], same, compared)
    for event in sorted(asked):
        print(f"{right[event]:4d} of {asked[event]:4d}  {event}")
    noise = asked[NOISE]
    print(
        f"recall {sum(right.values()) - right[NOISE]} of {len(labels) - noise} events, {without} labels without a line"
    )
    print(f"false alarms {noise - right[NOISE]} of {noise} lines of noise")
    print("fields: " + ", ".join(f"{name} {same[name]} of {compared[name]}" for name in FIELDS))
    print("\n".join(wrong))


def _fields(label: dict[str, Any], event: Event, same: Counter[str], compared: Counter[str]) -> list[str]:
    wrong = []
    for name in FIELDS:
        if name in label and name not in label.get("open", ()):
            compared[name] += 1
            if (label[name] or None) == (getattr(event, name) or None) or (name == "outcome" and label[name] is None):
                same[name] += 1
            else:
                wrong.append(
                    f"{label.get('id', '')} {event.event}: {name} {getattr(event, name)!r}, not {label[name]!r}"
                )
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
