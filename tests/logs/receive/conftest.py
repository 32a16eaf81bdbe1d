from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest


class Certificates(NamedTuple):
    """An authority, what it signed for a server on 127.0.0.1 and for a client, and one that it did not sign."""

    folder: Path

    def of(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of ``server``, ``client`` or ``stranger``."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    made = Certificates(folder)
    ca_key = folder / "ca.key"
    _openssl("req", "-x509", *_NEW_KEY, "-keyout", ca_key, "-out", made.authority, "-subj", "/CN=test authority")
    for name in ("server", "client", "stranger"):
        certificate, key = made.of(name)
        signed = ("-CA", made.authority, "-CAkey", ca_key) if name != "stranger" else ()
        names = ("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        _openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", key, "-out", certificate, "-subj", f"/CN={name}", *names, *signed
        )
    return made
