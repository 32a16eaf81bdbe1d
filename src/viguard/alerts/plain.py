"""Text for Nagios. Imports nothing but the standard library: probes use it, and they have 100 ms."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"""[`$"'\\<>&|;~!*%{}\[\]^#]""")
_SAFER = {";": ",", "|": "/", "[": "(", "]": ")", "{": "(", "}": ")"}


def text_of(text: str, limit: int = 400) -> str:
    """One line without what Nagios, its command file or a shell could take for more than text."""
    kept = "".join(c if c.isprintable() else "?" for c in text)
    return _UNSAFE.sub(lambda found: _SAFER.get(found[0], "_"), kept)[:limit]
