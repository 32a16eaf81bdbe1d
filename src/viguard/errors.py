"""Errors that a user can cause or mend. Bad infrastructure is data (a finding, an Unknown), never an error.

ViguardError
├── InputError          a file or an argument that viguard was given
│   ├── PolicyError     policy.yaml, waivers.yaml: all mistakes at once
│   ├── SnapshotError   a snapshot file: truncated, altered, of another schema
│   └── ContentError    viguard's own content (controls): a defect of a release
├── SourceError         a vCenter or host as a whole
│   ├── UnreachableError
│   ├── CertificateError
│   ├── LoginError
│   ├── SessionLostError
│   └── ReplyError      a reply that is too large, too slow, or no vSphere reply
└── StoreError          the database of audits
"""

from __future__ import annotations


class ViguardError(Exception):
    """A failure with three parts: what happened, where, and what to do next.

    ``exit_code`` is what the command line returns: 1 tool error, 2 usage.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.where, self.hint = message, where, hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class InputError(ViguardError):
    """A file or an argument that viguard was given cannot be used."""

    exit_code = 2


class PolicyError(InputError):
    """One or more mistakes in a policy or waiver file; ``mistakes`` holds each as a line."""

    def __init__(self, mistakes: list[str], *, where: str = "", hint: str = "") -> None:
        super().__init__("\n".join(mistakes), where=where, hint=hint)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class SnapshotError(InputError):
    """A snapshot file is truncated, altered or of another schema."""


class ContentError(InputError):
    """A content file (a control) does not hold what the engine needs."""


class SourceError(ViguardError):
    """A vCenter or host could not be read as a whole."""


class UnreachableError(SourceError):
    """No connection: name, address, port or firewall."""


class CertificateError(SourceError):
    """The server's certificate is not the one that was expected."""


class LoginError(SourceError):
    """The server refused the user or the password."""


class SessionLostError(SourceError):
    """The server ended the session in the middle of the work."""


class ReplyError(SourceError):
    """A reply that is too large, too slow, or not a vSphere reply."""


class StoreError(ViguardError):
    """The store of audits cannot be opened or written."""
