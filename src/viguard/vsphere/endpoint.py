"""Where a server is and how its certificate is judged."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from viguard.errors import InputError
from viguard.model.facts import Struct

_CREDENTIAL_HINT = (
    "give the user and password by prompt, environment (VIGUARD_USER, VIGUARD_PASSWORD) or credentials file"
)
_ADDRESS_HINT = "write https://HOST/sdk"


class Trust(Struct, frozen=True, kw_only=True):
    """How the certificate of a server is judged.

    By default it is verified against the system's authorities. ``ca`` is a file of authorities instead, or several,
    separated as in PATH;
    ``fingerprint`` pins the SHA-256 of the certificate itself. ``legacy`` admits TLS 1.0 and old ciphers.
    """

    ca: str = ""
    fingerprint: str = ""
    legacy: bool = False

    @property
    def mode(self) -> str:
        """One word for reports: verified, pinned, legacy."""
        return "legacy" if self.legacy else "pinned" if self.fingerprint else "verified"


VERIFIED = Trust()


class Endpoint(Struct, frozen=True, kw_only=True):
    """A server to read. ``name`` is the alias that its owner gave it, or empty."""

    host: str
    port: int = 443
    name: str = ""
    trust: Trust = Trust()

    @property
    def url(self) -> str:
        """The address without any credential."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}/sdk" if self.port == 443 else f"https://{host}:{self.port}/sdk"


def parse_endpoint(text: str, trust: Trust = VERIFIED) -> Endpoint:
    """An endpoint from ``[NAME=]HOST[:PORT]`` or ``[NAME=]https://HOST[:PORT][/sdk]``.

    Raises:
        InputError: it is no such address, names http, or holds a user or password.
    """
    name, address = _split_name(text)
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError as error:  # an opening bracket without its end
        raise InputError("this is no address of a vCenter or host", where=_censor(text), hint=_ADDRESS_HINT) from error
    if parts.username is not None or parts.password is not None:
        raise InputError("a URL must not hold a user or password", where=_censor(text), hint=_CREDENTIAL_HINT)
    if parts.scheme != "https":
        raise InputError(f"{parts.scheme} is not read: only https is", where=text, hint=_ADDRESS_HINT)
    try:
        port = parts.port or 443
    except ValueError as error:
        raise InputError("the port is no number from 1 to 65535", where=text) from error
    if not parts.hostname or parts.path.rstrip("/") not in {"", "/sdk", "/sdk/vimService"} or parts.query:
        raise InputError("this is no address of a vCenter or host", where=text, hint=_ADDRESS_HINT)
    return Endpoint(host=parts.hostname, port=port, name=name, trust=trust)


def _split_name(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"([^=:/@]+)=(.+)", text.strip())
    return (found.group(1).strip(), found.group(2)) if found else ("", text.strip())


def _censor(text: str) -> str:
    return re.sub(r"(//|=|^)[^/@]*@", r"\1…@", text)
