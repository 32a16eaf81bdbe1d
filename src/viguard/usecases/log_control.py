"""Telling the running log server something: one JSON object a line over a Unix socket that only its owner may use.

A request names what to ``do``; an answer has ``ok``, and ``error`` when it is false.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from viguard.alerts.group import Group
from viguard.alerts.notice import rank
from viguard.alerts.service import Alerting
from viguard.errors import InputError, ViguardError
from viguard.logs.detect.consoles import Holder
from viguard.model.text import plural, visible
from viguard.usecases.log_problems import told

NAME = "control.sock"
MOST_BYTES = 65_536
MOST_CLIENTS = 8
TIMEOUT_S = 30.0
SHORT_ID = 12
_ANSWER_BYTES = 64 << 20

Answer = dict[str, Any]
Reload = Callable[[], Awaitable[str]]
Open = Callable[[], Awaitable[dict[str, tuple[int, tuple[Holder, ...]]]]]
"""Open consoles by guest: how many, and who holds them."""


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked. ``group`` is the id of a group of alerts, or its unmistakable start; ``by`` who says it."""

    do: str
    group: str = ""
    by: str = ""
    true_positive: bool | None = None
    note: str = ""


class Control:
    """Answers requests in the directory of a log server. ``reload`` reads settings anew and says what came of it."""

    def __init__(self, directory: Path, alerting: Alerting, reload: Reload, consoles: Open) -> None:
        self._directory, self._alerting, self._reload, self._consoles = directory, alerting, reload, consoles
        self._server: asyncio.Server | None = None
        self._clients = 0

    async def start(self) -> None:
        """Listen. Who holds the lock of the archive is alone: a socket that is there is a dead one.

        Raises: OSError.
        """
        (self._directory / NAME).unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            with _short(self._directory) as path:
                bound.bind(path)
        except OSError:
            bound.close()
            raise
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(self._serve, sock=bound, limit=MOST_BYTES)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            (self._directory / NAME).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            if self._clients <= MOST_CLIENTS:
                async with asyncio.timeout(TIMEOUT_S):
                    answer = await self._answered(await reader.readline())
                    writer.write(msgspec.json.encode(answer) + b"\n")
                    await writer.drain()
        except (OSError, TimeoutError, ValueError):  # ValueError: a line without end
            pass
        finally:
            self._clients -= 1
            writer.close()

    async def _answered(self, line: bytes) -> Answer:
        try:
            request = msgspec.json.decode(line, type=Request)
            return {"ok": True, **await self._done(request)}
        except msgspec.DecodeError as error:
            return {"ok": False, "error": f"this is no request: {error}"}
        except (ViguardError, OSError) as error:
            return {"ok": False, "error": str(error)}
        except Exception as error:  # noqa: BLE001  (the edge of a job: who asks hears of it, the server goes on)
            return {"ok": False, "error": f"a defect of viguard: {told(error)}"}

    async def _done(self, request: Request) -> Answer:
        match request.do:
            case "open":
                groups = self._alerting.groups.state.groups.values()
                return {"groups": [msgspec.to_builtins(group) for group in groups]}
            case "consoles":
                return {"consoles": [_console(*one) for one in sorted((await self._consoles()).items())]}
            case "acknowledge":
                self._alerting.acknowledge(self._group(request).id, self._by(request))
            case "mark" if request.true_positive is not None:
                group, positive = self._group(request).id, request.true_positive
                self._alerting.mark(group, self._by(request), true_positive=positive, note=request.note)
            case "end":
                self._alerting.end(self._group(request).id, self._by(request))
            case "reload":
                return {"text": await self._reload()}
            case _:
                raise InputError("open, consoles, acknowledge, mark (true_positive), end and reload can be done")
        return {}

    def _group(self, request: Request) -> Group:
        groups = self._alerting.groups.state.groups
        found = [id_ for id_ in groups if request.group and id_.startswith(request.group)]
        if len(found) != 1:
            what = "several open alerts begin so" if found else "no open alert is called so"
            raise InputError(what, where=request.group[:100], hint="name one as `open` shows it")
        return groups[found[0]]

    @staticmethod
    def _by(request: Request) -> str:
        if not request.by.strip():
            raise InputError("nobody is named: who says it is kept with it")
        return request.by


