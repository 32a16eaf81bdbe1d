"""A configuration of Junos as statements, one like the other whether it was saved with braces or as ``set`` lines.

Source: Junos CLI User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from viguard.errors import InputError
from viguard.model.text import visible

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|/\*|[{};\[\]]|#|[^\s{};\[\]"]+|"')
_MOST_DEPTH = 64
_COMMANDS = ("set ", "deactivate ", "delete ")


class Statement(NamedTuple):
    """The words from the top to a leaf, and the line of the leaf. ``is_off``: it is deactivated."""

    words: tuple[str, ...]
    where: str
    is_off: bool = False


def statements(text: str, name: str) -> list[Statement]:
    """Every statement in order; those that are deactivated say so. Raises: InputError for braces that do not fit."""
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    found = _set_lines(text, name) if first.lstrip().startswith(_COMMANDS) else list(_braces(text, name))
    empty = next((one for one in found if not one.words), None)
    if empty is not None:
        raise InputError("a ';' that ends nothing", where=empty.where)
    off = {one.words for one in found if one.is_off and one.words[-1] == ""}
    if not off:
        return found
    prefixes = {words[:-1] for words in off}
    return [
        one._replace(is_off=any(one.words[:length] in prefixes for length in range(1, len(one.words) + 1)))
        for one in found
        if one.words not in off
    ]


def _set_lines(text: str, name: str) -> list[Statement]:
    """Commands in their order; what is deleted is as if it had never been set."""
    found: list[Statement] = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        words = _words(line, where)
        if not words:
            continue
        if words[0] == "deactivate":
            found.append(Statement((*words[1:], ""), where, is_off=True))
        elif words[0] == "delete":
            gone = tuple(words[1:])
            found = [one for one in found if one.words[: len(gone)] != gone]
        elif words[0] == "set":
            if "[" in words:
                at = words.index("[")
                found += [Statement((*words[1:at], one), where) for one in words[at + 1 :] if one != "]"]
            elif len(words) > 1:
                found.append(Statement(tuple(words[1:]), where))
        else:
            hint = "save it with: show configuration | display set"
            raise InputError(f"{visible(words[0])!r} is no line of a saved configuration", where=where, hint=hint)
    return found


def _words(line: str, where: str) -> list[str]:
    words = []
    for piece in _PIECE.findall(line):
        if piece == "#":
            break
        if piece == '"':
            raise InputError("a quote that does not end", where=where)
        words.append(piece[1:-1] if piece.startswith('"') else piece)
    return words


def _braces(text: str, name: str) -> Iterator[Statement]:
    open_words: list[tuple[tuple[str, ...], bool]] = [((), False)]
    words: list[str] = []
    several: list[str] | None = None
    where = name
    for piece, where in _pieces(text, name):
        above, is_off = open_words[-1]
        if piece == "{":
            if len(open_words) > _MOST_DEPTH:
                raise InputError("too many braces within each other", where=where)
            plain, off = _switched(words)
            open_words.append(((*above, *plain), is_off or off))
            words = []
        elif piece == "}":
            if len(open_words) == 1 or words:
                raise InputError("a brace that closes nothing" if not words else "a statement without ';'", where=where)
            open_words.pop()
        elif piece == ";":
            plain, off = _switched(words)
            for last in [None] if several is None else several:
                yield Statement((*above, *plain, *([] if last is None else [last])), where, is_off or off)
            words, several = [], None
        elif piece == "[":
            several = []
        elif piece == "]":
            if several is None:
                raise InputError("a bracket that closes nothing", where=where)
        else:
            (words if several is None else several).append(piece)
    if len(open_words) > 1 or words:
        raise InputError("it ends in the middle", where=where)


def _switched(words: list[str]) -> tuple[list[str], bool]:
    """The words without what is said of them: inactive, protected or replaced."""
    return [word for word in words if word not in {"inactive:", "protect:", "replace:"}], "inactive:" in words


def _pieces(text: str, name: str) -> Iterator[tuple[str, str]]:
    is_comment = False
    for number, raw in enumerate(text.splitlines(), 1):
        line, where = raw, f"{name}:{number}"
        if is_comment or "/*" in line:
            line, is_comment = _without_comments(line, is_comment=is_comment)
        for piece in _PIECE.findall(line):
            if piece == "#":
                break
            if piece == '"':
                raise InputError("a quote that does not end", where=where)
            yield (piece[1:-1] if piece.startswith('"') else piece), where


def _without_comments(line: str, *, is_comment: bool) -> tuple[str, bool]:
    kept = ""
    while line:
        before, mark, line = line.partition("*/" if is_comment else "/*")
        kept += "" if is_comment else before
        is_comment = is_comment is not bool(mark)
    return kept, is_comment
