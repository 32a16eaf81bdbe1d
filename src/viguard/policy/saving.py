"""Writing a policy file so that what somebody wrote by hand is never lost halfway."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from viguard.errors import PolicyError


def save_text(path: Path, text: str) -> None:
    """Puts a text in place of a file at once: the old one is there until the new one is complete.

    Line ends stay as they are in the text, permissions as they are on the file; a link stays a link.

    Raises: PolicyError when it cannot be written; the old file is untouched then.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise PolicyError([f"{path}: cannot be written: it is no regular file; name a file with --output"])
    try:
        number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _take_mode(target, Path(name))
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as err:
        raise PolicyError([f"{path}: cannot be written: {err.strerror}; check the path and its permissions"]) from err


def _take_mode(old: Path, new: Path) -> None:
    """A file that replaces another is as readable as that; a new one as the umask says."""
    if old.exists():
        shutil.copymode(old, new)
    else:
        umask = os.umask(0)
        os.umask(umask)
        new.chmod(0o666 & ~umask)
