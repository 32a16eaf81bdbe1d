"""Members of a tar archive, streamed: nothing is written to disk, and a name is only shown. Source: POSIX pax, GNU tar.

Our own walk instead of tarfile: that one holds extended headers of any length in memory and wants to seek.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from viguard.errors import InputError
from viguard.logs.files.chunks import Reader
from viguard.model.text import visible

_BLOCK = 512
_NAME_BYTES = 1024 * 1024
_SKIP_BYTES = 256 * 1024
_PAX = re.compile(rb"(\d{1,9}) ([^=\n]+)=")

_LOG = re.compile(
    r"(?:^|/)(?:var/(?:run/|spool/)?log|scratch/log)/.+"
    r"|\.log(?:[.-][\w-]+)*$"
    r"|(?:^|/)(?:auth|authlog|boot|cron|dhclient|esxupdate|fdm|hostd|hostd-probe|messages|rhttpproxy|secure|shell|syslog"
    r"|usb|vmkernel|vmkdevmgr|vmkeventd|vmksummary|vmkwarning|vobd|vpxa|vpxd)(?:[.-][\w-]+)*$"
    r"|\.(?:tar|tgz|tar\.gz|tar\.zst)$",
    re.IGNORECASE,
)
_NO_LOG = re.compile(
    r"(?:^|/)(?:[wbu]tmp|lastlog|faillog)(?:[.-]\d+)?(?:\.gz)?$|\.(?:journal|db|dat|bin|core|zdump|pcap|so|pyc|png)$"
    r"|-zdump(?:\.|$)",
    re.IGNORECASE,
)


def is_log(name: str) -> bool:
    """Whether a file of a bundle or folder is a log, or an archive that may hold some, by its name."""
    return _LOG.search(name) is not None and _NO_LOG.search(name) is None


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so is a tar archive."""
    return len(head) >= _BLOCK and _checks(head[:_BLOCK]) and any(head[:_BLOCK])


class Tar:
    """A tar archive that is read from front to end."""

    def __init__(self, source: Reader, name: str) -> None:
        self._source, self._name = source, name
        self._left = self._padding = 0
        self._read = 0
        self._end: InputError | None = None

    def members(self) -> Iterator[tuple[str, Reader]]:
        """Names, made safe to show, and readers of the regular files; each is good until the next is asked for.

        Raises: InputError when the archive is cut off or damaged.
        """
        told: dict[bytes, bytes] = {}
        while True:
            self._skip()
            header = self._exactly(_BLOCK)
            if not any(header):
                return
            if not _checks(header):
                raise self._error("the archive is damaged (no header where one should be)")
            kind, size = header[156:157], self._size(header[124:136])
            if kind in {b"x", b"L", b"K", b"g"}:
                more = self._extension(kind, size)
                told |= more if kind != b"g" else {}
                continue
            size = int(told[b"size"]) if told.get(b"size", b"").isdigit() else size
            name = _shown(told.get(b"path") or _name(header))
            told = {}
            self._left, self._padding = size, -size % _BLOCK
            if kind in {b"0", b"\0", b"7"}:
                yield name, self

    def readinto(self, into: memoryview) -> int:
        """As :meth:`Reader.readinto`, of the present member."""
        if not self._left:
            return 0
        size = self._source.readinto(into[: min(len(into), self._left)])
        if not size:
            raise self._cut_off()
        self._left -= size
        self._read += size
        return size

    def _skip(self) -> None:
        buffer = memoryview(bytearray(_SKIP_BYTES)) if self._left else memoryview(b"")
        while self._left:
            self.readinto(buffer)
        if self._padding:
            self._exactly(self._padding)
            self._padding = 0

    def _exactly(self, size: int) -> bytes:
        buffer = bytearray(size)
        view, got = memoryview(buffer), 0
        while got < size:
            more = self._source.readinto(view[got:])
            if not more:
                raise self._cut_off()
            got += more
        self._read += size
        return bytes(buffer)

    def _extension(self, kind: bytes, size: int) -> dict[bytes, bytes]:
        if size > _NAME_BYTES:
            raise self._error(f"a name of {size:,} bytes")
        data = self._exactly(size)
        self._exactly(-size % _BLOCK)
        if kind == b"L":
            return {b"path": data.rstrip(b"\0")}
        return _pax(data) if kind == b"x" else {}

    def _size(self, field: bytes) -> int:
        if field[0] & 0x80:
            return int.from_bytes(field[1:], "big")
        try:
            return int(field.strip(b" \0") or b"0", 8)
        except ValueError:
            raise self._error("the archive is damaged (a length that is no number)") from None

    def _cut_off(self) -> InputError:
        if self._end is None:
            self._end = self._error("the archive is cut off", "copy it again; the lines up to there were read")
        return self._end

    def _error(self, what: str, hint: str = "") -> InputError:
        return InputError(f"{what}; read so far: {self._read:,} bytes", where=self._name, hint=hint)


def _checks(header: bytes) -> bool:
    try:
        told = int(header[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        return False
    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
    return told == total or not any(header)


def _name(header: bytes) -> bytes:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:262] == b"ustar" and header[262:263] == b"\0" else b""
    return prefix + b"/" + name if prefix else name


def _pax(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = 0
    while record := _PAX.match(data, at):
        end = at + int(record[1])
        if end <= record.end() or end > len(data):
            break
        found[record[2]] = data[record.end() : end - 1]
        at = end
    return found


def _shown(name: bytes) -> str:
    return visible(name.decode("utf-8", "backslashreplace"), 500)
