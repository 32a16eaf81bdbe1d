from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import lab
from viguard.errors import CertificateError, InputError, UnreachableError
from viguard.vsphere.endpoint import Endpoint, Trust
from viguard.vsphere.tls import connect, make_context, normal_fingerprint

pytestmark = [
    pytest.mark.real("lab"),
    pytest.mark.skipif(bool(lab.missing_parts()), reason=", ".join(lab.missing_parts())),
]


def try_(server: lab.Endpoint, **trust: str | bool) -> str:
    """The TLS version of a connection."""
    endpoint = Endpoint(host=server.host, port=server.port, trust=Trust(**trust))  # type: ignore[arg-type]
    with connect(endpoint, make_context(endpoint.trust), 5) as made:
        return made.version() or ""


def test_a_good_certificate_is_accepted_by_its_authority() -> None:
    with lab.clean("esxi-test") as server:
        e = server["esxi-test"]
        assert try_(e, ca=str(e.ca_file)) == "TLSv1.3"


def test_a_certificate_of_an_unknown_authority_is_refused_with_its_fingerprint() -> None:
    with lab.clean("esxi-test") as server:
        e = server["esxi-test"]
        with pytest.raises(CertificateError) as caught:
            try_(e)
        assert "not trusted" in caught.value.message
        colons = ":".join(e.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
        assert colons in caught.value.hint
        assert try_(e, fingerprint=colons) == "TLSv1.3"
        assert try_(e, fingerprint=e.fingerprint) == "TLSv1.3"


@pytest.mark.parametrize(
    ("kind", "word"), [("expired", "expired"), ("wrong-host", "127.0.0.1"), ("self-signed", "self-signed")]
)
def test_a_bad_certificate_is_refused_with_the_reason(kind: str, word: str) -> None:
    with lab.clean("esxi-test", certificates=kind) as server:
        e = server["esxi-test"]
        with pytest.raises(CertificateError) as caught:
            try_(e, ca=str(e.ca_file))
        assert word in caught.value.message
        assert try_(e, fingerprint=e.fingerprint), "a pinned certificate needs no authority, name or date"


def test_another_certificate_than_the_pinned_one_is_refused() -> None:
    with lab.clean("esxi-test") as server, pytest.raises(CertificateError, match="not the pinned one"):
        try_(server["esxi-test"], fingerprint="00" * 32)


def test_a_server_that_speaks_only_tls_1_0_needs_the_owner_s_consent() -> None:
    with lab.clean("vc-main", flags=["-tls-min", "1.0", "-tls-max", "1.0"]) as server:
        e = server["vc-main"]
        with pytest.raises(UnreachableError) as caught:
            try_(e, ca=str(e.ca_file))
        assert "TLS 1.0" in caught.value.hint
        assert try_(e, ca=str(e.ca_file), legacy=True) == "TLSv1"
        assert try_(e, fingerprint=e.fingerprint, legacy=True) == "TLSv1"
        with pytest.raises(CertificateError) as untrusted:
            try_(e, legacy=True)
        assert "it presented SHA-256" in untrusted.value.hint


@pytest.mark.parametrize("text", ["", "abc", "00" * 20, "zz" * 32])
def test_a_fingerprint_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no SHA-256"):
        normal_fingerprint(text)


def test_fingerprints_may_be_written_as_tools_print_them() -> None:
    digits = "ab" * 32
    for text in (digits, digits.upper(), ":".join(["AB"] * 32), f"SHA256:{digits}", f"sha-256={digits}"):
        assert normal_fingerprint(text) == digits


@pytest.mark.parametrize("make", [lambda p: p / "missing.pem", lambda p: _written(p / "no.pem")])
def test_a_ca_file_that_is_none_is_refused(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(InputError, match="CA file"):
        make_context(Trust(ca=str(make(tmp_path))))


def _written(path: Path) -> Path:
    path.write_text("this is no certificate")
    return path


def test_several_files_of_authorities_may_be_named_as_in_path() -> None:
    with lab.clean("esxi-test") as server, lab.clean("vc-test") as other:
        e, another = server["esxi-test"], other["vc-test"]
        assert try_(e, ca=os.pathsep.join([str(another.ca_file), str(e.ca_file)])) == "TLSv1.3"
        with pytest.raises(CertificateError):
            try_(e, ca=str(another.ca_file))


def test_a_file_whose_name_holds_the_separator_is_one_file(tmp_path: Path) -> None:
    with lab.clean("esxi-test") as server:
        e = server["esxi-test"]
        odd = tmp_path / f"a{os.pathsep}b.pem"
        odd.write_bytes(e.ca_file.read_bytes())
        assert try_(e, ca=str(odd)) == "TLSv1.3"
