"""One line per control and resource, passes included: the format that other programs read."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from viguard.model.audit import Audit


def lines(audit: Audit) -> Iterator[bytes]:
    """JSON Lines of an audit's results, each with a newline."""
    encoder = msgspec.json.Encoder()
    for result in audit.results:
        yield encoder.encode(result) + b"\n"


def document(audit: Audit) -> bytes:
    """The whole audit as one JSON document."""
    return msgspec.json.format(msgspec.json.encode(audit), indent=1) + b"\n"
