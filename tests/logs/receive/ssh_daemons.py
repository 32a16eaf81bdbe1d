"""Real SSH daemons: Debian's dropbear and OpenSSH, unpacked by packaging/unpack, with accounts of their own.

A daemon runs in a mount namespace in which /etc/passwd, /dev/log and what else it reads are ours: no account and no
file is left on the machine. What it says to syslog is read from that /dev/log, as it wrote it; only the host's name is
put in, as a log daemon does.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.logs.receive.senders import LIBRARIES, free_port, running, unpacked, until

PASSWORD = "right-Pa55word"
HOST = "esx7"
USERS = {"root": 0, "berry": 61234}
"""Who may log in, all with PASSWORD."""
_PAM = "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n"
_SSHD = """UsePAM yes
PermitRootLogin yes
PasswordAuthentication yes
PidFile none
"""
_NAMESPACE = """set -e
mount -t tmpfs none "$D/dev"
for n in null zero full random urandom tty; do touch "$D/dev/$n"; mount --bind "/dev/$n" "$D/dev/$n"; done
ln -s "$D/log" "$D/dev/log"
mount --rbind "$D/dev" /dev
for n in passwd shadow group; do mount --bind "$D/$n" "/etc/$n"; done
mount --bind "$D/pam.d" /etc/pam.d
mount -t tmpfs none /run
mkdir -m 755 /run/sshd
exec "$@"
"""


class Log:
    """/dev/log of a daemon: a socket that must be read, or who writes to it waits."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def lines(self, quiet_s: float = 1.5) -> list[str]:
        """What was said since the last call, once nothing more has come for a while."""
        count = -1
        while count != len(self._lines):
            count = len(self._lines)
            time.sleep(quiet_s)
        found, self._lines[:] = self._lines[:], []
        return found

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(20)
        self._socket.close()

    def _read(self) -> None:
        while message := self._socket.recv(65536):
            line = message.decode().rstrip("\n\0")
            at = line.index(">") + 16  # <38>Nov 23 10:00:00, then comes the program
            self._lines.append(f"{line[:at]} {HOST}{line[at:]}")


@dataclass
class Daemon:
    """A daemon that listens on ``port`` of loopback."""

    port: int
    folder: Path
    log: Log
    method: str = "password"

    def login(self, user: str, password: str) -> int:
        """What ssh returns for one login that tries one password: 0 when it was let in, 255 when not."""
        asked = self.folder / "askpass"
        asked.write_text(f"#!/bin/sh\necho {shlex.quote(password)}\n")
        asked.chmod(0o700)
        options = {
            "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "NumberOfPasswordPrompts": "1",
            "PreferredAuthentications": self.method, "PubkeyAuthentication": "no", "LogLevel": "ERROR",
        }  # fmt: skip
        given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        program, environment = _client("ssh")
        done = subprocess.run(
            [program, "-F", "none", *given, "-p", str(self.port), f"{user}@127.0.0.1", "true"],
            env={**environment, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force"},
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode


@contextmanager
def dropbear(folder: Path) -> Iterator[Daemon]:
    """Debian's dropbear."""
    tree = unpacked("dropbear-bin", "usr/sbin/dropbear")
    key, port = folder / "host_key", free_port()
    with running([tree / "usr/bin/dropbearkey", "-t", "ed25519", "-f", key], folder / "key.log", tree) as made:
        made.wait(60)
    command = [tree / "usr/sbin/dropbear", "-F", "-r", key, "-p", f"127.0.0.1:{port}", "-P", folder / "pid"]
    with _listening(folder, command, port, tree) as daemon:
        yield daemon


@contextmanager
def openssh(folder: Path) -> Iterator[Daemon]:
    """Debian's OpenSSH, which asks PAM as that of ESXi does."""
    tree = unpacked("openssh-server", "usr/sbin/sshd")
    key, port, settings = folder / "host_key", free_port(), folder / "sshd_config"
    keygen, environment = _client("ssh-keygen")
    subprocess.run(
        [keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, capture_output=True, env=environment
    )
    settings.write_text(f"{_SSHD}Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\n")
    with _listening(folder, [tree / "usr/sbin/sshd", "-D", "-f", settings], port, tree) as daemon:
        yield daemon


@contextmanager
def _listening(folder: Path, command: list[str | Path], port: int, tree: Path) -> Iterator[Daemon]:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("an SSH daemon that lets users in has to be started by root, in a mount namespace")
    _accounts(folder)
    with contextlib.closing(Log(folder / "log")) as log:
        inside = ["unshare", "-m", "env", "TZ=UTC", f"D={folder}", "sh", "-c", _NAMESPACE, "sh", *command]
        err = folder / "daemon.log"
        with running(inside, err, tree):
            until(lambda: _answers(port), "the daemon listens", err)
            log.lines()  # of our own look whether it listens
            yield Daemon(port, folder, log)


def _client(name: str) -> tuple[Path, dict[str, str]]:
    """A program of openssh-client, and the environment in which it finds its libraries."""
    tree = unpacked("openssh-client", f"usr/bin/{name}")
    return tree / "usr/bin" / name, {**os.environ, "LD_LIBRARY_PATH": ":".join(str(tree / one) for one in LIBRARIES)}


def _accounts(folder: Path) -> None:
    """The files of accounts that only the daemon sees."""
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
    ).stdout.strip()
    system = "sshd:x:61235:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
    passwd = "".join(f"{user}:x:{number}:{number}::/:/bin/sh\n" for user, number in USERS.items())
    (folder / "passwd").write_text(passwd + system)
    (folder / "shadow").write_text(
        "".join(f"{user}:{hashed}:19000:0:99999:7:::\n" for user in USERS) + "sshd:*:19000:0:99999:7:::\n"
    )
    (folder / "group").write_text("root:x:0:\nberry:x:61234:\nnogroup:x:65534:\n")
    for name in ("dev", "pam.d"):
        (folder / name).mkdir()
    for service in ("sshd", "other"):
        (folder / "pam.d" / service).write_text(_PAM)


def _answers(port: int) -> bool:
    with socket.socket() as own:
        own.settimeout(5)
        try:
            own.connect(("127.0.0.1", port))
            return bool(own.recv(3))
        except OSError:
            time.sleep(0.1)
            return False
