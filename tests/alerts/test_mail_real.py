"""E-mail through apprise arrives at a real SMTP server."""

from __future__ import annotations

import asyncio
import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.alerts.parts import Part, free_port, listens, until
from tests.alerts.samples import HOSTILE, notice
from viguard.alerts.channels import DeliveryError
from viguard.alerts.channels.push import Push, plain

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise on 3.11


def mails(folder: Path) -> list[EmailMessage]:
    files = sorted((folder / "new").iterdir()) if (folder / "new").exists() else []
    return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]  # type: ignore[misc]


@pytest.mark.real("smtp")
def test_mails_arrive_and_names_add_no_header_and_no_control_character(tmp_path: Path) -> None:
    part, port, box = Part("python3-aiosmtpd", "usr/bin/aiosmtpd"), free_port(), tmp_path / "box"
    url = f"mailto://127.0.0.1:{port}/?from=viguard@example.org&to=duty@example.org&mode=insecure"
    channel = Push([url])
    log = tmp_path / "out.log"
    with part.running("-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Mailbox", box, log=log):
        until(lambda: listens(port), "the server listens", log=log)

        async def send() -> None:
            for number, name in enumerate(("harmless", *HOSTILE)):
                await channel.send(notice(f"n{number}", key=name, title=name, lines=(name,), text=name))

        asyncio.run(send())
        until(lambda: len(mails(box)) == len(HOSTILE) + 1, "every mail", log=log)
    (headers,) = {tuple(mail.keys()) for mail in mails(box)}  # the same for all: a name adds none
    assert "Bcc" not in headers
    for mail in mails(box):
        assert mail["To"] == "duty@example.org"
        assert str(mail["Subject"]).startswith("[viguard HIGH] ")
        assert str(mail["Subject"]).isprintable()
        parts = [p for p in mail.walk() if p.get_content_type() == "text/plain"]
        for part_ in parts:
            text = str(part_.get_content())
            assert all(c.isprintable() for c in text.replace("\r\n", "\n").replace("\n", ""))
            assert "<script>" not in text


def test_what_apprise_does_not_know_is_a_failure() -> None:
    with pytest.raises(DeliveryError, match="URL 1 is none that apprise knows"):
        asyncio.run(Push(["nosuch://secret-token@host"]).send(notice()))


def test_a_server_that_is_not_there_is_a_failure_that_names_no_secret(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    port = free_port()
    with pytest.raises(DeliveryError) as caught:
        asyncio.run(Push([f"json://user:canary-secret@127.0.0.1:{port}/"]).send(notice()))
    written = capfd.readouterr()
    assert "canary" not in str(caught.value) + written.out + written.err + caplog.text


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    assert plain("@everyone <!channel> <http://evil|bank> root@here") == (
        "@ everyone \u2039!channel\u203a \u2039http://evil|bank\u203a root@ here"
    )
