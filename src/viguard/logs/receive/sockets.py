"""Sockets and certificates for listening."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl

from viguard.errors import InputError
from viguard.logs.receive.settings import Listen, Tls

_BACKLOG = 1024
_RESERVED_FILES = 256


def bind(listen: Listen) -> socket.socket:
    """A socket for a listener, not blocking.

    Raises: InputError when the address cannot be had.
    """
    is_udp = listen.transport == "udp"
    where = place(listen.transport, listen.address, listen.port)
    try:
        version = ipaddress.ip_address(listen.address).version
    except ValueError:
        raise InputError("is no numeric address", where=where, hint='use an address of this machine, or "::"') from None
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    bound = socket.socket(family, socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM)
    try:
        bound.settimeout(0)
        if version == 6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if not is_udp:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((listen.address, listen.port))
        if not is_udp:
            bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise InputError(f"cannot listen: {error.strerror or error}", where=where, hint=_hint(listen)) from None
    return bound


def _hint(listen: Listen) -> str:
    if 0 < listen.port < 1024:
        return "ports below 1024 need root or CAP_NET_BIND_SERVICE, and no other log server on this machine"
    return "see that no other program listens there and that the address is one of this machine"


def place(transport: str, address: str, port: int) -> str:
    """A listener as people write it: ``tls [::]:6514``."""
    return f"{transport} [{address}]:{port}" if ":" in address else f"{transport} {address}:{port}"


def host(address: str) -> str:
    """The address of a sender: IPv4 that came by an IPv6 socket is shown as IPv4."""
    return address[7:] if address.startswith("::ffff:") and "." in address else address


def context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 and later, with the certificate of a listener.

    Raises: InputError when certificate, key or authority cannot be used.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # A sender of logs never reads. Tickets would lie unread at its end, and closing there would reset the connection:
    # lines on their way would be lost.
    made.num_tickets = 0
    try:
        made.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        hint = f"the key that belongs to it is expected in {tls.key}, without a passphrase"
        raise InputError(f"certificate cannot be used: {_why(error)}", where=str(tls.certificate), hint=hint) from None
    if tls.client_ca is not None:
        try:
            made.load_verify_locations(tls.client_ca)
        except OSError as error:
            raise InputError(f"authority cannot be used: {_why(error)}", where=str(tls.client_ca)) from None
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def _why(error: OSError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return (reason or "no PEM file").replace("_", " ").lower()


def keep_alive(connected: socket.socket) -> None:
    """A sender that vanished is noticed after about five minutes."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 120), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 6)):
        if hasattr(socket, option):
            with contextlib.suppress(OSError):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def room_for_files(connections: int) -> int:
    """How many connections this process may hold, at most ``connections``; raises its own limit as far as allowed."""
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return max(1, min(connections, soft - _RESERVED_FILES))
    return connections
