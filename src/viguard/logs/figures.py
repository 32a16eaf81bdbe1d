"""How many consoles of each guest are open, as a server's API tells. Source: vim.vm.RuntimeInfo.numMksConnections."""

from __future__ import annotations

from viguard.vsphere.reader import Reader
from viguard.vsphere.session import Session

_GUEST = "VirtualMachine"
_NAME, _COUNT = "name", "runtime.numMksConnections"


def console_figures(session: Session) -> dict[str, int]:
    """Open consoles by name of guest, also of those with none; the most of guests that share a name.

    A guest whose figure is not told is left out: it is not known to have none.

    Raises:
        SourceError: the server cannot be read.
    """
    reader, counts = Reader(session), dict[str, int]()
    guests = reader.survey([_GUEST])[_GUEST]
    for found in reader.read(guests, [_NAME, _COUNT]):
        values, _missing = found.values(session.connection.endpoint.url)
        name, count = values.get(_NAME), values.get(_COUNT)
        told = (count.text or "") if count is not None else ""
        if name is not None and name.text and told.isdecimal():
            counts[name.text] = max(int(told), counts.get(name.text, 0))
    return counts
