"""Each switch with which a test makes a server behave badly."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyVmomi import vim
from reading import Collector, find, host, names, properties, raw_login, soap, specs

import lab

pytestmark = pytest.mark.real("lab")

ROOT = Path(__file__).resolve().parents[2]
_READ = (
    '<RetrieveProperties xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet><propSet><type>Folder</type>'
    '<pathSet>name</pathSet></propSet><objectSet><obj type="Folder">group-d1</obj></objectSet></specSet></RetrieveProperties>'
)


def test_half_dead_host(today):
    si = today.connect("auditor")
    today.control("dead-host", name="esxblade4.fw.belnet.be")
    row = next(
        r
        for r in properties(
            si, vim.HostSystem, ["name", "runtime.connectionState", "config", "config.service", "summary.quickStats"]
        ).values()
        if r["name"] == "esxblade4.fw.belnet.be"
    )
    assert row == {"name": "esxblade4.fw.belnet.be", "runtime.connectionState": "notResponding"}
    today.control("behave")
    assert host(si, 4).config.product.version == "8.0.3"


def test_session_dropped_after_calls(today):
    cookie = raw_login(today)
    today.control("misbehave", drop_after=2)
    answers = [soap(today, _READ, cookie)[1] for _ in range(4)]
    assert ["NotAuthenticated" in a for a in answers] == [False, False, True, True]


def test_inflated_answer(today):
    cookie = raw_login(today)
    today.control("misbehave", inflate_to=3_000_000)
    assert len(soap(today, _READ, cookie)[1]) >= 3_000_000


def test_entity_bomb(today):
    cookie = raw_login(today)
    today.control("misbehave", entity_bomb=True)
    text = soap(today, _READ, cookie)[1]
    assert "<!DOCTYPE bomb" in text and "&e9;" in text


def test_slow_and_truncated_and_failing(today):
    cookie = raw_login(today)
    today.control("misbehave", slow_ms=400)
    began = time.monotonic()
    soap(today, _READ, cookie)
    assert time.monotonic() - began >= 0.4
    today.control("misbehave", slow_ms=0, truncate=True)
    assert "</soapenv:Envelope>" not in soap(today, _READ, cookie)[1]
    today.control("misbehave", truncate=False, status=503)
    assert soap(today, _READ, cookie)[0] == 503


def test_guest_deleted_between_pages(today):
    si = today.connect("auditor")
    before = len(names(si, vim.VirtualMachine))
    today.control("misbehave", delete_guest=True)
    pc = si.content.propertyCollector
    got, seen = (
        pc.RetrievePropertiesEx([specs(si, vim.VirtualMachine, ["name"])], Collector.RetrieveOptions(maxObjects=20)),
        0,
    )
    while got:
        seen += len(got.objects)
        got = pc.ContinueRetrievePropertiesEx(got.token) if got.token else None
    assert seen == before - 1


def test_bytes_that_are_not_utf8(today):
    today.control("rename", type="VirtualMachine", name="www1", to="www\uf8ff1")
    today.control("misbehave", bad_bytes=True)
    ref = next(k for k, v in properties(today.connect("auditor"), vim.VirtualMachine, ["runtime.powerState"]).items())
    text = soap(today, _READ.replace("Folder", "VirtualMachine").replace("group-d1", ref), raw_login(today))[1]
    assert "www\udcff\udcfe1" in text


@pytest.mark.parametrize(
    "name", ["\u009b31mred\u202e", "<script>alert(1)</script>", "a%2fb/c", "'; DROP TABLE guests; --", "x" * 10_000]
)
def test_hostile_names(today, name):
    si = today.connect("auditor")
    today.control("rename", type="VirtualMachine", name="www1", to=name)
    assert find(si, vim.VirtualMachine, name).config.name == name


def test_property_changed_behind_our_back(today):
    si = today.connect("auditor")
    today.control(
        "set", type="HostSystem", name="esxblade1.fw.belnet.be", path="config.lockdownMode", value="lockdownDisabled"
    )
    assert host(si, 1).config.lockdownMode == "lockdownDisabled"


def test_changes_arrive(today):
    si = today.connect("auditor")
    pc = si.content.propertyCollector
    pc.CreateFilter(specs(si, vim.HostSystem, ["name", "config.lockdownMode"]), True)
    first = pc.WaitForUpdatesEx("", Collector.WaitOptions(maxWaitSeconds=5))
    assert len(first.filterSet[0].objectSet) == 12
    assert pc.WaitForUpdatesEx(first.version, Collector.WaitOptions(maxWaitSeconds=0)) is None
    today.control(
        "set", type="HostSystem", name="esxblade1.fw.belnet.be", path="config.lockdownMode", value="lockdownStrict"
    )
    change = pc.WaitForUpdatesEx(first.version, Collector.WaitOptions(maxWaitSeconds=5)).filterSet[0].objectSet
    assert [(o.kind, [(p.name, p.val) for p in o.changeSet]) for o in change] == [
        ("modify", [("config.lockdownMode", "lockdownStrict")])
    ]


def test_old_tls_only():
    with lab.clean("vc-main", flags=["-tls-max", "1.0"]) as running, pytest.raises(ssl.SSLError):
        e = running["vc-main"]
        context = e.context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection((e.host, e.port)) as plain, context.wrap_socket(plain, server_hostname=e.host):
            pass


@pytest.mark.parametrize(
    ("kind", "message"),
    [("expired", "expired"), ("wrong-host", "IP address mismatch"), ("self-signed", "self-signed|unable to get local")],
)
def test_bad_certificates(kind, message):
    with lab.clean("vc-main", certificates=kind) as running:
        e = running["vc-main"]
        with (
            socket.create_connection((e.host, e.port)) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match=message),
            e.context().wrap_socket(plain, server_hostname=e.host),
        ):
            pass


def test_bench_guests_are_big_and_differ():
    with lab.clean("vc-today", flags=["-bench", "4,40,7"]) as running:
        si = running["vc-today"].connect("auditor")
        rows = [
            r
            for r in properties(
                si, vim.VirtualMachine, ["name", "config.hardware.device", "config.extraConfig"]
            ).values()
            if r["name"].startswith("bench-")
        ]
        assert len(rows) == 40
        assert all(len(r["config.hardware.device"]) >= 20 and len(r["config.extraConfig"]) >= 60 for r in rows)
        assert len({tuple(o.value for o in r["config.extraConfig"]) for r in rows}) == 40


def test_files_and_clean_end(tmp_path):
    running = lab.up(["vc-main"], directory=tmp_path / "lab")
    e = running["vc-main"]
    assert e.credentials_file.stat().st_mode & 0o777 == 0o600
    assert e.account("auditor").password not in json.dumps(e.describe())
    running.stop()
    assert not (tmp_path / "lab").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(e.pid, 0)


def test_command_line_dies_with_a_signal_and_takes_its_servers(tmp_path):
    out = tmp_path / "lab.json"
    with subprocess.Popen(
        [sys.executable, "-m", "lab", "up", "--endpoint", "vc-test", "--json", str(out)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            for _ in range(100):
                if out.exists() and out.read_text():
                    break
                time.sleep(0.1)
            row = json.loads(out.read_text())["endpoints"][0]
            assert row["url"].startswith("https://127.0.0.1:") and Path(row["credentials_file"]).exists()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(row["pid"], 0)
