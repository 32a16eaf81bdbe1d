"""A real syslog-ng takes RFC 5424 over TLS and reads the fields."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.alerts.forwarding import ALL, everything, forwarded
from tests.alerts.parts import Part, free_port, listens, until
from tests.alerts.samples import HOSTILE, alert
from viguard.alerts.settings import Destination, SyslogTo
from viguard.alerts.siem.forward import Forwarder

FIELDS = ["zone", "owner"]
TEMPLATE = "\\t".join(
    [
        "${HOST}",
        "${PROGRAM}",
        "${MSGID}",
        *(f"${{.SDATA.viguard@32473.{f}}}" for f in FIELDS),
        "${.SDATA.evil@1.zone}",
        "$MSG",
    ]
)
SYSLOG_NG = """@version: 3.38
options { keep-hostname(yes); use-dns(no); stats-freq(0); log-msg-size(131072); };
source s { syslog(ip("127.0.0.1") port({port}) transport("tls")
  tls(key-file("{folder}/server.key") cert-file("{folder}/server.pem") peer-verify(optional-untrusted))); };
destination d { file("{out}" template("{template}\\n")); };
log { source(s); destination(d); };
"""


@pytest.mark.real("syslog-ng")
def test_syslog_ng_reads_every_message_and_its_fields(tmp_path: Path, certificates: Path) -> None:
    part = Part("syslog-ng-core", "usr/sbin/syslog-ng")
    port, out, config, log = free_port(), tmp_path / "out.log", tmp_path / "syslog-ng.conf", tmp_path / "daemon.log"
    text = SYSLOG_NG.replace("{port}", str(port)).replace("{folder}", str(certificates)).replace("{out}", str(out))
    text = text.replace("{template}", TEMPLATE)
    config.write_text(text)
    modules = part.root / "usr/lib/syslog-ng/3.38"
    arguments = [
        "-F",
        "--no-caps",
        "-f",
        config,
        "-p",
        tmp_path / "pid",
        "-c",
        tmp_path / "ctl",
        "-R",
        tmp_path / "persist",
    ]
    part.environment["LD_LIBRARY_PATH"] = f"{part.environment.get('LD_LIBRARY_PATH', '')}:{modules.parent}"
    to = SyslogTo(host="127.0.0.1", port=port, ca_file=str(certificates / "ca.pem"))
    destination = Destination(name="syslog", what=ALL, syslog=to)

    def offer(forwarder: Forwarder) -> None:
        everything(forwarder)
        for name in HOSTILE:
            forwarder.offer_alert(alert(title=name, key=name))

    wanted = 4 + len(HOSTILE)
    with part.running(*arguments, f"--module-path={modules}", log=log):
        until(lambda: listens(port), "syslog-ng listens", log=log)
        status = asyncio.run(forwarded(destination, offer, lambda s: s.sent == wanted))
        until(lambda: out.exists() and out.read_text().count("\n") >= wanted, "every message", log=log)
    assert status.error == ""
    rows = [line.split("\t") for line in out.read_text().splitlines()]
    assert len(rows) == wanted
    assert {r[1] for r in rows} == {"viguard"}
    assert [r[2] for r in rows[:4]] == ["raw", "raw", "events", "alerts"]
    assert {(r[3], r[4]) for r in rows} == {("management", "Ann")}
    assert {r[5] for r in rows} == {""}, "no name made a field of its own"
    assert rows[0][6].endswith("first line")
    assert rows[0][0] == "10.0.0.5"
