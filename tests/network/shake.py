"""TCP connections, as hosts make them. Run as a program inside a network namespace it listens or connects.

python shake.py listen PORT...   > "ready", then an echo on every port and address until its input is closed
python shake.py connect          < [[source, destination, port], ...] as JSON > what became of each, as JSON
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

WAIT_S = 1.0


def listen(*ports: str) -> None:
    """Says back what it is told."""
    for port in ports:
        listener = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


def _serve(listener: socket.socket) -> None:
    while True:
        peer, _ = listener.accept()
        with peer:
            peer.sendall(peer.recv(16))


def connect(told: tuple[str, str, int]) -> str:
    """``answered``, or why not."""
    source, destination, port = told
    try:
        with socket.create_connection((destination, port), WAIT_S, (source, 0)) as peer:
            peer.sendall(b"hello")
            return "answered" if peer.recv(16) == b"hello" else "wrong answer"
    except OSError as error:
        return type(error).__name__


if __name__ == "__main__":
    if sys.argv[1] == "listen":
        listen(*sys.argv[2:])
    else:
        with ThreadPoolExecutor(16) as pool:
            sys.stdout.write(json.dumps(list(pool.map(connect, json.load(sys.stdin)))))
