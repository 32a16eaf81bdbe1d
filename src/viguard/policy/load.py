"""policy.yaml to a Policy."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

import msgspec

from viguard.policy.policy import Policy
from viguard.policy.sense import Sense
from viguard.policy.source import Mistakes, read_text, read_tree
from viguard.policy.typed import Reader


def load(path: Path, control_ids: Collection[str] | None = None, *, today: date | None = None) -> Policy:
    """The policy in a file.

    ``control_ids``: the controls that exist, so that an attestation for another one is a mistake (None: not checked).
    ``today``: makes expired attestations mistakes, for a check of the file. An audit leaves it out: there they just do
    not count, and a policy does not stop the nightly audit on the day one expires.

    Raises: PolicyError with every mistake of the file as ``file:line:column: what; how to mend``.
    """
    return loads(read_text(path), str(path), control_ids, today=today)


def loads(text: str, file: str, control_ids: Collection[str] | None = None, *, today: date | None = None) -> Policy:
    """The policy in a text; ``file`` is its name in messages. Arguments and Raises as in ``load``."""
    mistakes = Mistakes(file)
    tree = read_tree(text, mistakes)
    reader = Reader(mistakes)
    policy = reader.read(tree, Policy)
    Sense(tree, mistakes).check(policy, control_ids, today)
    mistakes.check()
    lines = {key: node.line for key, node in reader.marks.items()}
    return msgspec.structs.replace(policy or Policy(), file=file, lines=lines)
