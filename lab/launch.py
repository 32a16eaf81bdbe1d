"""Start and stop the lab's servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from lab import certificate
from lab.build import server
from lab.endpoint import Account, Endpoint
from lab.inventory.assemble import inventory

ENDPOINTS = ("vc-main", "vc-test", "esxi-test", "vc-today")


class Estate(Mapping[str, Endpoint]):
    """The running endpoints by name; a context manager that stops them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._endpoints: dict[str, Endpoint] = {}

    def __getitem__(self, name: str) -> Endpoint:
        return self._endpoints[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._endpoints)

    def __len__(self) -> int:
        return len(self._endpoints)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def add(self, endpoint: Endpoint) -> None:
        """Take charge of a started endpoint."""
        self._endpoints[endpoint.name] = endpoint

    def stop(self) -> None:
        """Stop every endpoint and remove their files."""
        for endpoint in self._endpoints.values():
            endpoint.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def describe(self) -> dict[str, Any]:
        """JSON of every endpoint."""
        return {"endpoints": [e.describe() for e in self._endpoints.values()], "pid": os.getpid()}


def up(
    endpoints: Sequence[str] = ENDPOINTS,
    *,
    flags: Mapping[str, Sequence[str]] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    certificates: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Estate:
    """Start endpoints and wait until all answer.

    endpoints: names out of :data:`ENDPOINTS`. flags: more server flags per endpoint, such as
    ``{"vc-main": ["-tls-max", "1.0"]}``. overrides: laid on an endpoint's row of lab/belnet/endpoints.yaml.
    certificates: a kind of :data:`lab.certificate.KINDS` per endpoint.

    Raises: LabUnavailable naming the missing part; RuntimeError when a server does not come up.
    """
    program, tables = server()
    estate = Estate(Path(directory or tempfile.mkdtemp(prefix="lab-")))
    started = []
    try:
        for name in endpoints:
            started.append(
                _Starting(
                    name,
                    estate.directory,
                    program,
                    tables,
                    list((flags or {}).get(name, ())),
                    dict((overrides or {}).get(name, {})),
                    (certificates or {}).get(name, "good"),
                )
            )
        for wait in started:
            estate.add(wait())
    except BaseException:
        for wait in started:
            wait.process.kill()
            wait.process.wait()
        shutil.rmtree(estate.directory, ignore_errors=True)
        raise
    return estate


def clean(endpoint: str | Endpoint, **options: Any) -> Estate:
    """A fresh instance of one endpoint, untouched by other tests; ``options`` are those of :func:`up`, for this endpoint."""
    name = endpoint if isinstance(endpoint, str) else endpoint.name
    per = {key: {name: value} for key, value in options.items()}
    return up([name], **per)


class _Starting:
    """A server on its way up; call it to wait until it answers."""

    def __init__(
        self, name: str, base: Path, program: Path, tables: Path, flags: list[str], over: dict[str, Any], kind: str
    ) -> None:
        self.name, self.directory = name, base / name
        self.directory.mkdir(mode=0o700, parents=True)
        self.ca, cert, key, self.fingerprint = certificate.make(self.directory, kind)
        self.content = inventory(name, over)
        estate = self.directory / "estate.json"
        _write_private(estate, self.content)
        self.began = time.monotonic()
        with open(self.directory / "server.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [
                    str(program),
                    "-tables",
                    str(tables),
                    "-estate",
                    str(estate),
                    "-cert",
                    str(cert),
                    "-key",
                    str(key),
                    "-parent",
                    str(os.getpid()),
                    "-state",
                    str(self.directory / "datastores"),
                    *flags,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def __call__(self) -> Endpoint:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            self.process.wait(10)
            log = (self.directory / "server.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"lab endpoint {self.name} did not start:\n{log[-4000:]}")
        words = line.split()
        host, port = words[1].rsplit(":", 1)
        users = [Account(a["name"], a["user"], a["password"]) for a in self.content["accounts"]]
        secret = self.directory / "credentials.json"
        _write_private(secret, {"accounts": [vars(u) for u in users]})
        return Endpoint(
            name=self.name,
            host=host,
            port=int(port),
            pid=self.process.pid,
            api=self.content["api"],
            ca_file=self.ca,
            fingerprint=self.fingerprint,
            credentials_file=secret,
            accounts={u.name: u for u in users},
            objects=int(words[2]),
            ready_s=round(time.monotonic() - self.began, 3),
            process=self.process,
        )


def _write_private(path: Path, content: Any) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
