"""Whether everybody read the same: the hashes of their facts, taken outside of what is measured."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.contenders import Contender, Field
from bench.facts import difference, digest

DEVICES, EXTRA_KEYS = 20, 60
"""Of every guest of the bench estate, at least."""


def agree(field: Field, peers: Sequence[Contender], viguards: Sequence[Contender], guests: int) -> bool:
    """Run everybody once; print the hash of what each read. The first of ``viguards`` starts without a snapshot."""
    with tempfile.TemporaryDirectory(prefix="facts-") as name:
        files = {c.name: Path(name) / f"{n}.facts" for n, c in enumerate([*peers, *viguards])}
        for peer, option in zip(peers, ("-facts", "--facts"), strict=True):
            peer.run(option, str(files[peer.name]))
        for contender in viguards:
            contender.run()
            command = [sys.executable, "-m", "bench.snapfacts", str(field.snapshot), str(files[contender.name])]
            subprocess.run(command, check=True, timeout=300)
        digests = {who: digest(file) for who, file in files.items()}
        for who, found in digests.items():
            print(f"{found[:32]}  {who}")
        first = files[peers[0].name]
        if len(set(digests.values())) > 1:
            for who, file in files.items():
                if digests[who] != digests[peers[0].name]:
                    print(f"{peers[0].name} (<) and {who} (>) differ:", *difference(first, file), sep="\n")
            return False
        return varied(first, guests)


def varied(facts: Path, guests: int) -> bool:
    """Whether the bench estate's guests are as rich as the bounds suppose; what they are is printed."""
    devices, keys = Counter[str](), Counter[str]()
    with facts.open(encoding="utf-8") as stream:
        for line in stream:
            of, fact, *_ = line.split("\t")
            if of.startswith("bench-vm-"):
                devices[of] += fact.startswith("device ")
                keys[of] += fact.startswith("extra ")
    told = ", ".join(
        f"{min(c.values())}-{max(c.values())} {what}" for what, c in (("devices", devices), ("extraConfig keys", keys))
    )
    print(f"{len(devices):,} guests with {told}")
    rich = min(devices.values()) >= DEVICES and min(keys.values()) >= EXTRA_KEYS and len(devices) == guests
    return rich and len(set(devices.values())) > 1 and len(set(keys.values())) > 1
