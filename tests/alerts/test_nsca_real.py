"""The real NSCA client hands results to the real server, which writes them into a command file."""

from __future__ import annotations

import asyncio
import getpass
import grp
import os
from pathlib import Path

import pytest

from tests.alerts.parts import Part, free_port, listens, until
from tests.alerts.samples import HOSTILE, notice
from viguard.alerts.channels import DeliveryError
from viguard.alerts.channels.nsca import Nsca
from viguard.alerts.channels.results import Objects, Open
from viguard.alerts.settings import NscaTo
from viguard.model.event import EventSeverity

SERVER = """
pid_file={folder}/nsca.pid
server_address=127.0.0.1
server_port={port}
nsca_user={user}
nsca_group={group}
command_file={folder}/nagios.cmd
alternate_dump_file={folder}/nsca.dump
append_to_file=0
aggregate_writes=0
max_packet_age=30
password=correct horse
decryption_method=16
"""


@pytest.mark.real("nsca")
def test_results_arrive_whole_and_carry_no_commands(tmp_path: Path) -> None:
    server, client = Part("nsca", "usr/sbin/nsca"), Part("nsca-client", "usr/sbin/send_nsca")
    port, commands = free_port(), tmp_path / "nagios.cmd"
    os.mkfifo(commands)
    config = tmp_path / "nsca.cfg"
    group = grp.getgrgid(os.getgid()).gr_name
    config.write_text(SERVER.format(folder=tmp_path, port=port, user=getpass.getuser(), group=group))
    wrapper = tmp_path / "send_nsca"  # what an installed package would find by itself
    libraries = client.environment.get("LD_LIBRARY_PATH", "")
    wrapper.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{client.program}" "$@"\n')
    wrapper.chmod(0o700)
    secret = tmp_path / "send_nsca.cfg"
    secret.write_text("password=correct horse\nencryption_method=16\n")
    to = NscaTo(server="127.0.0.1", port=port, config=str(secret), program=str(wrapper))
    channel = Nsca(to, Objects("viguard", to.service, frozenset({"viguard"}), lambda: [Open("x", EventSeverity.HIGH)]))
    with pytest.raises(DeliveryError):
        asyncio.run(channel.send(notice()))
    reader = os.open(commands, os.O_RDWR | os.O_NONBLOCK)
    seen = b""
    try:
        with server.running("-c", config, "--single", "-f", log=tmp_path / "out.log"):
            until(lambda: listens(port), "NSCA listens", log=tmp_path / "out.log")
            for number, name in enumerate(HOSTILE):
                asyncio.run(channel.send(notice(f"n{number}", key=name, title=name, host=name)))

            def whole() -> bool:
                nonlocal seen
                try:
                    seen += os.read(reader, 65536)
                except BlockingIOError:
                    return False
                return seen.count(b"\n") >= len(HOSTILE)

            until(whole, "every result in the command file", log=tmp_path / "out.log")
    finally:
        os.close(reader)
    lines = seen.decode().splitlines()
    assert len(lines) == len(HOSTILE)
    for line in lines:
        head, host, service, code, text = line.split(";")
        assert head.endswith("] PROCESS_SERVICE_CHECK_RESULT")
        assert (host, service, code) == ("viguard", "viguard alerts", "2")
        assert text.isprintable()
