"""Secrets of receivers: read from a file that only its owner can read, or from the environment; never shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from viguard.alerts.settings import Secret
from viguard.errors import InputError

MAX_BYTES = 65_536


def read_secret(of: Secret) -> str:
    """The secret, without white space at its ends.

    Raises: InputError when it is missing, empty, or readable for others than its owner.
    """
    text = _from_file(Path(of.path)) if of.path else os.environ.get(of.variable, "").strip()
    if not text:
        where = of.path or f"environment variable {of.variable}"
        raise InputError("no secret stands there", where=where, hint="put the secret there")
    return text


def _from_file(path: Path) -> str:
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(number, "rb") as file:
            info = os.fstat(number)
            if not stat.S_ISREG(info.st_mode):
                raise InputError("this is no regular file", where=str(path))
            if info.st_mode & 0o077 or info.st_uid not in {0, os.geteuid()}:
                raise InputError("others can read this secret", where=str(path), hint=f"chmod 600 {path}")
            return file.read(MAX_BYTES).decode("utf-8").strip()
    except OSError as err:
        raise InputError(f"the secret cannot be read: {err.strerror}", where=str(path)) from err
    except UnicodeDecodeError:
        raise InputError("the secret is not UTF-8", where=str(path)) from None
