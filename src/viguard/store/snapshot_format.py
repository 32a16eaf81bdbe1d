"""Snapshot files as bytes: zstd JSON Lines; a header, one object a line, a trailer.

An object line holds a record, the server's object that it was made ``of``, and the hash of everything in that object.
``zstd -dc FILE | head -n -1 | sha256sum`` prints the digest of the trailer.
"""

from __future__ import annotations

import msgspec

from viguard.model.facts import Struct
from viguard.model.snapshot import Header, Record, Trailer

LEVEL = 1
"""Compression: level 3 saves 8 % of the file and costs twice the time."""
LINE_BYTES = 64 << 20
"""The longest line that is read."""
_HASH = b'{"hash":"'
HASH_AT = len(_HASH)
"""Where the hash of a line begins."""
LOST = b"-"
"""Ends the hash of a line whose record misses facts."""
LOST_AT = HASH_AT + 32
"""Where LOST stands: after the 32 digits of the hash."""
_OF = b'","of":'
_RECORD = b',"record":'
_KIND = b'"record":{"is":"'


class Line(Struct, frozen=True):
    """An object line; ``hash`` is empty when it must not be taken over into the next snapshot."""

    record: Record
    hash: str = ""
    of: str = ""


encode = msgspec.json.Encoder().encode
decode_line = msgspec.json.Decoder(Line).decode
decode_header = msgspec.json.Decoder(Header).decode
decode_trailer = msgspec.json.Decoder(Trailer).decode


def line_prefix(of: str, digest: str, *, lost: bool) -> bytes:
    """The line of an object up to its record, which a brace and the end of the line follow."""
    mark = LOST if lost and digest else b""
    return b'%s%s%s","of":%s,"record":' % (_HASH, digest.encode(), mark, encode(of))


def line_key(line: bytes) -> bytes:
    """What a line was made from, as it stands in the line."""
    start = line.index(_OF) + len(_OF)
    return line[start : line.index(_RECORD, start)]


def line_kind(line: bytes) -> str:
    """The tag of a line's record."""
    start = line.index(_KIND) + len(_KIND)
    return line[start : line.index(b'"', start)].decode()
