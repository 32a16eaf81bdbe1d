"""What runs on a host and what it starts from: packages, kernel modules, certificate, TPM, secure boot."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

import lab
from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")

BLADE11 = "esxblade11.fw.belnet.be"


@proves("host-vib-acceptance")
def test_any_package_may_be_installed(today: Bench) -> None:
    image = today.host(11).configManager.imageConfigManager
    today.check(
        {"host-vib-acceptance": [BLADE11]},
        plant=lambda: image.UpdateHostImageAcceptanceLevel("community"),
        mend=lambda: image.UpdateHostImageAcceptanceLevel("partner"),
    )


@proves("host-kernel-modules")
def test_kernel_module(today: Bench) -> None:
    # a module is loaded at the host's own shell, not through the API
    blade = {"esxblade6.fw.belnet.be": {"extra_modules": [{"name": "rootkit", "signed": ""}]}}
    overrides = {"datacenters": {"Main Datacenter": {"External Cluster": blade}}}
    with lab.clean("vc-today", overrides=overrides) as estate:
        spoiled = Bench(estate["vc-today"], proven=today.proven)
        today.differ(spoiled, {"host-kernel-modules": ["esxblade6.fw.belnet.be"]})


def certificate(folder: Path, days: int, name: str, issuer: str = "") -> str:
    """A certificate in PEM form, signed by an authority, or by itself."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-x509"]
    authority = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key")] if issuer else []
    if issuer:
        subprocess.run(
            ["openssl", "req", *key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", issuer],
            check=True,
            capture_output=True,
        )
    found = subprocess.run(
        ["openssl", "req", *key, "-keyout", folder / "host.key", "-days", str(days), "-subj", name, *authority],
        check=True,
        capture_output=True,
        text=True,
    )
    return found.stdout


@proves("host-certificate")
@pytest.mark.parametrize(("days", "issuer"), [(30, "/O=Belnet/CN=Issuing CA"), (500, "")])
def test_certificate(today: Bench, tmp_path: Path, days: int, issuer: str) -> None:
    manager = today.host(11).configManager.certificateManager
    name = f"/O=Nobody/CN={BLADE11}"
    bad = certificate(tmp_path, days, name, issuer)
    good = certificate(tmp_path, 500, name, "/O=Belnet/CN=Issuing CA")
    today.check(
        {"host-certificate": [BLADE11]},
        plant=lambda: manager.InstallServerCertificate(bad),
        mend=lambda: manager.InstallServerCertificate(good),
    )


@proves("host-certificate")
def test_certificate_of_the_day_after_tomorrow(today: Bench) -> None:
    # openssl of Debian 12 makes none of the future without a database of an authority
    blade = {"esxblade6.fw.belnet.be": {"certificate": {"not_before_days": 2}}}
    overrides = {"datacenters": {"Main Datacenter": {"External Cluster": blade}}}
    with lab.clean("vc-today", overrides=overrides) as estate:
        spoiled = Bench(estate["vc-today"], proven=today.proven)
        today.differ(spoiled, {"host-certificate": ["esxblade6.fw.belnet.be"]})


@pytest.mark.parametrize(
    ("control", "path", "bad", "good"),
    [
        pytest.param("host-hw-tpm", "capability.tpmVersion", "1.2", "2.0", marks=proves("host-hw-tpm")),
        pytest.param("host-hw-tpm", "capability.tpmSupported", False, True, marks=proves("host-hw-tpm")),
        pytest.param(
            "host-hw-tpm", "summary.tpmAttestation.status", "notAccepted", "accepted", marks=proves("host-hw-tpm")
        ),
        pytest.param(
            "host-hw-secureboot", "capability.uefiSecureBoot", False, True, marks=proves("host-hw-secureboot")
        ),
    ],
)
def test_hardware(today: Bench, control: str, path: str, bad: Any, good: Any) -> None:
    def put(value: Any) -> None:  # set in the firmware of the machine
        today.endpoint.control("set", type="HostSystem", name=BLADE11, path=path, value=value)

    today.check({control: [BLADE11]}, plant=lambda: put(bad), mend=lambda: put(good))
