"""A real smsd takes our files, without a modem."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.alerts.parts import Part, until
from tests.alerts.samples import HOSTILE, notice
from viguard.alerts.channels import DeliveryError
from viguard.alerts.channels.sms import Sms

REAL = HOSTILE[1:3]  # smsd takes some seconds for each
CONFIG = """
devices = GSM1
outgoing = {folder}/outgoing
checked = {folder}/checked
failed = {folder}/failed
sent = {folder}/sent
incoming = {folder}/incoming
stats = {folder}/stats
infofile = {folder}/smsd.working
pidfile = {folder}/smsd.pid
logfile = {folder}/smsd.log
delaytime = 1
loglevel = 7
[GSM1]
modem_disabled = yes
device = /dev/null
incoming = no
"""


@pytest.mark.real("smstools")
def test_every_message_leaves_as_one_message_to_the_number_of_the_settings(tmp_path: Path) -> None:
    part = Part("smstools", "usr/sbin/smsd")
    for name in ("outgoing", "checked", "failed", "sent", "incoming", "stats"):
        (tmp_path / name).mkdir()
    config, sent = tmp_path / "smsd.conf", tmp_path / "sent"
    config.write_text(CONFIG.format(folder=tmp_path))
    channel = Sms(tmp_path / "outgoing", ("32475123456",))
    with part.running(f"-c{config}", log=tmp_path / "out.log"):
        for number, name in enumerate(REAL):
            asyncio.run(channel.send(notice(f"n{number}", key=name, title=name)))
        until(lambda: len(list(sent.iterdir())) == len(REAL), "all are sent", 90, log=tmp_path / "smsd.log")
    assert list((tmp_path / "outgoing").iterdir()) == []
    assert list((tmp_path / "failed").iterdir()) == []
    for file in sent.iterdir():
        one_message(file.read_text())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_adds_no_header_and_no_line(tmp_path: Path, name: str) -> None:
    asyncio.run(Sms(tmp_path, ("32475123456",)).send(notice(key=name * 20, title=name)))
    (file,) = tmp_path.iterdir()
    one_message(file.read_text())


def one_message(text: str) -> None:
    head, _, body = text.partition("\n\n")
    assert [line for line in head.split("\n") if line.startswith("To:")] == ["To: 32475123456"]
    assert body.endswith("\n")
    assert body[:-1].isascii()
    assert body[:-1].isprintable()
    assert 0 < len(body[:-1]) <= 160


def test_a_directory_that_is_missing_is_a_failure_that_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="No such file"):
        asyncio.run(Sms(tmp_path / "none", ("32475123456",)).send(notice()))
