"""How lines are written: the header of a line, and what a program writes before its own text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

import msgspec

from viguard import content
from viguard.logs.patterns import fast
from viguard.model.facts import Struct

FILE = "logs/formats.yaml"
_REMEMBERED = 4096
"""Spellings of programs that are remembered; a hostile sender may invent more."""


PARTS = ("time", "host", "program", "pid")
"""The groups of every header; None or b"" where a line or a format does not have one."""


_ORIGIN_STARTS = frozenset(bytes([byte]) for byte in b"[abcdefghijklmnopqrstuvwxyz2/")
"""How origins begin: with a bracket, a level in small letters, the year of a second time, or a path."""


class Header(msgspec.Struct, frozen=True, gc=False):
    """What stands before a message. ``message`` is where it begins.

    ``found`` has the groups of PARTS; ``origin`` is what the program wrote before its own text; ``program`` is in lower
    case, without path, and by the name under which it is known here.
    """

    found: re.Match[bytes]
    origin: re.Match[bytes] | None
    program: str
    message: int


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to write a header or an origin. ``program`` is implied, ``programs`` are those that write it."""

    id: str
    pattern: str
    example: str
    title: str = ""
    program: str = ""
    programs: tuple[str, ...] = ()


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    patterns: dict[str, str]
    headers: tuple[Written, ...]
    origins: tuple[Written, ...]
    aliases: dict[str, str] = msgspec.field(default_factory=dict)


Match: TypeAlias = Callable[..., re.Match[bytes] | None]
_Program: TypeAlias = tuple[str, tuple[Match, ...]]
"""The name of a program, and its origins."""


class Headers:
    """Reads headers; ``aliases`` are programs that write as another one does.

    Remembers spellings of programs, so not for several threads at a time.
    """

    def __init__(self, headers: tuple[Written, ...], origins: tuple[Written, ...], aliases: Mapping[str, str]) -> None:
        self._aliases = aliases
        patterns = [_compiled(w.pattern) for w in headers]
        places = [pattern.groupindex["program"] for pattern in patterns]
        self._headers = [
            (p.match, place, w.program.encode()) for p, place, w in zip(patterns, places, headers, strict=True)
        ]
        self._origins: dict[str, tuple[Match, ...]] = {}
        for program in {p for w in origins for p in w.programs}:
            matches = [fast(w.pattern.encode()).match for w in origins if program in w.programs]
            self._origins[program] = tuple(matches)
        self._programs: dict[bytes, _Program] = {}

    def read(self, line: bytes) -> Header | None:
        """The header of a line, None when it has none that we know."""
        for match, place, implied in self._headers:
            found = match(line)
            if found is not None:
                name = implied or found[place]
                program, origins = self._programs.get(name) or self._program(name)
                message = found.end()
                if origins and line[message : message + 1] in _ORIGIN_STARTS:
                    for match_origin in origins:
                        origin = match_origin(line, message)
                        if origin is not None:
                            return Header(found, origin, program, origin.end())
                return Header(found, None, program, message)
        return None

    def _program(self, written: bytes) -> _Program:
        name = written.rpartition(b"/")[2].decode("utf-8", "replace").lower()
        name = self._aliases.get(name, name)
        program = name, self._origins.get(name, ())
        if len(self._programs) < _REMEMBERED:
            self._programs[written] = program
        return program


@cache
def written() -> _File:
    """Every format of the content, with its patterns filled in."""
    file = msgspec.yaml.decode(content.text(FILE), type=_File)

    def fill(some: tuple[Written, ...]) -> tuple[Written, ...]:
        return tuple(msgspec.structs.replace(w, pattern=_filled(w.pattern, file.patterns)) for w in some)

    return msgspec.structs.replace(file, headers=fill(file.headers), origins=fill(file.origins))


def make_headers() -> Headers:
    """A reader of every header that the content knows."""
    return Headers(written().headers, written().origins, written().aliases)


def _compiled(pattern: str) -> re.Pattern[bytes]:
    lacking = [name for name in PARTS if f"(?P<{name}>" not in pattern]
    return fast((pattern + "".join(f"(?P<{name}>)" for name in lacking)).encode("latin-1"))


def _filled(pattern: str, patterns: dict[str, str]) -> str:
    for name, meaning in patterns.items():
        pattern = pattern.replace(f"{{{name}}}", meaning)
    return pattern
