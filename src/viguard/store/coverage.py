"""What a log server tells an audit: the file that it replaces every minute."""

from __future__ import annotations

from pathlib import Path

import msgspec

from viguard.errors import InputError
from viguard.model.coverage import COVERAGE_SCHEMA, Coverage

NAME = "coverage.json"
MAX_BYTES = 64 << 20


def read_coverage(path: Path) -> Coverage:
    """The file, or the one in a log server's directory.

    Raises: InputError when it cannot be read or is none.
    """
    file = path / NAME if path.is_dir() else path
    hint = f"name the directory of a running log server, or its {NAME}"
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the log server's file cannot be read: {error.strerror}", where=str(file), hint=hint
        ) from error
    try:
        found = msgspec.json.decode(data, type=Coverage)
    except msgspec.DecodeError as error:
        raise InputError(f"this is no file of a log server: {error}", where=str(file), hint=hint) from error
    if found.schema != COVERAGE_SCHEMA:
        raise InputError(f"the schema is {found.schema[:60]!r}, not {COVERAGE_SCHEMA}", where=str(file), hint=hint)
    return found
