"""Hears syslog: UDP, TCP, TLS and RELP, and hands blocks of whole lines to a taker.

Source: RFC 3164 and 5424 (messages are kept as they are), RFC 5426 (UDP), RFC 6587 (TCP), RFC 5425 (TLS), RELP.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viguard.logs.receive.counters import Counters, State, Status
    from viguard.logs.receive.receiver import Address, Receiver, loop_factory, run
    from viguard.logs.receive.settings import Limits, Listen, Tls

__all__ = ["Address", "Counters", "Limits", "Listen", "Receiver", "State", "Status", "Tls", "loop_factory", "run"]
_MODULES = {
    **dict.fromkeys(("Counters", "State", "Status"), "counters"),
    **dict.fromkeys(("Address", "Receiver", "loop_factory", "run"), "receiver"),
    **dict.fromkeys(("Limits", "Listen", "Tls"), "settings"),
}


def __getattr__(name: str) -> Any:
    """A name of ours, its module imported now: who reads files needs our way to cut lines and no sockets."""
    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"viguard.logs.receive.{_MODULES[name]}"), name)
