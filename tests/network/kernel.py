"""A router in network namespaces: the kernel itself says which packets a rule set lets through."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from viguard.network.addresses import Family
from viguard.network.rules import Packet

WIRE = Path(__file__).with_name("wire.py")
SHAKE = Path(__file__).with_name("shake.py")
UNPACKED = Path(__file__).parents[2] / ".cache" / "debian"
MACS = {
    "sender": "02:00:00:00:00:01",
    "router": "02:00:00:00:00:02",
    "out": "02:00:00:00:00:03",
    "hearer": "02:00:00:00:00:04",
}
BEFORE = {Family.V4: "192.0.2.1", Family.V6: "2001:db8:fffe::1"}
NEXT = {Family.V4: "192.0.2.6", Family.V6: "2001:db8:ffff::6"}
OWN = {Family.V4: ("192.0.2.2/30", "192.0.2.5/30"), Family.V6: ("2001:db8:fffe::2/64", "2001:db8:ffff::5/64")}
TIMEOUT_S = 60


def program(package: str, name: str) -> list[str]:
    """How to call a program of an unpacked package, or the installed one."""
    root = UNPACKED / package
    for folder in ("usr/sbin", "sbin"):
        if (root / folder / name).exists():
            libraries = ":".join(str(root / part) for part in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
            plugins = root / "usr/lib/x86_64-linux-gnu/xtables"
            return ["env", f"LD_LIBRARY_PATH={libraries}", f"XTABLES_LIBDIR={plugins}", str(root / folder / name)]
    return [name]


def missing(package: str, name: str) -> str:
    """What keeps the kernel from being asked; empty when nothing does."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if shutil.which("ip") is None:
        return "no ip (Debian iproute2)"
    if not (UNPACKED / package).exists() and shutil.which(name) is None:
        return f"no {name} (packaging/unpack {package})"
    return ""


class Router:
    """Two wires with a router between them, in namespaces of its own."""

    def __init__(self) -> None:
        self._names = {part: f"vg-{os.getpid()}-{part}" for part in ("sender", "router", "hearer")}

    def inside(self, part: str, *command: str, text: str | None = None) -> str:
        """What a command says inside a namespace. Raises: AssertionError with what it complains of."""
        whole = ["ip", "netns", "exec", self._names[part], *command]
        done = subprocess.run(whole, input=text, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def ip(self, part: str, *command: str) -> None:
        """An ``ip`` command inside a namespace."""
        done = subprocess.run(["ip", "-n", self._names[part], *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ip {' '.join(command)}: {done.stderr}"

    def passed(self, family: Family, packets: Sequence[Packet]) -> set[int]:
        """The numbers of the packets that come through."""
        told = json.dumps([[int(family), *packet] for packet in packets])
        hear = ["ip", "netns", "exec", self._names["hearer"], sys.executable, str(WIRE), "hear", "hearer"]
        with subprocess.Popen(hear, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hearing:
            assert hearing.stdout is not None
            assert hearing.stdout.readline() == "ready\n"
            self.inside("sender", sys.executable, str(WIRE), "send", "sender", MACS["router"], text=told)
            said, _ = hearing.communicate(timeout=TIMEOUT_S)
        return set(json.loads(said))

    def shaken(self, asked: Sequence[tuple[str, str, int]]) -> list[str]:
        """What becomes of connections, each from an address to another and its port. Needs ``house``."""
        ports = sorted({str(port) for *_, port in asked})
        command = ["ip", "netns", "exec", self._names["hearer"], sys.executable, str(SHAKE), "listen", *ports]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listening:
            assert listening.stdout is not None
            assert listening.stdout.readline() == "ready\n"
            said = self.inside("sender", sys.executable, str(SHAKE), "connect", text=json.dumps(asked))
            listening.communicate(timeout=TIMEOUT_S)
        return list(json.loads(said))

    def house(self, sources: Sequence[str], destinations: Sequence[str]) -> None:
        """Gives the sender and the hearer these addresses, and routes between them, there and back."""
        homes = [("sender", "router", BEFORE, sources, 0), ("hearer", "out", NEXT, destinations, 1)]
        for part, far, own, addresses, side in homes:
            self.ip(part, "link", "set", "lo", "up")
            for family in Family:
                own_address, gateway = own[family], OWN[family][side].split("/")[0]
                width, nodad = OWN[family][side].split("/")[1], ["nodad"] if family is Family.V6 else []
                self.ip(part, "addr", "add", f"{own_address}/{width}", "dev", part, *nodad)
                self._knows(part, gateway, MACS[far], part)
                self._knows("router", own_address, MACS[part], far)
                self.ip(part, f"-{int(family)}", "route", "add", "default", "via", gateway)
            for address in addresses:
                family = Family.V6 if ":" in address else Family.V4
                whole = f"{address}/{128 if family is Family.V6 else 32}"
                self.ip(part, "addr", "add", whole, "dev", "lo", *(["nodad"] if family is Family.V6 else []))
                self.ip("router", f"-{int(family)}", "route", "add", whole, "via", own[family], "dev", far)

    def _knows(self, part: str, address: str, mac: str, interface: str) -> None:
        self.ip(part, "neigh", "replace", address, "lladdr", mac, "dev", interface, "nud", "permanent")

    def forget(self) -> None:
        """No rules, as at first."""
        self.inside("router", *program("nftables", "nft"), "flush", "ruleset")

    def make(self) -> None:
        """The namespaces and the wires."""
        for name in self._names.values():
            subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
        self._wire("sender", "sender", "router")
        self._wire("hearer", "hearer", "out")
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            self._set(key, 1)
        for interface in ("all", "default", "router", "out"):
            self._set(f"net.ipv4.conf.{interface}.rp_filter", 0)
        for family in Family:
            for interface, address in zip(("router", "out"), OWN[family], strict=True):
                self.ip("router", "addr", "add", address, "dev", interface, *(["nodad"] if family is Family.V6 else []))
            to = NEXT[family]
            self._knows("router", to, MACS["hearer"], "out")
            self.ip("router", f"-{int(family)}", "route", "add", "default", "via", to, "dev", "out")

    def unmake(self) -> None:
        """Nothing is left."""
        for name in self._names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def _wire(self, part: str, near: str, far: str) -> None:
        ends = ["type", "veth", "peer", "name", far, "address", MACS[far], "netns", self._names["router"]]
        self.ip(part, "link", "add", near, "address", MACS[near], *ends)
        self.ip(part, "link", "set", near, "up")
        self.ip("router", "link", "set", far, "up")

    def _set(self, key: str, value: int) -> None:
        self.inside("router", "sh", "-c", f"echo {value} > /proc/sys/{key.replace('.', '/')}")


@contextmanager
def router() -> Iterator[Router]:
    """A router while it is needed."""
    made = Router()
    try:
        made.make()
        yield made
    finally:
        made.unmake()
