"""Names of an estate in YAML and in messages: hostile characters escaped, so that nothing breaks out."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?", re.ASCII)
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # not texts to every YAML reader
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def scalar(text: str) -> str:
    """A text as one YAML scalar on one line: plain where that is safe for every reader, else in double quotes."""
    if _ADDRESS.fullmatch(text) or (len(text) <= 200 and _PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    return '"' + "".join(map(_escape, text)) + '"'


def quote(text: str, width: int = 60) -> str:
    """A text for a message or comment: in single quotes, one line, without control characters, cut to ``width``."""
    cut = text if len(text) <= width else text[: width - 1] + "…"
    return "'" + "".join(c if c == '"' else _escape(c) for c in cut) + "'"


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable() and char != "\ufeff":
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
