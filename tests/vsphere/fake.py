"""A small TLS server on loopback that answers SOAP calls as a test says."""

from __future__ import annotations

import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from viguard.vsphere.endpoint import Endpoint, Trust

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
    ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)
Answer = bytes | str | Callable[["Handler", str], object]


def reply(method: str, content: str) -> bytes:
    """The envelope of a response."""
    return ENVELOPE.format(f'<{method}Response xmlns="urn:vim25">{content}</{method}Response>').encode()


def fault(kind: str, content: str = "") -> bytes:
    """The envelope of a fault."""
    return ENVELOPE.format(
        "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>said so</faultstring>"
        f'<detail><{kind}Fault xmlns="urn:vim25" xsi:type="{kind}">{content}</{kind}Fault></detail></soapenv:Fault>'
    ).encode()


CONTENT = reply(
    "RetrieveServiceContent",
    '<returnval><rootFolder type="Folder">group-d1</rootFolder>'
    '<propertyCollector type="PropertyCollector">propertyCollector</propertyCollector>'
    '<viewManager type="ViewManager">ViewManager</viewManager>'
    "<about><name>VMware vCenter Server</name><fullName>f</fullName><version>8.0.2</version><build>1</build>"
    "<productLineId>vpx</productLineId><apiVersion>{api}</apiVersion>"
    "<instanceUuid>11111111-2222-3333-4444-555555555555</instanceUuid></about>"
    '<sessionManager type="SessionManager">SessionManager</sessionManager></returnval>',
)


class Handler(BaseHTTPRequestHandler):
    """Answers by method name from ``server.script``; what is not there is a MethodNotFound fault."""

    protocol_version = "HTTP/1.1"
    server: Fake

    def do_GET(self) -> None:
        self.send(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = re.search(r"<soapenv:Body><(\w+)", body)
        name = found.group(1) if found else ""
        self.server.calls.append(name)
        self.server.bodies.append(body)
        answer = self.server.script.get(name, fault("MethodNotFound"))
        if callable(answer):
            answer = answer(self, body)
        if isinstance(answer, str | bytes):
            data = answer.encode() if isinstance(answer, str) else answer
            self.send(500 if b"soapenv:Fault>" in data else 200, data)

    def send(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Fake(ThreadingHTTPServer):
    """``script`` maps method names to answers; ``calls`` are the methods that were called, in order."""

    daemon_threads = True
    script: dict[str, Answer]
    calls: list[str]
    bodies: list[str]
    endpoint: Endpoint

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    certificate, key = directory / "fake.pem", directory / "fake.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "30",
    ]
    command += ["-subj", "/CN=fake", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@contextmanager
def serve(certificate: Path, key: Path, *, api: str = "8.0.2.0", **script: Answer) -> Iterator[Fake]:
    """A running fake server that lets everyone in."""
    server = Fake(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.calls, server.bodies = [], []
    server.script = {
        "RetrieveServiceContent": CONTENT.replace(b"{api}", api.encode()),
        "Login": reply("Login", "<returnval><key>s1</key><userName>u</userName></returnval>"),
        "Logout": reply("Logout", ""),
        **script,
    }
    server.endpoint = Endpoint(host="127.0.0.1", port=server.server_port, trust=Trust(ca=str(certificate)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
