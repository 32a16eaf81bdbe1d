"""What alerting remembers over a restart, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from viguard.alerts.files import replace_file
from viguard.alerts.group import State
from viguard.alerts.outbox import Outbox
from viguard.errors import StoreError


class Memory(msgspec.Struct, kw_only=True):
    """The open groups, marks and limits, and what waits for each receiver."""

    schema: Literal["viguard-alert-state/1"] = "viguard-alert-state/1"
    state: State = msgspec.field(default_factory=State)
    outboxes: dict[str, Outbox] = {}


def load_memory(path: Path) -> Memory:
    """What the last run remembered; nothing when there is no file.

    Raises: StoreError when the file cannot be read: starting without it would lose notices that wait.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Memory)
    except FileNotFoundError:
        return Memory()
    except (OSError, msgspec.MsgspecError) as err:
        hint = "restore it, or move it away to start anew (notices that waited are lost)"
        raise StoreError(f"the state of alerts cannot be read: {err}", where=str(path), hint=hint) from err


def save_memory(path: Path, data: bytes) -> None:
    """Replace the file by an encoded ``Memory``.

    Raises: OSError when it cannot be written.
    """
    replace_file(path, data, 0o600, sync=True)
