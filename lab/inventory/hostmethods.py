"""What a host tells through methods only: its packages, kernel modules, certificate, accounts."""

from __future__ import annotations

from typing import Any

from lab.inventory.merge import merged

_PACKAGES = {
    "esx-base": "vmware_certified",
    "bnx2x": "vmware_certified",
    "dell-configuration-vib": "partner",
    "eql-mem": "partner",
}
_MODULES = ("vmkernel", "iscsi_vmk", "bnx2", "mptsas", "vmfs3", "etherswitch", "nfsclient", "migrate")


def method_facts(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The server's own notes of a host, from which its methods answer."""
    return {
        "lockdown_exceptions": facts.get("lockdown_exceptions", []),
        "acceptance": facts.get("acceptance", "partner"),
        "tpm_report": bool(facts.get("tpm")),
        "packages": _packages(facts["product"]) + facts.get("extra_packages", []),
        "modules": [{"name": m, "signed": "VMware"} for m in _MODULES] + facts.get("extra_modules", []),
        "certificate": merged(
            {
                "issuer": "OU=Belnet Systems,O=Belnet,C=BE,CN=Belnet Issuing CA",
                "subject": f"CN={name},O=Belnet,C=BE",
                "not_before_days": -200,
                "not_after_days": 500,
                "status": "good",
            },
            facts.get("certificate", {}),
        ),
        "users": facts["users"],
    }


def _packages(product: dict[str, Any]) -> list[dict[str, str]]:
    version = product["version"] + "-" + str(product["build"])
    return [
        {"name": name, "version": version, "acceptance": acceptance, "vendor": "VMware"}
        for name, acceptance in _PACKAGES.items()
    ]
