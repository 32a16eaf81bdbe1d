"""Certificates of the lab's servers, made with openssl at start."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from pathlib import Path

# What a test may ask for instead of a good certificate.
KINDS = ("good", "expired", "wrong-host", "self-signed")


def make(directory: Path, kind: str = "good") -> tuple[Path, Path, Path, str]:
    """CA file, certificate, key and SHA-256 fingerprint, in ``directory``.

    ``expired`` ended in 2010, ``wrong-host`` names another machine, ``self-signed`` comes from no CA.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown certificate kind {kind!r}, one of {', '.join(KINDS)}")
    ca, ca_key, cert, key, csr = (directory / n for n in ("ca.pem", "ca.key", "server.pem", "server.key", "server.csr"))
    _openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "3650",
        "-subj",
        "/O=Belnet/CN=Belnet lab CA",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout",
        ca_key,
        "-out",
        ca,
    )
    names = "DNS:other.example.org" if kind == "wrong-host" else "DNS:localhost,IP:127.0.0.1"
    subject = "/O=Belnet/CN=" + ("other.example.org" if kind == "wrong-host" else "127.0.0.1")
    _openssl(
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        subject,
        "-keyout",
        key,
        "-out",
        csr,
    )
    extensions = directory / "server.ext"
    extensions.write_text(
        f"subjectAltName={names}\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n",
        encoding="ascii",
    )
    if kind == "self-signed":
        _openssl("x509", "-req", "-in", csr, "-signkey", key, "-days", "365", "-extfile", extensions, "-out", cert)
    elif kind == "expired":
        _expired(directory, csr, ca, ca_key, extensions, cert)
    else:
        _openssl(
            "x509",
            "-req",
            "-in",
            csr,
            "-CA",
            ca,
            "-CAkey",
            ca_key,
            "-CAcreateserial",
            "-days",
            "365",
            "-extfile",
            extensions,
            "-out",
            cert,
        )
    der = ssl.PEM_cert_to_DER_cert(cert.read_text(encoding="ascii"))
    return ca, cert, key, hashlib.sha256(der).hexdigest()


def _expired(directory: Path, csr: Path, ca: Path, ca_key: Path, extensions: Path, cert: Path) -> None:
    """Only ``openssl ca`` can set an end in the past; it wants a small database."""
    database = directory / "index.txt"
    database.touch()
    (directory / "serial").write_text("1000\n", encoding="ascii")
    config = directory / "ca.cnf"
    config.write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\nserial={directory}/serial\nnew_certs_dir={directory}\ndefault_md=sha256\npolicy=p\n"
        "[p]\norganizationName=optional\ncommonName=supplied\n",
        encoding="ascii",
    )
    _openssl(
        "ca",
        "-batch",
        "-config",
        config,
        "-cert",
        ca,
        "-keyfile",
        ca_key,
        "-in",
        csr,
        "-out",
        cert,
        "-extfile",
        extensions,
        "-notext",
        "-startdate",
        "20090101000000Z",
        "-enddate",
        "20100101000000Z",
    )


def _openssl(*words: object) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]} failed: {done.stderr}")
