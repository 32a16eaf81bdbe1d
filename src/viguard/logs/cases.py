"""Lines and what each of them says: the cases beside the classes of events, content/logs/cases.

Nothing loads them when lines are read; they are for tests, documents and whoever writes a pattern.
"""

from __future__ import annotations

import msgspec

from viguard import content
from viguard.errors import ContentError
from viguard.model.event import NOISE
from viguard.model.facts import Struct

FOLDER = "logs/cases"


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line, and the event that it has to be.

    ``source`` is where its form is written down outside, or ``self-written``. ``fields`` are those that the event has
    to have, with ``outcome``, ``channel``, ``program`` and ``pid`` where a case is about them. A case of noise, or of a
    class that looks like another one, says ``why``; ``near`` is the class that it looks like and is not.
    """

    line: str
    event: str = NOISE
    near: str = ""
    user: str | None = None
    source_ip: str | None = None
    vm: str | None = None
    fields: dict[str, str | int] = msgspec.field(default_factory=dict)
    source: str = "self-written"
    why: str = ""


def cases() -> tuple[Case, ...]:
    """Every case, in the order of the files.

    Raises: ContentError.
    """
    found: list[Case] = []
    for name, text in content.folder(FOLDER):
        try:
            found += msgspec.yaml.decode(text, type=tuple[Case, ...])
        except msgspec.MsgspecError as error:
            raise ContentError(str(error), where=name) from error
    return tuple(found)