def control(directory: Path, request: Mapping[str, Any]) -> Answer:
    """The answer of the log server that runs with a directory.

    ``request`` is one of ``{"do": "open" | "consoles" | "reload"}``,
    ``{"do": "acknowledge" | "end", "group": ..., "by": ...}``,
    ``{"do": "mark", "group": ..., "by": ..., "true_positive": ..., "note": ...}``.

    Raises: InputError when none runs there, or it refuses, with its reason.
    """
    asked = msgspec.json.encode(dict(request)) + b"\n"
    if len(asked) > MOST_BYTES:
        raise InputError("the request is too long", where=str(directory))
    try:
        answer = msgspec.json.decode(_exchanged(directory, asked), type=Answer)
    except OSError as error:
        hint = "name the directory of serve.yaml; is the log server running, and are you its user?"
        raise InputError(
            f"no log server answers: {error.strerror or error}", where=str(directory), hint=hint
        ) from error
    except msgspec.DecodeError as error:
        raise InputError("what answers is no log server, or it was stopped", where=str(directory)) from error
    if answer.get("ok") is not True:
        raise InputError(str(answer.get("error", "refused")))
    return answer


def opened(directory: Path) -> list[str]:
    """What is open at the log server that runs with a directory, a line each, worst first.

    Raises: InputError as ``control``.
    """
    groups = msgspec.convert(control(directory, {"do": "open"})["groups"], list[Group])
    return [_line(group) for group in sorted(groups, key=lambda group: (-rank(group.severity), group.first))]


def consoles(directory: Path) -> list[str]:
    """Open consoles at the log server that runs with a directory, a line for each guest, those with the most first.

    Raises: InputError as ``control``.
    """
    found: list[Answer] = control(directory, {"do": "consoles"})["consoles"]
    return [visible(_said(one), 2000) for one in sorted(found, key=lambda one: -int(one["count"]))]


def _console(guest: str, told: tuple[int, tuple[Holder, ...]]) -> Answer:
    count, holders = told
    known = [{"user": one.user, "source_ip": one.source_ip, "since": one.since} for one in holders]
    return {"guest": guest, "count": count, "holders": known}


def _said(console: Answer) -> str:
    holders = [_holder(one) for one in console["holders"]]
    unknown = console["count"] - len(holders)
    holders += [f"{unknown} whom no line names"] if unknown > 0 else []
    return f"{console['guest']}: {plural(console['count'], 'console')} open: {', '.join(holders)}"


def _holder(told: Answer) -> str:
    where = f" from {told['source_ip']}" if told["source_ip"] else ""
    since = f" since {told['since'][:16].replace('T', ' ')} UTC" if told["since"] else ""
    return f"{told['user'] or 'unknown'}{where}{since}"


def _line(group: Group) -> str:
    by = f", {group.acknowledged_by} deals with it" if group.acknowledged_by else ""
    how = ", silenced" if group.silenced else by
    said = f"{group.id[:SHORT_ID]}  {group.severity:8}  {group.first:%Y-%m-%d %H:%M} UTC  {group.title}: {group.key}"
    return f"{said} ({plural(group.count, 'alert')}{how})"


def _exchanged(directory: Path, asked: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as own, _short(directory) as path:
        own.settimeout(TIMEOUT_S)
        own.connect(path)
        own.sendall(asked)
        parts, size = list[bytes](), 0
        while size < _ANSWER_BYTES and (part := own.recv(1 << 20)):
            parts.append(part)
            size += len(part)
        return b"".join(parts)


@contextmanager
def _short(directory: Path) -> Iterator[str]:
    """A path to the socket of at most 107 bytes, which is all that the kernel takes, whatever the directory is."""
    plain = str(directory / NAME)
    if len(os.fsencode(plain)) < 108:
        yield plain
        return
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        with suppress(OSError):
            os.close(folder)
