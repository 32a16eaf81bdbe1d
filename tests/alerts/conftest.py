from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, and server.pem and server.key that it signed for 127.0.0.1; other.pem is no relative."""
    folder = tmp_path_factory.mktemp("certificates")

    def make(name: str, *more: str) -> None:
        files = ("-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN=test {name}")
        subprocess.run(
            ["openssl", "req", "-x509", *_NEW_KEY, *files, *more], cwd=folder, check=True, capture_output=True
        )

    make("ca")
    make("other")
    make("server", "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1")
    return folder
