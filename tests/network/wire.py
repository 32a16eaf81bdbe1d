"""Packets on a wire, as bytes. Run as a program inside a network namespace it sends them or says which arrive.

python wire.py send INTERFACE MAC  < packets as JSON: [[version, source, destination, protocol, from port, port], ...]
python wire.py hear INTERFACE      > numbers of the packets that came, as JSON, once its input is closed
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence

IP, IP6, EVERY = 0x0800, 0x86DD, 0x0003
BATCH, PAUSE_S = 100, 0.002
QUIET_S = 0.4
BUFFER = 64 << 20
SO_RCVBUFFORCE = 33
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
MARK = b"vgrd"


def checksum(data: bytes) -> int:
    """The checksum of the internet. Source: RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def built(number: int, packet: Sequence[int]) -> bytes:
    """The first packet of a flow; its ``number`` is in the last four bytes, after a mark."""
    version, source, destination, protocol, from_port, port = packet
    told = MARK + struct.pack("!I", number)
    width = 4 if version == 4 else 16
    addresses = source.to_bytes(width) + destination.to_bytes(width)
    if protocol == TCP:
        body = struct.pack("!HHIIBBHHH", from_port, port, number, 0, 6 << 4, 2, 1024, 0, 0) + told
        at = 16
    elif protocol == UDP:
        body = struct.pack("!HHHH", from_port, port, 8 + len(told), 0) + told
        at = 6
    elif protocol in {ICMP, ICMP6}:
        body = struct.pack("!BBHHH", port >> 8, port & 0xFF, 0, number & 0xFFFF, 1) + told
        at = 2
    else:
        body, at = told, -1
    if at >= 0:
        pseudo = addresses + struct.pack("!II", len(body), protocol) if protocol != ICMP else b""
        body = body[:at] + struct.pack("!H", checksum(pseudo + body) or 0xFFFF) + body[at + 2 :]
    if version == 6:
        return struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + addresses + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number & 0xFFFF, 0, 64, protocol, 0) + addresses
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def send(interface: str, mac: str) -> None:
    """Every packet of the input once."""
    there = bytes.fromhex(mac.replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        here = wire.getsockname()[4]
        for number, packet in enumerate(json.load(sys.stdin)):
            kind = struct.pack("!H", IP if packet[0] == 4 else IP6)
            wire.send(there + here + kind + built(number, packet))
            if number % BATCH == 0:
                time.sleep(PAUSE_S)


def hear(interface: str) -> None:
    """What comes until the input is closed and it has been quiet for a while."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        wire.bind((interface, EVERY))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        came, watched = set(), [wire, sys.stdin]
        while ready := select.select(watched, [], [], None if sys.stdin in watched else QUIET_S)[0]:
            if sys.stdin in ready:
                sys.stdin.read()
                watched = [wire]
            if wire in ready:
                frame, origin = wire.recvfrom(2048)
                if origin[2] != socket.PACKET_OUTGOING and (number := number_of(frame)) is not None:
                    came.add(number)
    sys.stdout.write(json.dumps(sorted(came)))


def number_of(frame: bytes) -> int | None:
    """The number in a frame; None when it is not one of ours."""
    kind, packet = struct.unpack("!H", frame[12:14])[0], frame[14:]
    if kind == IP:
        size = struct.unpack("!H", packet[2:4])[0]
    elif kind == IP6:
        size = 40 + struct.unpack("!H", packet[4:6])[0]
    else:
        return None
    if packet[size - 8 : size - 4] != MARK:
        return None
    return int(struct.unpack("!I", packet[size - 4 : size])[0])


if __name__ == "__main__":
    send(*sys.argv[2:]) if sys.argv[1] == "send" else hear(*sys.argv[2:])
