"""The rendered configurations: what they say, and what the real daemons keep with them."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from tests.logs.appendix_a import LINES
from tests.logs.receive.senders import running, unpacked, until
from viguard.errors import InputError
from viguard.logs.keep import Filter
from viguard.logs.render.daemons import Options, render_rsyslog, render_syslog_ng

NOISE = (
    "Hostd: [2010-01-27 14:21:38.799 1683DB90 verbose 'TaskManager'] Task Created : haTask-1-vim.Guest.powerOn",
    "vpxa[4242]: [1683DB90 verbose 'SoapAdapter.HTTPService'] HTTP Response: Complete",
    "vmkernel: 17:00:00:34.244 cpu14:22858)NetPort: 982: enabled port 0x2",
    "crond[5021]: USER root pid 7 cmd /sbin/hostd-probe",
    "python: search for 'Accepted password for user root from 0.0.0.0' gave 2 lines",
    "Hostd: [2010-01-27 14:21:38.799 1683DB90 verbose 'Default'] bad PAM password attempt for x is to be reported",
)
AUDIT = (
    '<110>1 2026-11-23T10:00:00.000Z esx9.example.org hostd 2099 - [vim.connect@6876 subject="root" result="success"] '
)
SESSION = "sshd-session[4711]: Failed password for root from 192.0.2.10 port 4242 ssh2"
LAST = "Hostd: Accepted password for user last from 192.0.2.9"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _send(port: int) -> None:
    lines = [f"<166>Jan 27 14:21:38 esx1.example.org {line}" for line in (*(line for line, _ in LINES), SESSION)]
    noise = [f"<166>Jan 27 14:21:38 esx1.example.org {line}" for line in NOISE]
    with socket.create_connection(("127.0.0.1", port)) as client:
        for line in (*noise, *lines, *noise, AUDIT, f"<166>Jan 27 14:21:39 esx1.example.org {LAST}"):
            client.sendall(line.encode() + b"\n")


def _kept(kept: Path, port: int, log: Path) -> list[str]:
    until(lambda: _is_open(port), "the daemon listens", log)
    _send(port)
    until(lambda: kept.exists() and LAST in kept.read_text(), "the last line is kept", log)
    return kept.read_text().splitlines()


def _check(kept: list[str]) -> None:
    for line in (*(line for line, _ in LINES), SESSION):
        assert sum(one.endswith(f" {line}") for one in kept) == 1, line
    assert sum("vim.connect@6876" in one and 'subject="root"' in one for one in kept) == 1
    assert not [line for line in NOISE if any(line in one for one in kept)]
    assert len(kept) == len(LINES) + 3
    assert all("esx1.example.org" in one or "esx9.example.org" in one for one in kept)


@pytest.mark.real("syslog-ng")
def test_syslog_ng_keeps_every_line_of_appendix_a_and_drops_noise(tmp_path: Path) -> None:
    port, kept, log = _free_port(), tmp_path / "kept.log", tmp_path / "said"
    installed = shutil.which("syslog-ng", path="/usr/sbin:/usr/local/sbin")
    tree = None if installed else unpacked("syslog-ng-core", "usr/sbin/syslog-ng")
    options = Options(address="127.0.0.1", port=port, file=str(kept))
    (tmp_path / "ng.conf").write_text(render_syslog_ng(options))
    command = [
        tree / "usr/sbin/syslog-ng" if tree else Path(str(installed)),
        *("-F", "--no-caps", "-f", tmp_path / "ng.conf", "-R", tmp_path / "ng.persist"),
        *("-p", tmp_path / "ng.pid", "-c", tmp_path / "ng.ctl"),
        *(("--module-path", tree / "usr/lib/syslog-ng/3.38") if tree else ()),
    ]
    with running(command, log, *((tree,) if tree else ())):
        _check(_kept(kept, port, log))


@pytest.mark.real("rsyslog")
def test_rsyslog_keeps_every_line_of_appendix_a_and_drops_noise(tmp_path: Path) -> None:
    port, kept, log = _free_port(), tmp_path / "kept.log", tmp_path / "said"
    tree = unpacked("rsyslog-relp", "usr/sbin/rsyslogd")
    options = Options(address="127.0.0.1", port=port, file=str(kept))
    (tmp_path / "r.conf").write_text(render_rsyslog(options))
    command = [
        tree / "usr/sbin/rsyslogd",
        *("-n", "-f", tmp_path / "r.conf", "-i", tmp_path / "r.pid"),
        *("-M", tree / "usr/lib/x86_64-linux-gnu/rsyslog"),
    ]
    with running(command, log, tree):
        _check(_kept(kept, port, log))


def test_a_filter_that_keeps_all_has_no_condition() -> None:
    options = Options(keep=Filter())
    assert "filter" not in render_syslog_ng(options)
    assert "contains" not in render_rsyslog(options)


def test_an_empty_filter_keeps_nothing_rather_than_all() -> None:
    options = Options(keep=Filter(events=("bruteforce",)))  # made by a detection: no line has it
    assert "filter(f_events)" in render_syslog_ng(options)
    assert "0 == 1" in render_rsyslog(options)


@pytest.mark.parametrize("file", ["relative.log", "/var/log/$HOST.log", '/var/log/x"; program("sh', "/var/log/a b"])
def test_a_path_that_could_say_more_is_refused(file: str) -> None:
    for render in (render_syslog_ng, render_rsyslog):
        with pytest.raises(InputError, match="absolute path"):
            render(Options(file=file))


def test_an_address_that_could_say_more_is_refused() -> None:
    with pytest.raises(InputError, match="address and port"):
        render_syslog_ng(Options(address='0.0.0.0") port(1'))
    with pytest.raises(InputError, match="address and port"):
        render_rsyslog(Options(port=70000))
