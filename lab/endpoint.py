"""One running server of the lab."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """A login of an endpoint."""

    name: str  # role in the tests: administrator, auditor, operator ...
    user: str
    password: str


@dataclass
class Endpoint:
    """A running server; stop it with :meth:`stop` or by leaving the ``with`` block that made it."""

    name: str
    host: str
    port: int
    pid: int
    api: str
    ca_file: Path
    fingerprint: str  # SHA-256 of the server certificate, hex
    credentials_file: Path  # JSON, mode 0600: {"accounts": [{"name", "user", "password"}]}
    accounts: dict[str, Account]
    objects: int
    ready_s: float
    process: subprocess.Popen[str] = field(repr=False)
    _clients: list[Any] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        """Address of the SOAP service."""
        return f"https://{self.host}:{self.port}/sdk"

    def account(self, name: str = "auditor") -> Account:
        """The login of that name."""
        return self.accounts[name]

    def connect(self, account: str = "auditor", **more: Any) -> Any:
        """A pyVmomi ServiceInstance logged in as that account."""
        from pyVim.connect import SmartConnect

        who = self.accounts[account]
        client = SmartConnect(
            host=self.host, port=self.port, user=who.user, pwd=who.password, sslContext=self.context(), **more
        )
        self._clients.append(client)
        return client

    def context(self) -> ssl.SSLContext:
        """A TLS context that trusts this endpoint's CA."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def control(self, name: str, /, **values: Any) -> Any:
        """Call a test control: ``endpoint.control("misbehave", slow_ms=500)``."""
        body = json.dumps(values).encode() if values else b""
        request = urllib.request.Request(f"https://{self.host}:{self.port}/lab/{name}", data=body, method="POST")
        context = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(request, context=context, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            with e:
                raise ValueError(f"lab control {name}: {e.read().decode(errors='replace')}") from None

    def stop(self) -> None:
        """End the server and close the connections of :meth:`connect`; harmless when it has ended."""
        for client in self._clients:
            client._stub.DropConnections()
        self._clients.clear()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()

    def describe(self) -> dict[str, Any]:
        """What ``python -m lab up`` prints: no passwords, they are in the credentials file."""
        return {
            "name": self.name,
            "url": self.url,
            "host": self.host,
            "port": self.port,
            "api": self.api,
            "pid": self.pid,
            "users": {a.name: a.user for a in self.accounts.values()},
            "credentials_file": str(self.credentials_file),
            "ca_file": str(self.ca_file),
            "fingerprint_sha256": self.fingerprint,
            "objects": self.objects,
            "ready_s": self.ready_s,
        }
