"""syslog-ng and rsyslog as they come from Debian, with the settings of docs/senders.md."""

from __future__ import annotations

import re
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.logs.receive import senders
from tests.logs.receive.conftest import Certificates
from tests.logs.receive.senders import free_port, receiver, texts, until
from tests.logs.receive.test_relp_frames import frame
from viguard.logs.classify import Classifier, events

LINES = 20_000
TEXT = (Path(__file__).parents[3] / "docs" / "senders.md").read_text(encoding="utf-8")


def documented(block: str, port: int, certificates: Certificates | None = None, tmp_path: Path | None = None) -> str:
    """The settings of docs/senders.md, with the names and paths of a test."""
    (text,) = re.findall(rf"(?ms)^```{block}\n(.*?)^```", TEXT)
    text = re.sub(r'port="\d+"', f'port="{port}"', re.sub(r"port\(\d+\)", f"port({port})", text))
    text = text.replace("loghost.example.org", "127.0.0.1").replace("/var/lib/syslog-ng", str(tmp_path))
    return text.replace("/etc/viguard", str(certificates.folder)) if certificates else text


def without_tls(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("tls"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.log"
    path.write_text("".join(f"<13>Nov 23 10:00:00 esx1 estate: message {n}\n" for n in range(LINES)))
    return path


ALL = [f"message {n}" for n in range(LINES)]


@pytest.mark.real("syslog-ng")
@pytest.mark.parametrize("framing", ["network", "syslog"])
def test_syslog_ng_over_tcp(tmp_path: Path, source: Path, framing: str) -> None:
    port, kept = free_port(), tmp_path / "kept.log"
    destination = f'{framing}("127.0.0.1" port({port}) transport("tcp"));'
    with receiver(port, kept, transport="tcp"), senders.syslog_ng(tmp_path / "sng", source, destination) as log:
        until(lambda: len(texts(kept)) >= LINES, "every line is kept", log, kept.with_suffix(".err"))
    assert texts(kept) == ALL
    assert kept.read_bytes().startswith(b"<13>1 " if framing == "syslog" else b"<13>Nov 23 ")


@pytest.mark.real("syslog-ng")
@pytest.mark.parametrize("framing", ["network", "syslog"])
def test_what_syslog_ng_adds_hides_no_event(tmp_path: Path, framing: str) -> None:
    port, kept, source = free_port(), tmp_path / "kept.log", tmp_path / "source.log"
    source.write_text("<13>Nov 23 10:00:00 esx1 Hostd: Rejected password for user eve from 192.0.2.7\n")
    destination = f'{framing}("127.0.0.1" port({port}) transport("tcp"));'
    with receiver(port, kept, transport="tcp"), senders.syslog_ng(tmp_path / "sng", source, destination) as log:
        until(lambda: kept.exists() and kept.read_bytes().count(b"\n") == 1, "it is kept", log)
    (found,) = events(Classifier(), kept.read_bytes(), datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert (found.event, found.user, found.host) == ("login.failure.api", "eve", "esx1")


@pytest.mark.real("syslog-ng")
def test_syslog_ng_over_tls_keeps_what_nobody_took(tmp_path: Path, source: Path, certificates: Certificates) -> None:
    """The receiver is not there when the sender starts, asks for a certificate, and is restarted on the way."""
    port, kept = free_port(), tmp_path / "kept.log"
    destination = documented("syslog-ng", port, certificates, tmp_path)
    tls = (*certificates.of("server"), certificates.authority)
    with senders.syslog_ng(tmp_path / "sng", source, destination) as log:
        time.sleep(1.5)  # for the disk buffer to fill
        with receiver(port, kept, *tls, transport="tls"):
            until(lambda: len(texts(kept)) >= LINES, "every line is kept", log, kept.with_suffix(".err"))
        with source.open("a") as more:
            more.writelines(f"<13>Nov 23 10:00:00 esx1 estate: message {n}\n" for n in range(LINES, LINES + 5000))
        with receiver(port, kept, *tls, transport="tls"):
            until(lambda: f"message {LINES + 4999}" in texts(kept)[-1:], "the later lines too", log)
    assert texts(kept) == [*ALL, *(f"message {n}" for n in range(LINES, LINES + 5000))]


@pytest.mark.real("rsyslog")
def test_rsyslog_over_relp(tmp_path: Path, source: Path) -> None:
    port, kept = free_port(), tmp_path / "kept.log"
    action = without_tls(documented("rsyslog relp", port))
    with receiver(port, kept, transport="relp"), senders.rsyslog(tmp_path / "rs", source, action) as log:
        until(lambda: len(texts(kept)) >= LINES, "every line is kept", log, kept.with_suffix(".err"))
    assert texts(kept) == ALL


@pytest.mark.real("rsyslog")
def test_rsyslog_over_relp_with_tls(tmp_path: Path, source: Path, certificates: Certificates) -> None:
    port, kept = free_port(), tmp_path / "kept.log"
    action = documented("rsyslog relp", port, certificates)
    tls = (*certificates.of("server"), certificates.authority)
    with receiver(port, kept, *tls, transport="relp"), senders.rsyslog(tmp_path / "rs", source, action) as log:
        until(lambda: len(texts(kept)) >= LINES, "every line is kept", log, kept.with_suffix(".err"))
    assert texts(kept) == ALL


@pytest.mark.real("rsyslog")
@pytest.mark.parametrize("framing", ["traditional", "octet-counted"])
def test_rsyslog_over_tls(tmp_path: Path, source: Path, certificates: Certificates, framing: str) -> None:
    port, kept = free_port(), tmp_path / "kept.log"
    action = documented("rsyslog tls", port, certificates).replace("octet-counted", framing)
    more = documented("rsyslog global", port, certificates)
    tls = (*certificates.of("server"), certificates.authority)
    sender = senders.rsyslog(tmp_path / "rs", source, action, "rsyslog-gnutls", more)
    with receiver(port, kept, *tls, transport="tls"), sender as log:
        until(lambda: len(texts(kept)) >= LINES, "every line is kept", log, kept.with_suffix(".err"))
    assert texts(kept) == ALL


@pytest.mark.real("rsyslog")
def test_sigkill_during_relp_loses_no_line(tmp_path: Path) -> None:
    count, source = 200_000, tmp_path / "source.log"
    source.write_text("".join(f"<13>Nov 23 10:00:00 esx1 estate: message {n}\n" for n in range(count)))
    port, kept = free_port(), tmp_path / "kept.log"
    action = without_tls(documented("rsyslog relp", port))
    kills = 0
    with senders.rsyslog(tmp_path / "rs", source, action) as log:
        for share in (0.1, 0.4, 0.7):
            with receiver(port, kept, transport="relp") as process:
                until(lambda share=share: len(texts(kept)) > share * count, "some lines are kept", log)
                process.kill()
                process.wait(20)
                kills += len(texts(kept)) < count
        with receiver(port, kept, transport="relp"):
            until(lambda: len(set(texts(kept))) >= count, "every line is kept", log)
    assert kills, "it was never killed in the middle"
    assert set(texts(kept)) == {f"message {n}" for n in range(count)}


def test_what_was_acknowledged_before_sigkill_is_on_disk(tmp_path: Path) -> None:
    """Our own sender knows exactly which messages were acknowledged."""
    port, kept = free_port(), tmp_path / "kept.log"
    with receiver(port, kept, transport="relp") as process, socket.create_connection(("127.0.0.1", port)) as sender:
        sender.settimeout(20)
        sender.sendall(frame(1, b"open", b"relp_version=0\ncommands=syslog"))
        answers, number = b"", 2
        while number < 20_000 or b"\n10000 rsp 6 200 OK\n" not in answers:
            sender.sendall(b"".join(frame(n, b"syslog", b"<13>x message %d" % n) for n in range(number, number + 100)))
            answers += sender.recv(65536)
            number += 100
        process.kill()
        process.wait(20)
        try:
            while more := sender.recv(65536):
                answers += more
        except ConnectionResetError:
            pass
    acknowledged = [line.split()[0] for line in answers.decode().splitlines() if line.endswith(" rsp 6 200 OK")]
    assert len(acknowledged) >= 9_998
    assert {f"message {n}" for n in acknowledged} <= set(texts(kept))
