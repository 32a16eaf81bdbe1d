"""TLS to a server: verified by default, pinned, or legacy when its owner asks for that."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import socket
import ssl
import warnings
from pathlib import Path

from viguard.errors import CertificateError, InputError, SourceError, UnreachableError
from viguard.vsphere.endpoint import Endpoint, Trust

LEGACY_HINT = "a server before vSphere 5.5 may speak only TLS 1.0: allow it for this source alone (legacy TLS)"


def make_context(trust: Trust) -> ssl.SSLContext:
    """The TLS settings for a server.

    Raises:
        InputError: the CA file or fingerprint cannot be used.
    """
    if trust.fingerprint:
        normal_fingerprint(trust.fingerprint)
    try:
        first, *more = _files(trust.ca)
        context = ssl.create_default_context(cafile=first or None)
        for file in more:
            context.load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"the CA file cannot be used: {error}", where=trust.ca, hint="give a PEM file") from error
    if trust.fingerprint:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if trust.legacy:
        _admit_old(context)
    return context


def _files(text: str) -> list[str]:
    """The files that a text names: it is one when there is one of that name, else several as in PATH."""
    return [text] if Path(text).is_file() else [file for file in text.split(os.pathsep) if file] or [text]


def _admit_old(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():  # Python deprecates naming TLS 1.0 at all; the owner asked for it
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)


def connect(endpoint: Endpoint, context: ssl.SSLContext, timeout_s: float) -> ssl.SSLSocket:
    """A TLS connection whose certificate is the expected one.

    Raises:
        UnreachableError: no connection, or no TLS version in common.
        CertificateError: the certificate is not trusted, expired, for another name, or not the pinned one.
    """
    try:
        raw = socket.create_connection((endpoint.host, endpoint.port), timeout_s)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(
            f"no connection: {error}", where=endpoint.url, hint="check the name, the port and the firewalls between"
        ) from error
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = context.wrap_socket(raw, server_hostname=endpoint.host)
    except ssl.SSLCertVerificationError as error:
        raw.close()
        raise _untrusted(endpoint, error.verify_message) from error
    except (ssl.SSLError, OSError) as error:
        raw.close()
        hint = "" if endpoint.trust.legacy else LEGACY_HINT
        raise UnreachableError(f"no TLS connection: {_plain(error)}", where=endpoint.url, hint=hint) from error
    try:
        _check_pin(endpoint, wrapped)
    except SourceError:
        wrapped.close()
        raise
    return wrapped


def fingerprint(certificate: bytes) -> str:
    """The SHA-256 of a DER certificate as ``AA:BB:…``."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def normal_fingerprint(text: str) -> str:
    """A fingerprint as 64 small hex digits.

    Raises:
        InputError: it is not the SHA-256 of a certificate.
    """
    digits = re.sub(r"(?i)^sha-?256[:=]", "", text.strip()).replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        hint = "openssl x509 -noout -fingerprint -sha256 prints one"
        raise InputError("this is no SHA-256 fingerprint (64 hex digits)", where=text[:100], hint=hint)
    return digits


def _check_pin(endpoint: Endpoint, wrapped: ssl.SSLSocket) -> None:
    if not endpoint.trust.fingerprint:
        return
    presented = wrapped.getpeercert(binary_form=True) or b""
    expected = normal_fingerprint(endpoint.trust.fingerprint)
    if not hmac.compare_digest(hashlib.sha256(presented).hexdigest(), expected):
        raise CertificateError(
            "the certificate is not the pinned one",
            where=endpoint.url,
            hint=f"it presented SHA-256 {fingerprint(presented)}: find out why it changed before you pin this one",
        )


def _untrusted(endpoint: Endpoint, reason: str) -> CertificateError:
    presented = _presented(endpoint)
    shown = (
        f"it presented SHA-256 {presented}. Compare that with the server's own console, then pin it"
        if presented
        else "pin it"
    )
    return CertificateError(
        f"the certificate is not trusted: {reason}",
        where=endpoint.url,
        hint=f"{shown} (fingerprint), or name the authority that signed it (CA file)",
    )


def _presented(endpoint: Endpoint) -> str:
    """The fingerprint of whatever certificate a server shows; nothing is sent to it."""
    context = make_context(Trust(fingerprint="0" * 64, legacy=endpoint.trust.legacy))
    try:
        with (
            socket.create_connection((endpoint.host, endpoint.port), 10) as raw,
            context.wrap_socket(raw, server_hostname=endpoint.host) as wrapped,
        ):
            return fingerprint(wrapped.getpeercert(binary_form=True) or b"")
    except OSError:
        return ""


def _plain(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else str(error)
