"""User and password for a server: from a file, the environment, or a prompt; never from arguments."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import msgspec
import yaml

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.vsphere.endpoint import Endpoint, Trust, parse_endpoint

Ask: TypeAlias = Callable[[str], str]
"""Asks a person: gets the question, returns the answer."""

URL, CA_CERTS = "GOVC_URL", "GOVC_TLS_CA_CERTS"
PAIRS = (("VIGUARD_USER", "VIGUARD_PASSWORD"), ("GOVC_USERNAME", "GOVC_PASSWORD"))


class Login(msgspec.Struct, frozen=True):
    """A user and a password. Shown without the password."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One server of a credentials file."""

    url: str
    user: str
    password: str
    ca: str = ""
    fingerprint: str = ""
    legacy_tls: bool = False
    name: str = ""

    def __repr__(self) -> str:
        return f"Entry(url={self.url!r}, user={self.user!r})"

    @property
    def endpoint(self) -> Endpoint:
        """The server this entry is for."""
        trust = Trust(ca=self.ca, fingerprint=self.fingerprint, legacy=self.legacy_tls)
        found = parse_endpoint(self.url, trust)
        return msgspec.structs.replace(found, name=self.name or found.name)


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    servers: tuple[Entry, ...]


class _TwiceError(Exception):
    """A key stands twice in a table. Its text is only shown when it is a key of ours: it may be a password."""

    def __init__(self, key: yaml.ScalarNode) -> None:
        known = key.value in {*_File.__struct_fields__, *Entry.__struct_fields__}
        super().__init__(f"the key {key.value!r}" if known else "a key")
        self.line, self.column = key.start_mark.line + 1, key.start_mark.column + 1


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML's own loader silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """The table of a node. Raises: _TwiceError."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise _TwiceError(key)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


class Credentials:
    """Where logins are looked for: a file, then the environment, then a prompt.

    ``user`` counts before the environment's. Nothing here keeps what was asked longer than this object lives.
    """

    def __init__(
        self,
        *,
        entries: tuple[Entry, ...] = (),
        environment: Mapping[str, str] | None = None,
        ask: Ask | None = None,
        user: str = "",
    ) -> None:
        self.entries, self._ask, self._user = entries, ask, user
        self._environment = os.environ if environment is None else environment

    def complete(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with the trust and name that the file says, where the caller said none.

        Where neither names an authority or fingerprint, the authorities of GOVC_TLS_CA_CERTS count.
        """
        entry = self._entry(endpoint)
        known = entry.endpoint if entry else endpoint
        trust = known.trust if endpoint.trust == Trust() else endpoint.trust
        if not trust.ca and not trust.fingerprint:
            trust = msgspec.structs.replace(trust, ca=self._environment.get(CA_CERTS, ""))
        return msgspec.structs.replace(endpoint, trust=trust, name=endpoint.name or known.name)

    def login(self, endpoint: Endpoint) -> Login:
        """User and password for a server.

        Raises:
            InputError: nothing gives them, and nobody can be asked.
        """
        if entry := self._entry(endpoint):
            return Login(entry.user, entry.password)
        user, password = self._from_environment(endpoint)
        user = user or self._question(endpoint, f"User for {endpoint.url}: ")
        return Login(user, password or self._prompt(endpoint, user))

    def _from_environment(self, endpoint: Endpoint) -> tuple[str, str]:
        """User and password as far as the environment gives them; never the password of another user or server."""
        own, govc = ((self._environment.get(u, ""), self._environment.get(p, "")) for u, p in PAIRS)
        for user, password in (own, self._with_url(endpoint, *govc)):
            if (user or (self._user and password)) and self._user in {"", user or self._user}:
                return self._user or user, password
        return self._user, ""

    def _with_url(self, endpoint: Endpoint, user: str, password: str) -> tuple[str, str]:
        """What GOVC_USERNAME and GOVC_PASSWORD leave open, from GOVC_URL, for the server that it names."""
        held = self._environment.get(URL, "").rpartition("://")[2].rpartition("@")[0]
        if not held or not self._is_default(endpoint):
            return user, password
        name, _, secret = held.partition(":")
        in_url = unquote(name)
        if user not in {"", in_url}:
            return user, password
        return in_url, password or unquote(secret)

    def _is_default(self, endpoint: Endpoint) -> bool:
        try:
            return _place(parse_endpoint(self.default_source())) == _place(endpoint)
        except InputError:  # it is told where it is used as a source
            return False

    def notices(self) -> list[str]:
        """What of the environment viguard does not follow, as sentences for people."""
        if self._environment.get("GOVC_INSECURE", "").lower() in {"1", "true", "t", "yes"}:
            return ["GOVC_INSECURE is not followed: certificates are verified; pin a fingerprint or name a CA instead"]
        return []

    def default_source(self) -> str:
        """The server that the environment names (GOVC_URL) without any credential in it, "" when it names none.

        The credential is not lost: ``login`` uses it for this server.
        """
        address = self._environment.get(URL, "")
        scheme, separator, rest = address.rpartition("://")
        return f"{scheme}{separator}{rest.rpartition('@')[2]}"  # a password may hold slashes

    def _entry(self, endpoint: Endpoint) -> Entry | None:
        matches = (e for e in self.entries if _place(e.endpoint) == _place(endpoint))
        return next(matches, None)

    def _prompt(self, endpoint: Endpoint, user: str) -> str:
        return self._question(endpoint, f"Password of {user} at {endpoint.url}: ")

    def _question(self, endpoint: Endpoint, text: str) -> str:
        if self._ask is None:
            raise InputError(
                "no user and password for this server",
                where=endpoint.url,
                hint="set VIGUARD_USER and VIGUARD_PASSWORD, or name a credentials file",
            )
        return self._ask(text)


def load_credentials(path: Path) -> tuple[Entry, ...]:
    """The servers of a credentials file (YAML, mode 0600).

    Raises:
        InputError: it cannot be read, others may read it, or it is no such file. No content is shown.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InputError(f"the credentials file cannot be read: {reason}", where=str(path)) from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise InputError(
            f"others may read the credentials file (mode {stat.S_IMODE(mode):04o})",
            where=str(path),
            hint=f"chmod 600 {path}",
        )
    return _parse(text, path)


def _parse(text: str, path: Path) -> tuple[Entry, ...]:
    hint = "write servers: [{url: …, user: …, password: …, ca:, fingerprint:, legacy_tls:, name:}]"
    try:
        entries = msgspec.convert(yaml.load(text, _Loader), _File).servers  # noqa: S506  (a safe loader)
    except _TwiceError as error:
        where = f"{path}:{error.line}:{error.column}"
        raise InputError(f"the credentials file has {error} a second time", where=where, hint="remove one") from None
    except yaml.MarkedYAMLError as error:
        at = f":{error.problem_mark.line + 1}:{error.problem_mark.column + 1}" if error.problem_mark else ""
        raise InputError(f"the credentials file is no YAML: {error.problem}", where=f"{path}{at}", hint=hint) from None
    except (yaml.YAMLError, RecursionError):
        raise InputError("the credentials file is no YAML", where=str(path), hint=hint) from None
    except msgspec.ValidationError as error:
        raise InputError(f"the credentials file has a mistake: {error}", where=str(path), hint=hint) from None
    for entry in entries:
        _ = entry.endpoint
    return entries


def _place(endpoint: Endpoint) -> tuple[str, int]:
    return endpoint.host.lower(), endpoint.port
