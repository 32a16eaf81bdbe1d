"""From messages to lines: what would break a line is escaped, what is too long is cut and says so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from viguard.logs.receive.counters import Counters
from viguard.model.text import lines_in

_NUL_AT_END = re.compile(rb"\0+(?=\r?\n)")


def mark(text: str) -> bytes:
    """What viguard adds at the end of a line that is not as it was sent."""
    return b" [viguard: " + text.encode() + b"]"


def cut(head: bytes, length: int) -> bytes:
    """The kept start of a message of ``length`` bytes."""
    return head + mark(f"cut from {length} bytes")


def fitted(messages: Sequence[bytes], limit: int, counters: Counters) -> bytes:
    """Messages as lines, those longer than ``limit`` cut."""
    if messages and len(max(messages, key=len)) > limit:
        counters.cut += sum(len(message) > limit for message in messages)
        messages = [cut(message[:limit], len(message)) if len(message) > limit else message for message in messages]
    return joined(messages)


def joined(messages: Sequence[bytes]) -> bytes:
    """Messages as lines: newlines inside become ``#012``, those at the end go."""
    data = b"\n".join(messages) + b"\n"
    if len(messages) != lines_in(data):
        kept = [message.rstrip(b"\r\n\0").replace(b"\n", b"#012") for message in messages]
        data = b"".join(message + b"\n" for message in kept if message)
    return cleaned(data)


def cleaned(lines: bytes) -> bytes:
    """Lines without NULs (``#000``; at the end of a line they go) and carriage returns at the end of a line."""
    if b"\0" in lines:
        lines = _NUL_AT_END.sub(b"", lines).replace(b"\0", b"#000")
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n")
    return lines


def shortened(lines: bytes, limit: int, counters: Counters) -> bytes:
    """Lines, each ended by a newline, with those beyond ``limit`` cut. Looks only where one may be."""
    kept: list[bytes] = []
    done = at = 0
    while len(lines) - at > limit + 1:
        newline = lines.rfind(b"\n", at, at + limit + 1)
        if newline >= 0:
            at = newline + 1
            continue
        newline = lines.find(b"\n", at + limit + 1)
        kept += lines[done:at], cut(lines[at : at + limit], newline - at), b"\n"
        counters.cut += 1
        done = at = newline + 1
    return b"".join((*kept, lines[done:])) if kept else lines
