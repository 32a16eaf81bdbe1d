"""Hears syslog: UDP, TCP, TLS and RELP, and hands blocks of whole lines to a taker.

Source: RFC 3164 and 5424 (messages are kept as they are), RFC 5426 (UDP), RFC 6587 (TCP), RFC 5425 (TLS), RELP.
"""

from viguard.logs.receive.counters import Counters, State, Status
from viguard.logs.receive.receiver import Address, Receiver, loop_factory, run
from viguard.logs.receive.settings import Limits, Listen, Tls

__all__ = ["Address", "Counters", "Limits", "Listen", "Receiver", "State", "Status", "Tls", "loop_factory", "run"]
